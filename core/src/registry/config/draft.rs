//! An endpoint in the making: what each source of settings adds to it.

use std::{fmt, sync::Arc, time::Duration};

use url::Url;

use super::{
    address::{Address, Scheme},
    certs_d::Certificates,
    hosts_toml::{Header, Host},
};
use crate::{
    effect::{
        route::{Identity, NamedBy, Route, Tls},
        secret::{Origin, OwnHeaders},
    },
    name::Reference,
    registry::{
        endpoint::{Capabilities, Endpoint, EndpointError, Setting, defaults_to_plain},
        item::Shape,
        place::{Given, Place},
        proxy::Proxies,
        routes::Routes,
    },
};

/// What a mirror is asked for unless its settings say otherwise: everything but uploads.
pub(super) const FETCHING: Capabilities =
    Capabilities { pull: true, resolve: true, push: false, referrers: true };

/// An endpoint in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) place: Place,
    /// `None` when nobody said: TLS, but for this machine's loopback.
    pub(super) scheme: Option<Scheme>,
    /// `host[:port]`, as written.
    pub(super) host: String,
    /// Before the repository.
    pub(super) path: String,
    pub(super) repository: String,
    pub(super) is_mirror: bool,
    pub(super) can: Capabilities,
    pub(super) namespace: Option<String>,
    pub(super) headers: Vec<Given<Header>>,
    pub(super) tls: Tls,
    /// Whether hosts.toml says anything about TLS: then no directory of certificates does.
    pub(super) tls_is_set: bool,
    pub(super) connect: Option<Duration>,
    /// Whether no valid certificate, and no TLS at all, will do.
    pub(super) insecure: bool,
    /// Whether it was not the user who named the host: then it is on no near address, and nothing is guessed of it.
    pub(super) stranger: bool,
    pub(super) settings: Vec<Setting>,
}

impl Draft {
    /// A repository that is served like any registry's, at this host.
    pub(super) fn new(host: &str, repository: &str, place: Place) -> Self {
        Self {
            place,
            scheme: None,
            host: host.to_owned(),
            path: "/v2".to_owned(),
            repository: repository.to_owned(),
            is_mirror: false,
            can: Capabilities::ALL,
            namespace: None,
            headers: Vec::new(),
            tls: Tls::default(),
            tls_is_set: false,
            connect: None,
            insecure: false,
            stranger: false,
            settings: Vec::new(),
        }
    }

    /// A mirror that is told which registry is meant, unless it is that registry.
    pub(super) fn at(address: &Address, reference: &Reference, place: Place) -> Self {
        let is_mirror = !same_host(address.scheme, &address.host, reference.domain());
        Self {
            scheme: Some(address.scheme),
            path: address.path.clone(),
            is_mirror,
            namespace: is_mirror.then(|| reference.domain().to_owned()),
            ..Self::new(&address.host, reference.path(), place)
        }
    }

    /// A host of hosts.toml. What the file says of the registry itself without naming a server is said of where it always is; there
    /// is no path then that could be overridden.
    pub(super) fn of(host: &Host, reference: &Reference) -> Self {
        let draft = match &host.address {
            Some(address) => Self::at(address, reference, host.place.clone()),
            None => Self::new(reference.domain(), reference.path(), host.place.clone()),
        };
        draft.with(host)
    }

    /// The registry of a domain, with what hosts.toml says of it.
    pub(super) fn of_domain(host: &Host, domain: &str) -> Self {
        Self::new(domain, "", host.place.clone()).with(host)
    }

    fn with(mut self, host: &Host) -> Self {
        let draft = &mut self;
        if let Some(can) = &host.capabilities {
            draft.can = can.value;
            draft.set("capabilities", can.value.names().join(", "), &can.place);
        }
        draft.trust(&host.ca);
        draft.identify(&host.client);
        if let Some(skip) = &host.skip_verify {
            draft.tls.unverified = skip.value;
            draft.set("skip_verify", skip.value, &skip.place);
        }
        draft.tls_is_set = !host.ca.is_empty() || !host.client.is_empty() || host.skip_verify.is_some();
        for header in &host.headers {
            draft.set("header", &header.value.name, &header.place);
        }
        draft.headers.clone_from(&host.headers);
        if let Some(leave) = &host.override_path {
            draft.set("override_path", leave.value, &leave.place);
        }
        if let Some(time) = &host.dial_timeout {
            draft.connect = Some(time.value).filter(|time| !time.is_zero());
            draft.set("dial_timeout", format!("{:?}", time.value), &time.place);
        }
        self
    }

    /// Notes a value, to be shown.
    pub(super) fn set(&mut self, name: &'static str, value: impl fmt::Display, place: &Place) {
        self.settings.push(Setting { name, value: value.to_string(), place: place.clone() });
    }

    /// Trusts these authorities instead of those that it had.
    pub(super) fn trust(&mut self, roots: &[Given<String>]) {
        self.settings.retain(|setting| setting.name != "ca");
        self.tls.roots = roots.iter().map(|root| root.value.clone()).collect();
        for root in roots {
            self.set("ca", &root.value, &root.place);
        }
    }

