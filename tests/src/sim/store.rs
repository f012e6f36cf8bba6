//! A store in memory with the documented semantics of `lugger_core::effect::store`: a disk that survives, and what a
//! process holds of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use lugger_core::{
    effect::{
        IngestId, LockId,
        extents::Extents,
        store::{
            Applied, Batch, Begin, Begun, Change, Commit, Content, LockKey, Read, Record, Removal,
            StoreError, StoreErrorKind,
        },
    },
    name::Digest,
    rng::Rng,
};

/// Keys longer than this are refused.
const KEY_MAX: usize = 4096;

/// What an ingest has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partial {
    /// Its bytes up to the first gap.
    pub data: Vec<u8>,
    /// The last checkpoint, and how many bytes it covers.
    pub checkpoint: Option<(u64, Vec<u8>)>,
    /// What it has beyond, by where it begins; none of them touch each other or the data.
    pub islands: BTreeMap<u64, Vec<u8>>,
}

impl Partial {
    /// How many bytes it has without a gap.
    fn len(&self) -> u64 {
        self.data.len() as u64
    }

    /// Takes in what no gap parts from the data any more.
    fn join(&mut self) {
        while let Some(island) = self.islands.remove(&self.len()) {
            self.data.extend(island);
        }
    }

    /// Which bytes there are.
    pub fn extents(&self) -> Extents {
        let mut extents = Extents::prefix_of(self.len());
        for (at, bytes) in &self.islands {
            extents.insert(*at..at + bytes.len() as u64);
        }
        extents
    }
}

/// What survives the process.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Committed content.
    pub blobs: BTreeMap<Digest, Rc<[u8]>>,
    /// Parked ingests.
    pub ingests: BTreeMap<Digest, Partial>,
    /// The records.
    pub records: BTreeMap<String, Record>,
    /// Committed, but not yet sure to survive a power cut.
    pub volatile: BTreeSet<Digest>,
    revision: u64,
}

impl Disk {
    /// Writes a record as another process would.
    pub fn put(&mut self, key: &str, value: String) {
        self.revision += 1;
        self.records.insert(key.to_owned(), Record { value, revision: self.revision });
    }

    /// The power goes: content that no publishing batch has made durable may be gone, and partial content that was
    /// not followed by a checkpoint is damaged or cut; its checkpoints cannot be trusted.
    pub fn power_cut(&mut self, rng: &mut Rng) {
        for digest in std::mem::take(&mut self.volatile) {
            if rng.below(2) == 0 {
                self.blobs.remove(&digest);
            }
        }
        for partial in self.ingests.values_mut() {
            partial.checkpoint = None;
            partial.islands.clear();
            let kept = rng.below(partial.data.len() as u64 + 1) as usize;
            match rng.below(3) {
                0 => partial.data.truncate(kept),
                1 => partial.data[kept..].fill(0),
                _ => {}
            }
        }
    }
}

/// The store as one process has it open.
#[derive(Debug, Default)]
pub struct Store {
    /// What survives.
    pub disk: Disk,
    /// Ingests that this process has open.
    pub open: BTreeMap<IngestId, Digest>,
    /// Locks that this process holds.
    pub held: BTreeMap<LockId, LockKey>,
    /// Bytes of content and ingests that fit in; `None`: all of them.
    pub capacity: Option<u64>,
    next: u64,
}

