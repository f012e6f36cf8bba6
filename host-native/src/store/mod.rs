//! The native store: a directory that is a valid OCI image layout at every instant.
//!
//! ```text
//! oci-layout  index.json        what every reader of layouts knows; one entry per image record
//! blobs/<alg>/<hex>             published content: read-only, complete, durable
//! staged/<boot>/<alg>/<hex>     committed content: read-only, complete, not yet durable
//! ingest/<alg>-<hex>.data       content that grows; beside it its `.checkpoint` and `.islands`
//! locks/                        files that are locked; their content means nothing
//! lugger.db                     the records
//! ```
//!
//! # Durability
//!
//! What a name leads to must be there after a power cut, but an `fsync` per blob costs as much as the download of a small
//! one. So content takes two steps:
//!
//! 1. A *commit* renames the verified file to `staged/<boot>/`, named after this boot of the machine. From then on it
//!    is found and read like any other. If the process is killed, nothing is lost: the system still has every byte.
//! 2. A *publication* (a batch with `publish`) first makes all that is staged durable with one `syncfs`, moves it to
//!    `blobs/`, syncs those directories, then writes the records in one synced transaction, and last replaces
//!    `index.json`. Whoever publishes does this for what every process has staged.
//!
//! Hence `blobs/` never has what a power cut could take, and no name ever leads to content that is not durable. After
//! a power cut, what was staged in an earlier boot is of unknown content: it becomes an ingest again, without a
//! checkpoint, to be hashed and not to be fetched once more. A checkpoint too is believed only within its boot.
//!
//! If a sync fails, the system may have dropped the bytes and will call the next sync a success. All that was not
//! durable is then thrown away, and the store publishes nothing more until it is opened again.
//!
//! With [`Options::durable`] off a commit goes straight to `blobs/` and nothing is synced. A mark says so, and the next
//! durable publication syncs that too. Where boots cannot be told apart (outside Linux), every commit syncs its file.
//!
//! # Sharing
//!
//! Any number of threads and processes on one machine may use the same directory. Readers never wait. Those who publish take
//! turns, so that the index in place is always that of the last transaction. The file system must be a local one: boots of
//! several machines, and SQLite's write-ahead log, do not mix.

mod checkpoint;
mod content;
mod error;
mod index;
mod ingest;
mod islands;
mod layout;
mod lock;
mod pump;
mod records;
mod root;
mod sync;
mod table;
#[cfg(test)]
mod tests;

use std::{fmt, fs::File, path::Path, sync::Arc};

use lugger_core::{
    effect::{
        IngestId, LockId,
        store::{Applied, Batch, Begin, Begun, Commit, Content, LockKey, Read, Record, Removal, StoreError},
    },
    name::Digest,
};

pub use self::pump::{Reader, Writer};
use self::{ingest::Ingests, layout::Layout, lock::Locks, records::Records};

/// How a store is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether what was published must outlast a power cut.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { durable: true }
    }
}

/// An open store. Pool threads share it; each call does its work on the calling thread.
///
/// Dropping it is like being killed: open ingests stay as they are for a later run, locks are free.
pub struct Store {
    layout: Arc<Layout>,
    ingests: Ingests,
    locks: Locks,
    records: Records,
}

