//! Exchanges over ureq: one agent for everything, its connections kept and used again.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use lugger_core::{
    effect::{
        BodyId,
        http::{Exchange, NetError, NetErrorKind, Payload, Response},
    },
    op::Limits,
};
use ureq::{
    Agent, BodyReader, config::AutoHeaderValue, http as ureq_http, unversioned::transport::DefaultConnector,
};

use crate::lookup::Lookup;

/// How much ureq reads from a socket at once. Larger saves little and costs this much memory per connection.
const INPUT_BUFFER: usize = 128 << 10;
/// Requests have small bodies or none.
const OUTPUT_BUFFER: usize = 16 << 10;
/// The response headers of one exchange (security.md §9).
const HEADERS_MAX: usize = 64 << 10;

/// The HTTP half of the host.
pub(crate) struct Http {
    agent: Agent,
    bodies: Mutex<BTreeMap<BodyId, BodyReader<'static>>>,
    next_body: AtomicU64,
}

impl Http {
    /// An agent with room for as many connections as the limits allow at once.
    pub(crate) fn new(limits: &Limits) -> Self {
        let timeouts = limits.timeouts;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .timeout_resolve(Some(timeouts.connect))
            .timeout_connect(Some(timeouts.connect))
            .timeout_recv_response(Some(timeouts.response))
            .timeout_per_read(Some(timeouts.stall))
            .timeout_per_write(Some(timeouts.stall))
            .max_response_header_size(HEADERS_MAX)
            .input_buffer_size(INPUT_BUFFER)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(2 * limits.concurrency)
            .max_idle_connections_per_host(limits.concurrency)
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), Lookup::default());
        Self { agent, bodies: Mutex::default(), next_body: AtomicU64::new(1) }
    }

    /// Carries out one exchange.
    pub(crate) fn exchange(&self, exchange: &Exchange) -> Result<Response, NetError> {
        let mut request =
            ureq_http::Request::builder().method(exchange.method.clone()).uri(exchange.url.as_str());
        for (name, value) in &exchange.headers {
            request = request.header(name, value);
        }
        let sent = if exchange.body.is_empty() {
            request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request))
        } else {
            request
                .body(&exchange.body[..])
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request))
        };
        let (head, body) = sent.map_err(|error| net_error(&error))?.into_parts();
        let mut reader = body.into_with_config().limit(u64::MAX).reader();
        let body = if exchange.stream.contains(&head.status) {
            let id = BodyId(self.next_body.fetch_add(1, Ordering::Relaxed));
            self.bodies().insert(id, reader);
            Payload::Stream(id)
        } else {
            let mut bytes = Vec::new();
            let most = exchange.inline_max.saturating_add(1);
            reader.by_ref().take(most).read_to_end(&mut bytes).map_err(|error| read_error(&error))?;
            if bytes.len() as u64 > exchange.inline_max { Payload::TooLong } else { Payload::Inline(bytes) }
        };
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    /// Takes an open body; it closes when what this returns is dropped.
    pub(crate) fn take_body(&self, id: BodyId) -> Option<BodyReader<'static>> {
        self.bodies().remove(&id)
    }

    /// Closes what an operation that is over has left open: bodies that came when nobody waited any more.
    pub(crate) fn close_all(&self) {
        self.bodies().clear();
    }

    /// Ends every connection; whatever thread waits on one gets an error.
    pub(crate) fn shutdown(&self) {
        self.agent.clone().shutdown();
    }

    fn bodies(&self) -> std::sync::MutexGuard<'_, BTreeMap<BodyId, BodyReader<'static>>> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a body broke off, in the core's words. The connection stood, so whatever it was may pass.
pub(crate) fn read_error(error: &io::Error) -> NetError {
    let error = match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        Some(inner) => net_error(inner),
        None => NetError::new(io_kind(error), error.to_string()),
    };
    match error.kind {
        NetErrorKind::Tls => NetError { kind: NetErrorKind::Broken, ..error },
        _ => error,
    }
}

fn net_error(error: &ureq::Error) -> NetError {
    let kind = match error {
        ureq::Error::HostNotFound => NetErrorKind::Resolve,
        ureq::Error::Timeout(_) => NetErrorKind::Timeout,
        ureq::Error::ConnectionFailed => NetErrorKind::Connect,
        ureq::Error::Io(error) => return NetError::new(io_kind(error), error.to_string()),
        ureq::Error::Tls(_) | ureq::Error::Pem(_) | ureq::Error::Rustls(_) => NetErrorKind::Tls,
        _ => NetErrorKind::Protocol,
    };
    NetError::new(kind, error.to_string())
}

fn io_kind(error: &io::Error) -> NetErrorKind {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, InvalidData, NetworkDown, NetworkUnreachable,
        PermissionDenied, TimedOut, WouldBlock,
    };
    match error.kind() {
        ConnectionRefused | HostUnreachable | NetworkUnreachable | NetworkDown | AddrNotAvailable
        | PermissionDenied => NetErrorKind::Connect,
        TimedOut | WouldBlock => NetErrorKind::Timeout,
        // What rustls says of certificates and handshakes arrives as this.
        InvalidData => NetErrorKind::Tls,
        _ => NetErrorKind::Broken,
    }
}
