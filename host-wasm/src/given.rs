//! Files that the user gives to an operation, and other blobs of the browser, piece by piece.

use js_sys::{ArrayBuffer, Uint8Array};
use lugger_core::effect::{
    file::FileError,
    given::{GivenId, Slice},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

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
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await.map_err(|error| lost(file, &error))? {
        bytes.extend(piece.to_vec());
    }
    Ok(bytes)
}

/// A file that could not be read: it was changed or removed since it was given.
pub(crate) fn lost(file: &File, error: &JsValue) -> FileError {
    FileError { path: file.name(), detail: crate::js::message(error) }
}

/// The bytes of a blob from one offset up to another. While one piece is worked on, the browser reads the next.
pub(crate) struct Pieces {
    blob: Blob,
    at: u64,
    to: u64,
    ahead: Option<js_sys::Promise>,
}

/// What is read at once: each costs the browser half a millisecond, however little it is.
const PIECE: u64 = 4 << 20;

impl Pieces {
    /// From one offset up to another, or to the end of the blob if that comes first.
    pub(crate) fn new(blob: &Blob, from: u64, to: u64) -> Self {
        let to = to.min(blob.size() as u64);
        Self { blob: blob.clone(), at: from, to, ahead: None }
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let Some(piece) = self.ahead.take().or_else(|| self.read()) else { return Ok(None) };
        self.ahead = self.read();
        let buffer: ArrayBuffer = JsFuture::from(piece).await?.unchecked_into();
        Ok(Some(Uint8Array::new(&buffer)))
    }

    fn read(&mut self) -> Option<js_sys::Promise> {
        let from = self.at;
        self.at = self.to.min(from.saturating_add(PIECE));
        if from >= self.at {
            return None;
        }
        let piece = self.blob.slice_with_f64_and_f64(from as f64, self.at as f64).ok()?;
        Some(piece.array_buffer())
    }
}
