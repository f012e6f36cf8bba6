//! A response's body while it comes.

use std::time::Duration;

use js_sys::{Reflect, Uint8Array};
use lugger_core::effect::{
    http::{NetError, NetErrorKind, Timeouts},
    pace::Pace,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader};

use super::fault;
use crate::clock::{self, within};

/// An open body. Dropping it before its end gives up the connection.
pub(crate) struct Body {
    /// `None` when there is none, or no more.
    reader: Option<ReadableStreamDefaultReader>,
    abort: AbortController,
    pace: Pace,
    stall: Duration,
}

impl Body {
    pub(super) fn new(answer: &web_sys::Response, abort: AbortController, timeouts: &Timeouts) -> Self {
        let reader = answer.body().map(|stream| stream.get_reader().unchecked_into());
        Self { reader, abort, pace: Pace::new(timeouts.floor), stall: timeouts.stall }
    }

    /// What comes next; `None` at the end. Takes no longer than the stall deadline, and fails when the body is too slow.
    pub(crate) async fn read(&mut self) -> Result<Option<Uint8Array>, NetError> {
        let Some(reader) = &self.reader else { return Ok(None) };
        let started = clock::now();
        let read = match within(self.stall, JsFuture::from(reader.read())).await {
            Some(Ok(read)) => read,
            Some(Err(error)) => return Err(fault::of_body(&error)),
            None => {
                let detail = format!("nothing came for {} s", self.stall.as_secs_f64());
                return Err(NetError::new(NetErrorKind::Timeout, detail));
            }
        };
        let is_done = Reflect::get(&read, &"done".into()).is_ok_and(|done| done.is_truthy());
        let chunk = Reflect::get(&read, &"value".into()).ok().and_then(|it| it.dyn_into::<Uint8Array>().ok());
        let Some(chunk) = chunk.filter(|_| !is_done) else {
            self.reader = None;
            return Ok(None);
        };
        let took = clock::now().since(started);
        if self.pace.moved(took, chunk.length() as usize) {
            Ok(Some(chunk))
        } else {
            Err(self.pace.too_slow())
        }
    }

    /// All of it; `None` if that is more than `most`.
    pub(super) async fn read_all(&mut self, most: u64) -> Result<Option<Vec<u8>>, NetError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.read().await? {
            if bytes.len() as u64 + u64::from(chunk.length()) > most {
                return Ok(None);
            }
            let at = bytes.len();
            bytes.resize(at + chunk.length() as usize, 0);
            chunk.copy_to(bytes.get_mut(at..).unwrap_or_default());
        }
        Ok(Some(bytes))
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.abort.abort();
        }
    }
}
