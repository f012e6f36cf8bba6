//! Every way an operation can fail, with the evidence.

mod archive;
mod content;
mod refusal;
mod registry;
mod said;

use std::fmt;

pub use self::{
    archive::ArchiveError,
    content::ContentError,
    refusal::Refusal,
    registry::{Attempt, RegistryError},
    said::Said,
};
#[cfg(feature = "files")]
use crate::registry::KeepError;
use crate::{
    effect::{
        file::FileError,
        store::{StoreError, StoreErrorKind},
    },
    name::ReferenceError,
    op::Trail,
    registry::{ConfigError, EndpointError},
};

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was typed is not a name.
    #[error(transparent)]
    Name(#[from] ReferenceError),
    /// What was typed names no registry that can be reached.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The user's settings cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The name stands for something else.
    #[error("`{0}` is a reserved name")]
    Reserved(String),
    /// The name was given to an image that had none: it is no registry's.
    #[error("`{0}` came from an archive, and no registry knows it by this name: open the archive again")]
    FromArchive(String),
    /// None of the endpoints of a repository may be asked for this.
    #[error("{doing}: no endpoint of {repository} may be asked for that")]
    NoEndpoint {
        /// What was being done.
        doing: String,
        /// The repository, with its registry.
        repository: String,
    },
    /// Credentials could not be kept or forgotten.
    #[cfg(feature = "files")]
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// A registry refused, or could not be reached.
    #[error(transparent)]
    Registry(Box<RegistryError>),
    /// What came is not what it should be.
    #[error("{what}: {why}")]
    Content {
        /// Which content, and where it came from.
        what: String,
        /// What is wrong with it.
        why: Box<ContentError>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that the user gave cannot be read.
    #[error("cannot read {0}")]
    Given(FileError),
    /// Someone else kept changing the same record.
    #[error("the record {key} kept changing while it was being written")]
    Contended {
        /// Of the record.
        key: String,
    },
    /// The operation was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// A flow waits for something that can never come: a defect of a flow, never of its input.
    #[error("stalled in: {0} (this is a bug in lugger)")]
    Stalled(Trail),
}

/// What kind of failure it is: what exit codes and retries are decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None of the others.
    Failed,
    /// What was typed is wrong.
    Usage,
    /// It does not exist.
    NotFound,
    /// Not without (other) credentials.
    Denied,
    /// Content does not verify.
    Content,
    /// No answer, or no proper one.
    Network,
    /// Too many requests.
    Throttled,
    /// Stopped by the user.
    Cancelled,
}

impl Error {
    /// A failure of this content.
    pub fn content(what: impl fmt::Display, why: impl Into<ContentError>) -> Self {
        Self::Content { what: what.to_string(), why: Box::new(why.into()) }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Name(_) | Self::Endpoint(_) => Kind::Usage,
            Self::Config(ConfigError::Blocked { .. }) => Kind::Denied,
            Self::Config(_) => Kind::Usage,
            #[cfg(feature = "files")]
            Self::Keep(KeepError::Nowhere) => Kind::Usage,
            #[cfg(feature = "files")]
            Self::Keep(_) => Kind::Failed,
            Self::Reserved(_) => Kind::Denied,
            Self::FromArchive(_) => Kind::NotFound,
            Self::NoEndpoint { .. } => Kind::NotFound,
            Self::Registry(error) => error.first.why.kind(),
            Self::Content { why, .. } if matches!(**why, ContentError::NoPlatform { .. }) => Kind::NotFound,
            Self::Content { .. } => Kind::Content,
            Self::Store(StoreError { kind: StoreErrorKind::Missing, .. }) => Kind::NotFound,
            Self::Given(_) | Self::Store(_) | Self::Contended { .. } | Self::Stalled(_) => Kind::Failed,
            Self::Cancelled => Kind::Cancelled,
        }
    }
}
