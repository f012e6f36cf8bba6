//! The browser's store: IndexedDB says what there is, and files of the origin private file system have the bytes.
//!
//! ```text
//! IndexedDB  records   what the core keeps, by the bytes of its keys
//!            state     counters: revisions, numbers of files
//!            content   committed content: its size, and where its bytes are
//!            inline    the bytes of content that was committed from memory
//!            ingests   content that grows: where its bytes are, its checkpoint, what it has beyond a gap
//!            chunks    bytes of files that are kept in the database
//! OPFS       <number>  bytes of one content or ingest each; which one, the tables say
//! ```
//!
//! # Durability
//!
//! A commit makes the bytes durable and then names them, in one transaction that also ends the ingest; nothing moves. So a
//! tab that is killed leaves the one or the other. Such transactions are quick because they may be lost in a power cut; a
//! batch with `publish` is one that may not, nor what came before it. A checkpoint is put after the bytes that it has seen
//! are durable, and taken back durably before they go, so it is believed whatever has happened.
//!
//! # Sharing
//!
//! Any number of tabs and workers may use one store; Web Locks exclude them from each other's ingests. Files are written
//! in dedicated workers only, for nobody else has the handles. Pages, and browsers without such handles, keep the bytes in
//! the database as chunks, and read what workers have put in files.

mod begin;
mod blob;
mod chunks;
mod content;
mod ends;
mod error;
mod idb;
mod ingest;
mod ingests;
mod lock;
mod opfs;
mod pump;
mod records;
mod rows;
mod sweep;

use std::{fmt, rc::Rc};

use lugger_core::{
    effect::{
        IngestId, LockId,
        store::{Applied, Batch, Begin, Begun, Commit, Content, LockKey, Read, Record, Removal, StoreError},
    },
    name::Digest,
};
use wasm_bindgen::JsValue;

pub use self::{
    blob::Blob,
    pump::{Reader, Writer},
};
use self::{
    idb::{Database, Mode, STATE, TABLES, Transaction},
    ingests::Ingests,
    lock::Locks,
    opfs::Directory,
};

/// How a store is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The name of the database and of the directory in the origin private file system.
    pub name: String,
    /// Where new bytes go.
    pub bytes: Bytes,
}

/// Where new bytes go. What is there already is read, and goes on if it can be written here, wherever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bytes {
    /// To files where they can be written, else to the database.
    #[default]
    Auto,
    /// To files; where they cannot be written, opening fails.
    Opfs,
    /// To the database.
    IndexedDb,
}

/// An open store; clones are the same one.
///
/// When the last is dropped it is like being killed: open ingests stay as they are for a later run, locks are free. What its
/// methods do is done even if nobody waits for it any more, where that matters: ends of ingests, and transactions that have
/// begun. A lock that nobody waits for stays taken, so let [`Store::lock`] end.
#[derive(Clone)]
pub struct Store(Rc<Inner>);

struct Inner {
    db: Database,
    /// None where the browser has none, or does not let us.
    dir: Option<Directory>,
    /// Whether new bytes go to files.
    writes_files: bool,
    ingests: Ingests,
    locks: Locks,
}

impl Inner {
    fn dir(&self) -> Result<&Directory, StoreError> {
        let none = || error::failed(&["OPFS ", &*self.db.name].concat(), "there is no OPFS here");
        self.dir.as_ref().ok_or_else(none)
    }
}

