//! Every way an operation can fail, with the evidence.

use std::{fmt, time::Duration};

use http::StatusCode;

use crate::{
    effect::{
        http::NetError,
        secret::SecretError,
        store::{StoreError, StoreErrorKind},
    },
    model::DocumentError,
    name::{Digest, Excerpt, Mismatch, Platform, ReferenceError},
    op::Trail,
    registry::{ConfigError, EndpointError, KeepError, Place},
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
    /// None of the endpoints of a repository may be asked for this.
    #[error("{doing}: no endpoint of {repository} may be asked for that")]
    NoEndpoint {
        /// What was being done.
        doing: String,
        /// The repository, with its registry.
        repository: String,
    },
    /// Credentials could not be kept or forgotten.
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
            Self::Config(_) | Self::Keep(KeepError::Nowhere) => Kind::Usage,
            Self::Reserved(_) => Kind::Denied,
            Self::NoEndpoint { .. } => Kind::NotFound,
            Self::Registry(error) => error.first.why.kind(),
            Self::Content { why, .. } if matches!(**why, ContentError::NoPlatform { .. }) => Kind::NotFound,
            Self::Content { .. } => Kind::Content,
            Self::Store(StoreError { kind: StoreErrorKind::Missing, .. }) => Kind::NotFound,
            Self::Keep(_) | Self::Store(_) | Self::Contended { .. } | Self::Stalled(_) => Kind::Failed,
            Self::Cancelled => Kind::Cancelled,
        }
    }
}

/// A repository that did not give what was asked for, at any of its endpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistryError {
    /// What was being done.
    pub doing: String,
    /// The most telling attempt: what an endpoint said before what nobody said, the registry itself before its mirrors.
    pub first: Attempt,
    /// The other endpoints that were asked, in the same order.
    pub others: Vec<Attempt>,
}

/// What one endpoint was asked, and what came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The origin of the endpoint.
    pub registry: String,
    /// The repository there; empty when it is about the registry as a whole.
    pub repository: String,
    /// The request that failed: `GET https://…`, query values masked; empty if none was sent.
    pub asked: String,
    /// What came back the last time.
    pub why: Refusal,
    /// How often it was tried.
    pub tries: u32,
}

impl RegistryError {
    /// Every attempt, the most telling first.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl std::error::Error for RegistryError {}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { doing, first, others } = self;
        let tries = |n: &u32| if *n > 1 { format!(" (after {n} tries)") } else { String::new() };
        let Attempt { registry, repository, why, .. } = first;
        match repository.as_str() {
            "" => write!(f, "{doing} {registry}: {why}{}", tries(&first.tries))?,
            repository => {
                write!(f, "{doing} from {registry} (repository {repository}): {why}{}", tries(&first.tries))?;
            }
        }
        for Attempt { registry, why, tries: n, .. } in others {
            write!(f, "; from {registry}: {why}{}", tries(n))?;
        }
        Ok(())
    }
}

impl From<RegistryError> for Error {
    fn from(error: RegistryError) -> Self {
        Self::Registry(Box::new(error))
    }
}

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
    /// Too many requests (429).
    #[error("too many requests{}", after.map(|d| format!(", try again in {} s", d.as_secs())).unwrap_or_default())]
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
            Self::Missing(_) => Kind::NotFound,
            Self::Denied { .. } | Self::Credentials { .. } | Self::Challenge(_) | Self::Secret(_) => {
                Kind::Denied
            }
            Self::Throttled { .. } => Kind::Throttled,
            Self::Content(_) => Kind::Content,
            Self::Net(_)
            | Self::Status { .. }
            | Self::Elsewhere { .. }
            | Self::Beyond { .. }
            | Self::Version1
            | Self::Redirect(_)
            | Self::Range(_)
            | Self::Short { .. }
            | Self::Endless { .. }
            | Self::Malformed(_)
            | Self::TooLong { .. } => Kind::Network,
        }
    }
}

/// What a registry said in an error body, made safe to show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said(Vec<String>);

impl Said {
    /// The `CODE: message` pairs of an OCI error body (distribution-spec, "Error Codes"), or the start of any other text.
    pub fn of(body: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Errors {
            errors: Vec<One>,
        }
        #[derive(serde::Deserialize)]
        struct One {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: String,
        }
        /// More than this many say the same thing again.
        const MOST: usize = 3;
        if let Ok(Errors { errors }) = serde_json::from_slice(body) {
            let line = |e: &One| match (e.code.as_str(), e.message.as_str()) {
                ("", message) => Excerpt::of(message).to_string(),
                (code, "") => Excerpt::of(code).to_string(),
                (code, message) => format!("{}: {}", Excerpt::of(code), Excerpt::of(message)),
            };
            return Self(errors.iter().take(MOST).map(line).collect());
        }
        let text = String::from_utf8_lossy(body);
        match text.trim() {
            "" => Self::default(),
            text => Self(vec![Excerpt::of(text).to_string()]),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {}", self.0.join("; ")) }
    }
}

/// What is wrong with content.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ContentError {
    /// Not the bytes that its digest and size promise.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// Not a document that we can read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The registry names another digest than it sends.
    #[error("the registry says {said}, the bytes say {got}")]
    HeaderDigest {
        /// `Docker-Content-Digest`.
        said: Digest,
        /// The digest of the body.
        got: Digest,
    },
    /// Documents inside documents beyond the bound.
    #[error("more than {max} levels of nested indexes")]
    TooDeep {
        /// The bound.
        max: usize,
    },
    /// More documents and blobs than the bound.
    #[error("more than {max} documents and blobs")]
    TooMany {
        /// The bound.
        max: usize,
    },
    /// A blob, or the documents of an image together, beyond the bound.
    #[error("more than the {max} bytes that are allowed")]
    TooLarge {
        /// The bound.
        max: u64,
    },
    /// None for the platform.
    #[error("no image for {}; it has: {}", shown(want), listed(have))]
    NoPlatform {
        /// What was wanted.
        want: Platform,
        /// What there is.
        have: Vec<Platform>,
    },
    /// One image, for another platform than was asked for.
    #[error("the image is for {}, not for {}", shown(got), shown(want))]
    OtherPlatform {
        /// What was wanted.
        want: Platform,
        /// What it is.
        got: Platform,
    },
}

fn listed(platforms: &[Platform]) -> String {
    /// More than a person reads.
    const MOST: usize = 20;
    let mut names: Vec<_> = platforms.iter().take(MOST).map(shown).collect();
    if platforms.len() > MOST {
        names.push(format!("and {} more", platforms.len() - MOST));
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn shown(platform: &Platform) -> String {
    Excerpt::of(&platform.format()).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn error_bodies_are_read_and_made_safe() {
        let said = |body: &str| Said::of(body.as_bytes()).to_string();
        let denied =
            r#"{"errors":[{"code":"DENIED","message":"no\u001b[31m","detail":{"x":1}},{"code":"B"}]}"#;
        assert_eq!(said(denied), r": DENIED: no\u{1b}[31m; B");
        assert_eq!(said("  <html>busy</html>\n"), ": <html>busy</html>");
        assert_eq!(said(""), "");
    }

    proptest! {
        #[test]
        fn any_body_is_short_and_without_control_characters(body: Vec<u8>, message in ".{0,300}") {
            let json = serde_json::json!({"errors": [{"code": &message, "message": &message}]}).to_string();
            for body in [body, json.into_bytes()] {
                let said = Said::of(&body).to_string();
                prop_assert!(said.chars().count() < 600 && !said.chars().any(char::is_control), "{said:?}");
            }
        }
    }
}
