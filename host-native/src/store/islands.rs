//! Islands: what an ingest has beyond its first gap, as the writers of its parts note it down.
//!
//! The file of an ingest is as long as its last island reaches, and says nothing of the gaps before it. So there is a
//! journal beside it, made before the first byte is written beyond a gap: a head, the note of what was there by then, and one
//! note for each writer, put anew after each of its writes. A note is always about bytes that are written, so that a
//! process that is killed loses what it has read and not written, and nothing else.
//!
//! Like a checkpoint it is not synced, and believed within its boot only: after another one the islands are gone, and the
//! file is cut off at its first gap.

use std::{fs::File, io::Write as _, ops::Range, os::unix::fs::FileExt as _, sync::Arc};

use lugger_core::{
    effect::{extents::Extents, store::StoreError},
    name::Digest,
};
use rustix::fs::OFlags;

use super::{layout::Layout, lock};

const MAGIC: &[u8] = b"lugger islands 1\n";
/// The length of the head: the magic, the boot's length (1 byte), the boot, and zeros.
const HEAD: usize = 64;
/// From, to (8 bytes each, little endian), and the beginning of a SHA-256 over boot, place, from and to.
const NOTE: usize = 32;

/// The name of the journal of an ingest.
fn name(ingest: &str) -> String {
    format!("{ingest}.islands")
}

/// The journal of an open ingest.
#[derive(Default)]
pub(super) struct Journal {
    /// Made with the first writer of a part.
    file: Option<Arc<File>>,
    notes: u64,
}

/// One writer's place in a journal.
pub(super) struct Note {
    file: Arc<File>,
    at: u64,
    from: u64,
}

impl Journal {
    /// What the first `len` bytes of a file have according to its journal: all of them when there is none. What the journal
    /// says of others is mended, so that it is never believed of bytes that take their place.
    pub(super) fn open(layout: &Layout, ingest: &str, len: u64) -> Result<(Self, Extents), StoreError> {
        let name = name(ingest);
        let failed = |cause| layout.root.failed(&name, cause);
        let bytes = layout.root.read(&name).map_err(failed)?;
        // One that is shorter was not begun: nothing is written beyond a gap before it is.
        let Some(bytes) = bytes.filter(|bytes| bytes.len() >= HEAD + NOTE) else {
            return Ok((Self::default(), Extents::prefix_of(len)));
        };
        let (boot, noted) = decode(&bytes);
        let mut extents = noted.clone();
        extents.truncate(len);
        if boot.is_none() || boot != layout.boot {
            extents = Extents::prefix_of(extents.prefix());
        }
        if extents.islands().is_empty() {
            // What is to go goes with the file's end, and the journal after it: see `forget`.
            return Ok((Self::default(), extents));
        }
        let mut journal = Self::default();
        if extents == noted {
            let file = layout.root.open(&name, OFlags::WRONLY).map_err(|cause| failed(cause.into()))?;
            journal = Self { file: Some(Arc::new(file)), notes: ((bytes.len() - HEAD) / NOTE) as u64 };
        } else {
            journal.make(layout, ingest, &extents)?;
        }
        Ok((journal, extents))
    }

    /// A writer's place for the part that begins at `from`, in a file that has `len` bytes if there is no journal yet.
    pub(super) fn note(
        &mut self,
        layout: &Layout,
        ingest: &str,
        len: u64,
        from: u64,
    ) -> Result<Note, StoreError> {
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => self.make(layout, ingest, &Extents::prefix_of(len))?,
        };
        let at = self.notes;
        self.notes += 1;
        Ok(Note { file, at, from })
    }

    /// There are no islands any more: the caller has cut them off.
    pub(super) fn forget(&mut self, layout: &Layout, ingest: &str) -> Result<(), StoreError> {
        *self = Self::default();
        remove(layout, ingest)
    }

    /// Writes a journal with what is there, in place of another; as a whole or not at all.
    fn make(&mut self, layout: &Layout, ingest: &str, extents: &Extents) -> Result<Arc<File>, StoreError> {
        let boot = layout.boot.as_deref().unwrap_or_default();
        let mut bytes = head(boot);
        // The first is there even if it says that nothing is.
        let prefix = 0..extents.prefix();
        self.notes = 0;
        for part in [prefix].into_iter().chain(extents.islands()) {
            bytes.extend(encode(boot, self.notes, &part));
            self.notes += 1;
        }
        let (temporary, mut file) = lock::temporary(layout)?;
        let name = name(ingest);
        let made = file
            .write_all(&bytes)
            .and_then(|()| Ok(layout.root.rename(&temporary, &name)?))
            .map_err(|cause| layout.root.failed(&name, cause));
        if made.is_err() {
            lock::release(layout, &temporary, &file);
        }
        made?;
        Ok(Arc::clone(self.file.insert(Arc::new(file))))
    }
}

