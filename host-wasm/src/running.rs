//! One operation at work: its requests carried out side by side, its answers brought back in the order in which they come.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use lugger_core::{
    effect::{
        Notice, Request, RequestId,
        file::{Entry, FileError, HelperError},
        http::{NetError, NetErrorKind},
    },
    op::Op,
    small::SmallMap,
};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortController, File};

use crate::{
    forgotten::Forgotten,
    gate::Gate,
    given,
    http::Http,
    inbox::{Deliver, Inbox, Message},
    pump::Pumping,
    store::Store,
};

/// A request that is being carried out.
struct Job {
    forgotten: Forgotten,
    /// Whether it uses or makes what may be given back while it still runs.
    holds: Cell<bool>,
    abort: Option<AbortController>,
}

/// What every request of one operation is carried out with.
pub(crate) struct Running {
    http: Rc<Http>,
    store: Store,
    given: Vec<File>,
    inbox: Rc<Inbox>,
    jobs: RefCell<SmallMap<RequestId, Rc<Job>>>,
    working: Gate,
    /// Forgotten jobs that still hold something.
    leaving: Gate,
    /// What is to be given back, in this order.
    notices: RefCell<VecDeque<Notice>>,
    giving: Gate,
}

impl Running {
    /// Nothing yet.
    pub(crate) fn new(http: Rc<Http>, store: Store, given: Vec<File>, inbox: Rc<Inbox>) -> Rc<Self> {
        Rc::new(Self {
            http,
            store,
            given,
            inbox,
            jobs: RefCell::default(),
            working: Gate::default(),
            leaving: Gate::default(),
            notices: RefCell::default(),
            giving: Gate::default(),
        })
    }

    /// Begins to carry out a request.
    pub(crate) fn perform(self: &Rc<Self>, request: Request) {
        let (id, this) = (request.id(), Rc::clone(self));
        let holds = matches!(request, Request::Pump(..) | Request::Commit(..));
        let job = Rc::new(Job {
            forgotten: Forgotten::default(),
            holds: holds.into(),
            abort: AbortController::new().ok(),
        });
        self.jobs.borrow_mut().insert(id, Rc::clone(&job));
        self.working.enter();
        spawn_local(async move {
            let answer = this.carry_out(request, &job).await;
            this.jobs.borrow_mut().remove(&id);
            if job.forgotten.is_set() {
                // Before what came after it is given back: a lock goes when what it protects is closed.
                if let Some(owed) = answer.and_then(|answer| answer.release()) {
                    this.give(owed).await;
                }
                if job.holds.get() {
                    this.leaving.leave();
                }
            } else if let Some(answer) = answer {
                this.inbox.push(Message::Answer(answer));
            }
            this.working.leave();
        });
    }

    /// The answer; none to what nobody waits for any more before it began.
    async fn carry_out(&self, request: Request, job: &Job) -> Option<Box<dyn Deliver>> {
        if !matches!(request, Request::Exchange(..) | Request::Pump(..) | Request::Commit(..)) {
            // What was given back before comes first: an ingest begins only when the one before it has ended. Until then
            // it holds nothing: what is given back may be waiting for all who do.
            job.forgotten.or(self.giving.idle()).await?;
            job.holds.set(matches!(request, Request::Begin(..) | Request::Lock(..)));
        }
        let store = &self.store;
        Some(match request {
            Request::Exchange(exchange, t) => {
                let answer = match &job.abort {
                    Some(abort) => self.http.exchange(&exchange, abort).await,
                    None => Err(NetError::new(NetErrorKind::Protocol, "this browser has no AbortController")),
                };
                Box::new((t, answer))
            }
            Request::Pump(pump, t) => {
                let progress = |moved| self.inbox.push(Message::Progress(t.id(), moved));
                let pumping = Pumping {
                    http: &self.http,
                    store,
                    given: &self.given,
                    forgotten: &job.forgotten,
                    progress: &progress,
                };
                let pumped = pumping.run(*pump).await;
                Box::new((t, pumped))
            }
            Request::Commit(commit, t) => Box::new((t, store.commit(&commit).await)),
            Request::Remove(removal, t) => Box::new((t, store.remove(&removal).await)),
            Request::Find(digest, t) => Box::new((t, store.find(&digest).await)),
            Request::Partial(digest, t) => Box::new((t, store.partial(&digest).await)),
            Request::Read(read, t) => Box::new((t, store.read(&read).await)),
            Request::Begin(begin, t) => Box::new((t, store.begin(&begin).await)),
            Request::Get(key, t) => Box::new((t, store.get(&key).await)),
            Request::Scan(prefix, t) => Box::new((t, store.scan(&prefix).await)),
            Request::Apply(batch, t) => Box::new((t, store.apply(&batch).await)),
            Request::Lock(key, t) => Box::new((t, store.lock(&key).await)),
            Request::Slice(slice, t) => {
                let slice = job.forgotten.or(given::slice(&self.given, slice)).await?;
                Box::new((t, slice))
            }
            request => has_none(request),
        })
    }

