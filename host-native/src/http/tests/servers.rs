//! Servers and proxies of a few lines, which remember what they saw.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A listener on loopback. Its threads end with the process.
pub(super) struct Server {
    pub(super) port: u16,
    seen: Seen,
}

type Seen = Arc<Mutex<Vec<String>>>;

impl Server {
    pub(super) fn start(serve: impl Fn(TcpStream, &Seen) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, seen) = (listener.local_addr().unwrap().port(), Seen::default());
        let (serve, shown) = (Arc::new(serve), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, shown) = (Arc::clone(&serve), Arc::clone(&shown));
                thread::spawn(move || serve(stream, &shown).ok());
            }
        });
        Self { port, seen }
    }

    /// Plain http; the answer is this text.
    pub(super) fn saying(text: &'static str) -> Self {
        Self::start(move |mut stream, seen| {
            note(seen, "connected");
            loop {
                let head = head(&mut stream)?;
                note(seen, &head);
                answer(&mut stream, text)?;
            }
        })
    }

    /// TLS; the answer says whether a client certificate was shown, and whose.
    pub(super) fn tls(config: ServerConfig) -> Self {
        let config = Arc::new(config);
        Self::start(move |mut stream, seen| {
            let mut conn = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            while conn.is_handshaking() {
                conn.complete_io(&mut stream)?;
            }
            let shown = conn.peer_certificates().and_then(|chain| chain.first().cloned());
            let mut stream = StreamOwned::new(conn, stream);
            loop {
                let head = head(&mut stream)?;
                note(seen, &head);
                let shown = shown.as_ref().map(|der| String::from_utf8_lossy(der).into_owned());
                let text = match shown {
                    None => "nobody",
                    Some(der) if der.contains("client of second") => "second",
                    Some(_) => "first",
                };
                answer(&mut stream, text)?;
            }
        })
    }

    /// A proxy that takes CONNECT for any name and leads to this port.
    pub(super) fn connect_proxy(port: u16) -> Self {
        Self::start(move |mut stream, seen| {
            note(seen, &head(&mut stream)?);
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            splice(&stream, port)
        })
    }

    /// A proxy that refuses everything.
    pub(super) fn refusing(line: &'static str) -> Self {
        Self::start(move |mut stream, seen| {
            note(seen, &head(&mut stream)?);
            write!(stream, "HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n")
        })
    }

    /// A SOCKS5 proxy that asks for a password and leads to this port.
    pub(super) fn socks5(port: u16) -> Self {
        Self::start(move |mut stream, seen| {
            let greeting = taken(&mut stream, 2)?;
            taken(&mut stream, greeting[1].into())?;
            stream.write_all(&[5, 2])?;
            let user = taken(&mut stream, 2)?[1];
            let user = taken(&mut stream, user.into())?;
            let password = taken(&mut stream, 1)?[0];
            let password = taken(&mut stream, password.into())?;
            stream.write_all(&[1, 0])?;
            let target = match taken(&mut stream, 4)?[3] {
                1 => format!("{:?}", taken(&mut stream, 4)?),
                _ => {
                    let length = taken(&mut stream, 1)?[0];
                    String::from_utf8_lossy(&taken(&mut stream, length.into())?).into_owned()
                }
            };
            taken(&mut stream, 2)?;
            let (user, password) = (String::from_utf8_lossy(&user), String::from_utf8_lossy(&password));
            note(seen, &format!("{user} {password} {target}"));
            stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
            splice(&stream, port)
        })
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn note(seen: &Seen, what: &str) {
    seen.lock().unwrap().push(what.to_owned());
}

fn taken(stream: &mut TcpStream, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn head(stream: &mut impl Read) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn answer(stream: &mut impl Write, text: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())?;
    stream.flush()
}

fn splice(client: &TcpStream, port: u16) -> io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port))?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from_client, &mut to_server));
    io::copy(&mut &server, &mut &*client).map(drop)
}
