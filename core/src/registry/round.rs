//! The loop over endpoints and tries (moby-cri.md §1.6, containerd.md §2.4 and §4.1): who is asked next, after which pause, and what is said when nobody gave it.
//!
//! One pass asks every endpoint that may still help, in order; only when all have failed is there a pause, and then another
//! pass. So a mirror that is down costs one try and no waiting, and a registry without mirrors is simply tried again.

use std::cell::RefCell;

use super::{
    Remote, Repository,
    retry::{self, Verdict},
};
use crate::{
    effect::{http::NetErrorKind, secret::Origin},
    error::{Attempt, Error, Refusal, RegistryError},
    event::Event,
    op::{Cx, Why},
};

/// What an endpoint must be able to do to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Give content by digest.
    Pull,
    /// Say what a tag means.
    Resolve,
}

/// One thing asked of a repository.
pub(crate) struct Round<'r> {
    repository: &'r Repository,
    doing: String,
    candidates: Vec<Candidate<'r>>,
    /// Pauses since something was gained.
    pauses: u32,
    /// Pauses since somebody was asked.
    idle: u32,
    /// Whether wrong bytes came.
    spoiled: bool,
    /// Nobody else is asked, whoever is left.
    stopped: bool,
}

struct Candidate<'r> {
    remote: &'r Remote,
    /// Whether it may still help.
    open: bool,
    /// In this pass.
    tried: bool,
    /// Since something was gained.
    tries: u32,
    /// Gave wrong bytes.
    spoiled: bool,
    failure: Option<(String, Refusal)>,
}

/// One try at one endpoint.
pub(crate) struct Turn<'r> {
    pub(super) remote: &'r Remote,
    /// Which candidate it is.
    pub(crate) at: usize,
    /// Past every cache: wrong bytes have come before.
    pub(super) fresh: bool,
    /// The request that was sent last.
    pub(super) asked: RefCell<String>,
}

impl<'r> Turn<'r> {
    /// A turn that belongs to no round: one question, and nobody else is asked.
    pub(super) fn alone(remote: &'r Remote) -> Self {
        Self { remote, at: 0, fresh: false, asked: RefCell::default() }
    }
}

impl<'r> Round<'r> {
    pub(super) fn new(repository: &'r Repository, need: Need, doing: &str, elsewhere: &'r [Remote]) -> Self {
        let able = repository.remotes.iter().chain(elsewhere).filter(|remote| {
            let can = remote.endpoint().can;
            can.pull && (need == Need::Pull || can.resolve)
        });
        let candidate =
            |remote| Candidate { remote, open: true, tried: false, tries: 0, spoiled: false, failure: None };
        Self {
            repository,
            doing: doing.to_owned(),
            candidates: able.map(candidate).collect(),
            pauses: 0,
            idle: 0,
            spoiled: false,
            stopped: false,
        }
    }

