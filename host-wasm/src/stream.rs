//! Streams of the browser, read into memory of ours: bodies, and files piece by piece.

use js_sys::{ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStream;

use crate::js::Rest;

#[wasm_bindgen]
extern "C" {
    /// By hand: `web-sys` does not expect that a stream refuses to be read in a way.
    type Readable;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn reader(this: &Readable, options: &JsValue) -> Result<Reader, JsValue>;

    /// One that puts bytes into the buffer of a view and takes it along; or one that has buffers of its own, and no eye for ours.
    type Reader;
    #[wasm_bindgen(method)]
    fn read(this: &Reader, view: &Uint8Array) -> Promise;
}

/// Bytes that a reader may bring at once.
const CHUNK: u32 = 512 << 10;

/// A stream that is being read.
pub(crate) struct Stream {
    /// `None` when there is none, or no more.
    reader: Option<Reader>,
    /// What the next bytes may come in: a new buffer for every chunk would cost a browser more than the bytes in it.
    buffer: ArrayBuffer,
    rest: Rest,
}

impl Stream {
    /// All of a stream; without one there is nothing.
    pub(crate) fn new(stream: Option<ReadableStream>) -> Self {
        let reader = stream.and_then(|stream| reader(stream.unchecked_ref()).ok());
        Self { reader, buffer: ArrayBuffer::new(CHUNK), rest: Rest::default() }
    }

    /// Whether its end has not come yet.
    pub(crate) fn is_open(&self) -> bool {
        self.reader.is_some()
    }

    /// Waits for the next bytes, once [`Self::take`] has none; yields how many there are, 0 at the end.
    pub(crate) async fn more(&mut self) -> Result<usize, JsValue> {
        while let Some(reader) = &self.reader {
            let read = JsFuture::from(reader.read(&Uint8Array::new(&self.buffer))).await?;
            let is_done = Reflect::get(&read, &"done".into())?.is_truthy();
            let chunk = Reflect::get(&read, &"value".into())?.dyn_into::<Uint8Array>();
            let Some(chunk) = chunk.ok().filter(|_| !is_done) else {
                self.reader = None;
                break;
            };
            self.buffer = chunk.buffer();
            let came = chunk.length() as usize;
            self.rest = Rest::of(chunk);
            if came > 0 {
                return Ok(came);
            }
        }
        Ok(0)
    }

    /// Takes as much of what came last as there is room for; how many bytes that is.
    pub(crate) fn take(&mut self, room: &mut [u8]) -> usize {
        self.rest.take(room)
    }

    /// Puts the next bytes into the room: how many, 0 at the end.
    pub(crate) async fn read(&mut self, room: &mut [u8]) -> Result<usize, JsValue> {
        let taken = self.take(room);
        if taken > 0 || self.more().await? == 0 {
            return Ok(taken);
        }
        Ok(self.take(room))
    }
}

/// Where streams are not of bytes, or a browser does not know that some are, the reader brings whatever chunks there are.
fn reader(stream: &Readable) -> Result<Reader, JsValue> {
    let bytes = Object::new();
    // Setting a member of a new object does not fail.
    let _ = Reflect::set(&bytes, &"mode".into(), &"byob".into());
    stream.reader(&bytes).or_else(|_| stream.reader(&JsValue::UNDEFINED))
}
