//! A small HTTP/1.1 server for this machine: what the embedded registry and `lugger serve` share.
//!
//! It reads heads and writes answers whose length is known; it takes no bodies, believes no length and decodes nothing.

mod http;
mod listener;

use std::net::SocketAddr;

pub(crate) use self::{
    http::{Request, Response},
    listener::Server,
};

/// What answers the requests. Called from many threads at once.
pub(crate) trait Answers: Send + Sync + 'static {
    /// The answer to a request, whatever it is.
    fn answer(&self, request: &Request) -> Response;

    /// What every answer gets on its way, also those to what is no request.
    fn dress(&self, response: Response) -> Response {
        response
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address could not be bound.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gave no thread to accept connections on.
    #[error("cannot start the server's thread: {0}")]
    Thread(#[source] std::io::Error),
}
