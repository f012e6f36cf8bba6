//! From host names to addresses.

use std::{
    collections::BTreeMap,
    fmt, io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use lugger_core::effect::{
    http::{NetError, NetErrorKind},
    route::{NamedBy, Route},
};
use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

use super::fault::wrapped;

/// An answer is believed so long.
const FRESH: Duration = Duration::from_secs(30);

type Ask = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The system's lookup, asked seldom.
pub(super) struct Lookup {
    ask: Arc<Ask>,
    known: Mutex<BTreeMap<String, (Instant, Vec<IpAddr>)>>,
}

impl Default for Lookup {
    fn default() -> Self {
        Self::asking(|host| Ok((host, 0).to_socket_addrs()?.map(|found| found.ip()).collect()))
    }
}

impl Lookup {
    /// With another source than the system.
    pub(super) fn asking(ask: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), known: Mutex::default() }
    }

    /// The addresses of a host, the most promising first; at least one.
    pub(super) fn of(&self, host: &str, within: Duration) -> Result<Vec<IpAddr>, NetError> {
        let host = bare(host);
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        if let Some((asked, addresses)) = self.known().get(host)
            && asked.elapsed() < FRESH
        {
            return Ok(addresses.clone());
        }
        let (answer, answered) = mpsc::sync_channel(1);
        let (ask, name) = (Arc::clone(&self.ask), host.to_owned());
        // The system's lookup knows no deadline; one that comes too late is for nobody.
        let asking = thread::Builder::new().spawn(move || answer.send(ask(&name)).ok());
        let unknown = |detail: String| NetError::new(NetErrorKind::Resolve, format!("{host}: {detail}"));
        asking.map_err(|error| unknown(error.to_string()))?;
        let found = match answered.recv_timeout(within) {
            Ok(Ok(found)) if found.is_empty() => return Err(unknown("it has no address".to_owned())),
            Ok(Ok(found)) => interleaved(&found),
            Ok(Err(error)) => return Err(unknown(error.to_string())),
            Err(_) => return Err(NetError::new(NetErrorKind::Timeout, format!("looking up {host}"))),
        };
        let mut known = self.known();
        known.retain(|_, (asked, _)| asked.elapsed() < FRESH);
        known.insert(host.to_owned(), (Instant::now(), found.clone()));
        Ok(found)
    }

    /// The addresses of a host that a route may lead to.
    pub(super) fn allowed(
        &self,
        route: &Route,
        host: &str,
        within: Duration,
    ) -> Result<Vec<IpAddr>, NetError> {
        let started = Instant::now();
        let found = self.of(host, within)?;
        // Only what is near needs the namer's word.
        if found.iter().all(|address| route.allows(*address, &[])) {
            return Ok(found);
        }
        let namer = match &route.named_by {
            NamedBy::Server(namer, _) => {
                self.of(namer, within.saturating_sub(started.elapsed())).unwrap_or_default()
            }
            NamedBy::User | NamedBy::Stranger => Vec::new(),
        };
        let (allowed, refused): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|address| route.allows(*address, &namer));
        match refused.first() {
            Some(first) if allowed.is_empty() => {
                Err(NetError::new(NetErrorKind::Forbidden, format!("{} is {first}", bare(host))))
            }
            _ => Ok(allowed),
        }
    }

    /// This address answered: it is tried first from now on.
    pub(super) fn answered(&self, host: &str, address: IpAddr) {
        if let Some((_, addresses)) = self.known().get_mut(bare(host))
            && let Some(at) = addresses.iter().position(|known| *known == address)
            && let Some(before) = addresses.get_mut(..=at)
        {
            before.rotate_right(1);
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, (Instant, Vec<IpAddr>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The two families in turn, each in the system's order: if one of them leads nowhere, the second try is of the other.
fn interleaved(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let first = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (mut these, mut those): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address| address.is_ipv6() == first);
    these.reverse();
    those.reverse();
    let mut turns = Vec::with_capacity(addresses.len());
    while let Some(one) = these.pop().or_else(|| those.pop()) {
        turns.push(one);
        turns.extend(those.pop());
    }
    turns
}

fn bare(host: &str) -> &str {
    host.trim_matches(['[', ']'])
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

/// What ureq asks before every request, also for a connection that it has: nothing. We look names up when we connect.
#[derive(Debug)]
pub(super) struct Later;

impl Resolver for Later {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        Ok(self.empty())
    }
}

/// What ureq asks for the address of a SOCKS proxy.
#[derive(Debug)]
pub(super) struct OfProxy(pub(super) Arc<Lookup>);

impl Resolver for OfProxy {
    fn resolve(&self, uri: &Uri, _: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.of(uri.host().unwrap_or_default(), *timeout.after).map_err(wrapped)?;
        Ok(packed(&found, uri.port_u16().unwrap_or(1080)))
    }
}

/// In ureq's form, which has room for sixteen.
pub(super) fn packed(addresses: &[IpAddr], port: u16) -> ResolvedSocketAddrs {
    let mut packed = Later.empty();
    addresses.iter().take(16).for_each(|address| packed.push(SocketAddr::new(*address, port)));
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    fn lookup() -> Lookup {
        Lookup::asking(|host| {
            let found: &[&str] = match host {
                "public.example" => &["93.184.216.34"],
                "near.example" => &["10.0.0.7"],
                "evil.example" => &["127.0.0.1", "::ffff:10.1.2.3"],
                "both.example" => &["192.168.0.1", "93.184.216.35"],
                "many.example" => &["2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"],
                _ => return Err(io::Error::other("nobody knows")),
            };
            Ok(found.iter().map(|address| address.parse().unwrap()).collect())
        })
    }

    fn named_by(host: &str) -> Route {
        Route { named_by: NamedBy::Server(host.to_owned(), 443), ..Route::default() }
    }

    #[test]
    fn what_is_public_leads_to_what_is_public_and_what_is_near_anywhere() {
        let lookup = lookup();
        for (namer, host, allowed) in [
            ("public.example", "evil.example", None),
            ("public.example", "127.0.0.1", None),
            ("public.example", "[::1]", None),
            ("nobody.example", "evil.example", None),
            ("93.184.216.34", "evil.example", None),
            ("public.example", "both.example", Some("93.184.216.35")),
            ("public.example", "public.example", Some("93.184.216.34")),
            ("near.example", "evil.example", Some("127.0.0.1")),
            ("127.0.0.1", "evil.example", Some("127.0.0.1")),
        ] {
            let found = lookup.allowed(&named_by(namer), host, SOON);
            match (found, allowed) {
                (Ok(found), Some(address)) => assert_eq!(found[0].to_string(), address, "{namer} {host}"),
                (Err(error), None) => {
                    assert_eq!(error.kind, NetErrorKind::Forbidden, "{namer} {host}: {error}");
                }
                (found, _) => panic!("{namer} {host}: {found:?}"),
            }
        }
        assert!(lookup.allowed(&Route::default(), "evil.example", SOON).is_ok(), "the user named it");
        let stranger = Route { named_by: NamedBy::Stranger, ..Route::default() };
        for near in ["evil.example", "near.example", "127.0.0.1", "169.254.169.254", "[fd00::1]"] {
            let error = lookup.allowed(&stranger, near, SOON).unwrap_err();
            assert_eq!(error.kind, NetErrorKind::Forbidden, "{near}: {error}");
        }
        let found = lookup.allowed(&stranger, "both.example", SOON).unwrap();
        assert_eq!(found, ["93.184.216.35".parse::<IpAddr>().unwrap()], "what is connected to was checked");
    }

    #[test]
    fn a_name_without_address_does_not_resolve() {
        let error = lookup().of("nobody.example", SOON).unwrap_err();
        assert_eq!(error.kind, NetErrorKind::Resolve);
        assert_eq!(error.detail, "nobody.example: nobody knows");
    }

    #[test]
    fn families_take_turns_and_what_answered_goes_first() {
        let lookup = lookup();
        let of =
            || lookup.of("many.example", SOON).unwrap().iter().map(IpAddr::to_string).collect::<Vec<_>>();
        assert_eq!(of(), ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"]);
        lookup.answered("many.example", "2001:db8::2".parse().unwrap());
        assert_eq!(of(), ["2001:db8::2", "2001:db8::1", "192.0.2.1", "192.0.2.2"]);
    }

    #[test]
    fn a_lookup_that_takes_too_long_is_given_up() {
        let lookup = Lookup::asking(|_| {
            thread::sleep(SOON);
            Ok(Vec::new())
        });
        let error = lookup.of("slow.example", Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind, NetErrorKind::Timeout);
    }
}
