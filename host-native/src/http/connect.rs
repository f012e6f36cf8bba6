//! Making connections as a route says: lookup, TCP, proxy, TLS, all within one deadline.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use lugger_core::effect::{
    http::{NetError, NetErrorKind},
    route::{Route, Tls},
};
use ureq::{
    Error, Proxy, ProxyProtocol, Timeout,
    config::Config,
    http::Uri,
    unversioned::transport::{
        ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, SocksConnector, TcpConnector,
        Transport,
    },
};

use super::{
    fault::{net_error, wrapped},
    forward::Forward,
    lookup::{Lookup, OfProxy, packed},
    tls::Client,
};

/// The first try of each address of several. What takes longer gets the rest of the time once all were tried, so that a dead
/// one costs half a second, not half the deadline.
const FIRST_TRY: Duration = Duration::from_millis(500);

/// Connections of one route.
#[derive(Debug)]
pub(super) struct Connect {
    route: Arc<Route>,
    lookup: Arc<Lookup>,
    /// The agent's settings, but for its proxy.
    direct: Config,
    of_proxy: OfProxy,
    to_server: Client,
    to_proxy: Client,
}

impl Connect {
    pub(super) fn new(route: Arc<Route>, lookup: Arc<Lookup>, direct: Config) -> Self {
        let to_server = Client::new(route.tls.clone());
        // Identities and the word that any certificate will do are for the server, not for who stands on the way.
        let to_proxy = Client::new(Tls { roots: route.tls.roots.clone(), ..Tls::default() });
        Self { route, of_proxy: OfProxy(Arc::clone(&lookup)), lookup, direct, to_server, to_proxy }
    }
}

impl Connector<()> for Connect {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Self::Out>, Error> {
        let budget = Budget { started: Instant::now(), timeout: details.timeout };
        let wire = match (&self.route.proxy, details.config.proxy()) {
            (None, _) => {
                let host = host(details.uri);
                let found = self.lookup.allowed(&self.route, host, budget.left()?).map_err(wrapped)?;
                self.tcp(details, host, &found, &budget)?
            }
            // ureq, on its way to the proxy of the route.
            (Some(_), None) => return self.reach_proxy(details, &budget).map(Some),
            (Some(shown), Some(proxy)) => {
                let found = self.resolved_here(details, proxy, &budget)?;
                self.through(details, proxy, &found, &budget).map_err(|error| {
                    let NetError { kind, detail } = net_error(&error);
                    wrapped(match kind {
                        NetErrorKind::File => NetError::new(kind, detail),
                        NetErrorKind::Proxy => NetError::new(kind, format!("{shown}: {detail}")),
                        _ => NetError::new(NetErrorKind::Proxy, format!("{shown}: {kind}: {detail}")),
                    })
                })?
            }
        };
        if details.needs_tls() {
            return self.to_server.wrap(wire, host(details.uri), details, &budget).map(Some);
        }
        Ok(Some(wire))
    }
}

impl Connect {
    fn through(
        &self,
        details: &ConnectionDetails<'_>,
        proxy: &Proxy,
        found: &[IpAddr],
        budget: &Budget,
    ) -> Result<Box<dyn Transport>, Error> {
        let mut via = again(details, details.uri, details.config, budget)?;
        let made = match proxy.protocol() {
            // Proxies often refuse to CONNECT to port 80: they take plain http as a request to themselves.
            ProxyProtocol::Http | ProxyProtocol::Https if !details.needs_tls() => {
                let to_proxy = again(details, proxy.uri(), &self.direct, budget)?;
                let wire = self.reach_proxy(&to_proxy, budget)?;
                return Ok(Box::new(Forward::new(wire, details, proxy)));
            }
            ProxyProtocol::Http | ProxyProtocol::Https => {
                ConnectProxyConnector::default().connect(&via, None::<Box<dyn Transport>>)?.map(boxed)
            }
            _ => {
                via.addrs = packed(found, port(details.uri));
                via.resolver = &self.of_proxy;
                SocksConnector::default().connect(&via, None::<Box<dyn Transport>>)?.map(boxed)
            }
        };
        made.ok_or(Error::ConnectionFailed)
    }

