//! A read-only OCI distribution registry on a loopback port.
//!
//! It serves whatever a [`Source`] holds: generated images for the demo and the tests, later the store itself.
//! This is the server's side of the protocol; every decision of a *client* lives in `lugger-core`.

mod http;
mod routes;
mod server;
mod source;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

pub use source::{Blob, Manifest, Memory, ReadSeek, Source};

use server::Server;

/// Why a registry did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The loopback address could not be bound.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gave no thread to accept connections on.
    #[error("cannot start the registry's thread")]
    Thread(#[source] std::io::Error),
}

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
    log: Arc<Log>,
}

impl Registry {
    /// Serves `source` on a free port of 127.0.0.1.
    pub fn start(source: impl Source) -> Result<Registry, Error> {
        Registry::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), source)
    }

    /// Serves `source` on `address`; port 0 takes a free one. Requests whose `Host` is not a loopback name are
    /// refused, so that no web page can read a registry by pointing its own name at this machine.
    pub fn start_on(address: SocketAddr, source: impl Source) -> Result<Registry, Error> {
        let log = Arc::new(Log::default());
        let written = Arc::clone(&log);
        let server = Server::start(address, move |request| {
            let response = routes::answer(&source, request);
            // Before the first byte leaves, so that whoever has the answer also finds it in the log.
            written.push(request, &response);
            response
        })?;
        Ok(Registry { server, log })
    }

    /// Where the registry listens; its `Display` is the host part of an image reference.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Every request answered so far, in order. Bytes that were not HTTP are refused without an entry.
    pub fn log(&self) -> Vec<Answered> {
        self.log.entries().clone()
    }

    /// The log so far, which starts anew.
    pub fn take_log(&self) -> Vec<Answered> {
        std::mem::take(&mut *self.log.entries())
    }
}

#[derive(Debug, Default)]
struct Log(Mutex<Vec<Answered>>);

impl Log {
    fn entries(&self) -> std::sync::MutexGuard<'_, Vec<Answered>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, request: &http::Request, response: &http::Response) {
        self.entries().push(Answered {
            method: request.method.clone(),
            path: request.target.clone(),
            status: response.status,
            bytes: if request.method == "HEAD" { 0 } else { response.length },
        });
    }
}
