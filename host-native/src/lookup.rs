//! From host names to addresses.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// An answer is believed so long. ureq asks before every request, also for a connection that it has, and each question
/// would cost a thread and perhaps a round trip.
const FRESH: Duration = Duration::from_secs(30);

/// The system's lookup, asked seldom; its failures say what they are.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    system: DefaultResolver,
    known: Mutex<BTreeMap<String, (Instant, Vec<SocketAddr>)>>,
}

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(self.packed(&[SocketAddr::new(address, port)]));
        }
        let name = format!("{host}:{port}");
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, addresses)) = known().get(&name)
            && asked.elapsed() < FRESH
        {
            return Ok(self.packed(addresses));
        }
        let found = self.system.resolve(uri, config, timeout).map_err(|error| match error {
            Error::Io(_) => Error::HostNotFound,
            other => other,
        })?;
        known().insert(name, (Instant::now(), found.to_vec()));
        Ok(found)
    }
}

impl Lookup {
    /// In ureq's form, which has room for sixteen.
    fn packed(&self, addresses: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut packed = self.empty();
        addresses.iter().take(16).for_each(|address| packed.push(*address));
        packed
    }
}
