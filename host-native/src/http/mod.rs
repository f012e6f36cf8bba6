//! Exchanges over ureq. ureq speaks HTTP/1.1 and keeps connections; how they are made is ours (`connect`), because routes
//! differ in proxy, trust and the addresses that they may lead to.

mod agents;
mod body;
mod connect;
mod fault;
mod forward;
mod lookup;
mod tls;
mod trust;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use lugger_core::{
    effect::{
        BodyId,
        http::{Exchange, Floor, NetError, Payload, Response},
    },
    op::Limits,
};
use ureq::http as ureq_http;

pub(crate) use self::body::Body;
use self::{agents::Agents, fault::net_error, lookup::Lookup};

/// The HTTP half of the host.
pub(crate) struct Http {
    agents: Agents,
    floor: Floor,
    bodies: Mutex<BTreeMap<BodyId, Body>>,
    next_body: AtomicU64,
}

impl Http {
    /// With room for as many connections as the limits allow at once.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self::with_lookup(limits, Lookup::default())
    }

    fn with_lookup(limits: &Limits, lookup: Lookup) -> Self {
        Self {
            agents: Agents::new(limits, Arc::new(lookup)),
            floor: limits.timeouts.floor,
            bodies: Mutex::default(),
            next_body: AtomicU64::new(1),
        }
    }

    /// Carries out one exchange.
    pub(crate) fn exchange(&self, exchange: &Exchange) -> Result<Response, NetError> {
        let agent = self.agents.of(&exchange.route)?;
        let mut request =
            ureq_http::Request::builder().method(exchange.method.clone()).uri(exchange.url.as_str());
        for (name, value) in &exchange.headers {
            request = request.header(name, value);
        }
        let sent = if exchange.body.is_empty() {
            request.body(()).map_err(ureq::Error::from).and_then(|request| agent.run(request))
        } else {
            request.body(&exchange.body[..]).map_err(ureq::Error::from).and_then(|request| agent.run(request))
        };
        let (head, body) = sent.map_err(|error| net_error(&error))?.into_parts();
        let mut body = Body::new(body, self.floor);
        let body = if exchange.stream.contains(&head.status) {
            let id = BodyId(self.next_body.fetch_add(1, Ordering::Relaxed));
            self.bodies().insert(id, body);
            Payload::Stream(id)
        } else {
            body.read_all(exchange.inline_max)?.map_or(Payload::TooLong, Payload::Inline)
        };
        Ok(Response { status: head.status, headers: head.headers, body, from: None })
    }

    /// Takes an open body; it closes when what this returns is dropped.
    pub(crate) fn take_body(&self, id: BodyId) -> Option<Body> {
        self.bodies().remove(&id)
    }

    /// Closes what an operation that is over has left open: bodies that came when nobody waited any more.
    pub(crate) fn close_all(&self) {
        self.bodies().clear();
        self.agents.tidy();
    }

    /// Ends every connection; whatever thread waits on one gets an error.
    pub(crate) fn shutdown(&self) {
        self.agents.shutdown();
    }

    fn bodies(&self) -> MutexGuard<'_, BTreeMap<BodyId, Body>> {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
