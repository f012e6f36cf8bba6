//! A read-only OCI distribution registry on a loopback port.
//!
//! It serves whatever a [`Source`] holds: generated images for the demo and the tests, later the store itself.
//! This is the server's side of the protocol; every decision of a *client* lives in `lugger-core`.

mod cors;
mod routes;
mod source;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

pub use source::{Blob, Manifest, Memory, ReadSeek, Source};

pub use crate::server::StartError as Error;
use crate::server::{Answers, Request, Response, Server};

/// One request that the registry answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// `GET`, `HEAD`, or whatever else was refused.
    pub method: String,
    /// The path as sent, with its query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// Length of the body that was offered; zero for `HEAD`.
    pub bytes: u64,
}

/// A running registry. Dropping it closes every connection and joins every thread.
#[derive(Debug)]
pub struct Registry {
    server: Server,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    log: Log,
    with_cors: AtomicBool,
}

struct Served<S> {
    source: S,
    shared: Arc<Shared>,
}

impl<S: Source> Answers for Served<S> {
    fn answer(&self, request: &Request) -> Response {
        let response = routes::answer(&self.source, request, self.shared.with_cors.load(Ordering::Relaxed));
        // Before the first byte leaves, so that whoever has the answer also finds it in the log.
        self.shared.log.push(request, &response);
        response
    }
}

impl Registry {
    /// Serves `source` on a free port of 127.0.0.1.
    pub fn start(source: impl Source) -> Result<Registry, Error> {
        Registry::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), source)
    }

    /// Serves `source` on `address`; port 0 takes a free one. Requests whose `Host` is not a loopback name are
    /// refused, so that no web page can read a registry by pointing its own name at this machine.
    pub fn start_on(address: SocketAddr, source: impl Source) -> Result<Registry, Error> {
        let shared = Arc::new(Shared::default());
        let served = Served { source, shared: Arc::clone(&shared) };
        Ok(Registry { server: Server::start("registry", address, served)?, shared })
    }

    /// From now on pages of every origin may read it, as they may read a public registry that says so: for tests of browsers.
    pub fn with_cors(self) -> Registry {
        self.shared.with_cors.store(true, Ordering::Relaxed);
        self
    }

    /// Where the registry listens; its `Display` is the host part of an image reference.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Every request answered so far, in order. Bytes that were not HTTP are refused without an entry.
    pub fn log(&self) -> Vec<Answered> {
        self.shared.log.entries().clone()
    }

    /// The log so far, which starts anew.
    pub fn take_log(&self) -> Vec<Answered> {
        std::mem::take(&mut *self.shared.log.entries())
    }
}

#[derive(Debug, Default)]
struct Log(Mutex<Vec<Answered>>);

impl Log {
    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Answered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, request: &Request, response: &Response) {
        self.entries().push(Answered {
            method: request.method.clone(),
            path: request.target.clone(),
            status: response.status,
            bytes: if request.method == "HEAD" { 0 } else { response.length },
        });
    }
}
