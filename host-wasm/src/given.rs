//! Files that the user gives to an operation, and other blobs of the browser, piece by piece.

use js_sys::{ArrayBuffer, Uint8Array};
use lugger_core::effect::{
    file::FileError,
    given::{GivenId, Slice},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use crate::js::{self, Rest};

/// The file of this number.
pub(crate) fn find(given: &[File], id: GivenId) -> Result<&File, FileError> {
    let missing = || FileError { path: id.to_string(), detail: "nothing was given".to_owned() };
    given.get(id.0 as usize).ok_or_else(missing)
}

/// A few bytes of a file.
pub(crate) async fn slice(given: &[File], slice: Slice) -> Result<Vec<u8>, FileError> {
    let file = find(given, slice.given)?;
    let end = slice.from.saturating_add(u64::from(slice.len));
    let mut pieces = Pieces::new(file, slice.from, end);
    let mut bytes = vec![0; slice.len as usize];
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        let read = pieces.read(room).await.map_err(|error| lost(file, &error))?;
        if read == 0 {
            bytes.truncate(filled);
        }
        filled += read;
    }
    Ok(bytes)
}

/// A file that could not be read: it was changed or removed since it was given.
pub(crate) fn lost(file: &File, error: &JsValue) -> FileError {
    FileError { path: file.name(), detail: js::message(error) }
}

/// The bytes of a blob from one offset up to another. While one piece is worked on, the browser reads the next.
pub(crate) struct Pieces {
    blob: Blob,
    at: u64,
    to: u64,
    ahead: Option<js_sys::Promise>,
    rest: Rest,
}

/// What is read at once: each costs the browser half a millisecond, however little it is.
const PIECE: u64 = 4 << 20;

impl Pieces {
    /// From one offset up to another, or to the end of the blob if that comes first.
    pub(crate) fn new(blob: &Blob, from: u64, to: u64) -> Self {
        let to = to.min(blob.size() as u64);
        Self { blob: blob.clone(), at: from, to, ahead: None, rest: Rest::default() }
    }

    /// Puts the next bytes into the room: how many, 0 at the end.
    pub(crate) async fn read(&mut self, room: &mut [u8]) -> Result<usize, JsValue> {
        loop {
            let taken = self.rest.take(room);
            if taken > 0 {
                return Ok(taken);
            }
            let Some(piece) = self.ahead.take().or_else(|| self.begin()) else { return Ok(0) };
            self.ahead = self.begin();
            let buffer: ArrayBuffer = JsFuture::from(piece).await?.unchecked_into();
            self.rest = Rest::of(Uint8Array::new(&buffer));
        }
    }

    fn begin(&mut self) -> Option<js_sys::Promise> {
        let from = self.at;
        self.at = self.to.min(from.saturating_add(PIECE));
        if from >= self.at {
            return None;
        }
        let piece = self.blob.slice_with_f64_and_f64(from as f64, self.at as f64).ok()?;
        Some(piece.array_buffer())
    }
}
