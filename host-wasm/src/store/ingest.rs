//! One open ingest: what it has, in memory and in its row, and how bytes get into it.

use std::{
    cell::{Cell, RefCell},
    ops::Range,
    rc::Rc,
};

use js_sys::Promise;
use lugger_core::{
    effect::{extents::Extents, store::StoreError},
    name::Digest,
    small::SmallMap,
};
use wasm_bindgen::JsValue;

use super::{
    Inner,
    chunks::{self, CHUNK},
    content, error,
    idb::{self, CHUNKS, INGESTS, Mode, Transaction},
    opfs::SyncFile,
    rows::{IngestRow, Place},
};
use crate::js;

/// So many bytes a file may have more than its row knows of.
const UNSAID: u64 = 1 << 20;

/// One open ingest.
pub(super) struct Ingest {
    pub(super) digest: Digest,
    /// How many bytes it is to have.
    pub(super) size: u64,
    pub(super) place: Place,
    /// Of a [`Place::File`], until the ingest ends: then nobody else could open it as long as we have it.
    pub(super) file: RefCell<Option<Rc<SyncFile>>>,
    /// What is there.
    pub(super) extents: RefCell<Extents>,
    /// How many bytes the checkpoint in the row has seen; 0 when there is none.
    pub(super) checkpoint: Cell<u64>,
    /// Whether the row says what a file has.
    pub(super) has_journal: Cell<bool>,
    /// Of a [`Place::Chunks`]: what its writers have gathered for their next chunks, by writer.
    pub(super) tails: RefCell<SmallMap<u64, Tail>>,
    /// How many writers it has had.
    pub(super) writers: Cell<u64>,
    /// The chunks that are being put, by offset, and the bytes of those and of all before them.
    pub(super) putting: RefCell<SmallMap<u64, Promise>>,
    pub(super) begun: RefCell<Extents>,
    /// How many bytes of a file's parts the row does not know of, and whoever tells it.
    pub(super) unsaid: Cell<u64>,
    pub(super) noting: RefCell<Option<Promise>>,
}

/// Bytes that are not written yet, and where they belong.
pub(super) struct Tail {
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

/// A change of the row, with the answers to what was asked of the chunks.
type Change = Box<dyn FnOnce(&Transaction, &mut IngestRow, &[JsValue]) -> Result<(), JsValue>>;

impl Ingest {
    /// Its file; `None` if it has chunks.
    pub(super) fn file(&self, inner: &Inner) -> Result<Option<Rc<SyncFile>>, StoreError> {
        match (&self.place, self.file.borrow().clone()) {
            (Place::File(_), None) => Err(error::failed(&self.path(inner), "the ingest is not open")),
            (_, file) => Ok(file),
        }
    }

    /// Lets go of its file, whoever still works on it.
    pub(super) fn close(&self) {
        let file = self.file.borrow_mut().take();
        if let Some(file) = file {
            file.close();
        }
    }

    /// For messages.
    pub(super) fn path(&self, inner: &Inner) -> String {
        [&*inner.db.path(INGESTS), "/", &*self.digest.to_string()].concat()
    }

    /// Changes its row in one transaction, with the chunks around some bytes if they are named. The row is read there and not
    /// kept here, so that what one writer fails to say another does not say for it. An ingest that is over stays so.
    pub(super) async fn update(
        &self,
        inner: &Inner,
        mode: Mode,
        around: Option<Range<u64>>,
        change: Change,
    ) -> Result<(), StoreError> {
        let key = content::key(&self.digest);
        let place = self.place.clone();
        let ask = |tables: &Transaction| {
            let mut asked = vec![tables.get(INGESTS, &key)?];
            if let (Some(within), Place::Chunks(id)) = (&around, &place) {
                asked.extend(chunks::around(tables, *id, within)?);
            }
            Ok(asked)
        };
        let then = {
            let (key, place) = (key.clone(), place.clone());
            move |tables: &Transaction, answers: &[JsValue]| {
                let chunks = answers.get(1..).unwrap_or_default();
                let row = answers.first().and_then(IngestRow::from_js).filter(|row| row.place == place);
                let mut row = row.ok_or_else(|| js_sys::Error::new(content::GONE))?;
                change(tables, &mut row, chunks)?;
                tables.put(INGESTS, &key, &row.to_js())
            }
        };
        let tables: &[&str] = match place {
            Place::Chunks(_) => &[INGESTS, CHUNKS],
            _ => &[INGESTS],
        };
        inner.db.change(mode, tables, ask, then).await
    }

