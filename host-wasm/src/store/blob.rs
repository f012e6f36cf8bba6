//! Committed content, open for reading, and the pieces that any bytes are read from.

use std::{cell::RefCell, fmt, rc::Rc};

use js_sys::Uint8Array;
use lugger_core::effect::store::StoreError;
use wasm_bindgen::JsValue;

use super::{Inner, chunks, error};
use crate::{given, js::Rest, stream::Stream};

/// Committed content of any length. Nothing of it is in memory but what was read last.
///
/// Unlike natively it is readable only as long as it is in the store.
pub struct Blob {
    len: u64,
    pieces: Pieces,
}

impl Blob {
    pub(super) fn new(len: u64, pieces: Pieces) -> Self {
        Self { len, pieces }
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes from `at` on: `max` of them, fewer only at the end. Each call costs some tenths of a millisecond, so ask
    /// for some hundred kilobytes at least.
    pub async fn read_at(&self, at: u64, max: usize) -> Result<Vec<u8>, StoreError> {
        let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; max.min(left)];
        self.pieces.read(at, &mut bytes).await?;
        Ok(bytes)
    }
}

impl Blob {
    /// The bytes from one offset up to another, read before they are asked for; `None` if they are not in a file.
    pub(crate) fn ahead(&self, from: u64, to: u64) -> Option<Stream> {
        match &self.pieces {
            Pieces::File { file, .. } => Some(given::stream(file, from, to)),
            Pieces::Inline(_) | Pieces::Chunks { .. } => None,
        }
    }

    /// Its file could not be read.
    pub(crate) fn lost(&self, cause: &JsValue) -> StoreError {
        error::thrown(&self.pieces.path(), cause)
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.len)
    }
}

/// Bytes in one piece or in several.
pub(super) enum Pieces {
    /// In memory.
    Inline(Uint8Array),
    /// A file.
    File {
        file: web_sys::File,
        /// For messages.
        path: String,
    },
    /// Chunks of this number, of which the last one that was read is remembered, and where it begins.
    Chunks { inner: Rc<Inner>, id: u64, last: RefCell<Option<(u64, web_sys::Blob)>> },
}

impl Pieces {
    /// Fills the room with the bytes from an offset on. That there are not as many is an error.
    pub(super) async fn read(&self, mut at: u64, mut room: &mut [u8]) -> Result<(), StoreError> {
        while !room.is_empty() {
            let end = at + room.len() as u64;
            // What ends sooner yields less.
            let part = match self {
                Self::Inline(all) => Ok(all.subarray(at as u32, end as u32)),
                Self::File { file, .. } => given::part(file, at, end).await,
                Self::Chunks { inner, id, last } => {
                    let (start, chunk) = self.chunk(inner, *id, last, at).await?;
                    given::part(&chunk, at - start, end - start).await
                }
            };
            let part = part.map_err(|cause| error::thrown(&self.path(), &cause))?;
            let taken = Rest::of(part).take(room);
            if taken == 0 {
                return Err(self.gap(at));
            }
            at += taken as u64;
            room = room.split_at_mut(taken).1;
        }
        Ok(())
    }

    async fn chunk(
        &self,
        inner: &Inner,
        id: u64,
        last: &RefCell<Option<(u64, web_sys::Blob)>>,
        at: u64,
    ) -> Result<(u64, web_sys::Blob), StoreError> {
        let known = last.borrow().clone();
        if let Some((start, blob)) = known
            && (start..start + blob.size() as u64).contains(&at)
        {
            return Ok((start, blob));
        }
        let found = chunks::find(&inner.db, id, at).await?.ok_or_else(|| self.gap(at))?;
        *last.borrow_mut() = Some(found.clone());
        Ok(found)
    }

    fn path(&self) -> String {
        match self {
            Self::Inline(_) => "IndexedDB inline".to_owned(),
            Self::File { path, .. } => path.clone(),
            Self::Chunks { inner, id, .. } => [&*inner.db.path("chunks"), "/", &*id.to_string()].concat(),
        }
    }

    fn gap(&self, at: u64) -> StoreError {
        error::failed(&self.path(), ["damaged: there is no byte ", &*at.to_string()].concat())
    }
}
