//! The distribution protocol as flows: a [`Repository`] at its endpoints, every exchange authorized and, where it may help, tried again.
//!
//! `config` says which endpoints there are and `credentials` who the user is; `round` is the loop over endpoints and tries;
//! a `Turn` of it asks one endpoint one thing (`manifest`, `blob`, `tags`), through `auth` and `redirect`.

pub mod auth;
mod blob;
pub mod bridge;
pub mod challenge;
#[cfg(feature = "files")]
pub mod config;
#[cfg(not(feature = "files"))]
#[path = "config/alone.rs"]
pub mod config;
pub mod credentials;
mod endpoint;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod guard;
mod item;
mod manifest;
mod pace;
mod place;
#[cfg(feature = "files")]
pub mod proxy;
mod redirect;
mod registries;
mod repository;
mod retry;
mod round;
mod routes;
mod spacing;
mod tags;

use std::{cell::Cell, rc::Rc};

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

use self::{auth::Auth, item::Item, pace::Pace, redirect::Followed, round::Turn};
pub use self::{
    auth::Grants,
    bridge::Bridge,
    config::ConfigError,
    credentials::Credentials,
    endpoint::{Capabilities, Endpoint, EndpointError, Setting},
    item::Shape,
    place::{Given, Place},
    registries::Registries,
    repository::Repository,
    routes::Routes,
};
#[cfg(feature = "files")]
pub use self::{
    credentials::{Forgotten, KeepError, Kept, hostname},
    proxy::Proxies,
    registries::Environment,
};
use crate::{
    effect::{http::Exchange, secret::Origin},
    error::{Refusal, Said},
    op::{Cx, Reply, ReplyBody},
    time::UnixTime,
};

/// The longest error body that is read (security.md O2 allows more; a reason fits in this).
const ERROR_BODY_MAX: u64 = 64 << 10;

/// A repository at one endpoint, with what was learnt about it.
#[derive(Debug)]
pub(crate) struct Remote {
    endpoint: Endpoint,
    auth: Auth,
    /// What every request to this origin shares.
    pace: Rc<Pace>,
    /// Whether it could not be reached the last time.
    is_down: Cell<bool>,
    /// Whether a response ever came from it.
    has_answered: Cell<bool>,
    /// Of a plain-text twin: the origin that it is the twin of.
    twin_of: Option<Origin>,
    /// Whether the user was told what is wrong with it.
    has_warned: Cell<bool>,
}

/// One thing asked of a repository.
struct Ask {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Answers with these statuses stay open.
    stream: &'static [StatusCode],
    inline_max: u64,
}

impl Ask {
    fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), stream: &[], inline_max: ERROR_BODY_MAX }
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn exchange(&self) -> Exchange {
        let exchange = Exchange::new(self.method.clone(), self.url.clone(), self.inline_max);
        let headers = self.headers.iter().cloned();
        headers.fold(exchange, |exchange, (name, value)| exchange.header(name, value)).streaming(self.stream)
    }
}

