//! Committed content, open for reading, and the pieces that any bytes are read from.

use std::{cell::RefCell, fmt, rc::Rc};

use js_sys::Uint8Array;
use lugger_core::effect::store::StoreError;
use wasm_bindgen::JsValue;

use super::{Inner, chunks, error, idb};
use crate::given;

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
        let mut bytes = Vec::new();
        self.pieces.read(at, max.min(left), &mut bytes).await?;
        Ok(bytes)
    }
}

impl Blob {
    /// The bytes from one offset up to another, read before they are asked for; `None` if they are not in a file.
    pub(crate) fn ahead(&self, from: u64, to: u64) -> Option<given::Pieces> {
        match &self.pieces {
            Pieces::File { file, .. } => Some(given::Pieces::new(file, from, to)),
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
    /// Appends `len` bytes from an offset on. That there are not as many is an error.
    pub(super) async fn read(&self, at: u64, len: usize, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
        let end = at + len as u64;
        let mut at = at;
        while at < end {
            let (start, piece) = match self {
                Self::Inline(all) => {
                    // Slicing beyond the end yields less, and less is what comes below.
                    let part = all.subarray(at as u32, end as u32);
                    bytes.extend(part.to_vec());
                    at += u64::from(part.length());
                    return if at == end { Ok(()) } else { Err(self.gap(at)) };
                }
                Self::File { file, .. } => (0, file.clone().into()),
                Self::Chunks { inner, id, last } => self.chunk(inner, *id, last, at).await?,
            };
            let to = end.min(start + piece.size() as u64);
            if to <= at {
                return Err(self.gap(at));
            }
            let part = read_part(&piece, at - start, to - start).await;
            let part = part.map_err(|cause| error::thrown(&self.path(), &cause))?;
            let had = bytes.len();
            bytes.resize(had + part.length() as usize, 0);
            part.copy_to(&mut bytes[had..]);
            if u64::from(part.length()) != to - at {
                return Err(self.gap(at));
            }
            at = to;
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

async fn read_part(piece: &web_sys::Blob, from: u64, to: u64) -> Result<Uint8Array, JsValue> {
    let part = piece.slice_with_f64_and_f64(from as f64, to as f64)?;
    idb::wait(part.array_buffer()).await.map(|buffer| Uint8Array::new(&buffer))
}
