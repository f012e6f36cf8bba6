//! As much of HTTP/1.1 as a read-only server needs: heads in, a status, headers and a body of known length out.
//!
//! A request that brings a body is answered and then its connection is closed: nothing here wants a body, and not
//! reading it means that no length a client claims is ever believed.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::Answers;

const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;
const CHUNK: u64 = 128 << 10;
/// For a whole head to arrive, and for any one write to get through.
const PATIENCE: Duration = Duration::from_secs(30);

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    /// Where the client has reached us.
    pub(crate) local: Option<SocketAddr>,
    headers: Vec<(String, String)>,
    keep_alive: bool,
}

impl Request {
    /// Path and query.
    pub(crate) fn split(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    /// Every header of that name, without regard to case.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The first header of that name, without regard to case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    fn parse(head: &[u8]) -> Result<Option<(Request, usize)>, u16> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let length = match parsed.parse(head) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if head.len() < MAX_HEAD => return Ok(None),
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => return Err(431),
            Err(_) => return Err(400),
        };
        let mut request = Request {
            method: parsed.method.unwrap_or_default().to_owned(),
            target: parsed.path.unwrap_or_default().to_owned(),
            headers: (parsed.headers.iter())
                .map(|h| (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned()))
                .collect(),
            local: None,
            keep_alive: false,
        };
        let bodiless = request.header("transfer-encoding").is_none()
            && request.header("content-length").is_none_or(|v| v.trim() == "0");
        let asked_to_close =
            request.header("connection").is_some_and(|v| v.to_ascii_lowercase().contains("close"));
        request.keep_alive = parsed.version == Some(1) && bodiless && !asked_to_close;
        Ok(Some((request, length)))
    }
}

/// An answer; the length of its body is always known beforehand.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) length: u64,
    /// Whether the length is told: to HEAD it is that of a body which nobody may have looked at.
    pub(crate) length_is_known: bool,
    pub(crate) body: Box<dyn Read>,
}

impl Response {
    /// An answer whose body is at hand.
    pub(crate) fn new(status: u16, body: impl AsRef<[u8]> + 'static) -> Response {
        let length = body.as_ref().len() as u64;
        Response::streaming(status, length, io::Cursor::new(body))
    }

    /// An answer whose body comes as it is read.
    pub(crate) fn streaming(status: u16, length: u64, body: impl Read + 'static) -> Response {
        Response { status, headers: Vec::new(), length, length_is_known: true, body: Box::new(body) }
    }

    /// An answer without a body, and without a word about its length.
    pub(crate) fn bare(status: u16) -> Response {
        Response { length_is_known: false, ..Response::new(status, "") }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }

    fn send(mut self, to: &mut TcpStream, with_body: bool, keep_alive: bool) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            // A value may come from a manifest, a line break in it would start a header of its own.
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let connection = if keep_alive { "keep-alive" } else { "close" };
        if self.length_is_known {
            let _ = write!(head, "Content-Length: {}\r\n", self.length);
        }
        let _ = write!(head, "Connection: {connection}\r\n\r\n");

        let mut buffer = head.into_bytes();
        let mut left = if with_body { self.length } else { 0 };
        let mut chunk = vec![0; left.min(CHUNK) as usize];
        loop {
            let room = left.min(CHUNK) as usize;
            let read = read_some(&mut self.body, chunk.get_mut(..room).unwrap_or_default());
            let came = read.as_ref().map_or(0, |read| *read);
            // The head leaves together with the first bytes of the body, and what came before a body broke is good.
            buffer.extend_from_slice(chunk.get(..came).unwrap_or_default());
            to.write_all(&buffer)?;
            read?;
            left -= came as u64;
            if left == 0 {
                return Ok(());
            }
            if came == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer.clear();
        }
    }
}

/// What comes next, without waiting for more: whoever reads the answer waits for it.
fn read_some(body: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match body.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Answers the requests of one connection, until the client or an error ends it.
pub(crate) fn converse(mut stream: TcpStream, server: &dyn Answers) -> io::Result<()> {
    let local = stream.local_addr().ok();
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut inbox = Vec::new();
    loop {
        let request = match next_request(&mut stream, &mut inbox)? {
            Next::Request(request) => Request { local, ..request },
            Next::Ended => return Ok(()),
            Next::Refused(status) => {
                server.dress(Response::new(status, "")).send(&mut stream, true, false)?;
                return hang_up(&stream);
            }
        };
        let with_body = request.method != "HEAD";
        server.dress(server.answer(&request)).send(&mut stream, with_body, request.keep_alive)?;
        if !request.keep_alive {
            return hang_up(&stream);
        }
    }
}

enum Next {
    Request(Request),
    Refused(u16),
    Ended,
}

fn next_request(stream: &mut TcpStream, inbox: &mut Vec<u8>) -> io::Result<Next> {
    let started = Instant::now();
    loop {
        match Request::parse(inbox) {
            Ok(Some((request, length))) => {
                inbox.drain(..length);
                return Ok(Next::Request(request));
            }
            Ok(None) if !inbox.is_empty() && started.elapsed() > PATIENCE => return Ok(Next::Refused(408)),
            Ok(None) => {}
            Err(status) => return Ok(Next::Refused(status)),
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk)? {
            0 => return Ok(Next::Ended),
            n => inbox.extend_from_slice(&chunk[..n]),
        }
    }
}

/// Closes after the client has had a moment to read the answer: closing over unread bytes would reset it.
fn hang_up(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut chunk = [0; 4096];
    for _ in 0..64 {
        if stream.read(&mut chunk)? == 0 {
            break;
        }
    }
    Ok(())
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        206 => "Partial Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        416 => "Range Not Satisfiable",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}
