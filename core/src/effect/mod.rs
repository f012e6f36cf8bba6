//! What an operation asks of its host: plain data, `Send`, the same for every host.
//!
//! A [`Request`] wants one answer, given to [`Op::reply`](crate::op::Op::reply) with the ticket that came with it.
//! A [`Notice`] gives something back and wants none. Hosts carry these out and decide nothing.

pub mod address;
pub mod examiner;
pub mod extents;
pub mod file;
pub mod given;
pub mod http;
pub mod pace;
pub mod pump;
pub mod route;
pub mod secret;
pub mod store;
pub mod verifier;

use std::fmt;

use self::{
    file::{Entry, FileError, Helped, Helper, HelperError, SaveFile},
    given::Slice,
    http::{Exchange, NetError, Response},
    pump::{Pump, Pumped, Source},
    secret::{Origin, Secret, SecretError},
    store::{Applied, Batch, Begin, Begun, Commit, Content, LockKey, Read, Record, Removal, StoreError},
};
use crate::{name::Digest, op::Ticket};

/// The number of one request within its operation, in the order asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub(crate) u64);

/// The bare number.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);
    };
}
handle!(/// An open response body held by the host. The host chooses the number and never uses it twice in one operation.
    BodyId);
handle!(/// An open ingest held by the host: partial content that grows until it is committed.
    IngestId);
handle!(/// A lock held by the host for this operation.
    LockId);

/// Something the host must do, and the ticket to answer it with, exactly once, in any order.
#[derive(Debug)]
pub enum Request {
    /// One HTTP request, no redirect followed, unless the host said in [`Caps`](crate::op::Caps) that it cannot help it.
    Exchange(Box<Exchange>, Ticket<Result<Response, NetError>>),
    /// Move bytes and show each of them to the tap; the tap comes back in the answer.
    Pump(Box<Pump>, Ticket<Pumped>),
    /// How many bytes the store has committed under this digest; `None` when it has none.
    Find(Digest, Ticket<Result<Option<u64>, StoreError>>),
    /// How many bytes an earlier run left in an ingest of this digest; `None` when there is none. Opens and changes nothing.
    Partial(Digest, Ticket<Result<Option<u64>, StoreError>>),
    /// The bytes of small committed content.
    Read(Read, Ticket<Result<Vec<u8>, StoreError>>),
    /// Start an ingest or take up the one that an earlier run left. The core holds its lock.
    Begin(Begin, Ticket<Result<Begun, StoreError>>),
    /// Publish verified content under its digest. That it is already there is success.
    Commit(Box<Commit>, Ticket<Result<(), StoreError>>),
    /// Delete committed content, if what the removal expects of records still holds. That it is not there is success; who reads
    /// it at that moment may still come to its end.
    Remove(Removal, Ticket<Result<Applied, StoreError>>),
    /// One record; `None` when there is none.
    Get(String, Ticket<Result<Option<Record>, StoreError>>),
    /// Every record whose key starts with this prefix, in key order.
    Scan(String, Ticket<Result<Vec<(String, Record)>, StoreError>>),
    /// Change records in one transaction, if what the batch expects still holds.
    Apply(Batch, Ticket<Result<Applied, StoreError>>),
    /// Try to take a lock that excludes other operations, processes and tabs; `None` when another holds it.
    /// The host never waits: waiting is a sleep of the core.
    Lock(LockKey, Ticket<Result<Option<LockId>, StoreError>>),
    /// The credentials for one origin; `None` when there are none.
    Secret(Origin, Ticket<Result<Option<Secret>, SecretError>>),
    /// What is at a path of the user's configuration, an absolute one. A host without files answers that nothing is.
    File(String, Ticket<Result<Entry, FileError>>),
    /// A few bytes of a file that the user gave.
    Slice(Slice, Ticket<Result<Vec<u8>, FileError>>),
    /// Replace a file of the user's configuration.
    SaveFile(Box<SaveFile>, Ticket<Result<(), FileError>>),
    /// Run a credential helper.
    Helper(Box<Helper>, Ticket<Result<Helped, HelperError>>),
}

