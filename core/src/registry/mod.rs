//! The distribution protocol as flows: one repository on one endpoint, every exchange authorized and retried.
//!
//! Several endpoints in order, with their fallback, come as a layer above [`Remote`]; nothing here knows of them.

pub mod auth;
mod blob;
pub mod challenge;
pub mod config;
pub mod credentials;
mod endpoint;
mod guard;
mod manifest;
mod place;
pub mod proxy;
mod redirect;
mod registries;
mod retry;
mod routes;
mod tags;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

pub(crate) use self::retry::Tries;
use self::{auth::Auth, redirect::Followed};
pub use self::{
    blob::Opened,
    config::ConfigError,
    credentials::{Credentials, Forgotten, KeepError, Kept, hostname},
    endpoint::{Capabilities, Endpoint, EndpointError, Setting},
    place::{Given, Place},
    registries::{Environment, Registries},
    routes::Routes,
};
use crate::{
    effect::http::Exchange,
    error::{Error, Refusal, RegistryError, Said},
    op::{Cx, Reply, ReplyBody},
};

/// The longest error body that is read (security.md O2 allows more; a reason fits in this).
const ERROR_BODY_MAX: u64 = 64 << 10;

/// One repository at one registry, with what was learnt about getting in.
#[derive(Debug)]
pub struct Remote {
    endpoint: Endpoint,
    auth: Auth,
}

/// One thing asked of a repository.
struct Ask<'a> {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Answers with these statuses stay open.
    stream: &'static [StatusCode],
    inline_max: u64,
    /// What is being done, for errors: `fetch layer sha256:…`.
    doing: &'a str,
}

impl<'a> Ask<'a> {
    fn new(method: Method, url: Url, doing: &'a str) -> Self {
        Self { method, url, headers: Vec::new(), stream: &[], inline_max: ERROR_BODY_MAX, doing }
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Remote {
    /// The repository of an endpoint.
    pub fn new(endpoint: Endpoint, credentials: Credentials) -> Self {
        let auth = Auth::new(&endpoint, credentials);
        Self { endpoint, auth }
    }

    /// Its endpoint.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Its path, without the registry's name.
    pub fn repository(&self) -> &str {
        &self.endpoint.repository
    }

    /// One exchange: authorized, redirects followed, what may pass tried again. Any 2xx, or one of `accept`, is a reply.
    async fn send(&self, cx: &Cx, ask: Ask<'_>, accept: &[StatusCode]) -> Result<Reply, Error> {
        let mut tries = Tries::new(cx, ask.doing);
        // On the heap: every flow that ends in an exchange would otherwise carry the state of this one.
        let result = Box::pin(self.attempt(cx, &ask, accept, &mut tries)).await;
        result.map_err(|why| self.error(ask.doing, why, tries.made()))
    }

    async fn attempt(
        &self,
        cx: &Cx,
        ask: &Ask<'_>,
        accept: &[StatusCode],
        tries: &mut Tries,
    ) -> Result<Reply, Refusal> {
        /// A token may run out on the way once; a second refusal of a fresh one is final.
        const MOST_GRANTS: u32 = 2;
        let mut grants = 0;
        loop {
            let grant = self.auth.grant(cx).await?;
            let authorization = grant.as_ref().map(|g| &g.authorization);
            let exchange = Exchange::new(ask.method.clone(), ask.url.clone(), ask.inline_max);
            let headers = ask.headers.iter().cloned();
            let exchange =
                headers.fold(exchange, |x, (name, value)| x.header(name, value)).streaming(ask.stream);
            // Each try has the grant of its moment: pauses and timeouts outlive tokens.
            let result = redirect::follow(cx, &self.endpoint, exchange, authorization).await;
            let Some(Followed { reply, at_home }) = tries.judge(cx, result).await? else { continue };
            let status = reply.status;
            if status.is_success() || accept.contains(&status) {
                return Ok(reply);
            }
            if status == StatusCode::UNAUTHORIZED && at_home && grants < MOST_GRANTS {
                grants += 1;
                self.auth.answer(cx, &reply.headers, grant.as_ref()).await?;
                continue;
            }
            return Err(refusal(&reply));
        }
    }

    /// The URL of something in this repository: `manifests/latest`, `blobs/sha256:…`.
    fn url(&self, rest: &[&str]) -> Url {
        self.endpoint.url(rest)
    }

    /// An error of this repository.
    pub(crate) fn error(&self, doing: &str, why: Refusal, tries: u32) -> Error {
        let registry = self.endpoint.origin().to_string();
        RegistryError {
            registry,
            repository: self.repository().to_owned(),
            doing: doing.to_string(),
            why,
            tries,
        }
        .into()
    }
}

/// What a response that is no success means.
fn refusal(reply: &Reply) -> Refusal {
    let said = match &reply.body {
        ReplyBody::Small(body) => Said::of(body),
        ReplyBody::Large(_) | ReplyBody::TooLong => Said::default(),
    };
    match reply.status {
        StatusCode::NOT_FOUND => Refusal::Missing(said),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Refusal::Denied { status, said },
        StatusCode::TOO_MANY_REQUESTS => Refusal::Throttled { after: retry::retry_after(&reply.headers) },
        status => Refusal::Status { status, said },
    }
}

/// Bytes that are digested must come as they are: nothing between us and the registry may recode them.
fn identity() -> (HeaderName, HeaderValue) {
    (header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
}

/// Refuses a response that was recoded all the same (security.md H6).
fn unencoded(reply: &Reply) -> Result<(), Refusal> {
    match reply.headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => Ok(()),
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            let shown = crate::name::Excerpt::of(&other);
            Err(Refusal::Malformed(format!("Content-Encoding {shown} was not asked for")))
        }
    }
}
