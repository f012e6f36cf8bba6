//! The ingests that are open in this store: how they begin and how they end.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use js_sys::Promise;
use lugger_core::{
    effect::{
        IngestId,
        pump::Verified,
        store::{Begin, Begun, StoreError},
    },
    name::Digest,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::{
    Inner, chunks,
    content::{self, Bytes},
    error,
    idb::{CHUNKS, CONTENT, INGESTS, Mode, STATE, Transaction},
    ingest::Ingest,
    rows::{ContentRow, IngestRow, Place, count, number},
};

/// Content of no more bytes than this gets no file, which would cost more than all the rest of it.
const SMALL: u64 = 64 << 10;

/// The number that was given to a file last, in the table of counters.
const FILE: &str = "file";

/// The ingests that are open in this store, and those that are about to end.
#[derive(Default)]
pub(super) struct Ingests {
    open: RefCell<BTreeMap<IngestId, Rc<Ingest>>>,
    ending: RefCell<BTreeMap<Digest, Promise>>,
    last: Cell<u64>,
}

/// What the tables had of content that is to begin.
enum Found {
    Committed,
    /// Its row, and whether it was just made.
    Open(IngestRow, bool),
}

impl Ingests {
    /// An open one.
    pub(super) fn get(&self, inner: &Inner, id: IngestId) -> Result<Rc<Ingest>, StoreError> {
        self.open.borrow().get(&id).cloned().ok_or_else(|| closed(inner, id))
    }

    /// Waits until no ingest of this digest is about to end.
    pub(super) async fn ended(&self, digest: &Digest) {
        loop {
            let ending = self.ending.borrow().get(digest).cloned();
            let Some(ending) = ending else { return };
            let _ = JsFuture::from(ending).await;
        }
    }

    /// Lets go of all files at once, for a store that is cleared.
    pub(super) fn close_all(&self) {
        for ingest in self.open.take().into_values() {
            ingest.file.borrow_mut().take();
            ingest.tails.borrow_mut().clear();
        }
    }

    /// Ends one by work that goes on even if nobody waits for it any more, and before anything else of this digest.
    fn end<T, F, W>(
        inner: &Rc<Inner>,
        id: IngestId,
        work: W,
    ) -> impl Future<Output = Option<T>> + use<T, F, W>
    where
        T: 'static,
        F: Future<Output = T> + 'static,
        W: FnOnce(Rc<Inner>, Rc<Ingest>) -> F,
    {
        let ingest = inner.ingests.open.borrow_mut().remove(&id);
        let result = Rc::new(RefCell::new(None));
        let ending = ingest.map(|ingest| {
            let (digest, slot) = (ingest.digest.clone(), Rc::clone(&result));
            let (work, of) = (work(Rc::clone(inner), ingest), Rc::clone(inner));
            let ended = digest.clone();
            let ending = future_to_promise(async move {
                let done = work.await;
                *slot.borrow_mut() = Some(done);
                of.ingests.ending.borrow_mut().remove(&ended);
                Ok(JsValue::UNDEFINED)
            });
            inner.ingests.ending.borrow_mut().insert(digest, ending.clone());
            ending
        });
        async move {
            let _ = JsFuture::from(ending?).await;
            let done = result.borrow_mut().take();
            done
        }
    }
}

/// How many bytes there are of an ingest.
pub(super) async fn partial(inner: &Inner, digest: &Digest) -> Result<Option<u64>, StoreError> {
    inner.ingests.ended(digest).await;
    let open = inner.ingests.open.borrow().values().find(|open| open.digest == *digest).cloned();
    if let Some(open) = open {
        let gathered: usize = open.tails.borrow().values().map(|tail| tail.bytes.len()).sum();
        return Ok(Some(open.extents.borrow().total() + gathered as u64));
    }
    let ask = |ingests: &Transaction| Ok(vec![ingests.get(INGESTS, &content::key(digest))?]);
    let answers = inner.db.read(&[INGESTS], ask).await?;
    let Some(row) = answers.first().and_then(IngestRow::from_js) else { return Ok(None) };
    let len = match &row.place {
        Place::File(name) => inner.dir()?.file(name).await?.map_or(0, |file| file.size() as u64),
        Place::Chunks(_) | Place::Inline => 0,
    };
    Ok(Some(row.extents(len).total()))
}

/// Starts one, or takes up what an earlier run left. The caller holds the digest's lock.
pub(super) async fn begin(inner: &Rc<Inner>, begin: &Begin) -> Result<Begun, StoreError> {
    inner.ingests.ended(&begin.digest).await;
    let (found, orphan) = find_or_make(inner, begin).await?;
    if let Some(Place::File(name)) = orphan {
        let _ = inner.dir()?.remove(&name).await;
    }
    let Found::Open(row, is_new) = found else { return Ok(Begun::Committed) };
    let (mut file, mut len) = (None, 0);
    if let Place::File(name) = &row.place {
        let opened = inner.dir()?.open_file(name).await?;
        len = opened.len()?;
        if is_new && len > 0 {
            // Of a database that the browser has thrown away, and its numbers with it.
            opened.truncate(0)?;
            len = 0;
        }
        file = Some(Rc::new(opened));
    }
    let extents = row.extents(len);
    let (prefix, islands) = (extents.prefix(), extents.islands());
    let ingest = Ingest {
        digest: begin.digest.clone(),
        size: begin.size,
        place: row.place.clone(),
        file: RefCell::new(file),
        extents: RefCell::new(extents),
        checkpoint: Cell::new(row.checkpoint.as_ref().map_or(0, |(at, _)| *at)),
        has_journal: Cell::new(row.journal.is_some()),
        tails: RefCell::default(),
        noting: RefCell::default(),
    };
    let has_gap = !islands.is_empty();
    if ingest.checkpoint.get() > prefix || (len > prefix && !has_gap) {
        // Also what it has beyond: nobody knows what else is wrong.
        ingest.cut_off(inner, prefix).await?;
    }
    let islands = if ingest.extents.borrow().islands().is_empty() { Vec::new() } else { islands };
    let checkpoint = row.checkpoint.filter(|(at, _)| *at <= prefix).map(|(_, saved)| saved);
    let id = IngestId(inner.ingests.last.get() + 1);
    inner.ingests.last.set(id.0);
    inner.ingests.open.borrow_mut().insert(id, Rc::new(ingest));
    Ok(Begun::Open { ingest: id, len: prefix, checkpoint, islands })
}

/// Looks for the content and for its ingest, and makes one where there is neither, in one transaction: a file is named
/// before it is made, so that no other tab takes it for an orphan. Yields also what nobody names any more.
async fn find_or_make(inner: &Inner, begin: &Begin) -> Result<(Found, Option<Place>), StoreError> {
    let (key, with_files) = (content::key(&begin.digest), inner.writes_files);
    let is_small = begin.size <= SMALL;
    let ask = |tables: &Transaction| {
        let rows = [tables.get(CONTENT, &key)?, tables.get(INGESTS, &key)?];
        Ok([rows[0].clone(), rows[1].clone(), tables.get(STATE, &FILE.into())?].to_vec())
    };
    let then = {
        let key = key.clone();
        move |tables: &Transaction, answers: &[JsValue]| {
            let [committed, row, last] = answers else { return Ok((Found::Committed, None)) };
            let row = IngestRow::from_js(row);
            if ContentRow::from_js(committed).is_some() {
                if let Some(IngestRow { place: Place::Chunks(id), .. }) = row {
                    tables.delete(CHUNKS, &chunks::all(id)?)?;
                }
                tables.delete(INGESTS, &key)?;
                return Ok((Found::Committed, row.map(|row| row.place)));
            }
            let orphan = match row {
                // What a worker left in a file is of no use to a page, which cannot write there.
                Some(IngestRow { place: Place::File(_), .. }) if !with_files => row.map(|row| row.place),
                Some(row) => return Ok((Found::Open(row, false), None)),
                None => None,
            };
            let id = count(last) + 1;
            tables.put(STATE, &FILE.into(), &number(id))?;
            let (place, journal) = if with_files && !is_small {
                (Place::File(id.to_string().into()), None)
            } else {
                (Place::Chunks(id), Some(Default::default()))
            };
            let row = IngestRow { place, checkpoint: None, journal };
            tables.put(INGESTS, &key, &row.to_js())?;
            Ok((Found::Open(row, true), orphan))
        }
    };
    inner.db.change(Mode::Change, &[CONTENT, INGESTS, STATE, CHUNKS], ask, then).await
}

/// Ends one by publishing it; one that cannot be published is parked.
pub(super) async fn commit(inner: &Rc<Inner>, id: IngestId, verified: &Verified) -> Result<(), StoreError> {
    let verified = verified.clone();
    let done = Ingests::end(inner, id, |inner, ingest| async move {
        let committed = publish(&inner, &ingest, &verified).await;
        if committed.is_err() {
            let _ = ingest.settle(&inner).await;
        }
        ingest.file.borrow_mut().take();
        committed
    });
    done.await.unwrap_or_else(|| Err(closed(inner, id)))
}

async fn publish(inner: &Inner, ingest: &Ingest, verified: &Verified) -> Result<(), StoreError> {
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
        ingest.file.borrow_mut().take();
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
        ingest.file.borrow_mut().take();
        if ingest.extents.borrow().total() == 0 {
            erase(&inner, &ingest).await;
        }
    });
    ending.await;
}

/// Ends one and deletes it.
pub(super) async fn discard(inner: &Rc<Inner>, id: IngestId) {
    let ending = Ingests::end(inner, id, |inner, ingest| async move {
        ingest.tails.borrow_mut().clear();
        let _ = ingest.settle(&inner).await;
        ingest.file.borrow_mut().take();
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

fn closed(inner: &Inner, IngestId(id): IngestId) -> StoreError {
    error::failed(&inner.db.path(INGESTS), format!("ingest {id} is not open"))
}
