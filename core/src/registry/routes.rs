//! The routes of an endpoint: its own, and those to places that it names (redirects, token realms).

use std::sync::Arc;

use url::Url;

use super::place::Given;
#[cfg(feature = "files")]
use super::proxy::Proxies;
use crate::effect::{
    route::{NamedBy, Proxy, Route, Tls},
    secret::Origin,
};

/// The routes of an endpoint.
#[derive(Clone, Debug)]
pub struct Routes {
    home: Url,
    /// To the endpoint itself, but for the proxy.
    own: Route,
    #[cfg(feature = "files")]
    proxies: Proxies,
}

impl Routes {
    /// To an endpoint that has nothing of its own, without a proxy.
    pub fn plain(home: &Url) -> Self {
        Self {
            home: home.clone(),
            own: Route::default(),
            #[cfg(feature = "files")]
            proxies: Proxies::default(),
        }
    }

    /// To an endpoint with these settings, through these proxies.
    #[cfg(feature = "files")]
    pub fn new(home: &Url, own: Route, proxies: Proxies) -> Self {
        Self { home: home.clone(), own, proxies }
    }

    /// The proxy that a URL is asked through, and the variable that names it; `None` connects directly.
    #[cfg(feature = "files")]
    pub fn proxy(&self, url: &Url) -> Option<Given<Proxy>> {
        self.proxies.choose(url)
    }

    /// No proxy: nothing names one.
    #[cfg(not(feature = "files"))]
    pub fn proxy(&self, _: &Url) -> Option<Given<Proxy>> {
        None
    }

    /// How to reach a URL. Client certificates and the user's word about bad certificates hold for the endpoint's origin only.
    pub fn to(&self, url: &Url) -> Arc<Route> {
        if Origin::of(url) != Origin::of(&self.home) {
            return self.away(url);
        }
        let proxy = self.proxy(url).map(|given| given.value);
        Arc::new(Route { proxy, ..self.own.clone() })
    }

    /// How to reach a URL that somebody else has named, wherever it leads. Authorities that the endpoint was given hold there,
    /// too, as a private network has one for all.
    pub fn away(&self, url: &Url) -> Arc<Route> {
        let proxy = self.proxy(url).map(|given| given.value);
        let namer = self.home.host_str().zip(self.home.port_or_known_default());
        let named_by = match (&self.own.named_by, namer) {
            // Its own word counts for less than nothing: a name of it may have a near address beside a public one.
            (NamedBy::Stranger, _) | (_, None) => NamedBy::Stranger,
            (_, Some((host, port))) => NamedBy::Server(host.to_owned(), port),
        };
        Arc::new(Route {
            proxy,
            tls: Tls { roots: self.own.tls.roots.clone(), ..Tls::default() },
            connect: self.own.connect,
            named_by,
        })
    }
}
