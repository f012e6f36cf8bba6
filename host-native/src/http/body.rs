//! A response's body while it comes.

use std::{
    io::{self, Read},
    time::Instant,
};

use lugger_core::effect::{
    http::{Floor, NetError},
    pace::Pace,
};
use ureq::BodyReader;

use super::fault::read_error;

/// What is read of an inline body at once.
const CHUNK: usize = 8 << 10;

/// An open body. Its connection goes back to the others when it was read to its end, and closes when it is dropped before.
pub(crate) struct Body {
    reader: BodyReader<'static>,
    pace: Pace,
}

impl Body {
    pub(super) fn new(body: ureq::Body, floor: Floor) -> Self {
        let reader = body.into_with_config().limit(u64::MAX).reader();
        Self { reader, pace: Pace::new(floor) }
    }

    /// What comes next, 0 bytes at the end. Blocks no longer than the stall deadline, and fails when the body is too slow.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, NetError> {
        let started = Instant::now();
        let read = loop {
            match self.reader.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(read_error(&error)),
                Ok(0) => return Ok(0),
                Ok(read) => break read,
            }
        };
        if self.pace.moved(started.elapsed(), read) { Ok(read) } else { Err(self.pace.too_slow()) }
    }

    /// All of it; `None` if that is more than `most`.
    pub(super) fn read_all(&mut self, most: u64) -> Result<Option<Vec<u8>>, NetError> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; CHUNK]);
        loop {
            let read = self.read(&mut chunk)?;
            bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if bytes.len() as u64 > most {
                return Ok(None);
            }
            if read == 0 {
                return Ok(Some(bytes));
            }
        }
    }
}
