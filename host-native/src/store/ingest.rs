//! Ingests: content that grows, one directory each, until it is committed, parked or discarded.

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use lugger_core::{
    effect::{
        IngestId,
        pump::Verified,
        store::{Begin, Begun, StoreError, StoreErrorKind},
    },
    name::Digest,
};
use rustix::{
    fs::{self, OFlags},
    io::Errno,
};

use super::{checkpoint, content, error, layout::Layout};

/// One open ingest.
pub(super) struct Ingest {
    pub(super) digest: Digest,
    /// `ingest/<alg>-<hex>`.
    pub(super) dir: String,
    pub(super) data: File,
}

impl Ingest {
    /// The name of its bytes.
    pub(super) fn name(&self) -> String {
        data(&self.dir)
    }
}

/// The name of the bytes of the ingest in this directory.
pub(super) fn data(dir: &str) -> String {
    format!("{dir}/data")
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
        let dir = Layout::ingest(&begin.digest);
        if content::find(layout, &begin.digest)?.is_some() {
            // A commit that was killed half-way leaves its directory.
            erase(layout, &dir)?;
            return Ok(Begun::Committed);
        }
        let name = data(&dir);
        let failed = |cause| layout.root.failed(&name, cause);
        let had = layout.root.len(&name).map_err(|cause| failed(cause.into()))?.unwrap_or(0);
        check_space(layout, begin.size.saturating_sub(had))?;
        layout.root.make_dir(&dir).map_err(|cause| failed(cause.into()))?;
        let data = open(layout, &name).map_err(|cause| failed(cause.into()))?;
        let len = data.metadata().map_err(failed)?.len();
        let checkpoint = checkpoint::load(layout, &dir, len)?.map(|(_, saved)| saved);
        let id = IngestId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let ingest = Ingest { digest: begin.digest.clone(), dir, data };
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(ingest));
        Ok(Begun::Open { ingest: id, len, checkpoint })
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
        // The content is there; what is left of the directory can be cleared away by any later run.
        let _ = erase(layout, &ingest.dir);
        Ok(())
    }

    /// Ends one and keeps it, unless there is nothing to keep.
    pub(super) fn park(&self, layout: &Layout, id: IngestId) {
        if let Some(ingest) = self.end(id)
            && ingest.data.metadata().is_ok_and(|about| about.len() == 0)
        {
            let _ = erase(layout, &ingest.dir);
        }
    }

    /// Ends one and deletes it.
    pub(super) fn discard(&self, layout: &Layout, id: IngestId) {
        if let Some(ingest) = self.end(id) {
            let erased = erase(layout, &ingest.dir);
            if erased.is_err() {
                // Nobody is told; but bytes that are cut off cannot be taken up again.
                let _ = ingest.data.set_len(0);
            }
        }
    }
}

/// Removes an ingest from the disk, the checkpoint first: it must never be there for other bytes than its own.
pub(super) fn erase(layout: &Layout, dir: &str) -> Result<(), StoreError> {
    checkpoint::remove(layout, dir)?;
    let name = data(dir);
    layout.root.remove(&name).map_err(|cause| layout.root.failed(&name, cause))?;
    layout.root.remove_dir(dir).map_err(|cause| layout.root.failed(dir, cause))
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
