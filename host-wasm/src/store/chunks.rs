//! Chunks: the bytes of a file that is kept in IndexedDB, as `Blob`s by file number and offset.
//!
//! They never overlap. The browser keeps a `Blob` in a file of its own and hands out no more than a handle to it.

use std::ops::Range;

use js_sys::{Array, Uint8Array};
use lugger_core::effect::store::StoreError;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, IdbCursorDirection, IdbCursorWithValue, IdbKeyRange, IdbRequest};

use super::{
    idb::{CHUNKS, Database, Transaction},
    rows::{count, number},
};

/// So many bytes are gathered before they are written: a transaction of its own for each, at some milliseconds.
pub(super) const CHUNK: usize = 1 << 20;

/// No version ever writes a longer one: so far back may one begin that reaches an offset.
const LONGEST: u64 = 4 << 20;

/// The key of a chunk.
pub(super) fn key(file: u64, at: u64) -> JsValue {
    Array::of2(&number(file), &number(at)).into()
}

/// The keys of chunks that begin within a range.
fn keys(file: u64, within: &Range<u64>) -> Result<JsValue, JsValue> {
    let (lower, upper) = (key(file, within.start), key(file, within.end));
    IdbKeyRange::bound_with_lower_open_and_upper_open(&lower, &upper, false, true).map(JsValue::from)
}

/// The keys of all chunks of a file. An array of anything more sorts after an array of less, and any array after any number.
pub(super) fn all(file: u64) -> Result<JsValue, JsValue> {
    let upper = Array::of2(&number(file), &Array::new());
    IdbKeyRange::bound(&Array::of1(&number(file)), &upper).map(JsValue::from)
}

/// Bytes, as they are put.
pub(super) fn blob(bytes: &[u8]) -> Result<JsValue, JsValue> {
    Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes))).map(JsValue::from)
}

/// Asks for the chunks that may have bytes within a range, for [`clear`].
pub(super) fn around(
    transaction: &Transaction,
    file: u64,
    within: &Range<u64>,
) -> Result<[IdbRequest; 2], JsValue> {
    let table = transaction.table(CHUNKS)?;
    let range = keys(file, &(within.start.saturating_sub(LONGEST)..within.end))?;
    Ok([table.get_all_keys_with_key(&range)?, table.get_all_with_key(&range)?])
}

/// Removes the bytes within a range. What a chunk has before or beyond it stays.
pub(super) fn clear(
    transaction: &Transaction,
    file: u64,
    within: &Range<u64>,
    found: &[JsValue],
) -> Result<(), JsValue> {
    let [keys, blobs] = [0, 1].map(|at| found.get(at).map(Array::from).unwrap_or_default());
    for (found, blob) in keys.iter().zip(blobs.iter()) {
        let (start, blob) = (offset(&found), blob.unchecked_into::<Blob>());
        let end = start + blob.size() as u64;
        if end <= within.start {
            continue;
        }
        let cut = |from: u64, to: u64| {
            let blob = blob.slice_with_f64_and_f64((from - start) as f64, (to - start) as f64)?;
            transaction.put(CHUNKS, &key(file, from), &blob)
        };
        if start < within.start {
            cut(start, within.start)?;
        } else {
            transaction.delete(CHUNKS, &found)?;
        }
        if end > within.end {
            cut(within.end, end)?;
        }
    }
    Ok(())
}

/// The chunk that has the byte at an offset, and where it begins.
pub(super) async fn find(db: &Database, file: u64, at: u64) -> Result<Option<(u64, Blob)>, StoreError> {
    let ask = |chunks: &Transaction| {
        // The last one that begins no later.
        let range = keys(file, &(0..at + 1))?;
        let table = chunks.table(CHUNKS)?;
        Ok(vec![table.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev)?])
    };
    let then = |_: &Transaction, answers: &[JsValue]| {
        // Within the transaction: a cursor has its place no longer than that.
        let cursor = answers.first().and_then(|cursor| cursor.dyn_ref::<IdbCursorWithValue>());
        let Some(cursor) = cursor else { return Ok(None) };
        Ok(Some((offset(&cursor.key()?), cursor.value()?.unchecked_into::<Blob>())))
    };
    let found = db.change(super::idb::Mode::Read, &[CHUNKS], ask, then).await?;
    Ok(found.filter(|(start, blob)| at - start < blob.size() as u64))
}

/// The second part of a key.
fn offset(key: &JsValue) -> u64 {
    key.dyn_ref::<Array>().map_or(0, |key| count(&key.get(1)))
}
