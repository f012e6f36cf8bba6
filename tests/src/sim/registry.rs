//! A registry, its token server and its content network, as pure functions of requests and time.

use std::{collections::BTreeMap, rc::Rc};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use lugger_core::{
    effect::{
        http::Exchange,
        secret::{Origin, Secret},
    },
    name::Digest,
    time::Instant,
};
use serde_json::json;
use url::Url;

use super::{
    mirror::{self, Way},
    scenario::{Access, Scenario},
};

/// The registry's host.
pub const HOST: &str = "registry.example";
/// The one repository.
pub const REPOSITORY: &str = "team/app";
/// The one tag.
pub const TAG: &str = "1.0";
/// Where tokens come from when not from the registry itself.
pub const TOKEN_HOST: &str = "auth.example";
/// Where blobs come from when not from the registry itself.
pub const CONTENT_HOST: &str = "cdn.example";

/// The user's name and password for the registry.
const USER: (&str, &str) = ("alice", "correct-horse");
/// What signs the content network's URLs.
const SIGNATURE: &str = "s1gn4tur3";

/// A response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body that the client would get if nothing went wrong.
    pub body: Rc<[u8]>,
    /// Who answers, if the host has followed redirects there.
    pub from: Option<Url>,
}

impl Answer {
    /// A response without headers.
    pub fn new(status: u16, body: impl Into<Rc<[u8]>>) -> Self {
        Self { status, headers: HeaderMap::new(), body: body.into(), from: None }
    }

    /// With one more header.
    pub fn header(mut self, name: impl TryInto<HeaderName>, value: &str) -> Self {
        let name = name.try_into().ok().expect("a name made here is valid");
        self.headers.append(name, HeaderValue::from_str(value).expect("a value made here is valid"));
        self
    }

    /// From another place than the one asked: the host has followed redirects there.
    pub fn from(mut self, url: &str) -> Self {
        self.from = Some(Url::parse(url).expect("a URL made here is valid"));
        self
    }

    /// An error with an OCI error body.
    pub fn error(status: u16, code: &str) -> Self {
        let body = json!({"errors": [{"code": code, "message": "as the simulator wills"}]});
        Self::new(status, body.to_string().into_bytes())
    }
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// HEAD of a manifest.
    Head,
    /// GET of a manifest.
    Manifest,
    /// GET of a blob, at the registry.
    Blob,
    /// GET of a blob, at the content network.
    Content,
    /// GET of a token.
    Token,
    /// Anything else.
    Other,
}

/// How a range request is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// As asked.
    Served,
    /// Not at all: 200 and everything.
    Ignored,
    /// With another range than asked.
    Wrong,
}

/// The registry with all that it remembers.
#[derive(Debug)]
pub struct Registry {
    scenario: Scenario,
    tokens: BTreeMap<String, Token>,
    blobs: BTreeMap<Digest, Rc<[u8]>>,
}

#[derive(Debug)]
struct Token {
    until: Instant,
    entitled: bool,
}

impl Registry {
    /// A registry with one image.
    pub fn new(scenario: &Scenario) -> Self {
        let blobs = scenario.image.blobs.iter().map(|(digest, bytes)| (digest.clone(), bytes[..].into()));
        Self { blobs: blobs.collect(), scenario: scenario.clone(), tokens: BTreeMap::new() }
    }

    /// The user's credentials for this origin.
    pub fn secret(&self, origin: &Origin) -> Option<Secret> {
        let has = match self.scenario.access {
            Access::Basic => true,
            Access::Bearer { login, .. } => login,
            Access::Open => false,
        };
        let own = (has && *origin == home()).then(|| Secret::new(USER.0, USER.1));
        own.or_else(|| mirror::secret(&self.scenario.mirrors, origin))
    }