    /// Writes what the writers of chunks have gathered, and waits for the notes about a file.
    pub(super) async fn settle(self: &Rc<Self>, inner: &Rc<Inner>) -> Result<(), StoreError> {
        let writers: Vec<u64> = self.tails.borrow().keys().copied().collect();
        for writer in writers {
            self.flush(inner, writer).await?;
        }
        loop {
            let put = self.putting.borrow().values().next().cloned();
            let Some(next) = put.or_else(|| self.noting.borrow().clone()) else { return Ok(()) };
            let _ = idb::wait(next).await;
        }
    }

    /// Writes all that one writer has gathered. What cannot be written is lost.
    pub(super) async fn flush(self: &Rc<Self>, inner: &Rc<Inner>, writer: u64) -> Result<(), StoreError> {
        loop {
            let next = self.tails.borrow_mut().get_mut(&writer).and_then(Tail::take);
            let Some(Tail { at, bytes }) = next else { return Ok(()) };
            let put = self.put(inner, at, &bytes).await;
            if put.is_err() {
                self.tails.borrow_mut().remove(&writer);
            }
            put?;
        }
    }

    /// Writes a chunk. Once begun it is done even if nobody waits for it any more, and [`Self::settle`] waits for it.
    async fn put(self: &Rc<Self>, inner: &Rc<Inner>, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let part = at..at + bytes.len() as u64;
        let blob = chunks::blob(bytes).map_err(|cause| error::thrown(&self.path(inner), &cause))?;
        let covers = {
            let mut begun = self.begun.borrow_mut();
            let before = begun.total();
            begun.insert(part.clone());
            begun.total() < before + bytes.len() as u64
        };
        let result = Rc::new(RefCell::new(None));
        let (slot, ingest, of) = (Rc::clone(&result), Rc::clone(self), Rc::clone(inner));
        let put = js::promise(async move {
            let put = ingest.put_chunk(&of, part.clone(), blob, covers).await;
            if put.is_ok() {
                ingest.extents.borrow_mut().insert(part);
            }
            ingest.putting.borrow_mut().remove(&at);
            *slot.borrow_mut() = Some(put);
        });
        self.putting.borrow_mut().insert(at, put.clone());
        let _ = idb::wait(put).await;
        let done = result.borrow_mut().take();
        done.unwrap_or(Ok(()))
    }

    /// Puts a chunk, and says in the same transaction that it is there. Durable at once: neither a checkpoint nor a
    /// publication could make up for it later.
    async fn put_chunk(
        &self,
        inner: &Inner,
        part: Range<u64>,
        blob: JsValue,
        covers: bool,
    ) -> Result<(), StoreError> {
        let Place::Chunks(id) = self.place else {
            return Err(error::failed(&self.path(inner), "an ingest with a file has no chunks"));
        };
        let around = covers.then(|| part.clone());
        let change: Change = Box::new(move |tables, row, found| {
            if covers {
                chunks::clear(tables, id, &part, found)?;
            }
            tables.put(CHUNKS, &chunks::key(id, part.start), &blob)?;
            row.journal.get_or_insert_default().insert(part);
            Ok(())
        });
        self.update(inner, Mode::Strict, around, change).await
    }

