//! Moving bytes inside a host, under the eyes of the core.

use std::{fmt, ops::Range};

use super::{
    BodyId, IngestId, examiner::Examiner, file::FileError, given::GivenId, http::NetError, store::StoreError,
};
use crate::{
    machine::{LayerError, LayerTap},
    name::{Algorithm, Digest, Hasher, Mismatch},
};

/// Bytes to move. The host reads a chunk, shows it to the tap, writes it, and repeats until the source ends.
#[derive(Debug)]
pub struct Pump {
    /// From where.
    pub from: Source,
    /// To where.
    pub to: Sink,
    /// Sees every byte, in order, on the host's thread.
    pub tap: Tap,
    /// Save the tap's checkpoint, if it has any, with the ingest after about this many bytes, and when the pump ends.
    /// The ingest is the sink, or the source of a pump to nowhere.
    pub checkpoint_every: u64,
}

impl fmt::Display for Pump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            Source::Body(BodyId(id)) => write!(f, "body {id}")?,
            Source::Ingest { ingest: IngestId(id), from, to } => write!(f, "ingest {id} {from}..{to}")?,
            Source::Content { digest, from, to } => write!(f, "content {digest} {from}..{to}")?,
            Source::Given { given, from, to } => write!(f, "{given} {from}..{to}")?,
        }
        match self.to {
            Sink::Ingest(IngestId(id)) => write!(f, " to ingest {id} at {}", self.tap.len()),
            Sink::Part(IngestId(id)) => write!(f, " to ingest {id} within at {}", self.tap.len()),
            Sink::Nowhere => f.write_str(" to nowhere"),
        }
    }
}

/// Where bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A response body; the pump ends it.
    Body(BodyId),
    /// What an ingest already has, from one offset up to another: for hashing what has no checkpoint.
    Ingest {
        /// Which.
        ingest: IngestId,
        /// First byte.
        from: u64,
        /// One past the last byte.
        to: u64,
    },
    /// Committed content, from one offset up to another, or to its end if that comes first.
    Content {
        /// Which.
        digest: Digest,
        /// First byte.
        from: u64,
        /// One past the last byte.
        to: u64,
    },
    /// A file that the user gave, from one offset up to another, or to its end if that comes first.
    Given {
        /// Which.
        given: GivenId,
        /// First byte.
        from: u64,
        /// One past the last byte.
        to: u64,
    },
}

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// To an ingest, at the tap's [`len`](Tap::len); what it had beyond that is cut off first.
    Ingest(IngestId),
    /// To an ingest, at the tap's length; what it has beyond that stays, and there may be a gap before it. Several such
    /// pumps may work on one ingest, each on bytes of its own. What one has written is an
    /// [island](super::store::Begun::Open::islands) at once, not only when it ends: a killed process loses none of it.
    Part(IngestId),
    /// Nowhere: they are only looked at.
    Nowhere,
}

/// The core's eye on a pump. Moves to the host's thread with the request and comes back with the answer.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "moved twice in each pump")]
pub enum Tap {
    /// Counts and digests.
    Verify(Verifier),
    /// Counts the bytes of a part.
    Count(Counter),
    /// Looks into a layer.
    Layer(Box<LayerTap>),
    /// Counts and digests, and may look into a layer meanwhile.
    Examine(Box<Examiner>),
}

impl Tap {
    /// Looks at the next bytes. An error means: write none of them and stop the pump.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), TapError> {
        match self {
            Self::Verify(verifier) => verifier.feed(chunk),
            Self::Count(counter) => counter.feed(chunk),
            Self::Layer(layer) => Ok(layer.feed(chunk)?),
            Self::Examine(examiner) => examiner.feed(chunk),
        }
    }

    /// How many bytes it has seen since the content's first; of a part, where in the content it is.
    pub fn len(&self) -> u64 {
        match self {
            Self::Verify(verifier) => verifier.len(),
            Self::Count(counter) => counter.at,
            Self::Layer(layer) => layer.len(),
            Self::Examine(examiner) => examiner.verifier().len(),
        }
    }

    /// Whether it has seen none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What to save so that a later run goes on from here, if there is anything.
    pub fn checkpoint(&self) -> Option<Vec<u8>> {
        match self {
            Self::Verify(verifier) => Some(verifier.checkpoint()),
            Self::Examine(examiner) => Some(examiner.verifier().checkpoint()),
            Self::Count(_) | Self::Layer(_) => None,
        }
    }

    /// The verifier, if it is one.
    pub fn into_verifier(self) -> Option<Verifier> {
        match self {
            Self::Verify(verifier) => Some(verifier),
            _ => None,
        }
    }

    /// The look into a layer, if it is one.
    pub fn into_layer(self) -> Option<LayerTap> {
        match self {
            Self::Layer(layer) => Some(*layer),
            _ => None,
        }
    }

    /// What verifies and looks, if it is that.
    pub fn into_examiner(self) -> Option<Examiner> {
        match self {
            Self::Examine(examiner) => Some(*examiner),
            _ => None,
        }
    }
}

/// Why a tap stopped its pump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TapError {
    /// More bytes came than the content, or the part of it that was asked for, has.
    #[error("more than the expected {size} bytes came")]
    TooLong {
        /// One past the last byte that was expected.
        size: u64,
    },
    /// The layer cannot be looked into.
    #[error(transparent)]
    Layer(#[from] LayerError),
}

/// A pump that ended.
#[derive(Debug)]
pub struct Pumped {
    /// The tap, with all that it has seen; which has been written, unless the store failed.
    pub tap: Tap,
    /// Why it ended.
    pub end: End,
}

/// Why a pump ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The source said that there is no more.
    Complete,
    /// The source broke off.
    SourceLost(NetError),
    /// The sink failed, or an ingest or content as source.
    StoreFailed(StoreError),
    /// What the user gave could not be read.
    GivenLost(FileError),
    /// The tap refused.
    Refused(TapError),
    /// A [`Forget`](super::Notice::Forget) came.
    Forgotten,
}

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

/// Counts the bytes of one part of content as they go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    at: u64,
    end: u64,
}

impl Counter {
    /// Before the first byte of this part.
    pub fn new(part: Range<u64>) -> Self {
        Self { at: part.start, end: part.end }
    }

    /// Looks at the next bytes; refuses, unchanged, when they are more than the part has.
    fn feed(&mut self, chunk: &[u8]) -> Result<(), TapError> {
        let at = self.at.saturating_add(chunk.len() as u64);
        if at > self.end {
            return Err(TapError::TooLong { size: self.end });
        }
        self.at = at;
        Ok(())
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

        let mut tap = Tap::Count(Counter::new(50..60));
        tap.feed(&bytes[50..58]).unwrap();
        assert_eq!(tap.feed(&bytes[58..61]), Err(TapError::TooLong { size: 60 }));
        assert_eq!((tap.len(), tap.checkpoint()), (58, None), "a refused chunk is not counted");
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
