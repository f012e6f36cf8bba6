//! The executor: a protocol conversation written as `async fn`, seen from outside as synchronous calls.
//!
//! An [`Op`] owns one root future and polls it without wakers, threads or clock. Its only leaf futures are
//! [`Cx`]'s: ask the host, sleep, wait for a condition of the core. From outside:
//!
//! ```
//! # use lugger_core::{op::{Op, Output, Setup}, time::Instant};
//! let mut op = Op::new(Setup::default(), async |cx| Ok(cx.random(10)));
//! match op.poll(Instant(0)) {
//!     Output::Request(_) => { /* do it, later op.reply(ticket, answer), in any order */ }
//!     Output::Notice(_) => { /* give something back: no answer */ }
//!     Output::Event(_) => { /* show it or ignore it */ }
//!     Output::Wait(_) => { /* nothing to do until a reply, or until wake.at */ }
//!     Output::Done(result) => assert!(result.is_ok()),
//! }
//! ```
//!
//! The contract, each line with a test:
//! - Calling `poll` more often than needed is harmless; it never blocks and `Wait` or `Done` ends a round.
//! - A change of any condition marks the operation dirty, and the root is polled until it stays clean.
//! - Requests, notices and events leave in the order they were made. Same setup, same replies, same times: same outputs.
//! - Every handle is a guard whose drop is a notice; an answer that comes for nobody is released or refused.
//! - A root that waits for nothing the operation knows ends with [`Error::Stalled`], not with a hang.

mod ask;
mod cx;
mod group;
mod guard;
mod once;
mod permit;
mod shared;
#[cfg(test)]
mod tests;
mod there;
mod ticket;

use std::{
    cell::RefCell,
    fmt,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use self::shared::Shared;
pub use self::{
    cx::{Begins, Cx, Left, Reply, ReplyBody},
    group::{both, deadline, map_limit, worklist},
    guard::{Body, Ingest, Lock},
    once::Once,
    permit::Permit,
    shared::{Pending, Trail},
    there::There,
    ticket::{Answer, Ticket},
};
use crate::{
    effect::{
        Notice, Request, RequestId,
        http::{Floor, Timeouts},
    },
    error::Error,
    event::Event,
    registry::Grants,
    time::{Instant, UnixTime},
};

/// Everything impure that an operation gets, once.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Decides every random choice.
    pub seed: u64,
    /// The wall clock at the first poll.
    pub wall: UnixTime,
    /// How much at once, how large, how long.
    pub limits: Limits,
    /// What the host cannot do.
    pub caps: Caps,
    /// What registries have granted to the operations before it.
    pub grants: Grants,
}

/// The bounds of an operation (security.md §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Descriptors worked on at once, and so connections: at least 1.
    pub concurrency: usize,
    /// Tries of one request or body before its error is final.
    pub attempts: u32,
    /// The longest pause that a `Retry-After` can ask for.
    pub retry_after_max: Duration,
    /// Save a checkpoint of a download after this many bytes.
    pub checkpoint_every: u64,
    /// When one blob comes over several connections.
    pub ranges: Ranges,
    /// Bytes of one blob.
    pub blob_max: u64,
    /// Bytes that one layer may unpack to when it is looked into.
    pub unpacked_max: u64,
    /// Bytes of all documents (manifests and indexes) of one operation together.
    pub documents_max: u64,
    /// Documents and blobs of one operation.
    pub nodes: usize,
    /// Levels of nested indexes.
    pub depth: usize,
    /// Redirects of one request.
    pub redirects: u32,
    /// What hosts wait for at most.
    pub timeouts: Timeouts,
}

/// When and how one blob comes over several connections at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranges {
    /// Ranges of one blob at once, within [`Limits::concurrency`]; 1 for never more than one.
    pub at_once: usize,
    /// Blobs of which less than this is missing come in one stream.
    pub from: u64,
    /// Bytes of one range. The first of a blob shows how fast it comes.
    pub segment: u64,
    /// The rest comes in one stream if it is there sooner than this at the speed of the first range.
    pub slow: Duration,
    /// It does so, too, after a first range of so many bytes a second: several connections would bring more than the host can take.
    pub fast: u64,
}

impl Default for Ranges {
    fn default() -> Self {
        Self { at_once: 4, from: 64 << 20, segment: 16 << 20, slow: Duration::from_secs(2), fast: u64::MAX }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 8,
            attempts: 5,
            retry_after_max: Duration::from_secs(120),
            checkpoint_every: 8 << 20,
            ranges: Ranges::default(),
            blob_max: 64 << 30,
            // Four times the largest blob: nothing is kept of it, so this bounds time alone.
            unpacked_max: 256 << 30,
            documents_max: 64 << 20,
            nodes: 10_000,
            depth: 8,
            redirects: 10,
            timeouts: Timeouts {
                connect: Duration::from_secs(10),
                response: Duration::from_secs(60),
                stall: Duration::from_secs(60),
                floor: Floor { bytes: 120 << 10, per: Duration::from_secs(120) },
            },
        }
    }
}

