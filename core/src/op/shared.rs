//! The state between a flow and its host.

use std::{
    any::{Any, TypeId},
    collections::VecDeque,
    fmt,
    rc::Rc,
};

use super::{Answer, Caps, Limits, Output, Setup, There, Wake, Why};
use crate::{
    effect::{Notice, Request, RequestId},
    event::Event,
    name::Digest,
    registry::Grants,
    rng::Rng,
    small::SmallMap,
    time::{Instant, UnixTime},
};

/// A path of scopes, for people: `pull alpine › layer sha256:… › token`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail(String);

impl Trail {
    pub(super) fn then(&self, name: &dyn fmt::Display) -> Self {
        if self.0.is_empty() { Self(name.to_string()) } else { Self(format!("{} › {name}", self.0)) }
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request that was handed out and not answered yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its number.
    pub id: RequestId,
    /// What was asked, in one line.
    pub what: String,
    /// Who asked.
    pub trail: String,
    /// Since when.
    pub since: Instant,
}

/// A slot per request that somebody waits for.
struct Slot {
    what: String,
    trail: Rc<Trail>,
    since: Instant,
    /// For pumps: what their progress means.
    moving: Option<Moving>,
    /// The type of the answer: another operation's ticket of the same number is not taken for this one's.
    wants: TypeId,
    answer: Option<Held>,
}

/// What it means that a pump has moved bytes: they came to what is there, or they were only looked at; and where it began.
pub(super) enum Moving {
    Coming(There, u64),
    Examining(Digest, u64),
}

/// An answer whose type is its ticket's.
struct Held {
    value: Box<dyn Any>,
    release: Option<Notice>,
}

/// An output without a result: what a flow can produce.
enum Item {
    Request(Request),
    Notice(Notice),
    Event(Box<Event>),
}

pub(super) struct Shared {
    now: Option<Instant>,
    started: Instant,
    wall: UnixTime,
    pub(super) rng: Rng,
    pub(super) limits: Limits,
    pub(super) caps: Caps,
    pub(super) grants: Grants,
    pub(super) learnt: Grants,
    requests: u64,
    sleeps: u64,
    out: VecDeque<Item>,
    slots: SmallMap<RequestId, Slot>,
    timers: SmallMap<(Instant, u64), Why>,
    /// Something changed that a waiting child may care about: poll the root again.
    dirty: bool,
    pub(super) permits: usize,
}

impl Shared {
    pub(super) fn new(setup: Setup) -> Self {
        Self {
            now: None,
            started: Instant::default(),
            wall: setup.wall,
            rng: Rng::new(setup.seed),
            limits: setup.limits,
            caps: setup.caps,
            grants: setup.grants,
            learnt: Grants::default(),
            requests: 0,
            sleeps: 0,
            out: VecDeque::new(),
            slots: SmallMap::default(),
            timers: SmallMap::default(),
            dirty: true,
            permits: setup.limits.concurrency.max(1),
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.now.unwrap_or_default()
    }

    pub(super) fn wall(&self) -> UnixTime {
        self.wall.after(self.now().since(self.started))
    }

    pub(super) fn advance(&mut self, now: Instant) {
        if self.now.is_none() {
            self.started = now;
        }
        let now = self.now().max(now);
        self.now = Some(now);
        self.dirty |= self.timers.first().is_some_and(|((at, _), _)| *at <= now);
    }

    pub(super) fn touch(&mut self) {
        self.dirty = true;
    }

    pub(super) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// The number of the next request.
    pub(super) fn number(&mut self) -> RequestId {
        let id = RequestId(self.requests);
        self.requests += 1;
        id
    }

    /// Queues a request, of which an answer of this type is wanted.
    pub(super) fn ask(&mut self, request: Request, wants: TypeId, trail: Rc<Trail>, moving: Option<Moving>) {
        let slot = Slot { what: request.to_string(), trail, since: self.now(), moving, wants, answer: None };
        self.slots.insert(request.id(), slot);
        self.out.push_back(Item::Request(request));
    }

    pub(super) fn reply<R: Answer>(&mut self, id: RequestId, answer: R) -> Result<(), R> {
        let Some(slot) = self.waiting(id, TypeId::of::<R>()) else { return Err(answer) };
        let release = answer.release();
        slot.answer = Some(Held { value: Box::new(answer), release });
        self.dirty = true;
        Ok(())
    }

    /// The slot of a request that waits for an answer of this type.
    fn waiting(&mut self, id: RequestId, answer: TypeId) -> Option<&mut Slot> {
        self.slots.get_mut(&id).filter(|slot| slot.answer.is_none() && slot.wants == answer)
    }

    /// The answer, if it is there; the slot goes with it. Its type is what was wanted.
    pub(super) fn take_answer(&mut self, id: RequestId) -> Option<Box<dyn Any>> {
        let held = self.slots.get_mut(&id)?.answer.take()?;
        self.slots.remove(&id);
        Some(held.value)
    }

    /// Nobody waits for this request any more.
    pub(super) fn forget(&mut self, id: RequestId) {
        match self.slots.remove(&id) {
            None => {}
            Some(Slot { answer: Some(held), .. }) => self.out.extend(held.release.map(Item::Notice)),
            Some(Slot { answer: None, .. }) => {
                // A request that the host has not seen yet is taken back, and with it the handle that it was to end.
                let unseen =
                    self.out.iter().position(|item| matches!(item, Item::Request(r) if r.id() == id));
                let owed = match unseen.and_then(|at| self.out.remove(at)) {
                    Some(Item::Request(request)) => request.ends(),
                    _ => Some(Notice::Forget(id)),
                };
                self.out.extend(owed.map(Item::Notice));
            }
        }
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        self.out.push_back(Item::Notice(notice));
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.out.push_back(Item::Event(Box::new(event)));
    }

    pub(super) fn progress(&mut self, id: RequestId, moved: u64) {
        let Some(Slot { moving: Some(moving), answer: None, .. }) = self.slots.get(&id) else { return };
        let event = match moving {
            Moving::Coming(there, from) => {
                let done = there.add(*from..from.saturating_add(moved));
                Event::Moved { digest: there.digest().clone(), done }
            }
            Moving::Examining(digest, from) => {
                Event::Examining { digest: digest.clone(), done: from.saturating_add(moved) }
            }
        };
        self.emit(event);
    }

    pub(super) fn start_timer(&mut self, at: Instant, why: Why) -> (Instant, u64) {
        let key = (at, self.sleeps);
        self.sleeps += 1;
        self.timers.insert(key, why);
        key
    }

    pub(super) fn stop_timer(&mut self, key: (Instant, u64)) {
        self.timers.remove(&key);
    }

    pub(super) fn pop<T>(&mut self) -> Option<Output<T>> {
        Some(match self.out.pop_front()? {
            Item::Request(request) => Output::Request(request),
            Item::Notice(notice) => Output::Notice(notice),
            Item::Event(event) => Output::Event(*event),
        })
    }

    /// What there is to wait for; `Err` when there is nothing, so that the wait would never end.
    pub(super) fn wait(&self) -> Result<Option<Wake>, Trail> {
        let wake = self.timers.first().map(|((at, _), why)| Wake { at: *at, why: *why });
        if wake.is_some() || self.slots.values().any(|slot| slot.answer.is_none()) {
            Ok(wake)
        } else {
            Err(self.slots.values().next().map(|slot| Trail::clone(&slot.trail)).unwrap_or_default())
        }
    }

    pub(super) fn pending(&self) -> Vec<Pending> {
        let waiting = self.slots.iter().filter(|(_, slot)| slot.answer.is_none());
        waiting
            .map(|(id, slot)| Pending {
                id: *id,
                what: slot.what.clone(),
                trail: slot.trail.to_string(),
                since: slot.since,
            })
            .collect()
    }
}
