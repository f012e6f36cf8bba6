//! Secrets, and the origins they are bound to.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue};
use url::Url;

/// Scheme, host and port of a URL: the boundary that no credential crosses (security.md rule 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of an `http` or `https` URL, with the scheme's port when it names none.
    pub fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
        }
    }

    /// The host without port; IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether host and port are the same, whatever the scheme.
    pub fn same_place(&self, other: &Self) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
    }

    /// `https` or `http`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }
}

/// `scheme://host[:port]`, the port only when it is not the scheme's own.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        let usual = match self.scheme.as_str() {
            "https" => Some(443),
            "http" => Some(80),
            _ => None,
        };
        match self.port {
            Some(port) if self.port != usual => write!(f, ":{port}"),
            _ => Ok(()),
        }
    }
}

/// What proves who the user is, to one registry. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// A user name and password, for Basic authorization or for asking a token server.
    Password {
        /// The name.
        username: String,
        /// The password.
        password: String,
    },
    /// A refresh token (docker's "identity token"): only a token server can use it, by OAuth2.
    IdentityToken(String),
    /// A token for the registry itself, sent as it is; nobody is asked for another.
    RegistryToken(String),
}

impl Secret {
    /// A user name and password.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Password { username: username.into(), password: password.into() }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Why a host could not say whether there are credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the credentials from {source_name}: {detail}")]
pub struct SecretError {
    /// The file or helper that failed.
    pub source_name: String,
    /// What it said, without any secret.
    pub detail: String,
}

/// Headers that the user configured for one host: bound to its origin like an [`Authorization`], and printed by name only.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnHeaders {
    origin: Origin,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl OwnHeaders {
    /// These headers for this origin, in order; one name may come several times.
    pub fn new(origin: Origin, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        let sensitive = |(name, mut value): (HeaderName, HeaderValue)| {
            value.set_sensitive(true);
            (name, value)
        };
        Self { origin, headers: headers.into_iter().map(sensitive).collect() }
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.headers.iter().map(|(name, _)| name)
    }

    /// The headers, if `url` belongs to the origin that they are for.
    pub(super) fn for_url(&self, url: &Url) -> &[(HeaderName, HeaderValue)] {
        if Origin::of(url) == self.origin { &self.headers } else { &[] }
    }
}

impl fmt::Debug for OwnHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().map(HeaderName::as_str).collect();
        write!(f, "{} for {}", names.join(", "), self.origin)
    }
}

/// An `Authorization` value together with the one origin it may be sent to.
///
/// Only [`Exchange::bound_to`](super::http::Exchange::bound_to) reads it, and only for a URL of that origin,
/// so a redirect or a token realm cannot take it elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    origin: Origin,
    value: HeaderValue,
}

impl Authorization {
    /// `Basic` with this user name and password.
    pub fn basic(origin: Origin, username: &str, password: &str) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{username}:{password}"));
        let value = HeaderValue::from_str(&format!("Basic {pair}")).expect("base64 is a header value");
        Self::sensitive(origin, value)
    }

    /// `Bearer` with this token; `None` when the token has characters that no header may carry.
    pub fn bearer(origin: Origin, token: &str) -> Option<Self> {
        HeaderValue::from_str(&format!("Bearer {token}")).ok().map(|value| Self::sensitive(origin, value))
    }

    fn sensitive(origin: Origin, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        Self { origin, value }
    }

    /// The header value, if `url` belongs to the origin that it was made for.
    pub(super) fn value_for(&self, url: &Url) -> Option<HeaderValue> {
        (Origin::of(url) == self.origin).then(|| self.value.clone())
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorization for {}", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_secret() {
        let origin = Origin::of(&Url::parse("https://r.example/v2/").unwrap());
        let secret = Secret::new("me", "hunter2");
        let basic = Authorization::basic(origin.clone(), "me", "hunter2");
        let bearer = Authorization::bearer(origin, "tok-en").unwrap();
        let shown = format!("{secret:?} {basic:?} {bearer:?}");
        assert_eq!(shown, "Secret Authorization for https://r.example Authorization for https://r.example");
    }

    #[test]
    fn a_value_stays_with_its_origin() {
        let here = Url::parse("https://r.example/v2/a").unwrap();
        let basic = Authorization::basic(Origin::of(&here), "u", "p");
        assert!(basic.value_for(&here).is_some());
        for other in ["http://r.example/v2/a", "https://r.example:444/", "https://cdn.r.example/"] {
            assert!(basic.value_for(&Url::parse(other).unwrap()).is_none(), "{other}");
        }
        assert!(Authorization::bearer(Origin::of(&here), "a\r\nX: y").is_none());
    }
}
