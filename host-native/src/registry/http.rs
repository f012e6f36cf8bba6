//! As much of HTTP/1.1 as a read-only server needs: heads in, a status, headers and a body of known length out.
//!
//! A request that brings a body is answered and then its connection is closed: nothing here wants a body, and not
//! reading it means that no length a client claims is ever believed.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;
const CHUNK: usize = 128 << 10;
/// For a whole head to arrive, and for any one write to get through.
const PATIENCE: Duration = Duration::from_secs(30);

/// The head of a request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query as sent.
    pub(super) target: String,
    headers: Vec<(String, String)>,
    keep_alive: bool,
}

impl Request {
    /// The first header of that name, without regard to case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
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

/// An answer; its length is always known beforehand.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) length: u64,
    pub(super) body: Box<dyn Read>,
}

impl Response {
    /// An answer whose body is at hand.
    pub(super) fn new(status: u16, body: impl AsRef<[u8]> + 'static) -> Response {
        let length = body.as_ref().len() as u64;
        Response { status, headers: Vec::new(), length, body: Box::new(io::Cursor::new(body)) }
    }

    /// With one more header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Response {
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
        let _ = write!(head, "Content-Length: {}\r\nConnection: {connection}\r\n\r\n", self.length);

        let mut buffer = head.into_bytes();
        let mut left = if with_body { self.length } else { 0 };
        loop {
            // The head leaves together with the first bytes of the body.
            let room = (CHUNK as u64).min(left);
            let read = (&mut self.body).take(room).read_to_end(&mut buffer)? as u64;
            to.write_all(&buffer)?;
            left -= read;
            if left == 0 {
                return Ok(());
            }
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer.clear();
        }
    }
}

/// Answers the requests of one connection, until the client or an error ends it.
pub(super) fn converse(mut stream: TcpStream, answer: &dyn Fn(&Request) -> Response) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut inbox = Vec::new();
    loop {
        let request = match next_request(&mut stream, &mut inbox)? {
            Next::Request(request) => request,
            Next::Ended => return Ok(()),
            Next::Refused(status) => {
                Response::new(status, "").send(&mut stream, true, false)?;
                return hang_up(&stream);
            }
        };
        let with_body = request.method != "HEAD";
        answer(&request).send(&mut stream, with_body, request.keep_alive)?;
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
        206 => "Partial Content",
        400 => "Bad Request",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        416 => "Range Not Satisfiable",
        421 => "Misdirected Request",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        _ => "",
    }
}
