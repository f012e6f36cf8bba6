//! A response's body while it comes.

use std::time::Duration;

use lugger_core::effect::{
    http::{NetError, NetErrorKind, Timeouts},
    pace::Pace,
};
use web_sys::AbortController;

use super::fault;
use crate::{
    clock::{self, within},
    stream::Stream,
};

/// An open body. Dropping it before its end gives up the connection.
pub(crate) struct Body {
    stream: Stream,
    abort: AbortController,
    pace: Pace,
    stall: Duration,
}

impl Body {
    pub(super) fn new(answer: &web_sys::Response, abort: AbortController, timeouts: &Timeouts) -> Self {
        let stream = Stream::new(answer.body());
        Self { stream, abort, pace: Pace::new(timeouts.floor), stall: timeouts.stall }
    }

    /// Puts what comes next into the room: how many bytes, 0 at the end. Takes no longer than the stall deadline, and fails
    /// when the body is too slow.
    pub(crate) async fn read(&mut self, room: &mut [u8]) -> Result<usize, NetError> {
        let taken = self.stream.take(room);
        if taken > 0 || self.more().await? == 0 {
            return Ok(taken);
        }
        Ok(self.stream.take(room))
    }

    async fn more(&mut self) -> Result<usize, NetError> {
        let started = clock::now();
        let came = match within(self.stall, self.stream.more()).await {
            Some(came) => came.map_err(|error| fault::of_body(&error))?,
            None => {
                let detail = format!("nothing came for {} s", self.stall.as_secs_f64());
                return Err(NetError::new(NetErrorKind::Timeout, detail));
            }
        };
        let took = clock::now().since(started);
        if came == 0 || self.pace.moved(took, came) { Ok(came) } else { Err(self.pace.too_slow()) }
    }

    /// All of it; `None` if that is more than `most`.
    pub(super) async fn read_all(&mut self, most: u64) -> Result<Option<Vec<u8>>, NetError> {
        let mut bytes = Vec::new();
        loop {
            let (at, came) = (bytes.len(), self.more().await?);
            if came == 0 {
                return Ok(Some(bytes));
            }
            if (at + came) as u64 > most {
                return Ok(None);
            }
            bytes.resize(at + came, 0);
            self.stream.take(bytes.get_mut(at..).unwrap_or_default());
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.stream.is_open() {
            self.abort.abort();
        }
    }
}
