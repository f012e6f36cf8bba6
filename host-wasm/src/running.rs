//! One operation at work: its requests carried out side by side, its answers brought back in the order in which they come.

use std::{cell::{Cell, RefCell}, collections::{BTreeMap, VecDeque}, rc::Rc};

use lugger_core::{
    effect::{
        Notice, Request, RequestId,
        file::{Entry, FileError, HelperError},
        http::{NetError, NetErrorKind, Payload, Response},
        pump::{End, Pumped},
    },
    op::{Answer, Op, Ticket},
};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, File};

use crate::{gate::Gate, given, http::Http, inbox::{Inbox, Message}, pump::Pumping, store::Store};

/// A request that is being carried out.
struct Job {
    forgotten: Cell<bool>,
    /// Whether it uses handles that may be given back while it still runs.
    holds: bool,
    abort: Option<AbortController>,
}

/// What every request of one operation is carried out with.
pub(crate) struct Running {
    pub(crate) http: Rc<Http>,
    pub(crate) store: Store,
    pub(crate) given: Vec<File>,
    pub(crate) inbox: Rc<Inbox>,
    jobs: RefCell<BTreeMap<RequestId, Rc<Job>>>,
    /// Forgotten jobs that still hold something.
    leaving: Gate,
    /// What is to be given back, in this order.
    notices: RefCell<VecDeque<Notice>>,
    giving: Gate,
}

impl Running {
    pub(crate) fn new(http: Rc<Http>, store: Store, given: Vec<File>, inbox: Rc<Inbox>) -> Rc<Self> {
        Rc::new(Self {
            http,
            store,
            given,
            inbox,
            jobs: RefCell::default(),
            leaving: Gate::default(),
            notices: RefCell::default(),
            giving: Gate::default(),
        })
    }

    /// Begins to carry out a request.
    pub(crate) fn perform(self: &Rc<Self>, request: Request) {
        let (id, this) = (request.id(), Rc::clone(self));
        let holds = matches!(request, Request::Pump(..) | Request::Commit(..));
        let forgotten = Cell::new(false);
        let job = Rc::new(Job { forgotten, holds, abort: AbortController::new().ok() });
        self.jobs.borrow_mut().insert(id, Rc::clone(&job));
        spawn_local(async move {
            let answer = this.carry_out(request, &job).await;
            this.jobs.borrow_mut().remove(&id);
            if job.holds && job.forgotten.get() {
                this.leaving.leave();
            }
            this.inbox.push(answer);
        });
    }

    async fn carry_out(&self, request: Request, job: &Job) -> Message {
        if !matches!(request, Request::Exchange(..) | Request::Pump(..)) {
            // What was given back before comes first: an ingest begins only when the one before it has ended.
            self.giving.idle().await;
        }
        let store = &self.store;
        match request {
            Request::Exchange(exchange, t) => Message::Exchanged(t, match &job.abort {
                Some(abort) => self.http.exchange(&exchange, abort).await,
                None => Err(NetError::new(NetErrorKind::Protocol, "no AbortController in this browser")),
            }),
            Request::Pump(pump, t) => {
                let (id, inbox) = (t.id(), &self.inbox);
                let progress = |moved| inbox.push(Message::Progress(id, moved));
                let pumping = Pumping {
                    http: &self.http,
                    store,
                    given: &self.given,
                    forgotten: &job.forgotten,
                    progress: &progress,
                };
                Message::Pumped(t, Box::new(pumping.run(*pump).await))
            }
            Request::Commit(commit, t) => Message::Done(t, store.commit(&commit).await),
            Request::Remove(digest, t) => Message::Done(t, store.remove(&digest).await),
            Request::Find(digest, t) => Message::Found(t, store.find(&digest).await),
            Request::Partial(digest, t) => Message::Found(t, store.partial(&digest).await),
            Request::Read(read, t) => Message::Read(t, store.read(&read).await),
            Request::Begin(begin, t) => Message::Begun(t, store.begin(&begin).await),
            Request::Get(key, t) => Message::Got(t, store.get(&key).await),
            Request::Scan(prefix, t) => Message::Scanned(t, store.scan(&prefix).await),
            Request::Apply(batch, t) => Message::Applied(t, store.apply(&batch).await),
            Request::Lock(key, t) => Message::Locked(t, store.lock(&key).await),
            Request::Slice(slice, t) => Message::Sliced(t, given::slice(&self.given, slice).await),
            Request::Secret(_, t) => Message::Secret(t),
            Request::File(_, t) => Message::File(t),
            Request::SaveFile(_, t) => Message::Saved(t),
            Request::Helper(_, t) => Message::Helped(t),
        }
    }

