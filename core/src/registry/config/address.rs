//! Where a host of hosts.toml, a mirror or a registry is.

use std::fmt;

use url::Url;

/// `http` or `https`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Plain text.
    Http,
    /// TLS.
    Https,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// The place of a registry's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The scheme.
    pub scheme: Scheme,
    /// `host[:port]`, as written.
    pub host: String,
    /// What comes before the repository: `/v2`, `/us/v2`, or nothing.
    pub path: String,
}

impl Address {
    /// Reads what hosts.toml names a host by (containerd.md §2.2): without a scheme it is https, and `/v2` is added to the path unless
    /// that ends in it or `override_path` says to leave it. User info, queries and fragments have no meaning here.
    pub fn parse(text: &str, override_path: bool) -> Result<Self, &'static str> {
        let (scheme, rest) = match text.split_once("://") {
            None => (Scheme::Https, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            Some(_) => return Err("the scheme must be http or https"),
        };
        // A URL parser drops or turns these silently.
        if rest.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err("a URL has no spaces, control characters or backslashes");
        }
        if rest.contains(['?', '#']) {
            return Err("the URL of a host has no query and no fragment");
        }
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.contains('@') {
            return Err("a URL must not hold credentials");
        }
        let mut path = clean(path);
        if !override_path && !path.ends_with("/v2") {
            path.push_str("/v2");
        }
        let address = Self { scheme, host: host.to_owned(), path };
        match address.root() {
            Ok(_) => Ok(address),
            Err(_) => Err("not the URL of a host"),
        }
    }

    /// The URL below which repositories are.
    pub fn root(&self) -> Result<Url, url::ParseError> {
        let Self { scheme, host, path } = self;
        let host_end = host.len();
        let root = Url::parse(&format!("{scheme}://{host}{path}/"))?;
        // `https:///v2` has the host `v2` to a URL parser.
        if host_end == 0 || root.host_str().is_none_or(str::is_empty) {
            return Err(url::ParseError::EmptyHost);
        }
        Ok(root)
    }
}

/// `scheme://host[:port]/path`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.host, self.path)
    }
}

fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.iter().fold(String::new(), |path, part| path + "/" + part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_get_their_version() {
        for (text, override_path, want) in [
            ("https://m", false, "https://m/v2"),
            ("https://m/", false, "https://m/v2"),
            ("m.example:5000", false, "https://m.example:5000/v2"),
            ("httpbin.example", false, "https://httpbin.example/v2"),
            ("HTTP://m", false, "http://m/v2"),
            ("https://m/us", false, "https://m/us/v2"),
            ("https://m/us//x/../v2/", false, "https://m/us/v2"),
            ("https://m/v2/ns", false, "https://m/v2/ns/v2"),
            ("https://m/v2/ns", true, "https://m/v2/ns"),
            ("https://m", true, "https://m"),
            ("https://[::1]:5000", false, "https://[::1]:5000/v2"),
        ] {
            assert_eq!(Address::parse(text, override_path).unwrap().to_string(), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "https://",
            "https:///v2",
            "ftp://m",
            "https://m:99999",
            "https://u:p@m",
            "https://m?x=1",
            "https://m#a",
            "https://a b",
            "https://m\\x",
            "http:m",
            "https://[::1",
            "https://[fe80::1%eth0]",
        ] {
            assert!(Address::parse(text, false).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, near in "(https?://)?[a-z0-9.:/@\\[\\]?#%-]{0,30}", path: bool) {
            for text in [text, near] {
                if let Ok(address) = Address::parse(&text, path) {
                    prop_assert!(address.root().is_ok());
                }
            }
        }
    }
}
