//! The fixture server on loopback: one thread a connection, one request a connection; pages of other origins may ask.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::fixture::{Ending, answer};

/// How long a stalled connection says nothing before it closes: longer than any test waits.
const SILENCE: Duration = Duration::from_secs(60);

/// How long a body that breaks off waits before it does. A browser throws away what it has not shown by then: no host can be
/// asked for bytes that come together with the end of their connection.
const MOMENT: Duration = Duration::from_millis(300);

/// What lets pages of other origins ask, and see everything.
const OPEN_TO_PAGES: &str = "access-control-allow-origin: *\r\naccess-control-expose-headers: *\r\n";
/// What a browser asks for before it asks: `*` does not stand for `Authorization`.
const MAY_ASK: &str =
    "access-control-allow-methods: GET, HEAD\r\naccess-control-allow-headers: authorization, *\r\n";

/// Starts a server that lives as long as the process; its base URL.
pub fn start() -> io::Result<Url> {
    start_at(0)
}

/// Starts it at this port; 0 is any that is free.
pub fn start_at(port: u16) -> io::Result<Url> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let base = Url::parse(&format!("http://{}/", listener.local_addr()?)).map_err(io::Error::other)?;
    let root = base.clone();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let base = base.clone();
            // A client that goes away in the middle is what half of the cases are about.
            thread::spawn(move || drop(serve(&base, connection)));
        }
    });
    Ok(root)
}

fn serve(base: &Url, connection: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(connection.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(io::Error::other)?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(io::Error::other)?);
    }
    let mut out = connection;
    if method == "OPTIONS" {
        return write!(out, "HTTP/1.1 204 fixture\r\nconnection: close\r\n{OPEN_TO_PAGES}{MAY_ASK}\r\n");
    }
    let url = base.join(path).map_err(io::Error::other)?;
    let (answer, ending) = answer(base.path(), &url, &headers);
    write!(out, "HTTP/1.1 {} fixture\r\nconnection: close\r\n{OPEN_TO_PAGES}", answer.status)?;
    for (name, value) in answer.headers.iter().filter(|(name, _)| *name != http::header::CONTENT_LENGTH) {
        write!(out, "{name}: ")?;
        out.write_all(value.as_bytes())?;
        out.write_all(b"\r\n")?;
    }
    write!(out, "content-length: {}\r\n\r\n", answer.body.len())?;
    if method == "HEAD" {
        return Ok(());
    }
    let sent = match ending {
        Ending::Whole => answer.body.len(),
        Ending::Cut(at) | Ending::Stalled(at) => at.min(answer.body.len()),
    };
    out.write_all(&answer.body[..sent])?;
    out.flush()?;
    match ending {
        Ending::Whole => {}
        Ending::Cut(_) => thread::sleep(MOMENT),
        Ending::Stalled(_) => thread::sleep(SILENCE),
    }
    Ok(())
}
