//! The two ends that the pump moves bytes between.

use std::{fs::File, io, os::unix::fs::FileExt as _, sync::Arc};

use lugger_core::effect::store::StoreError;

use super::{checkpoint::Checkpoints, error, ingest::Ingest, islands::Note, layout::Layout};

/// So many bytes are written before the system is told to start putting them on the disk.
const WRITEBACK: u64 = 8 << 20;

/// Appends to an ingest, or writes a part of it.
pub struct Writer {
    layout: Arc<Layout>,
    ingest: Arc<Ingest>,
    kind: Kind,
    at: u64,
    /// Up to where the disk has been told to begin.
    started: u64,
}

enum Kind {
    /// All up to here is there, and nothing beyond.
    Stream(Checkpoints),
    /// Somebody else looks at what is written, in its turn.
    Part(Note),
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
        ingest.journal().forget(&layout, &ingest.stem)?;
        Ok(Self { layout, ingest, kind: Kind::Stream(checkpoints), at, started: at })
    }

    /// Writes from `at` on, whatever is there before and beyond.
    pub(super) fn part(layout: Arc<Layout>, ingest: Arc<Ingest>, at: u64) -> Result<Self, StoreError> {
        let mut journal = ingest.journal();
        let len = ingest.data.metadata().map_err(|cause| layout.root.failed(&ingest.name(), cause))?.len();
        let note = journal.note(&layout, &ingest.stem, len, at)?;
        drop(journal);
        Ok(Self { layout, ingest, kind: Kind::Part(note), at, started: at })
    }

    /// Writes all of the chunk, or fails and leaves the ingest as long as it was.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        if let Err(cause) = self.ingest.data.write_all_at(chunk, self.at) {
            // What was written of it is right, but nobody has counted it. If it cannot be cut off it is looked at again.
            if let Kind::Stream(_) = self.kind {
                let _ = self.ingest.data.set_len(self.at);
            }
            return Err(self.layout.root.failed(&self.ingest.name(), cause));
        }
        self.at += chunk.len() as u64;
        match &self.kind {
            Kind::Stream(_) => start_writeback(&self.ingest.data, &mut self.started, self.at),
            Kind::Part(note) => note.put(&self.layout, self.at),
        }
        Ok(())
    }

    /// Saves the tap's state; the tap has seen exactly what was written. A failure costs a later run a second look at
    /// the bytes since the last one, and nothing else.
    ///
    /// Content that is whole is committed next: its last checkpoint is not worth a file, which most content would then
    /// get only to have it removed.
    pub fn checkpoint(&mut self, saved: &[u8]) -> Result<(), StoreError> {
        match &mut self.kind {
            Kind::Stream(checkpoints) if self.at != self.ingest.size => {
                checkpoints.save(&self.layout, &self.ingest.stem, self.at, saved)
            }
            Kind::Stream(_) | Kind::Part(_) => Ok(()),
        }
    }

    /// Where in the ingest it is.
    pub fn at(&self) -> u64 {
        self.at
    }
}

/// Has the disk work while the network does: a sync later finds little left to do, and memory does not fill with what
/// waits to be written. What somebody is still to look at is left alone: it would have to be read from the disk.
fn start_writeback(data: &File, started: &mut u64, at: u64) {
    if at - *started < WRITEBACK {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        // For Linux this starts writing what is dirty and drops only what is clean already. Advice that is not
        // taken changes nothing but the time of the sync.
        let len = std::num::NonZeroU64::new(at - *started);
        let _ = rustix::fs::fadvise(data, *started, len, rustix::fs::Advice::DontNeed);
    }
    *started = at;
}

/// Reads a part of what an ingest has; it ends early where the ingest does.
pub struct Reader {
    layout: Arc<Layout>,
    ingest: Arc<Ingest>,
    at: u64,
    to: u64,
    /// Made with the first one.
    checkpoints: Option<Checkpoints>,
    started: u64,
}

impl Reader {
    pub(super) fn new(layout: Arc<Layout>, ingest: Arc<Ingest>, from: u64, to: u64) -> Self {
        Self { layout, ingest, at: from, to, checkpoints: None, started: from }
    }

    /// Saves the state of a tap that has seen all up to where this is; like a [`Writer`]'s.
    pub fn checkpoint(&mut self, saved: &[u8]) -> Result<(), StoreError> {
        if self.at == self.ingest.size {
            return Ok(());
        }
        let checkpoints = match &mut self.checkpoints {
            Some(checkpoints) => checkpoints,
            none => none.insert(Checkpoints::new(&self.layout, &self.ingest.stem, self.at)?),
        };
        checkpoints.save(&self.layout, &self.ingest.stem, self.at, saved)
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
        start_writeback(&self.ingest.data, &mut self.started, self.at);
        Ok(got)
    }
}