    /// Texts that nobody but the registry itself may be sent.
    pub fn secrets(&self) -> impl Iterator<Item = String> + '_ {
        let fixed = [USER.1.to_owned(), basic()];
        fixed.into_iter().chain(self.tokens.keys().cloned())
    }

    /// Texts that no output may show.
    pub fn hidden(&self) -> impl Iterator<Item = String> + '_ {
        self.secrets().chain([SIGNATURE.to_owned()])
    }

    /// Every token that was given out is void from now on.
    pub fn revoke(&mut self) {
        for token in self.tokens.values_mut() {
            token.until = Instant(0);
        }
    }

    /// Whether this request carries something that can be revoked.
    pub fn can_revoke(&self, exchange: &Exchange) -> bool {
        exchange.headers.contains_key(header::AUTHORIZATION)
            && matches!(self.scenario.access, Access::Bearer { .. })
            && kind(exchange) != Asked::Token
    }

    /// The response to a request; `None` when nobody listens there.
    pub fn answer(&mut self, exchange: &Exchange, now: Instant, ranges: Ranges) -> Option<Answer> {
        let host = exchange.url.host_str()?;
        match (exchange.url.scheme(), host, kind(exchange)) {
            ("https", _, Asked::Token) => Some(self.token(exchange, now)),
            ("https", CONTENT_HOST, Asked::Content) => Some(self.content(exchange, ranges)),
            ("https", HOST, asked) => Some(match self.challenge(exchange, now) {
                Some(challenge) => challenge,
                None => self.repository(exchange, asked, ranges),
            }),
            ("https", mirror, asked) => self.mirror(exchange, mirror, asked, ranges),
            _ => None,
        }
    }

    /// The response of a mirror, which is entered in its own way and redirects nobody.
    fn mirror(&self, exchange: &Exchange, host: &str, asked: Asked, ranges: Ranges) -> Option<Answer> {
        let way = *self.scenario.mirrors.get(mirror::at(host)?).filter(|way| **way != Way::Dead)?;
        let last = exchange.url.path_segments().and_then(|mut s| s.next_back()).unwrap_or_default();
        Some(match (mirror::refusal(way, host, &exchange.headers), asked) {
            (Some(refused), _) => refused,
            (None, Asked::Head) if !self.scenario.head => Answer::error(405, "UNSUPPORTED"),
            (None, Asked::Head | Asked::Manifest) => self.manifest(last),
            (None, Asked::Blob) if way == Way::Wrong => mirror::spoil(self.blob(exchange, last, ranges)),
            (None, Asked::Blob) => self.blob(exchange, last, ranges),
            (None, _) => Answer::error(404, "NAME_UNKNOWN"),
        })
    }

    fn repository(&self, exchange: &Exchange, asked: Asked, ranges: Ranges) -> Answer {
        let last = exchange.url.path_segments().and_then(|mut s| s.next_back()).unwrap_or_default();
        match asked {
            Asked::Head if !self.scenario.head => Answer::error(405, "UNSUPPORTED"),
            Asked::Head | Asked::Manifest => self.manifest(last),
            Asked::Blob if self.scenario.redirects => {
                let to = format!("https://{CONTENT_HOST}/data/{last}?sig={SIGNATURE}");
                Answer::new(307, Vec::new()).header(header::LOCATION, &to)
            }
            Asked::Blob => self.blob(exchange, last, ranges),
            _ => Answer::error(404, "NAME_UNKNOWN"),
        }
    }

    fn manifest(&self, reference: &str) -> Answer {
        let image = &self.scenario.image;
        let digest = if reference == TAG { Some(image.root.clone()) } else { reference.parse().ok() };
        let Some((digest, document)) = digest.and_then(|digest| image.documents.get_key_value(&digest))
        else {
            return Answer::error(404, "MANIFEST_UNKNOWN");
        };
        let answer = Answer::new(200, document.bytes.clone())
            .header(header::CONTENT_TYPE, document.media_type)
            .header(header::CONTENT_LENGTH, &document.bytes.len().to_string());
        if self.scenario.digest_header {
            answer.header("docker-content-digest", &digest.to_string())
        } else {
            answer
        }
    }

    fn content(&self, exchange: &Exchange, ranges: Ranges) -> Answer {
        let signed = exchange.url.query_pairs().any(|(key, value)| key == "sig" && value == SIGNATURE);
        let last = exchange.url.path_segments().and_then(|mut s| s.next_back()).unwrap_or_default();
        if signed { self.blob(exchange, last, ranges) } else { Answer::error(403, "DENIED") }
    }

    fn blob(&self, exchange: &Exchange, digest: &str, ranges: Ranges) -> Answer {
        let bytes = digest.parse().ok().and_then(|digest: Digest| self.blobs.get(&digest));
        let Some(bytes) = bytes else { return Answer::error(404, "BLOB_UNKNOWN") };
        serve(bytes, range(&exchange.headers), ranges)
    }

    /// What a request that must not pass gets.
    fn challenge(&self, exchange: &Exchange, now: Instant) -> Option<Answer> {
        let given = exchange.headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
        let refused =
            |how: &str| Some(Answer::error(401, "UNAUTHORIZED").header(header::WWW_AUTHENTICATE, how));
        match self.scenario.access {
            Access::Open => None,
            Access::Basic if given == Some(&format!("Basic {}", basic())) => None,
            Access::Basic => refused("Basic realm=\"the registry\""),
            Access::Bearer { elsewhere, login, .. } => {
                let token = given.and_then(|v| v.strip_prefix("Bearer ")).and_then(|t| self.tokens.get(t));
                let entitled = |token: &Token| token.entitled || !login || elsewhere;
                if token.is_some_and(|token| now < token.until && entitled(token)) {
                    return None;
                }
                let realm = if elsewhere { TOKEN_HOST } else { HOST };
                refused(&format!(
                    "Bearer realm=\"https://{realm}/token\",service=\"{HOST}\",scope=\"repository:{REPOSITORY}:pull\""
                ))
            }
        }
    }

    fn token(&mut self, exchange: &Exchange, now: Instant) -> Answer {
        let Access::Bearer { life, .. } = self.scenario.access else {
            return Answer::error(404, "NAME_UNKNOWN");
        };
        let entitled = match exchange.headers.get(header::AUTHORIZATION) {
            None => false,
            Some(value) if value.as_bytes() == format!("Basic {}", basic()).as_bytes() => true,
            Some(_) => return Answer::error(401, "UNAUTHORIZED"),
        };
        let token = format!("t0k3n-{:04}", self.tokens.len());
        let until = Instant(now.0 + life.unwrap_or(60) * 1000);
        self.tokens.insert(token.clone(), Token { until, entitled });
        let mut body = json!({"token": token});
        if let Some(life) = life {
            body["expires_in"] = json!(life);
        }
        Answer::new(200, body.to_string().into_bytes())
    }
}

