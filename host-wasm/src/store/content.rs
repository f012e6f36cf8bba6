//! Committed content: finding it, reading it, and putting it where it is found.
//!
//! Content is committed by one transaction that names its bytes, wherever they are. Nothing moves.

use std::rc::Rc;

use js_sys::Uint8Array;
use lugger_core::{
    effect::{
        store::{Applied, Read, Removal, StoreError, StoreErrorKind},
        verifier::Verified,
    },
    name::Digest,
};
use wasm_bindgen::{JsCast as _, JsValue};

use super::{
    Inner,
    blob::{Blob, Pieces},
    chunks, error,
    idb::{CHUNKS, CONTENT, INGESTS, INLINE, Mode, RECORDS, Transaction},
    records,
    rows::{ContentRow, IngestRow, Place},
};

/// Of an ingest that another tab has cleared away.
pub(super) const GONE: &str = "the ingest is gone";

/// Bytes that become content.
pub(super) enum Bytes<'a> {
    /// Where they are already.
    At(&'a Place),
    /// In memory.
    Here(&'a [u8]),
}

/// The key of a digest.
pub(super) fn key(digest: &Digest) -> JsValue {
    JsValue::from(digest.to_string())
}

/// The length of committed content.
pub(super) async fn find(inner: &Inner, digest: &Digest) -> Result<Option<u64>, StoreError> {
    let answers = inner.db.read(&[CONTENT], |content| Ok(vec![content.get(CONTENT, &key(digest))?])).await?;
    Ok(answers.first().and_then(ContentRow::from_js).map(|row| row.size))
}

/// Committed content, open for reading.
pub(super) async fn open(inner: &Rc<Inner>, digest: &Digest) -> Result<Blob, StoreError> {
    let key = key(digest);
    let ask = |content: &Transaction| Ok(vec![content.get(CONTENT, &key)?, content.get(INLINE, &key)?]);
    let answers = inner.db.read(&[CONTENT, INLINE], ask).await?;
    let [row, bytes] = [0, 1].map(|at| answers.get(at).cloned().unwrap_or_default());
    let Some(row) = ContentRow::from_js(&row) else { return Err(missing(inner, digest)) };
    let (len, pieces) = match row.place {
        Place::Inline => {
            let bytes = bytes.dyn_into::<Uint8Array>().map_err(|_| missing(inner, digest))?;
            (u64::from(bytes.length()), Pieces::Inline(bytes))
        }
        Place::Chunks(id) => (row.size, Pieces::Chunks { inner: Rc::clone(inner), id, last: None.into() }),
        Place::File(name) => {
            let dir = inner.dir()?;
            let file = dir.file(&name).await?.ok_or_else(|| missing(inner, digest))?;
            (file.size() as u64, Pieces::File { file, path: dir.path(&name) })
        }
    };
    match damage(inner, digest, len, row.size) {
        None => Ok(Blob::new(len, pieces)),
        Some(damage) => Err(damage),
    }
}

/// All of it, if it is no longer than was asked for.
pub(super) async fn read(inner: &Rc<Inner>, read: &Read) -> Result<Vec<u8>, StoreError> {
    let blob = open(inner, &read.digest).await?;
    if blob.len() > read.max {
        let detail = format!("{} bytes, where at most {} were expected", blob.len(), read.max);
        return Err(error::error(StoreErrorKind::TooLong, &path(inner, &read.digest), detail));
    }
    blob.read_at(0, usize::try_from(blob.len()).unwrap_or(usize::MAX)).await
}

/// Commits bytes that are in memory.
pub(super) async fn put(inner: &Inner, bytes: &[u8], verified: &Verified) -> Result<(), StoreError> {
    if bytes.len() as u64 != verified.size() {
        return Err(error::failed(&inner.db.path(CONTENT), "the bytes are not those that were verified"));
    }
    settle(inner, verified, Bytes::Here(bytes), None).await
}

/// Names bytes as content; the ingest that they were, if any, is then over. What is there already stays, and these go.
pub(super) async fn settle(
    inner: &Inner,
    verified: &Verified,
    bytes: Bytes<'_>,
    ingest: Option<&Place>,
) -> Result<(), StoreError> {
    let (key, size) = (key(verified.digest()), verified.size());
    let (place, inline) = match bytes {
        Bytes::At(place) => (place.clone(), None),
        Bytes::Here(bytes) => (Place::Inline, Some(Uint8Array::from(bytes))),
    };
    let ask = |tables: &Transaction| Ok(vec![tables.get(CONTENT, &key)?, tables.get(INGESTS, &key)?]);
    let then = {
        let (key, place, ingest) = (key.clone(), place.clone(), ingest.cloned());
        move |tables: &Transaction, answers: &[JsValue]| {
            let there = answers.first().and_then(ContentRow::from_js).map(|row| row.size);
            if there.is_some_and(|there| there != size) {
                return Ok(there);
            }
            if let Some(ingest) = &ingest {
                let row = answers.get(1).and_then(IngestRow::from_js);
                if row.is_none_or(|row| row.place != *ingest) {
                    return Err(js_sys::Error::new(GONE).into());
                }
                tables.delete(INGESTS, &key)?;
            }
            match (there, &place) {
                (None, _) => {
                    tables.put(CONTENT, &key, &ContentRow { size, place: place.clone() }.to_js())?;
                    if let Some(bytes) = &inline {
                        tables.put(INLINE, &key, bytes)?;
                    }
                }
                (Some(_), Place::Chunks(id)) => tables.delete(CHUNKS, &chunks::all(*id)?)?,
                (Some(_), Place::File(_) | Place::Inline) => {}
            }
            Ok(there)
        }
    };
    let tables = [CONTENT, INLINE, INGESTS, CHUNKS];
    let Some(there) = inner.db.change(Mode::Change, &tables, ask, then).await? else { return Ok(()) };
    if let Some(damage) = damage(inner, verified.digest(), there, size) {
        return Err(damage);
    }
    if let Place::File(name) = &place {
        // The content is there; a file that cannot be removed now is an orphan for the next who opens the store.
        let _ = inner.dir()?.remove(name).await;
    }
    Ok(())
}

/// Removes content in one transaction, unless an expected revision no longer holds. That there is none is success.
pub(super) async fn remove(inner: &Inner, removal: &Removal) -> Result<Applied, StoreError> {
    let keys: Vec<_> = removal.content.iter().map(key).collect();
    let ask = |tables: &Transaction| {
        let content = keys.iter().map(|key| tables.get(CONTENT, key));
        records::expected(tables, &removal.expect).chain(content).collect()
    };
    let then = {
        let (keys, expect) = (keys.clone(), removal.expect.clone());
        move |tables: &Transaction, answers: &[JsValue]| {
            let (records, content) = answers.split_at(expect.len().min(answers.len()));
            if !records::hold(&expect, records) {
                return Ok(None);
            }
            let mut files = Vec::new();
            for (key, row) in keys.iter().zip(content) {
                tables.delete(CONTENT, key)?;
                tables.delete(INLINE, key)?;
                match ContentRow::from_js(row).map(|row| row.place) {
                    Some(Place::Chunks(id)) => tables.delete(CHUNKS, &chunks::all(id)?)?,
                    Some(Place::File(name)) => files.push(name),
                    Some(Place::Inline) | None => {}
                }
            }
            Ok(Some(files))
        }
    };
    let tables = [RECORDS, CONTENT, INLINE, CHUNKS];
    let Some(files) = inner.db.change(Mode::Change, &tables, ask, then).await? else {
        return Ok(Applied::Conflict);
    };
    for name in files {
        inner.dir()?.remove(&name).await?;
    }
    Ok(Applied::Done)
}

fn missing(inner: &Inner, digest: &Digest) -> StoreError {
    error::error(StoreErrorKind::Missing, &path(inner, digest), "")
}

/// Something else under its name is an error: it must not pass for the content.
fn damage(inner: &Inner, digest: &Digest, len: u64, size: u64) -> Option<StoreError> {
    (len != size)
        .then(|| error::failed(&path(inner, digest), format!("damaged: it has {len} bytes, not {size}")))
}

fn path(inner: &Inner, digest: &Digest) -> String {
    [&*inner.db.path(CONTENT), "/", &*digest.to_string()].concat()
}
