//! Digesting content as it goes by, with checkpoints to go on from.

use std::fmt;

use super::pump::TapError;
use crate::name::{Algorithm, Digest, Hasher, Mismatch};

/// Proof that bytes of this digest and size were seen. Only a [`Verifier`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    digest: Digest,
    size: u64,
}

impl Verified {
    /// What the bytes are.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many there are.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Counts and digests content of a known size as it goes by.
#[derive(Clone)]
pub struct Verifier {
    want: Digest,
    size: u64,
    hasher: Hasher,
    len: u64,
    /// How far it lets bytes come.
    most: u64,
}

/// Marks a checkpoint's form, so that another version's is never misread.
const CHECKPOINT_VERSION: u8 = 1;

impl Verifier {
    /// Before the first byte of content that must have this digest and size.
    pub fn new(want: &Digest, size: u64) -> Self {
        Self { want: want.clone(), size, hasher: Hasher::new(want.algorithm()), len: 0, most: size }
    }

    /// From a checkpoint that [`Self::checkpoint`] made for the same content, of which at least its bytes are still there.
    /// `None` for anything else, so that a damaged one costs a second look at the bytes and nothing more.
    pub fn resume(want: &Digest, size: u64, saved: &[u8], have: u64) -> Option<Self> {
        let (head, state) = saved.split_first_chunk::<10>()?;
        let [version, algorithm, len @ ..] = head;
        let len = u64::from_le_bytes(*len);
        if *version != CHECKPOINT_VERSION || *algorithm != tag(want.algorithm()) || len > size || len > have {
            return None;
        }
        let hasher = Hasher::restore(want.algorithm(), state).ok()?;
        Some(Self { want: want.clone(), size, hasher, len, most: size })
    }

    /// Version, algorithm, length (8 bytes, little endian), the state of the digest.
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut saved = vec![CHECKPOINT_VERSION, tag(self.want.algorithm())];
        saved.extend(self.len.to_le_bytes());
        saved.extend(self.hasher.save());
        saved
    }

    /// The same, but it refuses bytes from `most` on, or from the content's end if that comes first.
    pub fn up_to(self, most: u64) -> Self {
        Self { most: most.min(self.size), ..self }
    }

    /// Looks at the next bytes; refuses, unchanged, when they are more than the content has.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), TapError> {
        let len = self.len.saturating_add(chunk.len() as u64);
        if len > self.most {
            return Err(TapError::TooLong { size: self.most });
        }
        self.hasher.update(chunk);
        self.len = len;
        Ok(())
    }

    /// How many bytes it has seen.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has seen none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it has seen as many bytes as the content has.
    pub fn is_full(&self) -> bool {
        self.len == self.size
    }

    /// The verdict.
    pub fn finish(self) -> Result<Verified, Mismatch> {
        if self.len != self.size {
            return Err(Mismatch::Size { want: self.size, got: self.len });
        }
        let got = self.hasher.finish();
        if got != self.want {
            return Err(Mismatch::Digest { want: self.want, got });
        }
        Ok(Verified { digest: got, size: self.size })
    }

    /// The verdict on bytes that are all here.
    pub fn check(want: &Digest, size: u64, bytes: &[u8]) -> Result<Verified, Mismatch> {
        let mut verifier = Self::new(want, size);
        match verifier.feed(bytes) {
            Ok(()) => verifier.finish(),
            Err(_) => Err(Mismatch::Size { want: size, got: bytes.len() as u64 }),
        }
    }
}

/// One byte per algorithm, for checkpoints.
fn tag(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::Sha256 => 1,
        Algorithm::Sha384 => 2,
        Algorithm::Sha512 => 3,
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({} at {} of {})", self.want, self.len, self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> (Vec<u8>, Digest) {
        let bytes: Vec<u8> = (0..200u8).collect();
        let digest = Digest::sha256(&bytes);
        (bytes, digest)
    }

    #[test]
    fn a_checkpoint_at_every_byte_leads_to_the_same_verdict() {
        let (bytes, digest) = content();
        for at in 0..=bytes.len() {
            let mut first = Verifier::new(&digest, 200);
            first.feed(&bytes[..at]).unwrap();
            let mut second = Verifier::resume(&digest, 200, &first.checkpoint(), 200).unwrap();
            assert_eq!(second.len(), at as u64);
            second.feed(&bytes[at..]).unwrap();
            assert_eq!(second.finish().unwrap().digest(), &digest);
        }
    }

    #[test]
    fn damaged_or_foreign_checkpoints_are_refused() {
        let (bytes, digest) = content();
        let mut verifier = Verifier::new(&digest, 200);
        verifier.feed(&bytes[..150]).unwrap();
        let saved = verifier.checkpoint();
        assert!(Verifier::resume(&digest, 200, &saved, 149).is_none(), "fewer bytes than it saw");
        assert!(Verifier::resume(&digest, 100, &saved, 200).is_none(), "more bytes than the content");
        for cut in 0..saved.len() {
            assert!(Verifier::resume(&digest, 200, &saved[..cut], 200).is_none(), "cut at {cut}");
        }
        for i in [0, 1] {
            let mut other = saved.clone();
            other[i] ^= 0xff;
            assert!(Verifier::resume(&digest, 200, &other, 200).is_none(), "byte {i}");
        }
    }

    #[test]
    fn a_part_ends_where_it_was_said_to() {
        let (bytes, digest) = content();
        let mut verifier = Verifier::new(&digest, 200).up_to(100);
        verifier.feed(&bytes[..100]).unwrap();
        assert_eq!(verifier.feed(&bytes[100..101]), Err(TapError::TooLong { size: 100 }));
        let mut verifier = verifier.up_to(u64::MAX);
        verifier.feed(&bytes[100..]).unwrap();
        assert_eq!(verifier.feed(&[0]), Err(TapError::TooLong { size: 200 }));
        assert!(verifier.finish().is_ok());
    }

    #[test]
    fn too_long_too_short_and_wrong_are_told_apart() {
        let (bytes, digest) = content();
        assert!(Verifier::check(&digest, 200, &bytes).is_ok());
        assert_eq!(Verifier::check(&digest, 199, &bytes), Err(Mismatch::Size { want: 199, got: 200 }));
        assert_eq!(Verifier::check(&digest, 201, &bytes), Err(Mismatch::Size { want: 201, got: 200 }));
        let mut wrong = bytes;
        wrong[7] ^= 1;
        assert!(matches!(Verifier::check(&digest, 200, &wrong), Err(Mismatch::Digest { .. })));
        let mut full = Verifier::new(&digest, 2);
        full.feed(b"ab").unwrap();
        assert_eq!(full.feed(b"c"), Err(TapError::TooLong { size: 2 }));
        assert_eq!(full.len(), 2, "a refused chunk is not counted");
    }
}