    /// Says in the row that a file has some bytes more: one writer for all, as long as there is more to say. So a tab that
    /// is killed loses what was written in the last milliseconds. That it cannot be said costs a later run these bytes,
    /// and nothing else.
    pub(super) async fn note(self: &Rc<Self>, inner: &Rc<Inner>, more: u64) {
        self.unsaid.set(self.unsaid.get() + more);
        let saying = self.noting.borrow().clone();
        if let Some(saying) = saying {
            if self.unsaid.get() > UNSAID {
                let _ = idb::wait(saying).await;
            }
            return;
        }
        let (ingest, inner) = (Rc::clone(self), Rc::clone(inner));
        let saying = js::promise(async move {
            while ingest.unsaid.take() > 0 {
                let of = Rc::clone(&ingest);
                let change: Change = Box::new(move |_, row, _| {
                    row.journal = Some(of.extents.borrow().clone());
                    Ok(())
                });
                let _ = ingest.update(&inner, Mode::Change, None, change).await;
            }
            *ingest.noting.borrow_mut() = None;
        });
        *self.noting.borrow_mut() = Some(saying);
    }

    /// Saves a tap's state after `at` bytes, all of which are made durable first: it is believed whatever has happened since.
    ///
    /// Content that is whole is committed next: its last checkpoint is not worth a transaction.
    pub(super) async fn save(
        self: &Rc<Self>,
        inner: &Rc<Inner>,
        at: u64,
        saved: &[u8],
    ) -> Result<(), StoreError> {
        if at == self.size {
            return Ok(());
        }
        self.settle(inner).await?;
        if self.extents.borrow().prefix() < at {
            return Ok(());
        }
        if let Some(file) = self.file(inner)? {
            file.flush()?;
        }
        let saved = saved.to_vec();
        let change: Change = Box::new(move |_, row, _| {
            row.checkpoint = Some((at, saved));
            Ok(())
        });
        self.update(inner, Mode::Change, None, change).await?;
        self.checkpoint.set(at);
        Ok(())
    }

    /// Cuts it off.
    ///
    /// A checkpoint further on is about bytes that now go. Were it there beside others that come in their place, a later
    /// run would believe it, and content would be verified by what is no longer there. So it goes first, and durably.
    pub(super) async fn cut_off(&self, inner: &Inner, at: u64) -> Result<(), StoreError> {
        let has_later = self.checkpoint.get() > at;
        let forget = move |row: &mut IngestRow| {
            row.checkpoint = row.checkpoint.take().filter(|(seen, _)| *seen <= at);
        };
        if let Some(file) = self.file(inner)? {
            if has_later {
                let change: Change = Box::new(move |_, row, _| {
                    forget(row);
                    Ok(())
                });
                self.update(inner, Mode::Strict, None, change).await?;
            }
            file.truncate(at)?;
            self.extents.borrow_mut().truncate(at);
            if self.has_journal.get() {
                self.journal(inner, None).await?;
            }
        } else if let Place::Chunks(id) = self.place
            && (has_later || self.extents.borrow().end() > at)
        {
            let beyond = at..1 << 53;
            let change: Change = {
                let beyond = beyond.clone();
                Box::new(move |tables, row, found| {
                    forget(row);
                    row.journal.get_or_insert_default().truncate(at);
                    chunks::clear(tables, id, &beyond, found)
                })
            };
            // Forgotten even if that is not done: what is there and not known does no harm.
            self.extents.borrow_mut().truncate(at);
            self.update(inner, Mode::Strict, Some(beyond), change).await?;
            self.begun.borrow_mut().truncate(at);
        }
        if has_later {
            self.checkpoint.set(0);
        }
        Ok(())
    }

    /// Says in the row what a file has, or that it has all its bytes.
    pub(super) async fn journal(&self, inner: &Inner, extents: Option<Extents>) -> Result<(), StoreError> {
        let has = extents.is_some();
        let change: Change = Box::new(move |_, row, _| {
            row.journal = extents;
            Ok(())
        });
        self.update(inner, Mode::Change, None, change).await?;
        self.has_journal.set(has);
        Ok(())
    }
}

impl Tail {
    /// The next chunk; `None` when there is nothing.
    fn take(&mut self) -> Option<Self> {
        if self.bytes.is_empty() {
            return None;
        }
        let rest = self.bytes.split_off(self.bytes.len().min(CHUNK));
        let next = Self { at: self.at, bytes: std::mem::replace(&mut self.bytes, rest) };
        self.at += next.bytes.len() as u64;
        Some(next)
    }
}