    /// The next to ask; waits when all have been asked and may still help. An error when nobody may.
    pub(crate) async fn next(&mut self, cx: &Cx) -> Result<Turn<'r>, Error> {
        loop {
            if self.stopped {
                return Err(self.error(cx));
            }
            if let Some(at) = self.choose(cx) {
                self.idle = 0;
                let candidate = &mut self.candidates[at];
                candidate.tried = true;
                candidate.tries += 1;
                let remote = candidate.remote;
                if candidate.tries > 1 {
                    remote.pace.spend();
                }
                return Ok(Turn { remote, at, fresh: self.spoiled, asked: RefCell::default() });
            }
            self.rest(cx).await?;
        }
    }

    /// A turn ended badly.
    pub(crate) fn failed(&mut self, cx: &Cx, turn: &Turn<'_>, why: Refusal) {
        let candidate = &mut self.candidates[turn.at];
        candidate.tried = true;
        let remote = candidate.remote;
        remote.is_down.set(is_down(&why));
        match retry::verdict(&why) {
            Verdict::Final => {
                candidate.open = false;
                // Broken settings are the user's to mend, not to be passed over (security.md C10).
                self.stopped |= matches!(why, Refusal::Secret(_));
            }
            Verdict::Passing(Some(after)) => remote.pace.rest(cx.now().after(after), &why),
            Verdict::Passing(None) => {}
            Verdict::Spoiled => {
                candidate.spoiled = true;
                // Only the first may have been a cache on the way; two who agree on wrong bytes do so without one.
                if turn.fresh {
                    let spoiled = self.candidates.iter_mut().filter(|candidate| candidate.spoiled);
                    spoiled.for_each(|candidate| candidate.open = false);
                }
                self.spoiled = true;
            }
        }
        let candidate = &mut self.candidates[turn.at];
        candidate.failure = Some((turn.asked.take(), why.clone()));
        if !self.stopped && self.choose(cx).is_some() {
            let from = remote.endpoint().origin().to_string();
            cx.emit(Event::NextEndpoint { doing: self.doing.clone(), from, why });
        }
    }

    /// Something was gained: what comes is a new beginning.
    pub(crate) fn progressed(&mut self) {
        self.pauses = 0;
        for candidate in &mut self.candidates {
            (candidate.tried, candidate.tries) = (false, candidate.tries.min(1));
        }
    }

    /// Of those that this pass has not asked: the first that does not rest and has not just been found dead, else the first that
    /// does not rest.
    fn choose(&self, cx: &Cx) -> Option<usize> {
        let now = cx.now();
        let ready = |(_, candidate): &(usize, &Candidate<'_>)| {
            !candidate.tried && candidate.remote.pace.rests_until() <= now && self.may_help(cx, candidate)
        };
        let mut all = self.candidates.iter().enumerate().filter(ready);
        let alive = all.clone().find(|(_, candidate)| !candidate.remote.is_down.get());
        alive.or_else(|| all.next()).map(|(at, _)| at)
    }

    /// Whether it may be asked, now or later: for the first time always, then as often as the limits and what is left of its
    /// origin's further tries allow.
    fn may_help(&self, cx: &Cx, candidate: &Candidate<'_>) -> bool {
        let Candidate { remote, open, tries, .. } = *candidate;
        let is_within = tries == 0 || (tries < cx.limits().attempts && remote.pace.may_spend());
        open && is_within && !self.is_needless_twin(remote)
    }

    /// A place that has answered over TLS is never asked in plain text (security.md C8).
    fn is_needless_twin(&self, remote: &Remote) -> bool {
        let answered = |tls: &Origin| {
            let mut others = self.repository.remotes.iter();
            others.any(|other| other.has_answered.get() && other.endpoint().origin() == *tls)
        };
        remote.twin_of.as_ref().is_some_and(answered)
    }

    /// The pause between two passes; an error when there is no further one.
    async fn rest(&mut self, cx: &Cx) -> Result<(), Error> {
        let limits = cx.limits();
        let helpful = self.candidates.iter().filter(|candidate| self.may_help(cx, candidate));
        let Some(soonest) = helpful.min_by_key(|candidate| candidate.remote.pace.rests_until()) else {
            return Err(self.error(cx));
        };
        let wait = soonest.remote.pace.rests_until().since(cx.now());
        // Others may be told to wait again and again, and we with them: no longer than if we had asked ourselves.
        if wait > limits.retry_after_max || self.idle >= limits.attempts {
            return Err(self.error(cx));
        }
        (self.pauses, self.idle) = (self.pauses + 1, self.idle + 1);
        let after = wait + retry::pause(cx, self.pauses);
        let why = soonest.failure.as_ref().map(|(_, why)| why.clone()).or_else(|| soonest.remote.pace.said());
        if let Some(why) = why {
            cx.emit(Event::Retrying { doing: self.doing.clone(), why, after });
        }
        cx.sleep(after, Why::Backoff).await;
        for candidate in &mut self.candidates {
            candidate.tried = false;
        }
        Ok(())
    }

    /// Everything that was tried, the most telling first.
    fn error(&self, cx: &Cx) -> Error {
        let mut failed: Vec<_> =
            self.candidates.iter().filter_map(|candidate| attempt(cx, candidate)).collect();
        failed.sort_by_key(|(key, _)| *key);
        let mut attempts = failed.into_iter().map(|(_, attempt)| attempt);
        match attempts.next() {
            Some(first) => {
                RegistryError { doing: self.doing.clone(), first, others: attempts.collect() }.into()
            }
            None => Error::NoEndpoint { doing: self.doing.clone(), repository: self.repository.name.clone() },
        }
    }
}

/// What came of a candidate, and how telling that is; one that was never asked because it rests says why it does.
///
/// The registry's own word comes first, then what a mirror said, then that the registry itself could not be asked: a mirror's "not
/// found" must not hide that. Last are mirrors that could not be asked.
fn attempt(cx: &Cx, candidate: &Candidate<'_>) -> Option<((u8, u8), Attempt)> {
    let endpoint = candidate.remote.endpoint();
    let pace = &candidate.remote.pace;
    let resting = || pace.said().filter(|_| pace.rests_until() > cx.now()).map(|why| (String::new(), why));
    let (asked, why) = candidate.failure.clone().or_else(resting)?;
    let class = match (endpoint.is_mirror, why.root()) {
        (false, Refusal::Net(_)) => 2,
        (false, _) => 0,
        (true, Refusal::Missing(_)) => 3,
        (true, Refusal::Net(_)) => 4,
        (true, _) => 1,
    };
    let rank = match &why {
        Refusal::Content(_) => 0,
        Refusal::Denied { .. } | Refusal::Challenge(_) | Refusal::Secret(_) => 1,
        Refusal::Throttled { .. } => 2,
        Refusal::Missing(_) => 4,
        Refusal::Net(error) if error.kind != NetErrorKind::Connect => 5,
        Refusal::Net(_) => 6,
        _ => 3,
    };
    let (registry, repository) = (endpoint.origin().to_string(), endpoint.repository.clone());
    let attempt = Attempt { registry, repository, asked, why, tries: candidate.tries };
    Some(((class, rank), attempt))
}

/// Whether the endpoint cannot be reached at all: other requests then ask it last.
fn is_down(why: &Refusal) -> bool {
    use NetErrorKind::{Connect, Cors, File, Forbidden, PlainHttp, Proxy, Resolve, Timeout, Tls};
    matches!(why, Refusal::Net(error)
        if matches!(error.kind, Resolve | Connect | Tls | Timeout | Proxy | PlainHttp | Forbidden | File | Cors))
}
