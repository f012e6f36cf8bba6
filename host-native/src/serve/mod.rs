//! `lugger serve`: the page of this build, and beside it an API that asks registries for it.
//!
//! A browser may read a registry only where that registry says so to pages, and few do. This server is of the page's own
//! origin, so nobody has to say anything, and credentials never leave this process. What is asked are names, never URLs, in
//! the language of `lugger_core::registry::bridge`; what comes is verified in the tab.
//!
//! Anything on this machine, and through a browser any page of the web, can send a request here. `gate` is what every
//! request has to pass, `dress` what every answer wears.

mod api;
mod assets;
mod dress;
mod gate;
mod hosts;
mod lists;

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use lugger_core::{
    event::Event,
    op::Limits,
    registry::{
        Registries,
        bridge::{Access, Told},
    },
};
use ring::rand::{SecureRandom as _, SystemRandom};

use self::{api::Api, gate::Gate};
use crate::server::{Answers, Request, Response, Server, StartError};

/// Hears of what happens, from any thread.
pub type OnEvent = Box<dyn Fn(&Event) + Send + Sync>;

/// What is served, and to whom.
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// What the command line says of registries; only those that it names get all of it.
    pub registries: Registries,
    /// Which registries may be asked from the start.
    pub access: Access,
    /// The bounds of each question.
    pub limits: Limits,
    /// Hears of every exchange with registries, and of what the user should know of them.
    pub on_event: OnEvent,
}

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system gave no random bytes, without which everybody could guess the token.
    #[error("the system gives no random bytes for a token")]
    NoRandom,
}

/// A running server. Dropping it ends every connection, to browsers and to registries.
pub struct Serve {
    server: Server,
    site: Arc<Site>,
}

impl Serve {
    /// Starts it. Everything but loopback is for those who know what they do: whoever has the token reads whatever the user
    /// can read.
    pub fn start(options: Options) -> Result<Self, Error> {
        let token = token()?;
        let Options { address, registries, access, limits, on_event } = options;
        let api = Api::new(registries, access, limits, on_event);
        let site = Arc::new(Site { gate: Gate::new(token), api });
        let server = Server::start("serve", address, Arc::clone(&site))?;
        Ok(Self { server, site })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// What every request to the API has to show.
    pub fn token(&self) -> &str {
        self.site.gate.token()
    }

    /// Where a browser on this machine finds the page. The token is behind the `#`, which no browser sends anywhere.
    pub fn url(&self) -> String {
        let mut address = self.address();
        match address {
            SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}/#t={}", self.token())
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Threads that wait for a registry would be waited for.
        self.site.api.close();
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serve({})", self.address())
    }
}

/// 128 random bits.
fn token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::NoRandom)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Site {
    gate: Gate,
    api: Api,
}

impl Answers for Arc<Site> {
    fn answer(&self, request: &Request) -> Response {
        let (path, query) = request.split();
        let answered = self.gate.check(request).and_then(|()| match path.strip_prefix(gate::API) {
            Some(what) => self.api.answer(request, what, query),
            None => assets::answer(path).ok_or_else(Told::unknown),
        });
        answered.unwrap_or_else(|told| dress::refusal(&told))
    }

    fn dress(&self, response: Response) -> Response {
        dress::all(response)
    }
}
