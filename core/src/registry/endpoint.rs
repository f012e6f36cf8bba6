//! Where a registry is.

use std::net::IpAddr;

use url::Url;

use crate::effect::secret::Origin;

/// How a registry is spoken to when its name alone does not decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// TLS, except on this machine's loopback.
    #[default]
    Usual,
    /// Plain http: the user said so for this registry.
    PlainHttp,
}

/// The root of a registry's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `scheme://host[:port]/v2/`.
    root: Url,
}

/// A registry name that is no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a host that can be reached: {1}")]
pub struct EndpointError(String, url::ParseError);

impl Endpoint {
    /// The endpoint of a reference's domain. `docker.io` is served by `registry-1.docker.io` (containerd.md §2.1).
    pub fn of(domain: &str, transport: Transport) -> Result<Self, EndpointError> {
        let host = if domain == "docker.io" { "registry-1.docker.io" } else { domain };
        let scheme = if transport == Transport::PlainHttp || is_loopback(host) { "http" } else { "https" };
        let root =
            Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|e| EndpointError(domain.to_owned(), e))?;
        Ok(Self { root })
    }

    /// The boundary that its credentials never cross.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.root)
    }

    /// The URL of something in a repository.
    pub(super) fn url(&self, repository: &str, rest: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(repository.split('/')).extend(rest);
        }
        url
    }
}

/// `localhost`, 127.0.0.0/8 or ::1, with or without port.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_and_paths() {
        let url = |domain, transport| {
            Endpoint::of(domain, transport).unwrap().url("library/alpine", &["manifests", "3.20"]).to_string()
        };
        let rest = "v2/library/alpine/manifests/3.20";
        assert_eq!(url("docker.io", Transport::Usual), format!("https://registry-1.docker.io/{rest}"));
        assert_eq!(url("r.example:5000", Transport::Usual), format!("https://r.example:5000/{rest}"));
        assert_eq!(url("r.example:5000", Transport::PlainHttp), format!("http://r.example:5000/{rest}"));
        for local in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"] {
            assert_eq!(url(local, Transport::Usual), format!("http://{local}/{rest}"));
        }
        assert!(url("localhost.example", Transport::Usual).starts_with("https"));
        assert!(Endpoint::of("r.example:99999", Transport::Usual).is_err());
    }
}