impl Store {
    /// Opens the store of this name; makes one where there is none. Fails where the browser has no IndexedDB for us, and
    /// when another tab holds on to one of an older form.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        let db = Database::open(&options.name).await?;
        let dir = Directory::open(&options.name).await;
        let writes_files = match options.bytes {
            Bytes::Auto => dir.is_ok() && opfs::is_writable(),
            Bytes::IndexedDb => false,
            Bytes::Opfs => {
                if let Err(error) = dir {
                    return Err(error);
                }
                if !opfs::is_writable() {
                    let detail = "files can be written in a dedicated worker only";
                    return Err(error::failed(&["OPFS ", &*options.name].concat(), detail));
                }
                true
            }
        };
        let (ingests, locks) = (Ingests::default(), Locks::default());
        let inner = Inner { db, dir: dir.ok(), writes_files, ingests, locks };
        sweep::sweep(&inner).await?;
        Ok(Self(Rc::new(inner)))
    }

    /// How many bytes are committed under this digest; `None` when there is no such content.
    pub async fn find(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        content::find(&self.0, digest).await
    }

    /// How many bytes an ingest of this digest has; `None` when there is none.
    pub async fn partial(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        ingests::partial(&self.0, digest).await
    }

    /// All of some committed content, if it is no longer than is wanted.
    pub async fn read(&self, read: &Read) -> Result<Vec<u8>, StoreError> {
        content::read(&self.0, read).await
    }

    /// Committed content of any length, open for reading.
    pub async fn blob(&self, digest: &Digest) -> Result<Blob, StoreError> {
        content::open(&self.0, digest).await
    }

    /// Removes committed content, as far as it is there, if records are as expected.
    pub async fn remove(&self, removal: &Removal) -> Result<Applied, StoreError> {
        content::remove(&self.0, removal).await
    }

    /// Starts an ingest, or takes up what an earlier run left of it. Hold its lock.
    pub async fn begin(&self, begin: &Begin) -> Result<Begun, StoreError> {
        begin::begin(&self.0, begin).await
    }

    /// Commits verified content. An ingest ends with this: one that could not be committed is parked.
    pub async fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        match &commit.content {
            Content::Ingest(id) => ends::commit(&self.0, *id, &commit.verified).await,
            Content::Bytes(bytes) => content::put(&self.0, bytes, &commit.verified).await,
        }
    }

    /// Ends an ingest and keeps what it has.
    pub async fn park(&self, ingest: IngestId) {
        ends::park(&self.0, ingest).await;
    }

    /// Ends an ingest and deletes what it has.
    pub async fn discard(&self, ingest: IngestId) {
        ends::discard(&self.0, ingest).await;
    }

    /// Cuts an open ingest off at `at`, which it must have, and writes on from there. One writer at a time.
    pub async fn writer(&self, ingest: IngestId, at: u64) -> Result<Writer, StoreError> {
        Writer::new(Rc::clone(&self.0), self.0.ingests.get(&self.0, ingest)?, at).await
    }

    /// Writes the part of an open ingest that begins at `at`, and leaves what it has beyond. Any number of them at a time,
    /// each with bytes of its own, and no [`writer`](Self::writer) beside them.
    pub async fn part_writer(&self, ingest: IngestId, at: u64) -> Result<Writer, StoreError> {
        Writer::part(Rc::clone(&self.0), self.0.ingests.get(&self.0, ingest)?, at).await
    }

    /// Reads what an open ingest has from one offset up to another.
    pub async fn reader(&self, ingest: IngestId, from: u64, to: u64) -> Result<Reader, StoreError> {
        Reader::new(Rc::clone(&self.0), self.0.ingests.get(&self.0, ingest)?, from, to).await
    }

    /// One record.
    pub async fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        records::get(&self.0.db, key).await
    }

    /// Every record whose key starts so, in key order.
    pub async fn scan(&self, prefix: &str) -> Result<Vec<(String, Record)>, StoreError> {
        records::scan(&self.0.db, prefix).await
    }

    /// Changes records, all or none, if what the batch expects still holds.
    pub async fn apply(&self, batch: &Batch) -> Result<Applied, StoreError> {
        records::apply(&self.0.db, batch).await
    }

    /// Tries to take a lock that excludes every other operation, worker and tab; `None` when another holds it.
    pub async fn lock(&self, key: &LockKey) -> Result<Option<LockId>, StoreError> {
        self.0.locks.lock(&self.0.db.name, key).await
    }

    /// Releases a lock, once the ingest that it protects has come to the end that was asked for.
    pub fn unlock(&self, lock: LockId) {
        let inner = Rc::clone(&self.0);
        self.0.locks.unlock(lock, async move |LockKey::Ingest(digest)| {
            inner.ingests.ended(&digest).await;
        });
    }

    /// Deletes everything, in every tab; open ingests fail from then on. Only the counters stay, so that no revision is
    /// ever used twice.
    pub async fn clear(&self) -> Result<(), StoreError> {
        self.0.ingests.close_all();
        let tables: Vec<&str> = TABLES.into_iter().filter(|table| *table != STATE).collect();
        let all = tables.clone();
        let then = |_: &Transaction, _: &[JsValue]| Ok(());
        let clear = move |transaction: &Transaction| {
            all.iter().map(|table| transaction.table(table)?.clear()).collect()
        };
        self.0.db.change(Mode::Strict, &tables, clear, then).await?;
        sweep::sweep(&self.0).await
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.0.db.name)
    }
}
