//! How ingests end: committed, parked or discarded.

use std::rc::Rc;

use lugger_core::effect::{IngestId, store::StoreError, verifier::Verified};
use wasm_bindgen::JsValue;

use super::{
    Inner, chunks,
    content::{self, Bytes},
    error,
    idb::{CHUNKS, INGESTS, Mode, Transaction},
    ingest::Ingest,
    ingests::{Ingests, closed},
    rows::{IngestRow, Place},
};

/// Ends one by publishing it; one that cannot be published is parked.
pub(super) async fn commit(inner: &Rc<Inner>, id: IngestId, verified: &Verified) -> Result<(), StoreError> {
    let verified = verified.clone();
    let done = Ingests::end(inner, id, |inner, ingest| async move {
        let committed = publish(&inner, &ingest, &verified).await;
        if committed.is_err() {
            let _ = ingest.settle(&inner).await;
        }
        ingest.close();
        committed
    });
    done.await.unwrap_or_else(|| Err(closed(inner, id)))
}

async fn publish(inner: &Rc<Inner>, ingest: &Rc<Ingest>, verified: &Verified) -> Result<(), StoreError> {
    let refuse = || Err(error::failed(&ingest.path(inner), "the ingest is not what was verified"));
    if ingest.digest != *verified.digest() {
        return refuse();
    }
    // What has never been written is put beside its name.
    let gathered = ingest.tails.borrow().values().find(|tail| tail.at == 0).map(|tail| tail.bytes.clone());
    let has_nothing = matches!(ingest.place, Place::Chunks(_)) && ingest.extents.borrow().total() == 0;
    if has_nothing && gathered.as_ref().map_or(0, Vec::len) as u64 == verified.size() {
        let bytes = gathered.unwrap_or_default();
        return content::settle(inner, verified, Bytes::Here(&bytes), Some(&ingest.place)).await;
    }
    ingest.settle(inner).await?;
    let (prefix, end) = (ingest.extents.borrow().prefix(), ingest.extents.borrow().end());
    let mut len = end;
    if let Some(file) = ingest.file(inner)? {
        file.flush()?;
        len = file.len()?;
        // Closed before it has a name: it can be removed from then on.
        ingest.close();
    }
    if [prefix, end, len] != [verified.size(); 3] {
        return refuse();
    }
    content::settle(inner, verified, Bytes::At(&ingest.place), Some(&ingest.place)).await
}

/// Ends one and keeps it, unless there is nothing to keep.
pub(super) async fn park(inner: &Rc<Inner>, id: IngestId) {
    let ending = Ingests::end(inner, id, |inner, ingest| async move {
        let _ = ingest.settle(&inner).await;
        ingest.close();
        if ingest.extents.borrow().total() == 0 {
            erase(&inner, &ingest).await;
        }
    });
    ending.await;
}

/// Ends one and deletes it.
pub(super) async fn discard(inner: &Rc<Inner>, id: IngestId) {
    let ending = Ingests::end(inner, id, |inner, ingest| async move {
        ingest.tails.take();
        let _ = ingest.settle(&inner).await;
        ingest.close();
        erase(&inner, &ingest).await;
    });
    ending.await;
}

/// Removes the row and the bytes. Nobody is told of a failure: a file that stays is an orphan.
async fn erase(inner: &Inner, ingest: &Ingest) {
    let (key, place) = (content::key(&ingest.digest), ingest.place.clone());
    let ours = place.clone();
    let ask = {
        let key = key.clone();
        move |tables: &Transaction| Ok(vec![tables.get(INGESTS, &key)?])
    };
    let then = move |tables: &Transaction, answers: &[JsValue]| {
        let row = answers.first().and_then(IngestRow::from_js);
        if row.is_some_and(|row| row.place == ours) {
            tables.delete(INGESTS, &key)?;
        }
        match ours {
            Place::Chunks(id) => tables.delete(CHUNKS, &chunks::all(id)?),
            Place::File(_) | Place::Inline => Ok(()),
        }
    };
    let erased = inner.db.change(Mode::Change, &[INGESTS, CHUNKS], ask, then).await;
    if let (Ok(()), Place::File(name), Ok(dir)) = (erased, &place, inner.dir()) {
        let _ = dir.remove(name).await;
    }
}
