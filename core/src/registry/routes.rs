//! The routes of an endpoint: its own, and those to places that it names (redirects, token realms).

use std::sync::Arc;

use url::Url;

use super::registries::Environment;
use crate::effect::{
    route::{Route, Tls},
    secret::Origin,
};

/// The routes of an endpoint.
#[derive(Clone, Debug)]
pub struct Routes {
    home: Url,
    /// To the endpoint itself, but for the proxy.
    own: Route,
    /// Where proxies are named.
    environment: Environment,
}

impl Routes {
    /// To an endpoint that has nothing of its own, without a proxy.
    pub fn plain(home: &Url) -> Self {
        Self::new(home, Route::default(), Environment::default())
    }

    /// To an endpoint with these settings; the proxies are those of the environment.
    pub fn new(home: &Url, own: Route, environment: Environment) -> Self {
        Self { home: home.clone(), own, environment }
    }

    /// How to reach a URL. Client certificates and the user's word about bad certificates hold for the endpoint's origin only;
    /// authorities that it was given hold for what it names, too, as a private network has one for all.
    pub fn to(&self, url: &Url) -> Arc<Route> {
        let proxy = super::proxy::choose(&self.environment, url).map(|given| given.value);
        if Origin::of(url) == Origin::of(&self.home) {
            return Arc::new(Route { proxy, ..self.own.clone() });
        }
        let namer = self.home.host_str().zip(self.home.port_or_known_default());
        Arc::new(Route {
            proxy,
            tls: Tls { roots: self.own.tls.roots.clone(), ..Tls::default() },
            connect: self.own.connect,
            named_by: namer.map(|(host, port)| (host.to_owned(), port)),
        })
    }
}