    /// Takes back what the operation no longer needs.
    pub(crate) fn notice(self: &Rc<Self>, notice: Notice) {
        match notice {
            Notice::Forget(id) => {
                let job = self.jobs.borrow().get(&id).cloned();
                if let Some(job) = job.filter(|job| !job.forgotten.set()) {
                    if job.holds.get() {
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

    /// Gives back one thing after the other, each once nobody who was forgotten holds anything.
    async fn give_back(&self) {
        loop {
            // It stays first in the queue as long as it is at work: a further notice does not begin this loop again.
            let next = self.notices.borrow().front().copied();
            let Some(next) = next else { break };
            self.leaving.idle().await;
            self.give(next).await;
            self.notices.borrow_mut().pop_front();
        }
        self.giving.leave();
    }

    async fn give(&self, notice: Notice) {
        match notice {
            Notice::Park(ingest) => self.store.park(ingest).await,
            Notice::Discard(ingest) => self.store.discard(ingest).await,
            Notice::Unlock(lock) => self.store.unlock(lock),
            Notice::Close(body) => drop(self.http.take_body(body)),
            Notice::Forget(_) => {}
        }
    }

    /// Brings one message to the operation.
    pub(crate) fn deliver(self: &Rc<Self>, op: &mut Op<String>, message: Message) {
        match message {
            Message::Answer(answer) => {
                if let Some(owed) = answer.deliver(op) {
                    self.notice(owed);
                }
            }
            Message::Progress(id, moved) => op.progress(id, moved),
            Message::Cancel => op.cancel(),
        }
    }

    /// Waits, after the operation's end, until all that it began has ended and all that it held is free.
    pub(crate) async fn settle(self: &Rc<Self>, op: &mut Op<String>) {
        let under_way: Vec<RequestId> = self.jobs.borrow().keys().copied().collect();
        under_way.into_iter().for_each(|id| self.notice(Notice::Forget(id)));
        self.working.idle().await;
        while let Some(message) = self.inbox.take() {
            self.deliver(op, message);
        }
        self.giving.idle().await;
    }
}

/// A page has no credentials, no configuration and no programs of the user's.
fn has_none(request: Request) -> Box<dyn Deliver> {
    match request {
        Request::Secret(_, t) => Box::new((t, Ok(None))),
        Request::File(_, t) => Box::new((t, Ok(Entry::Absent))),
        Request::SaveFile(save, t) => {
            let error = FileError { path: save.path, detail: "a web page saves no files".to_owned() };
            Box::new((t, Err(error)))
        }
        Request::Helper(helper, t) => {
            let detail = "a web page runs no programs".to_owned();
            Box::new((t, Err(HelperError { name: helper.name, detail })))
        }
        other => unreachable!("{other} is carried out"),
    }
}
