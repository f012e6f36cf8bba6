//! What came back instead of what was asked for.

use std::time::Duration;

use http::StatusCode;

use super::{ContentError, Kind, Said};
use crate::{
    effect::{http::NetError, secret::SecretError},
    registry::Place,
    time::words,
};

/// What came back instead of what was asked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// No response.
    #[error(transparent)]
    Net(#[from] NetError),
    /// It does not exist there (404).
    #[error("not found{0}")]
    Missing(Said),
    /// Not without credentials, or not with these (401, 403).
    #[error("access denied ({status}){said}")]
    Denied {
        /// 401 or 403.
        status: StatusCode,
        /// What the registry said.
        said: Said,
    },
    /// The user has not said that the registry may be asked: whoever serves the bridge wants to hear it first.
    #[error("{registry} may not be asked before you confirm it")]
    Unconfirmed {
        /// Which.
        registry: String,
    },
    /// What the core at the other end of the bridge failed with, in its words.
    #[error("{words}")]
    Relayed {
        /// What kind of failure it is.
        kind: Kind,
        /// The status.
        status: StatusCode,
        /// Everything that it said.
        words: String,
    },
    /// Too many requests (429).
    #[error("too many requests{}", after.map(|d| format!(", try again in {}", words(d))).unwrap_or_default())]
    Throttled {
        /// What `Retry-After` asked for.
        after: Option<Duration>,
    },
    /// Any other status.
    #[error("unexpected status {status}{said}")]
    Status {
        /// It.
        status: StatusCode,
        /// What the registry said.
        said: Said,
        /// What `Retry-After` asked for.
        after: Option<Duration>,
    },
    /// A status of another origin, to which the registry leads: the URL that it gave may have ended.
    #[error("{origin}, to which it leads, answers {status}{said}")]
    Elsewhere {
        /// Whose status it is.
        origin: String,
        /// It.
        status: StatusCode,
        /// What was said.
        said: Said,
    },
    /// No response of another origin, to which the registry leads.
    #[error("{origin}, to which it leads: {why}")]
    Beyond {
        /// Which.
        origin: String,
        /// Why there is none.
        why: NetError,
    },
    /// It was asked in plain http, and speaks TLS.
    #[error("the server speaks TLS, and was asked in plain http")]
    WantsTls,
    /// It speaks the first version of the protocol, which nobody does any more.
    #[error("protocol version 1 is no longer supported: ask whoever runs the registry to update it")]
    Version1,
    /// Not the content that it should be.
    #[error(transparent)]
    Content(Box<ContentError>),
    /// No token was to be had.
    #[error("no token from {realm}: {why}")]
    TokenServer {
        /// The origin of the token server.
        realm: String,
        /// What came back from there.
        why: Box<Refusal>,
    },
    /// The 401's challenge cannot be met.
    #[error("cannot authenticate: {0}")]
    Challenge(String),
    /// A redirect that must not be followed.
    #[error("refused to follow a redirect: {0}")]
    Redirect(String),
    /// The response breaks the protocol.
    #[error("malformed response: {0}")]
    Malformed(String),
    /// A part of the content that is not the part that was asked for.
    #[error("the wrong range: {0}")]
    Range(String),
    /// A body that ended too early, as if that were all.
    #[error("the body ended at byte {at} of {size}")]
    Short {
        /// How much there is now.
        at: u64,
        /// How much there should be.
        size: u64,
    },
    /// A list that leads on and on, or to itself.
    #[error("the list does not end ({pages} pages)")]
    Endless {
        /// How many were read.
        pages: usize,
    },
    /// The response is longer than anything of its kind may be.
    #[error("the response is longer than {max} bytes")]
    TooLong {
        /// The bound.
        max: u64,
    },
    /// The user's credentials were refused, by the registry or by its token server.
    #[error("{at} refused the credentials of {place} ({status}){said}")]
    Credentials {
        /// The origin that refused them.
        at: String,
        /// Where they were found.
        place: Place,
        /// With which status.
        status: StatusCode,
        /// What it said.
        said: Said,
    },
    /// The credentials could not be looked up.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl From<ContentError> for Refusal {
    fn from(why: ContentError) -> Self {
        Self::Content(Box::new(why))
    }
}

impl Refusal {
    /// The refusal itself, whoever it came from.
    pub fn root(&self) -> &Self {
        match self {
            Self::TokenServer { why, .. } => why.root(),
            other => other,
        }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::TokenServer { why, .. } => why.kind(),
            Self::Relayed { kind, .. } => *kind,
            Self::Missing(_) => Kind::NotFound,
            Self::Unconfirmed { .. }
            | Self::Denied { .. }
            | Self::Credentials { .. }
            | Self::Challenge(_)
            | Self::Secret(_) => Kind::Denied,
            Self::Throttled { .. } => Kind::Throttled,
            Self::Content(_) => Kind::Content,
            Self::Net(_)
            | Self::Status { .. }
            | Self::Elsewhere { .. }
            | Self::Beyond { .. }
            | Self::Version1
            | Self::WantsTls
            | Self::Redirect(_)
            | Self::Range(_)
            | Self::Short { .. }
            | Self::Endless { .. }
            | Self::Malformed(_)
            | Self::TooLong { .. } => Kind::Network,
        }
    }
}
