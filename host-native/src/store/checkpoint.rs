//! Checkpoints: what an ingest's tap had seen, believed only as far as the bytes are sure to be there.
//!
//! A checkpoint is not synced, and neither are the bytes before it. Both survive the death of the process; after another
//! boot nothing is known about either, so the boot is part of the checkpoint.
//!
//! The file has two slots, written in turns and each with a checksum: one that is torn leaves the other. (Renaming a
//! new file over the old one would do too, but ext4 then hurries the new one to the disk: 2 ms instead of 2 µs.)

use std::{fs::File, os::unix::fs::FileExt as _};

use lugger_core::{effect::store::StoreError, name::Digest};
use rustix::fs::OFlags;

use super::{error, layout::Layout};

const MAGIC: &[u8] = b"lugger checkpoint 1\n";
/// Of a SHA-256 in hexadecimal.
const SUM: usize = 64;
/// From one slot to the next; what is between is never written and takes no space.
const SLOT: usize = 64 << 10;

/// A state, and how many bytes of the ingest it has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    at: u64,
    saved: Vec<u8>,
}

/// The name of the checkpoints of an ingest.
fn name(ingest: &str) -> String {
    format!("{ingest}.checkpoint")
}

/// The state that was saved last, if it can be believed of an ingest of `len` bytes.
pub(super) fn load(layout: &Layout, ingest: &str, len: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let slots = slots(layout, ingest)?.into_iter().flatten();
    Ok(slots.filter(|seen| seen.at <= len).max_by_key(|seen| seen.at).map(|seen| seen.saved))
}

/// Forgets them.
pub(super) fn remove(layout: &Layout, ingest: &str) -> Result<(), StoreError> {
    let name = name(ingest);
    layout.root.remove(&name).map_err(|cause| layout.root.failed(&name, cause))
}

/// Saves the checkpoints of one writer.
pub(super) struct Checkpoints {
    /// Made with the first.
    file: Option<File>,
    next: usize,
}

impl Checkpoints {
    /// For a writer that goes on at `at`.
    ///
    /// A checkpoint further on is about bytes that now go. Were it there beside others that come in their place, a later
    /// run would believe it, and content would be verified by what is no longer in the file. So it goes first.
    pub(super) fn new(layout: &Layout, ingest: &str, at: u64) -> Result<Self, StoreError> {
        let slots = slots(layout, ingest)?;
        let newest = (0..slots.len()).max_by_key(|slot| slots[*slot].as_ref().map(|seen| seen.at));
        let next = newest.map_or(0, |slot| 1 - slot);
        if slots.iter().flatten().any(|seen| seen.at > at) {
            remove(layout, ingest)?;
        }
        Ok(Self { file: None, next })
    }

    /// Saves the tap's state after `at` bytes, in place of the older of the two.
    pub(super) fn save(
        &mut self,
        layout: &Layout,
        ingest: &str,
        at: u64,
        saved: &[u8],
    ) -> Result<(), StoreError> {
        // Nothing could ever believe it.
        let Some(boot) = &layout.boot else { return Ok(()) };
        let name = name(ingest);
        let bytes = encode(boot, at, saved);
        if bytes.len() > SLOT {
            return Err(error::failed(&layout.path(&name), format!("{} bytes are too many", bytes.len())));
        }
        let file = match &mut self.file {
            Some(file) => file,
            file => {
                let opened = layout.root.open(&name, OFlags::WRONLY | OFlags::CREATE);
                file.insert(opened.map_err(|cause| layout.root.failed(&name, cause))?)
            }
        };
        file.write_all_at(&bytes, (self.next * SLOT) as u64)
            .map_err(|cause| layout.root.failed(&name, cause))?;
        self.next = 1 - self.next;
        Ok(())
    }
}

/// What both slots have that was made in this boot.
fn slots(layout: &Layout, ingest: &str) -> Result<[Option<Seen>; 2], StoreError> {
    let name = name(ingest);
    let bytes = layout.root.read(&name).map_err(|cause| layout.root.failed(&name, cause))?;
    let (Some(bytes), Some(boot)) = (bytes, &layout.boot) else { return Ok([None, None]) };
    let (first, second) = bytes.split_at(bytes.len().min(SLOT));
    Ok([first, second].map(|slot| decode(slot, boot)))
}

/// Magic, boot (length in one byte), bytes seen (8, little endian), state (length in four), and a checksum over all that.
fn encode(boot: &str, at: u64, saved: &[u8]) -> Vec<u8> {
    let boot_len = u8::try_from(boot.len()).expect("a boot id is a UUID");
    let saved_len = u32::try_from(saved.len()).unwrap_or(u32::MAX);
    let mut bytes = MAGIC.to_vec();
    bytes.push(boot_len);
    bytes.extend(boot.as_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend(saved_len.to_le_bytes());
    bytes.extend(saved);
    let sum = Digest::sha256(&bytes);
    bytes.extend(sum.encoded().as_bytes());
    bytes
}

/// Whole, and of this boot; what an older, longer one has left behind it does not matter.
fn decode(slot: &[u8], boot: &str) -> Option<Seen> {
    let (boot_len, rest) = slot.strip_prefix(MAGIC)?.split_first()?;
    let (made_in, rest) = rest.split_at_checked(usize::from(*boot_len))?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (saved_len, rest) = rest.split_first_chunk::<4>()?;
    let (saved, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*saved_len)).ok()?)?;
    let (sum, _) = rest.split_at_checked(SUM)?;
    let content = slot.get(..slot.len() - rest.len())?;
    let is_whole = Digest::sha256(content).encoded().as_bytes() == sum;
    (is_whole && made_in == boot.as_bytes())
        .then(|| Seen { at: u64::from_le_bytes(*at), saved: saved.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_one_of_this_boot_is_believed() {
        let bytes = encode("boot", 100, b"state");
        let seen = Some(Seen { at: 100, saved: b"state".to_vec() });
        assert_eq!(decode(&bytes, "boot"), seen);
        assert_eq!(decode(&[&bytes[..], b"of a longer one"].concat(), "boot"), seen);
        assert_eq!(decode(&bytes, "toob"), None, "another boot");
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut], "boot"), None, "torn at {cut}");
            let mut flipped = bytes.clone();
            flipped[cut] ^= 1;
            assert_eq!(decode(&flipped, "boot"), None, "flipped at {cut}");
        }
    }
}
