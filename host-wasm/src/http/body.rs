//! A response's body while it comes.

use std::time::Duration;

use js_sys::{ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use lugger_core::effect::{
    http::{NetError, NetErrorKind, Timeouts},
    pace::Pace,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::fault;
use crate::{
    clock::{self, within},
    js::Rest,
};

#[wasm_bindgen]
extern "C" {
    /// By hand: `web-sys` does not expect that a stream refuses to be read in a way.
    type Stream;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn reader(this: &Stream, options: &JsValue) -> Result<Reader, JsValue>;

    /// One that puts bytes into the buffer of a view and takes it along; or one that has buffers of its own, and no eye for ours.
    type Reader;
    #[wasm_bindgen(method)]
    fn read(this: &Reader, view: &Uint8Array) -> Promise;
}

/// Bytes that a reader may bring at once.
const CHUNK: u32 = 512 << 10;

/// An open body. Dropping it before its end gives up the connection.
pub(crate) struct Body {
    /// `None` when there is none, or no more.
    reader: Option<Reader>,
    /// What the next bytes may come in: a new buffer for every chunk would cost a browser more than the bytes in it.
    buffer: ArrayBuffer,
    rest: Rest,
    abort: AbortController,
    pace: Pace,
    stall: Duration,
}

impl Body {
    pub(super) fn new(answer: &web_sys::Response, abort: AbortController, timeouts: &Timeouts) -> Self {
        let reader = answer.body().and_then(|stream| reader(stream.unchecked_ref()).ok());
        Self {
            reader,
            buffer: ArrayBuffer::new(CHUNK),
            rest: Rest::default(),
            abort,
            pace: Pace::new(timeouts.floor),
            stall: timeouts.stall,
        }
    }

    /// Puts what comes next into the room: how many bytes, 0 at the end. Takes no longer than the stall deadline, and fails
    /// when the body is too slow.
    pub(crate) async fn read(&mut self, room: &mut [u8]) -> Result<usize, NetError> {
        loop {
            let taken = self.rest.take(room);
            if taken > 0 {
                return Ok(taken);
            }
            let Some(chunk) = self.next().await? else { return Ok(0) };
            self.rest = Rest::of(chunk);
        }
    }

    async fn next(&mut self) -> Result<Option<Uint8Array>, NetError> {
        let Some(reader) = &self.reader else { return Ok(None) };
        let started = clock::now();
        let view = Uint8Array::new(&self.buffer);
        let read = match within(self.stall, JsFuture::from(reader.read(&view))).await {
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
        self.buffer = chunk.buffer();
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
        while let Some(chunk) = self.next().await? {
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

/// Where streams are not of bytes, or a browser does not know that some are, the reader brings whatever chunks there are.
fn reader(stream: &Stream) -> Result<Reader, JsValue> {
    let bytes = Object::new();
    // Setting a member of a new object does not fail.
    let _ = Reflect::set(&bytes, &"mode".into(), &"byob".into());
    stream.reader(&bytes).or_else(|_| stream.reader(&JsValue::UNDEFINED))
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.abort.abort();
        }
    }
}
