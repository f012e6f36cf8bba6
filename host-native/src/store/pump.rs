//! The two ends that the pump moves bytes between.

use std::{io, os::unix::fs::FileExt as _, sync::Arc};

use lugger_core::effect::store::StoreError;

use super::{checkpoint::Checkpoints, error, ingest::Ingest, layout::Layout};

/// So many bytes are written before the system is told to start putting them on the disk.
const WRITEBACK: u64 = 8 << 20;

/// Appends to an ingest.
pub struct Writer {
    layout: Arc<Layout>,
    ingest: Arc<Ingest>,
    checkpoints: Checkpoints,
    at: u64,
    /// Up to where the disk has been told to begin.
    started: u64,
}

impl Writer {
    /// Cuts the ingest off at `at` and goes on from there.
    pub(super) fn new(layout: Arc<Layout>, ingest: Arc<Ingest>, at: u64) -> Result<Self, StoreError> {
        let name = ingest.name();
        let failed = |cause| layout.root.failed(&name, cause);
        let len = ingest.data.metadata().map_err(failed)?.len();
        if at > len {
            let detail = format!("it has {len} bytes, and cannot go on at byte {at}");
            return Err(error::failed(&layout.path(&name), detail));
        }
        let checkpoints = Checkpoints::new(&layout, &ingest.stem, at)?;
        ingest.data.set_len(at).map_err(failed)?;
        Ok(Self { layout, ingest, checkpoints, at, started: at })
    }

    /// Writes all of the chunk, or fails and leaves the ingest as long as it was.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        if let Err(cause) = self.ingest.data.write_all_at(chunk, self.at) {
            // What was written of it is right, but nobody has counted it. If it cannot be cut off it is looked at again.
            let _ = self.ingest.data.set_len(self.at);
            return Err(self.layout.root.failed(&self.ingest.name(), cause));
        }
        self.at += chunk.len() as u64;
        self.start_writeback();
        Ok(())
    }

    /// Saves the tap's state; the tap has seen exactly what was written. A failure costs a later run a second look at
    /// the bytes since the last one, and nothing else.
    ///
    /// Content that is whole is committed next: its last checkpoint is not worth a file, which most content would then
    /// get only to have it removed.
    pub fn checkpoint(&mut self, saved: &[u8]) -> Result<(), StoreError> {
        if self.at == self.ingest.size {
            return Ok(());
        }
        self.checkpoints.save(&self.layout, &self.ingest.stem, self.at, saved)
    }

    /// How many bytes the ingest has.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Has the disk work while the network does: a sync later finds little left to do, and memory does not fill with what
    /// waits to be written.
    fn start_writeback(&mut self) {
        if self.at - self.started < WRITEBACK {
            return;
        }
        #[cfg(target_os = "linux")]
        {
            // For Linux this starts writing what is dirty and drops only what is clean already. Advice that is not
            // taken changes nothing but the time of the sync.
            let len = std::num::NonZeroU64::new(self.at - self.started);
            let _ = rustix::fs::fadvise(&self.ingest.data, self.started, len, rustix::fs::Advice::DontNeed);
        }
        self.started = self.at;
    }
}

/// Reads a part of what an ingest has; it ends early where the ingest does.
pub struct Reader {
    layout: Arc<Layout>,
    ingest: Arc<Ingest>,
    at: u64,
    to: u64,
}

impl Reader {
    pub(super) fn new(layout: Arc<Layout>, ingest: Arc<Ingest>, from: u64, to: u64) -> Self {
        Self { layout, ingest, at: from, to }
    }

    /// What a failed read means to the core.
    pub fn failed(&self, cause: io::Error) -> StoreError {
        self.layout.root.failed(&self.ingest.name(), cause)
    }
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.to.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = buffer.len().min(left);
        let got = self.ingest.data.read_at(&mut buffer[..most], self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}
