//! The two ends that the pump moves bytes between.

use std::{fmt, rc::Rc};

use lugger_core::effect::store::StoreError;

use super::{
    Inner,
    blob::Pieces,
    chunks::CHUNK,
    error,
    ingest::{Ingest, Tail},
    rows::Place,
};

/// Appends to an ingest, or writes a part of it.
///
/// In IndexedDB it gathers bytes for a chunk. Those are the ingest's: whoever reads, parks or commits it writes them first,
/// also when this is no longer there.
pub struct Writer {
    inner: Rc<Inner>,
    ingest: Rc<Ingest>,
    is_part: bool,
    at: u64,
    /// Of what it gathers.
    number: u64,
}

impl Writer {
    /// Cuts the ingest off at `at` and goes on from there.
    pub(super) async fn new(inner: Rc<Inner>, ingest: Rc<Ingest>, at: u64) -> Result<Self, StoreError> {
        ingest.settle(&inner).await?;
        let len = ingest.extents.borrow().prefix();
        if at > len {
            let detail = format!("it has {len} bytes, and cannot go on at byte {at}");
            return Err(error::failed(&ingest.path(&inner), detail));
        }
        ingest.cut_off(&inner, at).await?;
        Ok(Self::at_work(inner, ingest, at, false))
    }

    /// Writes from `at` on, whatever is there before and beyond.
    pub(super) async fn part(inner: Rc<Inner>, ingest: Rc<Ingest>, at: u64) -> Result<Self, StoreError> {
        // Before the first byte beyond a gap, which would otherwise pass for bytes.
        if matches!(ingest.place, Place::File(_)) && !ingest.has_journal.get() {
            let extents = ingest.extents.borrow().clone();
            ingest.journal(&inner, Some(extents)).await?;
        }
        Ok(Self::at_work(inner, ingest, at, true))
    }

    fn at_work(inner: Rc<Inner>, ingest: Rc<Ingest>, at: u64, is_part: bool) -> Self {
        let number = ingest.writers.get() + 1;
        ingest.writers.set(number);
        Self { inner, ingest, is_part, at, number }
    }

    /// Writes all of the bytes, or fails and leaves the ingest as long as it was, or as the last chunk of it.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if let Some(file) = self.ingest.file(&self.inner)? {
            let end = self.at + bytes.len() as u64;
            if let Err(cause) = file.write_at(self.at, bytes) {
                // What was written of it is right, but nobody has counted it. If it cannot be cut off it is looked at again.
                if !self.is_part {
                    let _ = file.truncate(self.at);
                }
                return Err(cause);
            }
            self.ingest.extents.borrow_mut().insert(self.at..end);
            self.at = end;
            if self.is_part {
                self.ingest.note(&self.inner, bytes.len() as u64).await;
            }
            return Ok(());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let is_full = self.gather(&mut rest);
            if is_full {
                self.ingest.flush(&self.inner, self.number).await?;
            }
        }
        Ok(())
    }

    /// Takes bytes for the next chunk; yields whether it is complete.
    fn gather(&mut self, rest: &mut &[u8]) -> bool {
        let mut tails = self.ingest.tails.borrow_mut();
        if tails.get(&self.number).is_none() {
            tails.insert(self.number, Tail { at: self.at, bytes: Vec::new() });
        }
        let Some(tail) = tails.get_mut(&self.number) else { return false };
        let (now, later) = rest.split_at(rest.len().min(CHUNK - tail.bytes.len()));
        tail.bytes.extend(now);
        self.at += now.len() as u64;
        *rest = later;
        tail.bytes.len() == CHUNK
    }

    /// Saves the tap's state; the tap has seen exactly what was written. A failure costs a later run a second look at
    /// the bytes since the last one, and nothing else. Of a part there is none.
    pub async fn checkpoint(&mut self, saved: &[u8]) -> Result<(), StoreError> {
        if self.is_part {
            return Ok(());
        }
        self.ingest.save(&self.inner, self.at, saved).await
    }

    /// Writes what it has gathered, for a pump that ends. Content that is whole is committed next, and small content then
    /// needs no chunk of its own.
    pub async fn close(self) -> Result<(), StoreError> {
        if self.at == self.ingest.size && !self.is_part {
            return Ok(());
        }
        self.ingest.settle(&self.inner).await
    }

    /// Where in the ingest it is.
    pub fn at(&self) -> u64 {
        self.at
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({} at {})", self.ingest.digest, self.at)
    }
}

/// Reads a part of what an ingest has; it ends early where the ingest does.
pub struct Reader {
    inner: Rc<Inner>,
    ingest: Rc<Ingest>,
    at: u64,
    to: u64,
    /// Of an ingest without a file.
    pieces: Pieces,
}

impl Reader {
    pub(super) async fn new(
        inner: Rc<Inner>,
        ingest: Rc<Ingest>,
        from: u64,
        to: u64,
    ) -> Result<Self, StoreError> {
        ingest.settle(&inner).await?;
        let id = match ingest.place {
            Place::Chunks(id) => id,
            Place::File(_) | Place::Inline => 0,
        };
        let to = to.min(ingest.extents.borrow().end());
        let pieces = Pieces::Chunks { inner: Rc::clone(&inner), id, last: None.into() };
        Ok(Self { inner, ingest, at: from, to, pieces })
    }

    /// Puts the next bytes into the room: how many, 0 at the end.
    pub async fn read(&mut self, room: &mut [u8]) -> Result<usize, StoreError> {
        let left = usize::try_from(self.to.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = room.len().min(left);
        let room = room.get_mut(..most).unwrap_or_default();
        let read = match self.ingest.file(&self.inner)? {
            Some(file) => file.read_at(self.at, room)?,
            None => self.pieces.read(self.at, room).await.map(|()| most)?,
        };
        self.at += read as u64;
        Ok(read)
    }

    /// Saves the state of a tap that has seen all up to where this is; like a [`Writer`]'s.
    pub async fn checkpoint(&mut self, saved: &[u8]) -> Result<(), StoreError> {
        self.ingest.save(&self.inner, self.at, saved).await
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader({} {}..{})", self.ingest.digest, self.at, self.to)
    }
}