impl Store {
    /// The same disk, opened by another process: all that was open or held is free.
    pub fn restart(&mut self) {
        self.open.clear();
        self.held.clear();
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Bytes of content and ingests.
    pub fn used(&self) -> u64 {
        let blobs: u64 = self.disk.blobs.values().map(|bytes| bytes.len() as u64).sum();
        blobs + self.disk.ingests.values().map(|partial| partial.extents().total()).sum::<u64>()
    }

    /// Whether so many bytes more fit in.
    fn fits(&self, more: usize) -> Result<(), StoreError> {
        match self.capacity.is_some_and(|capacity| self.used() + more as u64 > capacity) {
            true => Err(error(StoreErrorKind::Full, &"the store")),
            false => Ok(()),
        }
    }

    /// How long committed content is.
    pub fn find(&self, digest: &Digest) -> Option<u64> {
        self.disk.blobs.get(digest).map(|bytes| bytes.len() as u64)
    }

    /// How many bytes an ingest has.
    pub fn left_of(&self, digest: &Digest) -> Option<u64> {
        self.disk.ingests.get(digest).map(|partial| partial.data.len() as u64)
    }

    /// Committed content, up to a length.
    pub fn read(&self, read: &Read) -> Result<Vec<u8>, StoreError> {
        match self.disk.blobs.get(&read.digest) {
            None => Err(error(StoreErrorKind::Missing, &read.digest)),
            Some(bytes) if bytes.len() as u64 > read.max => Err(error(StoreErrorKind::TooLong, &read.digest)),
            Some(bytes) => Ok(bytes.to_vec()),
        }
    }

    /// Opens an ingest, with what an earlier one left.
    pub fn begin(&mut self, begin: &Begin) -> Result<Begun, StoreError> {
        if self.disk.blobs.contains_key(&begin.digest) {
            return Ok(Begun::Committed);
        }
        let ingest = IngestId(self.number());
        self.open.insert(ingest, begin.digest.clone());
        let partial = self.disk.ingests.entry(begin.digest.clone()).or_default();
        let checkpoint = partial.checkpoint.as_ref().map(|(_, saved)| saved.clone());
        Ok(Begun::Open { ingest, len: partial.len(), checkpoint, islands: partial.extents().islands() })
    }

    /// What an open ingest has.
    pub fn partial(&mut self, ingest: IngestId) -> Result<&mut Partial, StoreError> {
        let missing = || error(StoreErrorKind::Failed, &format!("no open ingest {}", ingest.0));
        let digest = self.open.get(&ingest).ok_or_else(missing)?;
        self.disk.ingests.get_mut(digest).ok_or_else(missing)
    }

    /// Writes at an offset; what was there from it on is cut off, and with it a checkpoint that covers more.
    pub fn write(&mut self, ingest: IngestId, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.fits(bytes.len())?;
        let partial = self.partial(ingest)?;
        let at = at as usize;
        if partial.data.len() < at {
            return Err(error(StoreErrorKind::Failed, &format!("a hole at {at} of ingest {}", ingest.0)));
        }
        partial.data.truncate(at);
        partial.checkpoint.take_if(|(covered, _)| *covered > at as u64);
        partial.islands.clear();
        partial.data.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes at an offset, where nothing is yet; what is beyond stays.
    pub fn write_part(&mut self, ingest: IngestId, at: u64, bytes: &[u8]) -> Result<(), StoreError> {
        self.fits(bytes.len())?;
        let partial = self.partial(ingest)?;
        let extents = partial.extents();
        let part = at..at + bytes.len() as u64;
        if extents.iter().any(|there| there.start < part.end && part.start < there.end) {
            return Err(error(StoreErrorKind::Failed, &format!("{part:?} of ingest {} is there", ingest.0)));
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let before = partial.islands.range_mut(..at).next_back();
        match before.filter(|(start, island)| **start + island.len() as u64 == at) {
            Some((_, island)) => island.extend_from_slice(bytes),
            None => drop(partial.islands.insert(at, bytes.to_vec())),
        }
        // An island that ends where another one begins goes on with it.
        if let Some(next) = partial.islands.remove(&part.end)
            && let Some((_, island)) = partial.islands.range_mut(..part.end).next_back()
        {
            island.extend(next);
        }
        partial.join();
        Ok(())
    }

    /// Saves a checkpoint of the first `covered` bytes of an ingest.
    pub fn checkpoint(&mut self, ingest: IngestId, covered: u64, saved: Vec<u8>) -> Result<(), StoreError> {
        self.partial(ingest)?.checkpoint = Some((covered, saved));
        Ok(())
    }

    /// Closes an ingest and keeps what it has; whether it was open. An empty one leaves no trace.
    pub fn park(&mut self, ingest: IngestId) -> bool {
        let Some(digest) = self.open.remove(&ingest) else { return false };
        if self.disk.ingests.get(&digest).is_some_and(|partial| partial.extents().total() == 0) {
            self.disk.ingests.remove(&digest);
        }
        true
    }

    /// Closes an ingest and deletes what it has; whether it was open.
    pub fn discard(&mut self, ingest: IngestId) -> bool {
        let digest = self.open.remove(&ingest);
        digest.map(|digest| self.disk.ingests.remove(&digest)).is_some()
    }

    /// Publishes content. An ingest ends with it, whatever happens.
    pub fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        let Commit { content, verified } = commit;
        let digest = verified.digest().clone();
        let bytes = match content {
            Content::Bytes(bytes) => {
                self.fits(bytes.len())?;
                bytes
            }
            Content::Ingest(ingest) => {
                let data = self.partial(ingest)?.data.clone();
                self.open.remove(&ingest);
                data
            }
        };
        self.disk.ingests.remove(&digest);
        if self.disk.blobs.insert(digest.clone(), bytes.into()).is_none() {
            self.disk.volatile.insert(digest);
        }
        Ok(())
    }

    /// Deletes content, all or none.
    pub fn remove(&mut self, removal: &Removal) -> Applied {
        if !self.holds(&removal.expect) {
            return Applied::Conflict;
        }
        for digest in &removal.content {
            self.disk.blobs.remove(digest);
            self.disk.volatile.remove(digest);
        }
        Applied::Done
    }

    /// One record.
    pub fn get(&self, key: &str) -> Option<Record> {
        self.disk.records.get(key).cloned()
    }

    /// The records whose keys start so, in key order.
    pub fn scan(&self, prefix: &str) -> Vec<(String, Record)> {
        let from = self.disk.records.range(prefix.to_owned()..);
        let those = from.take_while(|(key, _)| key.starts_with(prefix));
        those.map(|(key, record)| (key.clone(), record.clone())).collect()
    }

    /// Changes records, all or none.
    pub fn apply(&mut self, batch: &Batch) -> Result<Applied, StoreError> {
        let keys = batch.changes.iter().filter_map(|change| match change {
            Change::Put { key, .. } => Some(key),
            _ => None,
        });
        if let Some(long) = keys.into_iter().find(|key| key.len() > KEY_MAX) {
            return Err(error(StoreErrorKind::Failed, &format!("a key of {} bytes", long.len())));
        }
        if !self.holds(&batch.expect) {
            return Ok(Applied::Conflict);
        }
        if batch.publish {
            self.disk.volatile.clear();
        }
        for change in &batch.changes {
            match change {
                Change::Put { key, value } => self.disk.put(key, value.clone()),
                Change::Delete { key } => drop(self.disk.records.remove(key)),
                Change::DeleteAll { prefix } => {
                    self.disk.records.retain(|key, _| !key.starts_with(prefix.as_str()));
                }
            }
        }
        Ok(Applied::Done)
    }

    fn holds(&self, expect: &[(String, u64)]) -> bool {
        let revision = |key: &String| self.disk.records.get(key).map_or(0, |record| record.revision);
        expect.iter().all(|(key, expected)| revision(key) == *expected)
    }

    /// Takes a lock, unless it is held.
    pub fn lock(&mut self, key: &LockKey) -> Option<LockId> {
        if self.held.values().any(|held| held == key) {
            return None;
        }
        let id = LockId(self.number());
        self.held.insert(id, key.clone());
        Some(id)
    }

    /// Releases a lock; whether it was held.
    pub fn unlock(&mut self, id: LockId) -> bool {
        self.held.remove(&id).is_some()
    }
}

/// An error of this store.
pub fn error(kind: StoreErrorKind, path: &impl ToString) -> StoreError {
    StoreError { kind, path: path.to_string(), detail: String::new() }
}
