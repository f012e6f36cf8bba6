//! Hosts for questions to registries: a few, used again, so that their connections are.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use lugger_core::{op::Limits, registry::Grants};

use crate::{Cancel, Host, http::Http};

/// Questions at once. A blob that is coming asks nothing any more.
const MOST: usize = 8;

/// The hosts.
pub(super) struct Hosts {
    limits: Limits,
    /// Who asks is the same user on every host.
    grants: Arc<Mutex<Grants>>,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    /// The one that was used last is the one most likely to have a connection.
    idle: Vec<Lane>,
    lent: usize,
    /// What ends everything, of all that were ever made.
    ends: Vec<(Arc<Http>, Cancel)>,
    closed: bool,
}

struct Lane {
    host: Host,
    cancel: Cancel,
}

impl Hosts {
    /// With these bounds of each question.
    pub(super) fn new(limits: Limits) -> Self {
        // One question is one exchange at a time.
        let limits = Limits { concurrency: 1, ..limits };
        Self { limits, grants: Arc::default(), state: Mutex::default(), freed: Condvar::new() }
    }

    /// Lends one, when there is one; `None` when it is over.
    pub(super) fn lend(&self) -> Option<Lent<'_>> {
        let mut state = self.state();
        while !state.closed && state.idle.is_empty() && state.lent >= MOST {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed {
            return None;
        }
        state.lent += 1;
        let lane = state.idle.pop().unwrap_or_else(|| {
            let host = Host::without_store(self.limits).sharing(&self.grants);
            let lane = Lane { host, cancel: Cancel::default() };
            state.ends.push((Arc::clone(&lane.host.http), lane.cancel.clone()));
            lane
        });
        Some(Lent { hosts: self, lane: Some(lane) })
    }

    /// Ends what runs, and every connection.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for (http, cancel) in std::mem::take(&mut state.ends) {
            cancel.cancel();
            http.shutdown();
        }
        drop(state);
        self.freed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A host that is lent; it goes back by itself.
pub(super) struct Lent<'h> {
    hosts: &'h Hosts,
    lane: Option<Lane>,
}

impl Lent<'_> {
    /// What stops its operations when everything ends.
    pub(super) fn cancel(&self) -> Cancel {
        self.lane.as_ref().map(|lane| lane.cancel.clone()).unwrap_or_default()
    }
}

impl Deref for Lent<'_> {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.lane.as_ref().expect("it is taken only when it goes back").host
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Host {
        &mut self.lane.as_mut().expect("it is taken only when it goes back").host
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = self.hosts.state();
        state.lent -= 1;
        state.idle.extend(self.lane.take());
        drop(state);
        self.hosts.freed.notify_one();
    }
}