/// What a host can do. A browser cannot do all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Redirects come back as responses, so that the core follows them; otherwise the host has followed them.
    pub manual_redirects: bool,
    /// Every header of a response is seen. Otherwise only what the server exposes to web pages: that one is absent says nothing.
    pub all_headers: bool,
    /// Bodies come as they were sent. Otherwise the host may have undone a `Content-Encoding`, and still shows the header.
    pub raw_bodies: bool,
}

impl Default for Caps {
    fn default() -> Self {
        Self { manual_redirects: true, all_headers: true, raw_bodies: true }
    }
}

/// What an operation wants next.
#[must_use]
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "moved once, from the operation to whoever carries it out")]
pub enum Output<T> {
    /// Do it, then [`Op::reply`] exactly once; in any order, from any thread's result.
    Request(Request),
    /// Do it; no answer.
    Notice(Notice),
    /// Show it or ignore it.
    Event(Event),
    /// Nothing to do until a reply, or until this moment.
    Wait(Option<Wake>),
    /// The result. Polling on yields `Wait(None)` for ever.
    Done(Result<T, Error>),
}

/// When to poll again though no reply came, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The moment.
    pub at: Instant,
    /// What the operation waits for.
    pub why: Why,
}

/// Why an operation sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A failed request is tried again.
    Backoff,
    /// Another operation holds a lock.
    Lock,
    /// Something takes too long.
    Deadline,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Backoff => "backoff",
            Self::Lock => "lock",
            Self::Deadline => "deadline",
        })
    }
}

/// A flow that can be waited for, whatever it is made of. Who takes one instead of an `async fn` compiles nothing of what
/// it does: that code is there once, where the flow is.
pub type Flow<T> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;

/// One operation: a flow, and everything between it and the host.
///
/// `!Send` on purpose; requests, tickets and answers are `Send`, so hosts move those between threads.
#[must_use]
pub struct Op<T> {
    shared: Rc<RefCell<Shared>>,
    root: Option<Flow<T>>,
    done: Option<Result<T, Error>>,
}

impl<T: 'static> Op<T> {
    /// An operation that has not begun; the first [`poll`](Self::poll) starts the flow.
    pub fn new(setup: Setup, flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static) -> Self {
        let shared = Rc::new(RefCell::new(Shared::new(setup)));
        let cx = Cx::new(Rc::clone(&shared));
        Self { shared, root: Some(Box::pin(async move { flow(cx).await })), done: None }
    }

    /// What to do next, at this moment. Time never goes back: an earlier `now` counts as the latest seen.
    pub fn poll(&mut self, now: Instant) -> Output<T> {
        self.shared.borrow_mut().advance(now);
        while let Some(root) = &mut self.root
            && self.shared.borrow_mut().take_dirty()
        {
            if let Poll::Ready(result) = root.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                self.finish(result);
            }
        }
        if let Some(output) = self.shared.borrow_mut().pop() {
            return output;
        }
        if let Some(result) = self.done.take() {
            return Output::Done(result);
        }
        let wait = self.shared.borrow().wait();
        match wait {
            Ok(wake) => Output::Wait(wake),
            Err(_) if self.root.is_none() => Output::Wait(None),
            Err(trail) => {
                self.finish(Err(Error::Stalled(trail)));
                self.poll(now)
            }
        }
    }

    /// Answers a request. `Err` gives the answer back: nobody waits any more, and the host drops what it got.
    #[expect(clippy::needless_pass_by_value, reason = "a ticket that is used up cannot be used twice")]
    pub fn reply<R: Answer>(&mut self, ticket: Ticket<R>, answer: R) -> Result<(), R> {
        self.shared.borrow_mut().reply(ticket.id(), answer)
    }

    /// Tells that a pump has moved so many bytes so far, about ten times a second; becomes an [`Event::Moved`] or,
    /// where bytes are only looked at, an [`Event::Examining`].
    pub fn progress(&mut self, id: RequestId, moved: u64) {
        self.shared.borrow_mut().progress(id, moved);
    }

    /// Drops the flow. Polling on yields the notices that its handles owe, then `Done(Err(Cancelled))`.
    pub fn cancel(&mut self) {
        if self.root.is_some() {
            self.finish(Err(Error::Cancelled));
        }
    }

    /// What registries have granted to it: to be kept for the operations that follow.
    pub fn take_learnt(&mut self) -> Grants {
        std::mem::take(&mut self.shared.borrow_mut().learnt)
    }

    /// What the host still owes, oldest first.
    pub fn pending(&self) -> Vec<Pending> {
        self.shared.borrow().pending()
    }

    fn finish(&mut self, result: Result<T, Error>) {
        // The future goes first: its guards still owe notices, which must leave before `Done`.
        self.root = None;
        self.done = Some(result);
    }
}

impl<T> Drop for Op<T> {
    fn drop(&mut self) {
        self.root = None;
    }
}

impl<T> fmt::Debug for Op<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Op")
            .field("running", &self.root.is_some())
            .field("pending", &self.shared.borrow().pending())
            .finish()
    }
}
