//! What the core asks of a store: committed content, ingests, records and locks.

use std::{fmt, ops::Range};

use serde::de::DeserializeOwned;

use super::{IngestId, verifier::Verified};
use crate::name::Digest;

/// Small committed content to bring back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Its name.
    pub digest: Digest,
    /// The most bytes that are wanted; more is [`StoreErrorKind::TooLong`].
    pub max: u64,
}

/// An ingest to start or to take up again. At most one is open per digest, because the core holds its lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The content it will be.
    pub digest: Digest,
    /// Its size in bytes, so that a host can see early that it will not fit.
    pub size: u64,
}

/// How an ingest begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The content was committed in the meantime; nothing was opened.
    Committed,
    /// Open, with what an earlier run left.
    Open {
        /// The handle.
        ingest: IngestId,
        /// How many bytes it has from the first on without a gap.
        len: u64,
        /// The last checkpoint saved with those bytes, if every byte before it is sure to be there.
        checkpoint: Option<Vec<u8>>,
        /// What was [written](super::pump::Sink::Part) beyond them, in order, as far as it is sure to be there.
        islands: Vec<Range<u64>>,
    },
}

/// Verified content to publish. Either every byte of it appears under its digest or nothing does.
#[derive(Debug, PartialEq, Eq)]
pub struct Commit {
    /// Where the bytes are.
    pub content: Content,
    /// The proof that they are what the digest says; only a [`Verifier`](super::verifier::Verifier) makes one.
    pub verified: Verified,
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.content {
            Content::Ingest(_) => "ingest",
            Content::Bytes(_) => "bytes",
        };
        write!(f, "{kind} as {} ({} bytes)", self.verified.digest(), self.verified.size())
    }
}

/// Bytes to commit.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// Those of an ingest, which ends with this.
    Ingest(IngestId),
    /// These.
    Bytes(Vec<u8>),
}

/// A value of the record store with the revision it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// JSON, as text.
    pub value: String,
    /// Grows with every write to the store; never 0, never reused.
    pub revision: u64,
}

impl Record {
    /// What it says. Read as bytes, like all other JSON: for text, the reader would be there a second time.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_slice(self.value.as_bytes())
    }
}

/// Changes to records: all of them, in this order, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Keys and the revision each must still have; 0 for "does not exist".
    pub expect: Vec<(String, u64)>,
    /// What to do if they have.
    pub changes: Vec<Change>,
    /// Whether this publishes a name. Before such a batch becomes visible, everything committed so far must be
    /// durable, so that after a power cut no name leads to content that is not there.
    pub publish: bool,
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", if self.publish { "publish" } else { "records" })?;
        for change in &self.changes {
            match change {
                Change::Put { key, .. } => write!(f, " +{key}")?,
                Change::Delete { key } => write!(f, " -{key}")?,
                Change::DeleteAll { prefix } => write!(f, " -{prefix}*")?,
            }
        }
        Ok(())
    }
}

/// One change to the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Create or replace.
    Put {
        /// Key, at most 4096 bytes.
        key: String,
        /// JSON, as text.
        value: String,
    },
    /// Remove, if there.
    Delete {
        /// Key.
        key: String,
    },
    /// Remove every record whose key starts so.
    DeleteAll {
        /// Start of the keys.
        prefix: String,
    },
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// All of it happened.
    Done,
    /// Nothing happened: an expected revision no longer holds.
    Conflict,
}

/// Committed content to delete, unless records are not as expected: no record changes between the look at them and the end of
/// it. One that fails may have deleted part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Keys and the revision each must still have; 0 for "does not exist".
    pub expect: Vec<(String, u64)>,
    /// What goes.
    pub content: Vec<Digest>,
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("remove")?;
        self.content.iter().try_for_each(|digest| write!(f, " {digest}"))
    }
}

/// What a lock protects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockKey {
    /// The ingest of one digest.
    Ingest(Digest),
}

impl fmt::Display for LockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ingest(digest) => write!(f, "ingest {digest}"),
        }
    }
}

/// A store that could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} ({path}){}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct StoreError {
    /// What kind of failure: the part that decisions are made on.
    pub kind: StoreErrorKind,
    /// The file, database or mount it happened at.
    pub path: String,
    /// What the system said.
    pub detail: String,
}

/// The kinds of store failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreErrorKind {
    /// No space or quota left.
    #[error("the store is full")]
    Full,
    /// The store cannot be written: read-only file system or missing permission.
    #[error("the store cannot be written")]
    ReadOnly,
    /// There is no such content.
    #[error("the store does not have it")]
    Missing,
    /// The content is longer than was asked for.
    #[error("the stored content is too long")]
    TooLong,
    /// Anything else: a failing disk, a damaged database.
    #[error("the store failed")]
    Failed,
}