impl Note {
    /// What lies between this writer's first byte and `to` is written. A note that cannot be put costs a later run these
    /// bytes, and nothing else.
    pub(super) fn put(&self, layout: &Layout, to: u64) {
        let boot = layout.boot.as_deref().unwrap_or_default();
        let at = HEAD as u64 + self.at * NOTE as u64;
        let _ = self.file.write_all_at(&encode(boot, self.at, &(self.from..to)), at);
    }
}

/// Forgets the journal of an ingest.
pub(super) fn remove(layout: &Layout, ingest: &str) -> Result<(), StoreError> {
    let name = name(ingest);
    layout.root.remove(&name).map_err(|cause| layout.root.failed(&name, cause))
}

fn head(boot: &str) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.push(u8::try_from(boot.len()).expect("a boot id is a UUID"));
    head.extend(boot.as_bytes());
    head.resize(HEAD, 0);
    head
}

fn encode(boot: &str, at: u64, part: &Range<u64>) -> [u8; NOTE] {
    let mut note = [0; NOTE];
    let (from, rest) = note.split_at_mut(8);
    let (to, sum) = rest.split_at_mut(8);
    from.copy_from_slice(&part.start.to_le_bytes());
    to.copy_from_slice(&part.end.to_le_bytes());
    let digest = Digest::sha256(format!("{boot} {at} {}-{}", part.start, part.end).as_bytes());
    sum.copy_from_slice(&digest.encoded().as_bytes()[..NOTE - 16]);
    note
}

/// The boot, and all that whole notes say. Nothing if it makes no sense.
fn decode(bytes: &[u8]) -> (Option<String>, Extents) {
    let mut extents = Extents::default();
    let head = || {
        let (len, rest) = bytes.get(..HEAD)?.strip_prefix(MAGIC)?.split_first()?;
        String::from_utf8(rest.get(..usize::from(*len))?.to_vec()).ok()
    };
    let Some(boot) = head() else { return (None, extents) };
    let (notes, _) = bytes.get(HEAD..).unwrap_or_default().as_chunks::<NOTE>();
    for (at, note) in (0..).zip(notes) {
        let number = |from: usize| {
            note.get(from..)
                .and_then(|bytes| bytes.first_chunk())
                .map_or(0, |bytes| u64::from_le_bytes(*bytes))
        };
        let part = number(0)..number(8);
        if encode(&boot, at, &part) == *note {
            extents.insert(part);
        }
    }
    (Some(boot).filter(|boot| !boot.is_empty()), extents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(part: Range<u64>) -> Vec<Range<u64>> {
        std::iter::once(part).collect()
    }

    fn journal() -> Vec<u8> {
        let mut bytes = head("boot");
        for (at, part) in [0..10, 20..30, 25..40].iter().enumerate() {
            bytes.extend(encode("boot", at as u64, part));
        }
        bytes
    }

    #[test]
    fn a_torn_note_is_no_island_and_the_others_are() {
        let whole = decode(&journal());
        assert_eq!(
            (whole.0.as_deref(), whole.1.islands(), whole.1.prefix()),
            (Some("boot"), one(20..40), 10)
        );
        for cut in 0..journal().len() {
            let (_, extents) = decode(&journal()[..cut]);
            assert!(extents.iter().all(|part| [0..10, 20..30].contains(&part)), "torn at {cut}");
        }
        for at in MAGIC.len()..journal().len() {
            let mut flipped = journal();
            flipped[at] ^= 1;
            let (boot, extents) = decode(&flipped);
            let known = |part: Range<u64>| [0..10, 20..30, 25..40, 20..40].contains(&part);
            assert!(
                boot.as_deref() != Some("boot") || extents.iter().all(known),
                "flipped at {at}: {extents:?}"
            );
        }
    }

    #[test]
    fn a_note_in_the_place_of_another_is_none() {
        let mut bytes = journal();
        let (second, third) = (HEAD + NOTE, HEAD + 2 * NOTE);
        bytes.copy_within(second..third, third);
        assert_eq!(decode(&bytes).1.islands(), one(20..30));
        assert_eq!(decode(b"lugger islands 2\n").1, Extents::default());
    }
}
