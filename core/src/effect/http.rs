//! One HTTP exchange as data.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use url::Url;

use super::{
    BodyId,
    route::Route,
    secret::{Authorization, OwnHeaders},
};

/// One request to send. The host follows no redirect and adds nothing but what HTTP itself needs.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// `GET`, `HEAD`, `POST` …
    pub method: Method,
    /// Where to; `http` or `https`.
    pub url: Url,
    /// What to send; sensitive values are marked so and print as nothing.
    pub headers: HeaderMap,
    /// The whole request body; empty for none.
    pub body: Vec<u8>,
    /// Answers with these statuses come back as an open body; all others inline.
    pub stream: &'static [StatusCode],
    /// The most body bytes to bring back inline; a longer one is [`Payload::TooLong`].
    pub inline_max: u64,
    /// How the connection is made.
    pub route: Arc<Route>,
}

/// Deadlines of every exchange and pump, kept by the host, because only it sees the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For name lookup, TCP and TLS together.
    pub connect: Duration,
    /// From the end of the request to the end of the response's headers.
    pub response: Duration,
    /// For a single byte of a body: an honest large download never meets it.
    pub stall: Duration,
    /// The slowest body that is not given up.
    pub floor: Floor,
}

/// How slow a body may be: a byte now and then defeats a deadline for the next one (security.md H1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// At least so many bytes …
    pub bytes: u64,
    /// … in every span of this length.
    pub per: Duration,
}

impl Exchange {
    /// A request without body whose answer comes back inline, up to `inline_max` bytes.
    pub fn new(method: Method, url: Url, inline_max: u64) -> Self {
        let headers = HeaderMap::from_iter([(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("lugger/", env!("CARGO_PKG_VERSION"))),
        )]);
        Self { method, url, headers, body: Vec::new(), stream: &[], inline_max, route: Arc::default() }
    }

    /// With one more header, replacing another of that name.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With what is bound to an origin, as far as it is the origin of this URL. The user's own headers replace ours.
    pub fn bound_to(mut self, own: Option<&OwnHeaders>, authorization: Option<&Authorization>) -> Self {
        let own = own.map_or(&[][..], |own| own.for_url(&self.url));
        for (name, _) in own {
            self.headers.remove(name);
        }
        for (name, value) in own {
            self.headers.append(name, value.clone());
        }
        if let Some(value) = authorization.and_then(|a| a.value_for(&self.url)) {
            self.headers.insert(header::AUTHORIZATION, value);
        }
        self
    }

    /// With open bodies for these statuses.
    pub fn streaming(mut self, statuses: &'static [StatusCode]) -> Self {
        self.stream = statuses;
        self
    }
}

/// `METHOD url [range]`, query values masked.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, Shown(&self.url))?;
        if let Some(range) = self.headers.get(header::RANGE) {
            write!(f, " {}", String::from_utf8_lossy(range.as_bytes()))?;
        }
        if self.headers.contains_key(header::AUTHORIZATION) {
            f.write_str(" (authorized)")?;
        }
        Ok(())
    }
}

/// A URL as it may be shown: no user name, no password, no fragment, and no query value but the protocol's own.
pub struct Shown<'a>(pub &'a Url);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Query keys of the distribution and token protocols, whose values are names and numbers.
        const OPEN: [&str; 12] = [
            "scope",
            "service",
            "n",
            "last",
            "ns",
            "artifactType",
            "digest",
            "mount",
            "from",
            "ref",
            "reference",
            "size",
        ];
        write!(f, "{}{}", super::secret::Origin::of(self.0), self.0.path())?;
        for (i, (key, value)) in self.0.query_pairs().enumerate() {
            let key = crate::name::Excerpt::of(&key).to_string();
            let value = if OPEN.contains(&key.as_str()) {
                crate::name::Excerpt::of(&value).to_string()
            } else {
                "***".to_owned()
            };
            write!(f, "{}{key}={value}", if i == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// What came back.
#[derive(Debug, PartialEq)]
pub struct Response {
    /// The status line's code.
    pub status: StatusCode,
    /// Every header that the host can see (a browser hides some).
    pub headers: HeaderMap,
    /// The body.
    pub body: Payload,
    /// Who answered, if that is not whom the exchange names: the host has followed redirects, because it
    /// [could not do otherwise](crate::op::Caps::manual_redirects).
    pub from: Option<Url>,
}

/// A body, as the exchange asked for it.
#[derive(Debug, PartialEq)]
pub enum Payload {
    /// All of it.
    Inline(Vec<u8>),
    /// Open, to be pumped.
    Stream(BodyId),
    /// Longer than `inline_max`; the host has dropped it.
    TooLong,
}

/// Why there was no response, or why a body ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}{detail}", if detail.is_empty() { "" } else { ": " })]
pub struct NetError {
    /// What kind of failure: the part that decisions are made on.
    pub kind: NetErrorKind,
    /// What the transport said, for people.
    pub detail: String,
}

/// The kinds of transport failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetErrorKind {
    /// The name has no address.
    #[error("the host name does not resolve")]
    Resolve,
    /// No connection: refused, unreachable.
    #[error("no connection")]
    Connect,
    /// The TLS handshake failed: certificate, version, or not TLS at all.
    #[error("no secure connection")]
    Tls,
    /// TLS was tried, and the answer was plain HTTP.
    #[error("the server does not speak TLS")]
    PlainHttp,
    /// Nothing came in time.
    #[error("timed out")]
    Timeout,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// What came is not HTTP, or breaks its limits.
    #[error("not a valid HTTP response")]
    Protocol,
    /// The name leads to an address that the route must not reach.
    #[error("an address of this machine or of a private network")]
    Forbidden,
    /// The proxy refused, or could not be reached. Never tried again without it.
    #[error("no connection through the proxy")]
    Proxy,
    /// A file that the route names (authorities, client certificate) cannot be used.
    #[error("cannot use a certificate file")]
    File,
    /// The server answers, but the browser does not let a page see what: it sends no CORS headers, or refuses the preflight.
    #[error("the server does not let web pages read its answers (CORS)")]
    Cors,
}

impl NetError {
    /// An error of this kind with what the transport said.
    pub fn new(kind: NetErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_urls_keep_names_and_hide_values() {
        for (url, shown) in [
            (
                "https://u:p@r.example:8443/v2/a/blobs/x?sig=SECRET&ns=docker.io#f",
                "https://r.example:8443/v2/a/blobs/x?sig=***&ns=docker.io",
            ),
            (
                "http://127.0.0.1:5000/token?service=s&scope=repository%3Aa%3Apull",
                "http://127.0.0.1:5000/token?service=s&scope=repository:a:pull",
            ),
        ] {
            assert_eq!(Shown(&Url::parse(url).unwrap()).to_string(), shown);
        }
    }
}
