//! Ingests: content that grows until it is committed, parked or discarded.
//!
//! Each has two files, `ingest/<alg>-<hex>.data` and `.checkpoint`, and `.islands` while it has any. A directory for them
//! would be tidier, but making and removing it costs several times as much as all the rest of a small commit.

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use lugger_core::{
    effect::{
        IngestId,
        store::{Begin, Begun, StoreError, StoreErrorKind},
        verifier::Verified,
    },
    name::Digest,
};
use rustix::{
    fs::{self, OFlags},
    io::Errno,
};

use super::{checkpoint, content, error, islands, islands::Journal, layout::Layout};

/// How the names of bytes end.
const DATA: &str = ".data";

/// One open ingest.
pub(super) struct Ingest {
    pub(super) digest: Digest,
    /// How many bytes it is to have.
    pub(super) size: u64,
    /// How the names of its files begin.
    pub(super) stem: String,
    pub(super) data: File,
    /// Of what it has beyond its first gap.
    pub(super) journal: Mutex<Journal>,
}

impl Ingest {
    /// The name of its bytes.
    pub(super) fn name(&self) -> String {
        data(&self.stem)
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the bytes of an ingest.
pub(super) fn data(stem: &str) -> String {
    format!("{stem}{DATA}")
}

/// How many bytes there are of an ingest.
pub(super) fn partial(layout: &Layout, digest: &Digest) -> Result<Option<u64>, StoreError> {
    let name = data(&Layout::ingest(digest));
    layout.root.len(&name).map_err(|cause| layout.root.failed(&name, cause))
}

/// The ingests that are open in this store.
#[derive(Default)]
pub(super) struct Ingests {
    open: Mutex<BTreeMap<IngestId, Arc<Ingest>>>,
    last: AtomicU64,
}

impl Ingests {
    /// Starts one, or takes up what an earlier run left. The caller holds the digest's lock.
    pub(super) fn begin(&self, layout: &Layout, begin: &Begin) -> Result<Begun, StoreError> {
        layout.writable()?;
        let stem = Layout::ingest(&begin.digest);
        if content::find(layout, &begin.digest)?.is_some() {
            // A commit that was killed half-way leaves its checkpoint.
            erase(layout, &stem)?;
            return Ok(Begun::Committed);
        }
        let name = data(&stem);
        let failed = |cause| layout.root.failed(&name, cause);
        let had = layout.root.len(&name).map_err(|cause| failed(cause.into()))?.unwrap_or(0);
        check_space(layout, begin.size.saturating_sub(had))?;
        let data = open(layout, &name).map_err(|cause| failed(cause.into()))?;
        let long = data.metadata().map_err(failed)?.len();
        let (journal, extents) = Journal::open(layout, &stem, long)?;
        let (len, islands) = (extents.prefix(), extents.islands());
        if islands.is_empty() {
            if len < long {
                data.set_len(len).map_err(failed)?;
            }
            islands::remove(layout, &stem)?;
        }
        let checkpoint = checkpoint::load(layout, &stem, len)?;
        let id = IngestId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let ingest = Ingest {
            digest: begin.digest.clone(),
            size: begin.size,
            stem,
            data,
            journal: Mutex::new(journal),
        };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(ingest));
        Ok(Begun::Open { ingest: id, len, checkpoint, islands })
    }

    /// An open one.
    pub(super) fn get(&self, layout: &Layout, id: IngestId) -> Result<Arc<Ingest>, StoreError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&id).cloned().ok_or_else(|| closed(layout, id))
    }

    fn end(&self, id: IngestId) -> Option<Arc<Ingest>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }

    /// Ends one by publishing it; one that cannot be published is parked.
    pub(super) fn commit(
        &self,
        layout: &Layout,
        id: IngestId,
        verified: &Verified,
    ) -> Result<(), StoreError> {
        let ingest = self.end(id).ok_or_else(|| closed(layout, id))?;
        let name = ingest.name();
        let len = ingest.data.metadata().map_err(|cause| layout.root.failed(&name, cause))?.len();
        if ingest.digest != *verified.digest() || len != verified.size() {
            return Err(error::failed(&layout.path(&name), "the ingest is not what was verified"));
        }
        content::settle(layout, &name, &ingest.data, verified)?;
        // The content is there; what is left can be cleared away by any later run.
        let _ = checkpoint::remove(layout, &ingest.stem);
        let _ = islands::remove(layout, &ingest.stem);
        Ok(())
    }

    /// Ends one and keeps it, unless there is nothing to keep.
    pub(super) fn park(&self, layout: &Layout, id: IngestId) {
        if let Some(ingest) = self.end(id)
            && ingest.data.metadata().is_ok_and(|about| about.len() == 0)
        {
            let _ = erase(layout, &ingest.stem);
        }
    }

    /// Ends one and deletes it.
    pub(super) fn discard(&self, layout: &Layout, id: IngestId) {
        if let Some(ingest) = self.end(id) {
            let erased = erase(layout, &ingest.stem);
            if erased.is_err() {
                // Nobody is told; but bytes that are cut off cannot be taken up again.
                let _ = ingest.data.set_len(0);
            }
        }
    }
}

/// Removes an ingest from the disk: the checkpoint first, which must never be there for other bytes than its own, and the
/// journal last, without which gaps would pass for bytes.
pub(super) fn erase(layout: &Layout, stem: &str) -> Result<(), StoreError> {
    checkpoint::remove(layout, stem)?;
    let name = data(stem);
    layout.root.remove(&name).map_err(|cause| layout.root.failed(&name, cause))?;
    islands::remove(layout, stem)
}

/// Removes all ingests, whoever has them open.
pub(super) fn erase_all(layout: &Layout) -> Result<(), StoreError> {
    for name in layout.root.list("ingest").map_err(|cause| layout.root.failed("ingest", cause))? {
        let stem = name.rsplit_once('.').map_or(&*name, |(stem, _)| stem);
        erase(layout, &format!("ingest/{stem}"))?;
    }
    Ok(())
}

/// Opens the bytes, also those of a commit that was killed after it had made them read-only.
fn open(layout: &Layout, name: &str) -> rustix::io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE;
    match layout.root.open(name, flags) {
        Err(Errno::ACCESS) => {
            layout.root.set_mode(name, 0o600)?;
            layout.root.open(name, flags)
        }
        opened => opened,
    }
}

/// A courtesy: says before a long download what would be said in the middle of it.
fn check_space(layout: &Layout, need: u64) -> Result<(), StoreError> {
    // A file system that does not tell is found out by writing.
    let Ok(about) = fs::fstatvfs(&layout.root.fd) else { return Ok(()) };
    let free = about.f_bavail.saturating_mul(about.f_frsize);
    if need <= free || about.f_blocks == 0 {
        return Ok(());
    }
    let detail = format!("{need} bytes are needed, {free} are free");
    Err(error::error(StoreErrorKind::Full, &layout.root.path, detail))
}

fn closed(layout: &Layout, IngestId(id): IngestId) -> StoreError {
    error::failed(&layout.root.path, format!("ingest {id} is not open"))
}
