//! How connections are made: proxy, trust, client certificates. Decided by the core, carried out by the host.

use std::{fmt, net::IpAddr, time::Duration};

use super::address;

/// How the connection of an exchange is made. Hosts keep connections apart by route: only equal routes share them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Through this; `None` connects directly.
    pub proxy: Option<Proxy>,
    /// Trust and identity.
    pub tls: Tls,
    /// For name lookup, TCP and TLS together; `None` is the operation's own.
    pub connect: Option<Duration>,
    /// Who named the URL: the host may connect only to addresses that [`Route::allows`]; else the exchange ends as
    /// [`NetErrorKind::Forbidden`](super::http::NetErrorKind::Forbidden). A proxy that looks names up itself is on its own:
    /// nothing is checked.
    pub named_by: NamedBy,
}

/// Who named the URL of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NamedBy {
    /// The user: it may lead anywhere.
    #[default]
    User,
    /// The server of this host and port: it may lead near only if that server is near itself.
    Server(String, u16),
    /// Nobody whose word counts, such as a link that opened a page: it leads to public addresses only.
    Stranger,
}

impl Route {
    /// Whether the host may connect to this address of the URL's name, given the addresses of whoever named it: what is
    /// public leads to what is public, what is near may lead anywhere.
    pub fn allows(&self, address: IpAddr, namer: &[IpAddr]) -> bool {
        match self.named_by {
            NamedBy::User => true,
            NamedBy::Server(..) => !address::is_near(address) || namer.iter().copied().any(address::is_near),
            NamedBy::Stranger => !address::is_near(address),
        }
    }
}

/// Trust and identity of TLS connections; TLS is 1.2 or newer, always.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tls {
    /// PEM files of authorities to trust beside the system's; also for the way to an `https://` proxy. A certificate that
    /// stands in one of them is trusted as a server's own, too.
    pub roots: Vec<String>,
    /// Certificates to show when the server asks for one: the first that is of an authority which the server names. Never part of a route to another origin than they are for.
    pub identities: Vec<Identity>,
    /// Whether any certificate of the server will do (never of a proxy). The user's word for this host, and a warning each run.
    pub unverified: bool,
}

/// A client certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// PEM file of the certificate chain.
    pub certificate: String,
    /// PEM file of its key; may be the same.
    pub key: String,
}

/// A proxy: `http://`, `https://`, `socks4://`, `socks4a://`, `socks5://`, `socks5h://`. Prints without its user name and password.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proxy(pub url::Url);

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::secret::Origin::of(&self.0).fmt(f)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}
