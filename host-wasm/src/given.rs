//! Files that the user gives to an operation, and other blobs of the browser.

use js_sys::Uint8Array;
use lugger_core::effect::{
    file::FileError,
    given::{GivenId, Slice},
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use crate::{js, stream::Stream};

/// The file of this number.
pub(crate) fn find(given: &[File], id: GivenId) -> Result<&File, FileError> {
    let missing = || FileError { path: id.to_string(), detail: "nothing was given".to_owned() };
    given.get(id.0 as usize).ok_or_else(missing)
}

/// A few bytes of a file.
pub(crate) async fn slice(given: &[File], slice: Slice) -> Result<Vec<u8>, FileError> {
    let file = find(given, slice.given)?;
    let end = slice.from.saturating_add(u64::from(slice.len));
    let bytes = part(file, slice.from, end).await.map_err(|error| lost(file, &error))?;
    Ok(bytes.to_vec())
}

/// A file that could not be read: it was changed or removed since it was given.
pub(crate) fn lost(file: &File, error: &JsValue) -> FileError {
    FileError { path: file.name(), detail: js::message(error) }
}

/// The bytes of a blob from one offset up to another, or to its end if that comes first, at once.
pub(crate) async fn part(blob: &Blob, from: u64, to: u64) -> Result<Uint8Array, JsValue> {
    let part = blob.slice_with_f64_and_f64(from as f64, to as f64)?;
    JsFuture::from(part.array_buffer()).await.map(|buffer| Uint8Array::new(&buffer))
}

/// The same, one after the other: while some are worked on, the browser reads the next.
pub(crate) fn stream(blob: &Blob, from: u64, to: u64) -> Stream {
    let part = blob.slice_with_f64_and_f64(from as f64, to as f64).ok();
    Stream::new(part.map(|part| part.stream()))
}
