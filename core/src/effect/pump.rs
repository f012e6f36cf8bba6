//! Moving bytes inside a host, under the eyes of the core.

use std::{fmt, ops::Range};

use super::{
    BodyId, IngestId, examiner::Examiner, file::FileError, given::GivenId, http::NetError, store::StoreError,
    verifier::Verifier,
};
use crate::{
    machine::{LayerError, LayerTap},
    name::Digest,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_where_it_was_said_to() {
        let mut tap = Tap::Count(Counter::new(50..60));
        tap.feed(&[0; 8]).unwrap();
        assert_eq!(tap.feed(&[0; 3]), Err(TapError::TooLong { size: 60 }));
        assert_eq!((tap.len(), tap.checkpoint()), (58, None), "a refused chunk is not counted");
    }
}