    pub(crate) fn notice(self: &Rc<Self>, notice: Notice) {
        match notice {
            Notice::Forget(id) => {
                if let Some(job) = self.jobs.borrow().get(&id)
                    && !job.forgotten.replace(true)
                {
                    if job.holds {
                        self.leaving.enter();
                    }
                    if let Some(abort) = &job.abort {
                        abort.abort();
                    }
                }
            }
            Notice::Close(body) => drop(self.http.take_body(body)),
            Notice::Park(_) | Notice::Discard(_) | Notice::Unlock(_) => {
                self.notices.borrow_mut().push_back(notice);
                if self.notices.borrow().len() == 1 {
                    self.giving.enter();
                    let this = Rc::clone(self);
                    spawn_local(async move { this.give_back().await });
                }
            }
        }
    }

    /// Gives back one thing after the other, once nobody who was forgotten holds anything.
    async fn give_back(&self) {
        self.leaving.idle().await;
        loop {
            // It stays first in the queue as long as it is at work: a further notice does not begin this loop again.
            let next = self.notices.borrow().front().copied();
            match next {
                Some(Notice::Park(ingest)) => self.store.park(ingest).await,
                Some(Notice::Discard(ingest)) => self.store.discard(ingest).await,
                Some(Notice::Unlock(lock)) => self.store.unlock(lock),
                Some(Notice::Forget(_) | Notice::Close(_)) => {}
                None => break,
            }
            self.notices.borrow_mut().pop_front();
        }
        self.giving.leave();
    }

    /// Waits until all that the operation has given back is free.
    pub(crate) async fn settled(&self) {
        self.giving.idle().await;
    }

    /// Brings one message to the operation.
    pub(crate) fn deliver(&self, op: &mut Op<String>, message: Message) {
        match message {
            Message::Exchanged(ticket, result) => {
                // Nobody waits for it any more: its body is this host's to close.
                if let Err(Ok(Response { body: Payload::Stream(body), .. })) = op.reply(ticket, result) {
                    drop(self.http.take_body(body));
                }
            }
            Message::Pumped(ticket, pumped) => {
                let lost = matches!(pumped.end, End::Forgotten);
                let refused = op.reply(ticket, *pumped).is_err();
                debug_assert!(refused || !lost, "only what was forgotten ends as forgotten");
            }
            Message::Begun(ticket, begun) => {
                if let Err(Ok(lugger_core::effect::store::Begun::Open { ingest, .. })) = op.reply(ticket, begun) {
                    // Nobody took it.
                    spawn_park(self.store.clone(), ingest);
                }
            }
            Message::Locked(ticket, locked) => {
                if let Err(Ok(Some(lock))) = op.reply(ticket, locked) {
                    self.store.unlock(lock);
                }
            }
            Message::Found(ticket, found) => answer(op, ticket, found),
            Message::Read(ticket, bytes) => answer(op, ticket, bytes),
            Message::Done(ticket, done) => answer(op, ticket, done),
            Message::Got(ticket, record) => answer(op, ticket, record),
            Message::Scanned(ticket, records) => answer(op, ticket, records),
            Message::Applied(ticket, applied) => answer(op, ticket, applied),
            Message::Sliced(ticket, bytes) => answer(op, ticket, bytes),
            // A page has no credentials, no files and no programs of the user's.
            Message::Secret(ticket) => answer(op, ticket, Ok(None)),
            Message::File(ticket) => answer(op, ticket, Ok(Entry::Absent)),
            Message::Saved(ticket) => {
                let error = FileError { path: String::new(), detail: "a web page saves no files".to_owned() };
                answer(op, ticket, Err(error));
            }
            Message::Helped(ticket) => {
                let error = HelperError { name: String::new(), detail: "a web page runs no programs".to_owned() };
                answer(op, ticket, Err(error));
            }
            Message::Progress(id, moved) => op.progress(id, moved),
            Message::Cancel => op.cancel(),
        }
    }
}

fn spawn_park(store: Store, ingest: lugger_core::effect::IngestId) {
    spawn_local(async move { store.park(ingest).await });
}

/// Answers a request whose answer carries nothing that would have to be given back if it is refused.
fn answer<R: Answer>(op: &mut Op<String>, ticket: Ticket<R>, result: R) {
    drop(op.reply(ticket, result));
}
