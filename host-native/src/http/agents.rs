//! An agent for each route: connections are shared only where they would be made the same way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lugger_core::{
    effect::{
        http::{NetError, NetErrorKind, Timeouts},
        route::Route,
    },
    op::Limits,
};
use ureq::{
    Agent, Proxy,
    config::{AutoHeaderValue, Config},
};

use super::{
    connect::Connect,
    lookup::{Later, Lookup},
};

/// How much ureq reads from a socket at once. Larger saves little and costs this much memory per connection.
const INPUT_BUFFER: usize = 128 << 10;
/// Requests have small bodies or none.
const OUTPUT_BUFFER: usize = 16 << 10;
/// The response headers of one exchange (security.md §9).
const HEADERS_MAX: usize = 64 << 10;
/// With more routes than this, a new operation starts without those of the earlier ones.
const ROUTES_MAX: usize = 32;

/// The agents.
pub(super) struct Agents {
    plain: Route,
    /// The plain route's, which most exchanges take: found without a lock.
    direct: Agent,
    others: Mutex<Others>,
    timeouts: Timeouts,
    concurrency: usize,
    lookup: Arc<Lookup>,
}

#[derive(Default)]
struct Others {
    agents: BTreeMap<Arc<Route>, Agent>,
    closed: bool,
}

impl Agents {
    pub(super) fn new(limits: &Limits, lookup: Arc<Lookup>) -> Self {
        let (timeouts, concurrency) = (limits.timeouts, limits.concurrency);
        // Twice as many idle connections as work at once: registry and content are often different hosts.
        let direct = agent(&Arc::default(), None, &timeouts, 2 * concurrency, concurrency, &lookup);
        let others = Mutex::default();
        Self { plain: Route::default(), direct, others, timeouts, concurrency, lookup }
    }

    /// The agent of a route, which is made when it is first asked for.
    pub(super) fn of(&self, route: &Arc<Route>) -> Result<Agent, NetError> {
        if **route == self.plain {
            return Ok(self.direct.clone());
        }
        let mut others = self.others();
        if let Some(agent) = others.agents.get(route) {
            return Ok(agent.clone());
        }
        let proxy = route.proxy.as_ref().map(|proxy| {
            Proxy::new(proxy.0.as_str())
                .map_err(|error| NetError::new(NetErrorKind::Proxy, format!("{proxy}: {error}")))
        });
        let agent = agent(
            route,
            proxy.transpose()?,
            &self.timeouts,
            self.concurrency,
            self.concurrency,
            &self.lookup,
        );
        if others.closed {
            agent.clone().shutdown();
        }
        others.agents.insert(Arc::clone(route), agent.clone());
        Ok(agent)
    }

    /// Between two operations: forgets the routes of earlier ones if there are many.
    pub(super) fn tidy(&self) {
        let mut others = self.others();
        if others.agents.len() > ROUTES_MAX {
            // A body of a forgotten download may still come: without its agent nothing could end it.
            std::mem::take(&mut others.agents).into_values().for_each(Agent::shutdown);
        }
    }

    /// Ends every connection, and those that would be made later.
    pub(super) fn shutdown(&self) {
        let mut others = self.others();
        others.closed = true;
        std::mem::take(&mut others.agents).into_values().for_each(Agent::shutdown);
        drop(others);
        self.direct.clone().shutdown();
    }

    fn others(&self) -> MutexGuard<'_, Others> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn agent(
    route: &Arc<Route>,
    proxy: Option<Proxy>,
    timeouts: &Timeouts,
    idle: usize,
    idle_per_host: usize,
    lookup: &Arc<Lookup>,
) -> Agent {
    let config = |proxy: Option<Proxy>| -> Config {
        Agent::config_builder()
            // ureq would ask the environment; which proxy is taken is decided in the core.
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .user_agent(AutoHeaderValue::None)
            // Names are looked up while connecting: this is for all of it.
            .timeout_connect(Some(route.connect.unwrap_or(timeouts.connect)))
            .timeout_recv_response(Some(timeouts.response))
            .timeout_per_read(Some(timeouts.stall))
            .timeout_per_write(Some(timeouts.stall))
            .max_response_header_size(HEADERS_MAX)
            .input_buffer_size(INPUT_BUFFER)
            .output_buffer_size(OUTPUT_BUFFER)
            .max_idle_connections(idle)
            .max_idle_connections_per_host(idle_per_host)
            .build()
    };
    let connect = Connect::new(Arc::clone(route), Arc::clone(lookup), config(None));
    Agent::with_parts(config(proxy), connect, Later)
}