impl Request {
    /// Its number, the same as its ticket's.
    pub fn id(&self) -> RequestId {
        match self {
            Self::Exchange(_, t) => t.id(),
            Self::Pump(_, t) => t.id(),
            Self::Find(_, t) => t.id(),
            Self::Partial(_, t) => t.id(),
            Self::Read(_, t) => t.id(),
            Self::Begin(_, t) => t.id(),
            Self::Commit(_, t) => t.id(),
            Self::Remove(_, t) => t.id(),
            Self::Get(_, t) => t.id(),
            Self::Scan(_, t) => t.id(),
            Self::Apply(_, t) => t.id(),
            Self::Lock(_, t) => t.id(),
            Self::Secret(_, t) => t.id(),
            Self::File(_, t) => t.id(),
            Self::Slice(_, t) => t.id(),
            Self::SaveFile(_, t) => t.id(),
            Self::Helper(_, t) => t.id(),
        }
    }
}

impl Request {
    /// The notice owed for the handle that carrying out this request would have ended.
    pub(crate) fn ends(&self) -> Option<Notice> {
        match self {
            Self::Pump(pump, _) => match pump.from {
                Source::Body(body) => Some(Notice::Close(body)),
                Source::Ingest { .. } | Source::Content { .. } | Source::Given { .. } => None,
            },
            Self::Commit(commit, _) => match commit.content {
                Content::Ingest(ingest) => Some(Notice::Park(ingest)),
                Content::Bytes(_) => None,
            },
            _ => None,
        }
    }
}

/// One line for transcripts: what is asked, nothing secret.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(exchange, _) => write!(f, "exchange {exchange}"),
            Self::Pump(pump, _) => write!(f, "pump {pump}"),
            Self::Find(digest, _) => write!(f, "find {digest}"),
            Self::Partial(digest, _) => write!(f, "partial {digest}"),
            Self::Read(read, _) => write!(f, "read {}", read.digest),
            Self::Begin(begin, _) => write!(f, "begin {} ({} bytes)", begin.digest, begin.size),
            Self::Commit(commit, _) => write!(f, "commit {commit}"),
            Self::Remove(removal, _) => write!(f, "{removal}"),
            Self::Get(key, _) => write!(f, "get {key}"),
            Self::Scan(prefix, _) => write!(f, "scan {prefix}"),
            Self::Apply(batch, _) => write!(f, "apply {batch}"),
            Self::Lock(key, _) => write!(f, "lock {key}"),
            Self::Secret(origin, _) => write!(f, "secret for {origin}"),
            Self::File(path, _) => write!(f, "file {path}"),
            Self::Slice(slice, _) => write!(f, "slice of {slice}"),
            Self::SaveFile(save, _) => write!(f, "save {}", save.path),
            Self::Helper(helper, _) => write!(f, "run {helper:?}"),
        }
    }
}

/// Something given back to the host. Wants no answer and cannot fail.
///
/// A forgotten pump or commit may still be at work when the handles it uses are given back: the host carries out `Park`,
/// `Discard` and `Unlock` only after those have ended, and a forgotten commit still ends its ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Nobody waits for this request any more: stop it if it runs; its answer will be refused.
    Forget(RequestId),
    /// Close a response body.
    Close(BodyId),
    /// Close an ingest and keep what it has, with its last checkpoint, for a later run.
    Park(IngestId),
    /// Close an ingest and delete what it has: it is not the content it was meant to be.
    Discard(IngestId),
    /// Release a lock.
    Unlock(LockId),
}

/// One line for transcripts.
impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forget(RequestId(id)) => write!(f, "forget request {id}"),
            Self::Close(BodyId(id)) => write!(f, "close body {id}"),
            Self::Park(IngestId(id)) => write!(f, "park ingest {id}"),
            Self::Discard(IngestId(id)) => write!(f, "discard ingest {id}"),
            Self::Unlock(LockId(id)) => write!(f, "unlock {id}"),
        }
    }
}