impl Store {
    /// Opens the store in this directory; makes one where there is no directory or an empty one.
    ///
    /// A directory that cannot be written opens for reading, and every change of it is
    /// [`ReadOnly`](lugger_core::effect::store::StoreErrorKind::ReadOnly). An OCI image layout of other make becomes a store and
    /// keeps the names that it has. Any other directory that is not empty is refused.
    pub fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        Self::open_in(path, options, layout::boot_id())
    }

    /// The same, with the name of this boot.
    fn open_in(path: &Path, options: &Options, boot: Option<String>) -> Result<Self, StoreError> {
        let layout = Layout::open(path, options, boot)?;
        let records = Records::new(&layout);
        Ok(Self { layout: Arc::new(layout), ingests: Ingests::default(), locks: Locks::default(), records })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.layout.root.path
    }

    /// How many bytes are committed under this digest; `None` when there is no such content.
    pub fn find(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        content::find(&self.layout, digest)
    }

    /// How many bytes an ingest of this digest has; `None` when there is none.
    pub fn partial(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        ingest::partial(&self.layout, digest)
    }

    /// All of some committed content, if it is no longer than is wanted.
    pub fn read(&self, read: &Read) -> Result<Vec<u8>, StoreError> {
        content::read(&self.layout, read)
    }

    /// Committed content of any length, open for reading. It stays readable whatever becomes of its name.
    pub fn blob(&self, digest: &Digest) -> Result<File, StoreError> {
        content::open(&self.layout, digest)
    }

    /// Starts an ingest, or takes up what an earlier run left of it. Hold its lock.
    pub fn begin(&self, begin: &Begin) -> Result<Begun, StoreError> {
        self.ingests.begin(&self.layout, begin)
    }

    /// Commits verified content. An ingest ends with this: one that could not be committed is parked.
    pub fn commit(&self, commit: &Commit) -> Result<(), StoreError> {
        self.layout.writable()?;
        match &commit.content {
            Content::Ingest(id) => self.ingests.commit(&self.layout, *id, &commit.verified),
            Content::Bytes(bytes) => content::put(&self.layout, bytes, &commit.verified),
        }
    }

    /// Deletes committed content, as far as it is there, if records are as expected. Whoever has it open can read on.
    pub fn remove(&self, removal: &Removal) -> Result<Applied, StoreError> {
        self.layout.writable()?;
        let mut session = self.records.session(&self.layout)?;
        // Records change only before it or after it.
        let unchanged = session.change(records::Sync::Later)?;
        if !unchanged.holds(&removal.expect)? {
            return Ok(Applied::Conflict);
        }
        for digest in &removal.content {
            content::remove(&self.layout, digest)?;
        }
        Ok(Applied::Done)
    }

    /// Ends an ingest and keeps what it has.
    pub fn park(&self, ingest: IngestId) {
        self.ingests.park(&self.layout, ingest);
    }

    /// Ends an ingest and deletes what it has.
    pub fn discard(&self, ingest: IngestId) {
        self.ingests.discard(&self.layout, ingest);
    }

    /// Cuts an open ingest off at `at`, which it must have, and writes on from there. One writer at a time.
    pub fn writer(&self, ingest: IngestId, at: u64) -> Result<Writer, StoreError> {
        Writer::new(Arc::clone(&self.layout), self.ingests.get(&self.layout, ingest)?, at)
    }

    /// Writes the part of an open ingest that begins at `at`, and leaves what it has beyond. Any number of them at a time,
    /// each with bytes of its own, and no [`writer`](Self::writer) beside them.
    pub fn part_writer(&self, ingest: IngestId, at: u64) -> Result<Writer, StoreError> {
        Writer::part(Arc::clone(&self.layout), self.ingests.get(&self.layout, ingest)?, at)
    }

    /// Reads what an open ingest has from one offset up to another.
    pub fn reader(&self, ingest: IngestId, from: u64, to: u64) -> Result<Reader, StoreError> {
        Ok(Reader::new(Arc::clone(&self.layout), self.ingests.get(&self.layout, ingest)?, from, to))
    }

    /// One record.
    pub fn get(&self, key: &str) -> Result<Option<Record>, StoreError> {
        self.records.session(&self.layout)?.get(key)
    }

    /// Every record whose key starts so, in key order.
    pub fn scan(&self, prefix: &str) -> Result<Vec<(String, Record)>, StoreError> {
        self.records.session(&self.layout)?.scan(prefix)
    }

    /// Changes records, all or none, if what the batch expects still holds.
    ///
    /// With `publish`, and with any change of an image record, all that was committed is durable before the changes are
    /// visible, and they are when this returns. A failure means that nothing changed, with one exception: if it is at
    /// `index.json` itself, the records have changed, and the index follows with the next publication or run.
    pub fn apply(&self, batch: &Batch) -> Result<Applied, StoreError> {
        let layout = &*self.layout;
        layout.writable()?;
        // A name is a name, said to be published or not: `index.json` must not show what `blobs/` does not have.
        let names = batch.publish || table::touches_images(batch);
        let sync = if layout.durable && names { records::Sync::Full } else { records::Sync::Later };
        if !names {
            let mut session = self.records.session(layout)?;
            let changing = session.change(sync)?;
            let applied = changing.apply(batch)?;
            if applied == Applied::Done {
                changing.commit()?;
            }
            return Ok(applied);
        }
        // Opened and mended first: that takes the turn too.
        drop(self.records.session(layout)?);
        let _turn = lock::turn(layout)?;
        if layout.durable {
            sync::settle(layout)?;
        } else {
            sync::reveal(layout)?;
        }
        let mut session = self.records.session(layout)?;
        let changing = session.change(sync)?;
        if changing.apply(batch)? == Applied::Conflict {
            return Ok(Applied::Conflict);
        }
        index::prepare(layout, &changing.images()?)?;
        changing.commit()?;
        index::reveal(layout)?;
        Ok(Applied::Done)
    }

    /// Tries to take a lock that excludes every other thread and process; `None` when another holds it.
    pub fn lock(&self, key: &LockKey) -> Result<Option<LockId>, StoreError> {
        self.locks.lock(&self.layout, key)
    }

    /// Releases a lock.
    pub fn unlock(&self, lock: LockId) {
        self.locks.unlock(&self.layout, lock);
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.path().display())
    }
}
