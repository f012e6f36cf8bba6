//! The ingests that are open in this store, and those that are about to end.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::Promise;
use lugger_core::{
    effect::{IngestId, store::StoreError},
    name::Digest,
    small::SmallMap,
};

use super::{
    Inner, content, error,
    idb::{self, INGESTS, Transaction},
    ingest::Ingest,
    rows::{IngestRow, Place},
};
use crate::js;

/// The ingests that are open in this store, and those that are about to end.
#[derive(Default)]
pub(super) struct Ingests {
    open: RefCell<SmallMap<IngestId, Rc<Ingest>>>,
    ending: RefCell<SmallMap<Digest, Promise>>,
    last: Cell<u64>,
}

impl Ingests {
    /// An open one.
    pub(super) fn get(&self, inner: &Inner, id: IngestId) -> Result<Rc<Ingest>, StoreError> {
        self.open.borrow().get(&id).cloned().ok_or_else(|| closed(inner, id))
    }

    /// Takes one up.
    pub(super) fn insert(&self, ingest: Ingest) -> IngestId {
        let id = IngestId(self.last.get() + 1);
        self.last.set(id.0);
        self.open.borrow_mut().insert(id, Rc::new(ingest));
        id
    }

    /// Waits until no ingest of this digest is about to end.
    pub(super) async fn ended(&self, digest: &Digest) {
        loop {
            let ending = self.ending.borrow().get(digest).cloned();
            let Some(ending) = ending else { return };
            let _ = idb::wait(ending).await;
        }
    }

    /// Lets go of all files at once, for a store that is cleared.
    pub(super) fn close_all(&self) {
        for ingest in self.open.take().into_values() {
            ingest.close();
            ingest.tails.take();
        }
    }

    /// Ends one by work that goes on even if nobody waits for it any more, and before anything else of this digest.
    pub(super) fn end<T, F, W>(
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
            let ending = js::promise(async move {
                let done = work.await;
                *slot.borrow_mut() = Some(done);
                of.ingests.ending.borrow_mut().remove(&ended);
            });
            inner.ingests.ending.borrow_mut().insert(digest, ending.clone());
            ending
        });
        async move {
            let _ = idb::wait(ending?).await;
            result.borrow_mut().take()
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

/// Of a number that is none, or no longer.
pub(super) fn closed(inner: &Inner, IngestId(id): IngestId) -> StoreError {
    error::failed(&inner.db.path(INGESTS), format!("ingest {id} is not open"))
}