impl Remote {
    fn new(endpoint: Endpoint, credentials: Credentials, pace: Rc<Pace>) -> Self {
        let auth = Auth::new(&endpoint, credentials);
        Self {
            endpoint,
            auth,
            pace,
            is_down: Cell::default(),
            has_answered: Cell::default(),
            has_warned: Cell::default(),
            twin_of: None,
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// One exchange: authorized, redirects followed. Any 2xx, or one of `accept`, is a reply.
    async fn attempt(&self, cx: &Cx, ask: &Ask, accept: &[StatusCode]) -> Result<Reply, Refusal> {
        /// A token may run out on the way once; a second refusal of a fresh one is final.
        const MOST_GRANTS: u32 = 2;
        let mut grants = 0;
        if !self.has_warned.replace(true) {
            self.endpoint.warn_if_unverified(cx);
        }
        loop {
            let grant = self.auth.grant(cx).await?;
            let authorization = grant.as_ref().map(|g| &g.authorization);
            self.pace.spacing.turn(cx).await;
            let followed = redirect::follow(cx, &self.endpoint, ask.exchange(), authorization).await;
            if !matches!(followed, Err(Refusal::Net(_))) {
                self.has_answered.set(true);
                self.is_down.set(false);
            }
            let Followed { reply, from } = followed?;
            let status = reply.status;
            if from.is_none() {
                self.pace.answered(cx, &self.endpoint.origin().to_string(), status, &reply.headers);
            }
            if status.is_success() || accept.contains(&status) {
                return Ok(reply);
            }
            let may_log_in = from.is_none() && self.endpoint.shape.may_log_in();
            if status == StatusCode::UNAUTHORIZED && may_log_in && grants < MOST_GRANTS {
                grants += 1;
                self.auth.answer(cx, &reply.headers, grant.as_ref()).await?;
                continue;
            }
            if self.endpoint.shape == Shape::Bridge
                && let Some(why) = bridge::relayed(&reply, &self.endpoint.account)
            {
                return Err(why);
            }
            return Err(match from {
                Some(from) if has_ended(status) => {
                    Refusal::Elsewhere { origin: from.to_string(), status, said: said(&reply) }
                }
                _ => refusal(&reply, cx.wall()),
            });
        }
    }
}

impl Turn<'_> {
    /// One exchange at this turn's endpoint.
    async fn send(&self, cx: &Cx, mut ask: Ask, accept: &[StatusCode]) -> Result<Reply, Refusal> {
        if self.fresh {
            ask = ask.header(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        }
        self.asked.replace(ask.exchange().to_string());
        // On the heap: every flow that ends in an exchange would otherwise carry the state of this one.
        Box::pin(self.remote.attempt(cx, &ask, accept)).await
    }

    /// The URL of something in this repository.
    fn url(&self, item: Item<'_>) -> Url {
        self.remote.endpoint.url(item)
    }
}

fn said(reply: &Reply) -> Said {
    match &reply.body {
        ReplyBody::Small(body) => Said::of(body),
        ReplyBody::Large(_) | ReplyBody::TooLong => Said::default(),
    }
}

/// What a response that is no success means.
fn refusal(reply: &Reply, wall: UnixTime) -> Refusal {
    let (said, after) = (said(reply), retry::retry_after(&reply.headers, wall));
    match reply.status {
        StatusCode::NOT_FOUND if is_version_1(reply) => Refusal::Version1,
        StatusCode::NOT_FOUND => Refusal::Missing(said),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Refusal::Denied { status, said },
        StatusCode::TOO_MANY_REQUESTS => Refusal::Throttled { after },
        StatusCode::BAD_REQUEST if wants_tls(reply) => Refusal::WantsTls,
        status => Refusal::Status { status, said, after },
    }
}

/// What servers of content say of a signed URL that has ended.
fn has_ended(status: StatusCode) -> bool {
    [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::GONE]
        .contains(&status)
}

/// What TLS servers say to who speaks plain http to them: Go's (docker-registry itself), nginx, Apache.
fn wants_tls(reply: &Reply) -> bool {
    const SAID: [&str; 3] = [
        "Client sent an HTTP request to an HTTPS server",
        "The plain HTTP request was sent to HTTPS port",
        "speaking plain HTTP to an SSL-enabled server port",
    ];
    let ReplyBody::Small(body) = &reply.body else { return false };
    let body = String::from_utf8_lossy(body);
    SAID.iter().any(|said| body.contains(said))
}

/// Registries of the first version name theirs in every answer, and never that of the second.
fn is_version_1(reply: &Reply) -> bool {
    reply.headers.contains_key("x-docker-registry-version")
        && !reply.headers.contains_key("docker-distribution-api-version")
}

/// Bytes that are digested must come as they are: nothing between us and the registry may recode them.
fn identity() -> (HeaderName, HeaderValue) {
    (header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
}

/// Refuses a response that was recoded all the same (security.md H6), unless the host has decoded it: then the digest decides.
fn unencoded(cx: &Cx, reply: &Reply) -> Result<(), Refusal> {
    if !cx.caps().raw_bodies {
        return Ok(());
    }
    match reply.headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(()),
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            let shown = crate::name::Excerpt::of(&other);
            Err(Refusal::Malformed(format!("Content-Encoding {shown} was not asked for")))
        }
    }
}
