//! A blob that was opened and is read by the program itself.

use std::{
    fmt,
    io::{self, Read},
    ops::Range,
};

use crate::http::Body;

/// The bytes of a blob as they come, not verified. Dropped before its end, it ends its connection.
pub struct OpenBody {
    body: Option<Body>,
    part: Range<u64>,
    size: u64,
    left: u64,
}

impl OpenBody {
    pub(crate) fn new(body: Option<Body>, part: Range<u64>, size: u64) -> Self {
        Self { body, left: part.end - part.start, part, size }
    }

    /// Which bytes come: those that were asked for, or all when the registry ignores ranges.
    pub fn part(&self) -> Range<u64> {
        self.part.clone()
    }

    /// The size of the whole blob, as it was said to be.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Read for OpenBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(body) = &mut self.body else { return Err(io::Error::other("the body was closed")) };
        let read = body.read(buffer).map_err(io::Error::other)?;
        self.left = self.left.saturating_sub(read as u64);
        if self.left == 0 && read > 0 {
            // Nobody reads on who knows the length; but only a body that was read to its end leaves its connection to the next.
            // More than was promised is not looked at.
            let _ = body.read(&mut [0]);
        }
        Ok(read)
    }
}

impl fmt::Debug for OpenBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenBody({:?} of {})", self.part, self.size)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use lugger_core::{name::Digest, name::Reference, op::Limits, registry::Registries, verb::OpenBlob};

    use super::*;
    use crate::{Cancel, Host};

    /// A registry that has one blob for everybody, keeps connections, and counts them.
    fn registry(connections: &Arc<AtomicUsize>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::clone(connections);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                    for _ in lines.map_while(Result::ok).filter(String::is_empty) {
                        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n01234").unwrap();
                    }
                });
            }
        });
        format!("{address}/a")
    }

    #[test]
    fn a_body_that_was_read_leaves_its_connection_to_the_next() {
        let connections = Arc::default();
        let repository = Reference::parse(&registry(&connections)).unwrap();
        let mut host = Host::without_store(Limits { concurrency: 1, ..Limits::default() });
        let mut open = || {
            let (repository, digest) = (repository.clone(), Digest::sha256(b"01234"));
            let registries = Registries::default();
            let want = OpenBlob { repository, registries, digest, size: 5, part: None };
            host.open_blob(want, &Cancel::default(), |_| {}).unwrap()
        };
        for _ in 0..3 {
            let (mut body, mut bytes) = (open(), [0; 5]);
            body.read_exact(&mut bytes).unwrap();
            assert_eq!((&bytes, body.part(), body.size()), (b"01234", 0..5, 5));
        }
        assert_eq!(connections.load(Ordering::SeqCst), 1);
        drop(open());
        drop(open());
        assert_eq!(connections.load(Ordering::SeqCst), 2, "one that was not read ends with its connection");
    }
}
