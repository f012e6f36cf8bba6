//! Where a repository is: one of the places that serve it, and how that place is spoken to.

use std::{net::IpAddr, sync::Arc};

use url::Url;

use super::{item::Shape, place::Place, routes::Routes};
use crate::{
    effect::secret::{Origin, OwnHeaders},
    event::{Event, Warning},
    op::Cx,
};

/// One place that serves a repository.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `scheme://host[:port]/path/`; the repository and what is asked of it come after.
    pub root: Url,
    /// The path of the repository there.
    pub repository: String,
    /// What put it into the list.
    pub place: Place,
    /// Whether it stands in for the registry that the reference names.
    pub is_mirror: bool,
    /// The plain-text twin of the endpoint right before it: asked only as long as that one has not answered.
    pub plain_twin: bool,
    /// What its root stands for.
    pub shape: Shape,
    /// What may be asked of it.
    pub can: Capabilities,
    /// The value of `ns=`: the registry that the reference names, for a mirror that serves several.
    pub namespace: Option<String>,
    /// The host under which credentials are looked up: `host[:port]`, `docker.io` for Docker Hub.
    pub account: String,
    /// Headers for this origin alone.
    pub headers: Option<OwnHeaders>,
    /// How connections are made, to it and to places that it names.
    pub routes: Arc<Routes>,
    /// All that was set for it, to be shown: name, value, place.
    pub settings: Vec<Setting>,
}

/// Something that was set for an endpoint, as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `capabilities`, `ca`, `client`, `skip_verify`, `header`, `dial_timeout`, `proxy` …
    pub name: &'static str,
    /// Its value, without secrets.
    pub value: String,
    /// Where it came from.
    pub place: Place,
}

/// What may be asked of an endpoint (containerd.md §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Content by digest.
    pub pull: bool,
    /// What a tag means.
    pub resolve: bool,
    /// Uploads.
    pub push: bool,
    /// Referrers.
    pub referrers: bool,
}

impl Capabilities {
    /// All of them.
    pub const ALL: Self = Self { pull: true, resolve: true, push: true, referrers: true };

    /// Their names, as in hosts.toml.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (self.pull, "pull"),
            (self.resolve, "resolve"),
            (self.push, "push"),
            (self.referrers, "referrers"),
        ];
        all.into_iter().filter(|(can, _)| *can).map(|(_, name)| name).collect()
    }
}

/// A registry name that is no host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a host that can be reached: {1}")]
pub struct EndpointError(String, url::ParseError);

#[cfg(feature = "files")]
impl EndpointError {
    pub(super) fn new(name: &str, why: url::ParseError) -> Self {
        Self(name.to_owned(), why)
    }
}

impl Endpoint {
    /// The registry of this domain, over TLS except on this machine's loopback or if the user says `plain_http`.
    /// `docker.io` is served by `registry-1.docker.io` (containerd.md §2.1).
    pub fn upstream(
        domain: &str,
        repository: &str,
        plain_http: bool,
        place: Place,
    ) -> Result<Self, EndpointError> {
        let host = if domain == "docker.io" { "registry-1.docker.io" } else { domain };
        let scheme = if plain_http || defaults_to_plain(host) { "http" } else { "https" };
        let root =
            Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|e| EndpointError(domain.to_owned(), e))?;
        Ok(Self {
            routes: Arc::new(Routes::plain(&root)),
            root,
            repository: repository.to_owned(),
            place,
            is_mirror: false,
            plain_twin: false,
            shape: Shape::Registry,
            can: Capabilities::ALL,
            namespace: None,
            account: domain.to_owned(),
            headers: None,
            settings: Vec::new(),
        })
    }

    /// The boundary that its credentials never cross.
    pub fn origin(&self) -> Origin {
        Origin::of(&self.root)
    }

    /// Tells the user if nothing proves who answers there: any certificate will do, or TLS was wished for and is not spoken.
    pub(super) fn warn_if_unverified(&self, cx: &Cx) {
        if self.plain_twin || self.routes.to(&self.root).tls.unverified {
            cx.emit(Event::Warned(Warning::Unverified { registry: self.origin().to_string() }));
        }
    }

    /// A URL that a descriptor names, as one more place for its blob; `from` is the registry that has the descriptor.
    pub(super) fn named(from: &Self, url: Url) -> Self {
        Self {
            root: url,
            is_mirror: true,
            shape: Shape::Blob,
            namespace: None,
            account: String::new(),
            headers: None,
            can: Capabilities { resolve: false, push: false, referrers: false, ..Capabilities::ALL },
            ..from.clone()
        }
    }

    /// Adds `ns=` where it belongs and is not said: a mirror may forget it in the links to its own pages.
    pub(super) fn say_namespace(&self, url: &mut Url) {
        if let Some(namespace) = &self.namespace
            && !url.query_pairs().any(|(key, _)| key == "ns")
        {
            url.query_pairs_mut().append_pair("ns", namespace);
        }
    }
}

/// Whether plain http is spoken to a host unless something else is said: to this machine (`localhost`, 127.0.0.0/8, ::1), but not to its port 443.
pub(super) fn defaults_to_plain(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(address, _)| address),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    let is_local = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_local && !host.ends_with(":443")
}

#[cfg(test)]
mod tests {
    use super::{super::item::Item, *};

    #[test]
    fn schemes_and_paths() {
        let url = |domain, plain_http| {
            let endpoint = Endpoint::upstream(domain, "library/alpine", plain_http, Place::BuiltIn).unwrap();
            endpoint.url(Item::Manifest("3.20")).to_string()
        };
        let rest = "v2/library/alpine/manifests/3.20";
        assert_eq!(url("docker.io", false), format!("https://registry-1.docker.io/{rest}"));
        assert_eq!(url("r.example:5000", false), format!("https://r.example:5000/{rest}"));
        assert_eq!(url("r.example:5000", true), format!("http://r.example:5000/{rest}"));
        for local in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"] {
            assert_eq!(url(local, false), format!("http://{local}/{rest}"));
        }
        for tls in ["localhost.example", "localhost:443", "[::1]:443"] {
            assert!(url(tls, false).starts_with("https"), "{tls}");
        }
        assert!(Endpoint::upstream("r.example:99999", "a", false, Place::BuiltIn).is_err());
    }

    #[test]
    fn a_mirror_is_told_which_registry_is_meant() {
        let mut endpoint = Endpoint::upstream("m.example", "a", false, Place::BuiltIn).unwrap();
        endpoint.namespace = Some("r.example:5000".to_owned());
        assert_eq!(endpoint.url(Item::Tags).as_str(), "https://m.example/v2/a/tags/list?ns=r.example%3A5000");
    }
}
