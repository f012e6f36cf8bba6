//! Checkpoints: what an ingest's tap had seen, believed only as far as the bytes are sure to be there.
//!
//! A checkpoint is not synced, and neither are the bytes before it. Both survive the death of the process; after another
//! boot nothing is known about either, so the boot is part of the checkpoint. A torn one fails its checksum.

use lugger_core::{effect::store::StoreError, name::Digest};

use super::layout::Layout;

const MAGIC: &[u8] = b"lugger checkpoint 1\n";
/// Of a SHA-256 in hexadecimal.
const SUM: usize = 64;

fn name(ingest: &str) -> String {
    format!("{ingest}/checkpoint")
}

/// Saves the tap's state, after `at` bytes were written. Replaces the one before in one step.
pub(super) fn save(layout: &Layout, ingest: &str, at: u64, saved: &[u8]) -> Result<(), StoreError> {
    // Nothing could ever believe it.
    let Some(boot) = &layout.boot else { return Ok(()) };
    let (name, new) = (name(ingest), format!("{ingest}/checkpoint.new"));
    layout
        .root
        .write(&new, &encode(boot, at, saved), false)
        .map_err(|cause| layout.root.failed(&new, cause))?;
    layout.root.rename(&new, &name).map_err(|cause| layout.root.failed(&name, cause))
}

/// The state that was saved last and how many bytes it had seen, if it can be believed of an ingest of `len` bytes.
pub(super) fn load(layout: &Layout, ingest: &str, len: u64) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    let name = name(ingest);
    let bytes = layout.root.read(&name).map_err(|cause| layout.root.failed(&name, cause))?;
    Ok(bytes.zip(layout.boot.as_deref()).and_then(|(bytes, boot)| decode(&bytes, boot, len)))
}

/// Forgets it.
pub(super) fn remove(layout: &Layout, ingest: &str) -> Result<(), StoreError> {
    for name in [name(ingest), format!("{ingest}/checkpoint.new")] {
        layout.root.remove(&name).map_err(|cause| layout.root.failed(&name, cause))?;
    }
    Ok(())
}

/// Magic, boot (length in one byte), bytes written (8, little endian), state, and a checksum over all that.
fn encode(boot: &str, at: u64, saved: &[u8]) -> Vec<u8> {
    let boot_len = u8::try_from(boot.len()).expect("a boot id is a UUID");
    let mut bytes = MAGIC.to_vec();
    bytes.push(boot_len);
    bytes.extend(boot.as_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend(saved);
    let sum = Digest::sha256(&bytes);
    bytes.extend(sum.encoded().as_bytes());
    bytes
}

fn decode(bytes: &[u8], boot: &str, len: u64) -> Option<(u64, Vec<u8>)> {
    let (content, sum) = bytes.split_at_checked(bytes.len().checked_sub(SUM)?)?;
    if Digest::sha256(content).encoded().as_bytes() != sum {
        return None;
    }
    let (boot_len, rest) = content.strip_prefix(MAGIC)?.split_first()?;
    let (made_in, rest) = rest.split_at_checked(usize::from(*boot_len))?;
    let (at, saved) = rest.split_first_chunk::<8>()?;
    let at = u64::from_le_bytes(*at);
    (made_in == boot.as_bytes() && at <= len).then(|| (at, saved.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_one_of_this_boot_and_these_bytes_is_believed() {
        let bytes = encode("boot", 100, b"state");
        assert_eq!(decode(&bytes, "boot", 100), Some((100, b"state".to_vec())));
        assert_eq!(decode(&bytes, "boot", 99), None, "bytes are missing");
        assert_eq!(decode(&bytes, "toob", 100), None, "another boot");
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut], "boot", 100), None, "torn at {cut}");
            let mut flipped = bytes.clone();
            flipped[cut] ^= 1;
            assert_eq!(decode(&flipped, "boot", 100), None, "flipped at {cut}");
        }
    }
}