/// What a request is for, going by its URL.
pub fn kind(exchange: &Exchange) -> Asked {
    let (path, host) = (exchange.url.path(), exchange.url.host_str().unwrap_or_default());
    let is_registry = host == HOST || mirror::at(host).is_some();
    match host {
        TOKEN_HOST | HOST if path == "/token" => Asked::Token,
        CONTENT_HOST => Asked::Content,
        _ if is_registry && path.contains("/manifests/") => {
            if exchange.method == Method::HEAD {
                Asked::Head
            } else {
                Asked::Manifest
            }
        }
        _ if is_registry && path.contains("/blobs/") => Asked::Blob,
        _ => Asked::Other,
    }
}

/// The registry's origin.
pub fn home() -> Origin {
    Origin::of(&Url::parse(&format!("https://{HOST}/")).expect("a host made here is valid"))
}

fn basic() -> String {
    BASE64_STANDARD.encode(format!("{}:{}", USER.0, USER.1))
}

/// The first byte that a request asks for, and the last, if it names one.
pub fn range(headers: &HeaderMap) -> Option<(usize, Option<usize>)> {
    let asked = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let (first, last) = asked.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()))
}

/// A range of content, as a server with these ways serves it.
pub fn serve(bytes: &Rc<[u8]>, range: Option<(usize, Option<usize>)>, ranges: Ranges) -> Answer {
    let size = bytes.len();
    match range {
        Some((from, _)) if ranges != Ranges::Ignored && from >= size => {
            Answer::error(416, "SIZE_INVALID").header(header::CONTENT_RANGE, &format!("bytes */{size}"))
        }
        Some((from, last)) if ranges != Ranges::Ignored => {
            let last = last.map_or(size - 1, |last| last.min(size - 1));
            let (from, last) = match ranges {
                // One that begins at the first byte ends too early.
                Ranges::Wrong if from == 0 => (0, last / 2),
                Ranges::Wrong => (from / 2, last),
                _ => (from, last),
            };
            Answer::new(206, &bytes[from..=last])
                .header(header::CONTENT_RANGE, &format!("bytes {from}-{last}/{size}"))
                .header(header::CONTENT_LENGTH, &(last + 1 - from).to_string())
        }
        _ => Answer::new(200, Rc::clone(bytes)).header(header::CONTENT_LENGTH, &size.to_string()),
    }
}
