//! A blob that was opened and is read by the program itself.

use std::{
    fmt,
    io::{self, Read},
    ops::Range,
};

use crate::http::Body;

/// The bytes of a blob as they come, not verified. Dropped before its end, it ends its connection.
pub struct OpenBody {
    pub(crate) body: Option<Body>,
    pub(crate) part: Range<u64>,
    pub(crate) size: u64,
}

impl OpenBody {
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
        match &mut self.body {
            Some(body) => body.read(buffer).map_err(io::Error::other),
            None => Err(io::Error::other("the body was closed")),
        }
    }
}

impl fmt::Debug for OpenBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenBody({:?} of {})", self.part, self.size)
    }
}