    /// The server's addresses, as far as the proxy wants an address and no name (`socks4`, `socks5`).
    fn resolved_here(
        &self,
        details: &ConnectionDetails<'_>,
        proxy: &Proxy,
        budget: &Budget,
    ) -> Result<Vec<IpAddr>, Error> {
        if !proxy.resolve_target() {
            return Ok(Vec::new());
        }
        let host = host(details.uri);
        let mut found = self.lookup.allowed(&self.route, host, budget.left()?).map_err(wrapped)?;
        if proxy.protocol() == ProxyProtocol::Socks4 {
            found.retain(IpAddr::is_ipv4);
        }
        if found.is_empty() {
            let detail = format!("{host} has only IPv6 addresses, which socks4 does not know");
            return Err(wrapped(NetError::new(NetErrorKind::Proxy, detail)));
        }
        Ok(found)
    }

    fn reach_proxy(
        &self,
        details: &ConnectionDetails<'_>,
        budget: &Budget,
    ) -> Result<Box<dyn Transport>, Error> {
        let host = host(details.uri);
        let found = self.lookup.of(host, budget.left()?).map_err(wrapped)?;
        let wire = self.tcp(details, host, &found, budget)?;
        if details.needs_tls() { self.to_proxy.wrap(wire, host, details, budget) } else { Ok(wire) }
    }

    fn tcp(
        &self,
        details: &ConnectionDetails<'_>,
        host: &str,
        found: &[IpAddr],
        budget: &Budget,
    ) -> Result<Box<dyn Transport>, Error> {
        let mut last = Error::ConnectionFailed;
        let mut open = found.to_vec();
        for first in [open.len() > 1, false] {
            let mut slow = Vec::new();
            for (tried, address) in open.iter().enumerate() {
                let left = budget.left()?;
                let fair = left / u32::try_from(open.len() - tried).unwrap_or(u32::MAX);
                let within = if first { left.min(FIRST_TRY) } else { fair };
                let mut once = again(details, details.uri, details.config, budget)?;
                once.timeout.after = within.into();
                once.addrs = packed(&[*address], port(details.uri));
                match TcpConnector::default().connect(&once, None::<Box<dyn Transport>>) {
                    Ok(Some(wire)) => {
                        self.lookup.answered(host, *address);
                        return Ok(boxed(wire));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        if matches!(error, Error::Timeout(_)) {
                            slow.push(*address);
                        }
                        last = at(SocketAddr::new(*address, port(details.uri)), error);
                    }
                }
            }
            open = slow;
        }
        Err(last)
    }
}

/// The deadline of one connection.
pub(super) struct Budget {
    started: Instant,
    timeout: NextTimeout,
}

impl Budget {
    /// How long it may still take.
    fn left(&self) -> Result<Duration, Error> {
        let left = self.timeout.after.saturating_sub(self.started.elapsed());
        if left.is_zero() { Err(Error::Timeout(Timeout::Connect)) } else { Ok(left) }
    }

    /// The same in ureq's form.
    pub(super) fn timeout(&self) -> Result<NextTimeout, Error> {
        Ok(NextTimeout { after: self.left()?.into(), ..self.timeout })
    }
}

/// What ureq's connectors are asked for, with what is left of the time.
fn again<'a>(
    details: &'a ConnectionDetails<'_>,
    uri: &'a Uri,
    config: &'a Config,
    budget: &Budget,
) -> Result<ConnectionDetails<'a>, Error> {
    Ok(ConnectionDetails {
        uri,
        addrs: packed(&[], 0),
        config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: (details.current_time)(),
        timeout: budget.timeout()?,
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    })
}

fn at(address: SocketAddr, error: Error) -> Error {
    match error {
        Error::Io(error) => Error::Io(std::io::Error::new(error.kind(), format!("{address}: {error}"))),
        other => other,
    }
}

fn boxed(transport: impl Transport) -> Box<dyn Transport> {
    Box::new(transport)
}

fn host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default()
}

fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 })
}