    /// Shows these certificates instead of those that it had.
    pub(super) fn identify(&mut self, identities: &[Given<Identity>]) {
        self.settings.retain(|setting| setting.name != "client");
        self.tls.identities = identities.iter().map(|identity| identity.value.clone()).collect();
        for Given { value: Identity { certificate, key }, place } in identities {
            self.set("client", format!("{certificate}, {key}"), place);
        }
    }

    /// Takes what is not said yet from a directory of certificates.
    pub(super) fn complete(&mut self, found: &Certificates) {
        if self.tls.roots.is_empty() {
            self.trust(&found.roots);
        }
        if self.tls.identities.is_empty() {
            self.identify(&found.identities);
        }
    }

    /// The user's word that it may be spoken to without verified TLS, or without TLS.
    pub(super) fn make_insecure(&mut self, place: &Place) {
        self.insecure = true;
        self.set("insecure", true, place);
    }

    /// The endpoint; for a host that was called insecure two, the second of them in plain text.
    pub(super) fn endpoints(self, proxies: &Proxies) -> Result<Vec<Endpoint>, EndpointError> {
        let scheme = self.scheme();
        if scheme == Scheme::Http || !self.insecure {
            return Ok(vec![self.endpoint(scheme, false, proxies)?]);
        }
        let plain = self.endpoint(Scheme::Http, true, proxies)?;
        Ok(vec![self.endpoint(Scheme::Https, false, proxies)?, plain])
    }

    fn scheme(&self) -> Scheme {
        let may_guess = self.tls == Tls::default() && !self.insecure && !self.stranger;
        let is_local = defaults_to_plain(&self.host) && may_guess;
        self.scheme.unwrap_or(if is_local { Scheme::Http } else { Scheme::Https })
    }

    /// Where it is asked first.
    pub(super) fn address(&self) -> Result<Address, EndpointError> {
        let address = self.address_by(self.scheme());
        address.root().map_err(|why| EndpointError::new(&self.host, why)).map(|_| address)
    }

    fn address_by(&self, scheme: Scheme) -> Address {
        let host = if is_hub(&self.host) { HUB } else { &self.host };
        Address { scheme, host: host.to_owned(), path: self.path.clone() }
    }

    fn endpoint(
        &self,
        scheme: Scheme,
        plain_twin: bool,
        proxies: &Proxies,
    ) -> Result<Endpoint, EndpointError> {
        let wrong = |why| EndpointError::new(&self.host, why);
        let root: Url = self.address_by(scheme).root().map_err(wrong)?;
        let tls = match scheme {
            Scheme::Http => Tls { roots: self.tls.roots.clone(), ..Tls::default() },
            Scheme::Https => Tls { unverified: self.tls.unverified || self.insecure, ..self.tls.clone() },
        };
        let headers = || {
            let headers = self.headers.iter().map(|it| (it.value.name.clone(), it.value.value.clone()));
            OwnHeaders::new(Origin::of(&root), headers.collect())
        };
        let named_by = if self.stranger { NamedBy::Stranger } else { NamedBy::User };
        let route = Route { tls, connect: self.connect, named_by, ..Route::default() };
        Ok(Endpoint {
            repository: self.repository.clone(),
            place: self.place.clone(),
            is_mirror: self.is_mirror,
            shape: Shape::Registry,
            plain_twin,
            can: self.can,
            namespace: self.namespace.clone(),
            account: if is_hub(&self.host) { "docker.io".to_owned() } else { self.host.clone() },
            headers: if self.headers.is_empty() { None } else { Some(headers()) },
            routes: Arc::new(Routes::new(&root, route, proxies.clone())),
            settings: self.settings.clone(),
            root,
        })
    }

    /// Names of directories of certificates: the host that is contacted, exactly, and for Docker Hub what everyone calls it.
    pub(super) fn certificate_names(&self) -> Vec<&str> {
        if is_hub(&self.host) { vec![HUB, "docker.io"] } else { vec![&self.host] }
    }
}

/// Where Docker Hub's registry is.
const HUB: &str = "registry-1.docker.io";

fn is_hub(host: &str) -> bool {
    matches!(host, "docker.io" | "index.docker.io" | HUB)
}

/// Whether a host is the one that a reference names: by its text, or because only the scheme's own port is told or not.
fn same_host(scheme: Scheme, host: &str, domain: &str) -> bool {
    let place = |host: &str| {
        let url = Url::parse(&format!("{scheme}://{host}/")).ok()?;
        Some((url.host_str()?.to_owned(), url.port_or_known_default()))
    };
    (is_hub(host) && is_hub(domain)) || place(host).is_some_and(|it| place(domain) == Some(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_itself_is_no_mirror() {
        for (scheme, host, domain, same) in [
            (Scheme::Https, "r.example:443", "r.example", true),
            (Scheme::Http, "R.example", "r.example", true),
            (Scheme::Https, "r.example:5000", "r.example", false),
            (Scheme::Https, "registry-1.docker.io", "docker.io", true),
            (Scheme::Https, "mirror.docker.io", "docker.io", false),
        ] {
            assert_eq!(same_host(scheme, host, domain), same, "{host} {domain}");
        }
    }
}
