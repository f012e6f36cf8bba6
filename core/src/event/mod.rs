//! What an operation tells its user while it runs.

mod json;

use std::{fmt, time::Duration};

use http::StatusCode;

use crate::{
    effect::http::NetError,
    error::Refusal,
    machine::Unpacked,
    model::{Descriptor, Document},
    name::{Digest, Platform},
};

/// Something that happened. Events inform; ignoring them changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A reference now means this content.
    Resolved {
        /// The reference.
        name: String,
        /// What it leads to.
        target: Descriptor,
    },
    /// A manifest or index is here: verified, in memory, in the store only later.
    Loaded(Document),
    /// So is a configuration.
    Configured {
        /// The configuration.
        config: Descriptor,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Content was found in a document and is wanted.
    Planned(Descriptor),
    /// The store has it; nothing is fetched.
    Skipped(Descriptor),
    /// A download starts.
    Began {
        /// Of this.
        digest: Digest,
        /// At this byte: what an earlier run left is not fetched again.
        from: u64,
    },
    /// A download goes on.
    Moved {
        /// Of this.
        digest: Digest,
        /// Bytes of it that are there now.
        done: u64,
    },
    /// Verified and in the store.
    Committed(Descriptor),
    /// A layer that is here is being unpacked to look at it.
    Examining {
        /// Of the layer as it is stored.
        digest: Digest,
        /// Bytes of that which were looked into.
        done: u64,
    },
    /// A layer was unpacked to look at it: what is in it is what the configuration says.
    Examined {
        /// Of the layer as it is stored.
        digest: Digest,
        /// Of what it unpacks to.
        diff_id: Digest,
        /// How much that is.
        unpacked: Unpacked,
    },
    /// Another operation is fetching it; this one waits.
    Waiting {
        /// For this.
        digest: Digest,
    },
    /// A token is asked for at another host than the registry's.
    Authenticating {
        /// Where.
        realm: String,
        /// Where the credentials that go there were found; `None` asks as nobody.
        account: Option<String>,
    },
    /// An HTTP exchange is over, but for the body. One for each: for those who want to see everything.
    Exchanged {
        /// What was asked: `METHOD url [range]`, query values masked.
        line: String,
        /// What came: a status, or nothing.
        answer: Result<StatusCode, NetError>,
    },
    /// Something failed that may not fail again.
    Retrying {
        /// What was being done.
        doing: String,
        /// What went wrong.
        why: Refusal,
        /// How long until the next try.
        after: Duration,
    },
    /// An endpoint did not give what was asked for; the next one is asked.
    NextEndpoint {
        /// What was being done.
        doing: String,
        /// The endpoint that is given up for now.
        from: String,
        /// What went wrong there.
        why: Refusal,
    },
    /// A registry told how much it will still give.
    Limited {
        /// Which.
        registry: String,
        /// How much.
        quota: Quota,
    },
    /// What an ingest had was not what it should be, and was deleted.
    Discarded {
        /// Of this.
        digest: Digest,
    },
    /// A name was given up, with the content that only it needed, because the store was full.
    Evicted {
        /// The name of the record.
        name: String,
    },
    /// The name is in the store.
    Named {
        /// The name of the record.
        name: String,
        /// What it leads to.
        digest: Digest,
        /// What it led to before: the same digest when nothing changed.
        before: Option<Digest>,
    },
    /// Something the user should know.
    Warned(Warning),
}

/// How much a registry will still give (`ratelimit-*` headers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests that are left.
    pub remaining: u64,
    /// Requests in one window.
    pub limit: Option<u64>,
    /// The window, in seconds.
    pub window: Option<u64>,
}

/// Something worth a second look, though the operation goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// The image is for another platform, and there is no choice.
    OtherPlatform {
        /// The platform of this machine.
        want: Box<Platform>,
        /// The platform of the image.
        got: Box<Platform>,
    },
    /// A descriptor names URLs to fetch its blob from, and the user has not allowed that: only the registry is asked.
    ForeignUrls {
        /// Of the blob.
        digest: Digest,
    },
    /// The registry asked for a login at another host that it has no proven tie to: only an anonymous token was asked for.
    UntrustedRealm {
        /// Where the registry pointed.
        realm: String,
    },
    /// A layer cannot be unpacked, or not to what the configuration says.
    Damaged {
        /// Of the layer as it is stored.
        digest: Digest,
        /// What is wrong with it.
        why: String,
    },
    /// An endpoint is asked without verified TLS, on the user's word: told once of each in every run (security.md C15).
    Unverified {
        /// Its origin.
        registry: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherPlatform { want, got } => {
                write!(f, "the image is for {}, not for {}", got.format(), want.format())
            }
            Self::ForeignUrls { digest } => {
                write!(
                    f,
                    "{digest} names URLs of its own (a foreign layer); only the registry is asked for it"
                )
            }
            Self::UntrustedRealm { realm } => {
                write!(f, "the registry asks for a login at {realm}; your credentials were not sent there")
            }
            Self::Damaged { digest, why } => write!(f, "the layer {digest} is damaged: {why}"),
            Self::Unverified { registry } => {
                write!(f, "{registry} is not verified, as you wished: anyone on the way to it can pose as it")
            }
        }
    }
}
