//! One operation at work: its requests carried out, its answers brought back.

use std::{
    collections::BTreeMap,
    sync::{Arc, mpsc::Sender},
};

use lugger_core::{
    effect::{
        Notice, Request, RequestId,
        file::{Helped, HelperError},
        http::{NetError, Payload, Response},
        pump::{End, Pumped},
        store::{Applied, StoreError, StoreErrorKind},
    },
    op::{Op, Ticket},
};

use crate::{Host, files, given, helper, http::Http, leaving::Job, pump::Pumping, store::Store};

/// What comes back to the operation's thread.
#[derive(Debug)]
pub(crate) enum Message {
    Exchanged(Ticket<Result<Response, NetError>>, Result<Response, NetError>),
    Pumped(Ticket<Pumped>, Box<Pumped>),
    Committed(Ticket<Result<(), StoreError>>, Result<(), StoreError>),
    Applied(Ticket<Result<Applied, StoreError>>, Result<Applied, StoreError>),
    Helped(Ticket<Result<Helped, HelperError>>, Result<Helped, HelperError>),
    Progress(RequestId, u64),
    Cancel,
}

/// One operation at work.
pub(crate) struct Running<'h> {
    host: &'h mut Host,
    sender: Sender<Message>,
    /// What works on ingests.
    jobs: BTreeMap<RequestId, Arc<Job>>,
}

impl<'h> Running<'h> {
    pub(crate) fn new(host: &'h mut Host, sender: Sender<Message>) -> Self {
        Self { host, sender, jobs: BTreeMap::new() }
    }
}

impl Running<'_> {
    /// Carries out a request: at once what is a look into the store, on the pool what waits for network or disk.
    pub(crate) fn perform<T: 'static>(&mut self, op: &mut Op<T>, request: Request) {
        let http = Arc::clone(&self.host.http);
        match (request, &self.host.store) {
            (Request::Exchange(exchange, ticket), _) => {
                self.spawn(move || Message::Exchanged(ticket, http.exchange(&exchange)));
            }
            (Request::Secret(origin, ticket), _) => answer(op, ticket, (self.host.credentials)(&origin)),
            (Request::File(path, ticket), _) => answer(op, ticket, files::look(&path)),
            (Request::Slice(slice, ticket), _) => {
                let given = given::find(&self.host.given, slice.given);
                answer(op, ticket, given.and_then(|given| given.slice(slice)));
            }
            (Request::SaveFile(save, ticket), _) => answer(op, ticket, files::save(&save)),
            (Request::Helper(helper, ticket), _) => {
                self.spawn(move || Message::Helped(ticket, helper::run(&helper)));
            }
            (request, Some(store)) => self.perform_in(op, request, http, Arc::clone(store)),
            (request, None) => perform_nowhere(op, request),
        }
    }

    fn perform_in<T: 'static>(
        &mut self,
        op: &mut Op<T>,
        request: Request,
        http: Arc<Http>,
        store: Arc<Store>,
    ) {
        match request {
            Request::Pump(pump, ticket) => {
                let (id, sender, leaving) =
                    (ticket.id(), self.sender.clone(), Arc::clone(&self.host.leaving));
                let (job, given) = (self.job(id), Arc::clone(&self.host.given));
                self.spawn(move || {
                    let progress = |moved| drop(sender.send(Message::Progress(id, moved)));
                    let pumping = Pumping {
                        http: &http,
                        store: &store,
                        given: &given,
                        forget: &job.forgotten,
                        progress: &progress,
                    };
                    let pumped = pumping.run(*pump);
                    leaving.end(&job, &store);
                    Message::Pumped(ticket, Box::new(pumped))
                });
            }
            Request::Commit(commit, ticket) => {
                let (job, leaving) = (self.job(ticket.id()), Arc::clone(&self.host.leaving));
                self.spawn(move || {
                    let committed = store.commit(&commit);
                    leaving.end(&job, &store);
                    Message::Committed(ticket, committed)
                });
            }
            Request::Apply(batch, ticket) if batch.publish => {
                self.spawn(move || Message::Applied(ticket, store.apply(&batch)));
            }
            Request::Apply(batch, ticket) => answer(op, ticket, store.apply(&batch)),
            Request::Remove(removal, ticket) => answer(op, ticket, store.remove(&removal)),
            Request::Find(digest, ticket) => answer(op, ticket, store.find(&digest)),
            Request::Partial(digest, ticket) => answer(op, ticket, store.partial(&digest)),
            Request::Read(read, ticket) => answer(op, ticket, store.read(&read)),
            Request::Begin(begin, ticket) => answer(op, ticket, store.begin(&begin)),
            Request::Get(key, ticket) => answer(op, ticket, store.get(&key)),
            Request::Scan(prefix, ticket) => answer(op, ticket, store.scan(&prefix)),
            Request::Lock(key, ticket) => answer(op, ticket, store.lock(&key)),
            Request::Exchange(..)
            | Request::Secret(..)
            | Request::File(..)
            | Request::Slice(..)
            | Request::SaveFile(..)
            | Request::Helper(..) => {}
        }
    }

    fn job(&mut self, id: RequestId) -> Arc<Job> {
        Arc::clone(self.jobs.entry(id).or_default())
    }

    fn spawn(&mut self, job: impl FnOnce() -> Message + Send + 'static) {
        let sender = self.sender.clone();
        // The operation may be gone by the time the job ends; then so is what it would have said.
        self.host.pool.run(move || drop(sender.send(job())));
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Forget(id) => {
                if let Some(job) = self.jobs.get(&id) {
                    self.host.leaving.forget(job);
                }
            }
            Notice::Close(body) => drop(self.host.http.take_body(body)),
            // Without a store there is nothing that could go back.
            Notice::Park(_) | Notice::Discard(_) | Notice::Unlock(_) => {
                if let Some(store) = self.host.store() {
                    self.host.leaving.give_back(notice, store);
                }
            }
        }
    }

    pub(crate) fn deliver<T: 'static>(&mut self, op: &mut Op<T>, message: Message) {
        match message {
            Message::Exchanged(ticket, result) => {
                // Nobody waits for it any more: its body is this host's to close.
                if let Err(Ok(Response { body: Payload::Stream(body), .. })) = op.reply(ticket, result) {
                    drop(self.host.http.take_body(body));
                }
            }
            Message::Pumped(ticket, pumped) => {
                self.jobs.remove(&ticket.id());
                let lost = matches!(pumped.end, End::Forgotten);
                let refused = op.reply(ticket, *pumped).is_err();
                debug_assert!(refused || !lost, "only what was forgotten ends as forgotten");
            }
            Message::Committed(ticket, result) => {
                self.jobs.remove(&ticket.id());
                answer(op, ticket, result);
            }
            Message::Applied(ticket, result) => answer(op, ticket, result),
            Message::Helped(ticket, result) => answer(op, ticket, result),
            Message::Progress(id, moved) => op.progress(id, moved),
            Message::Cancel => op.cancel(),
        }
    }
}

/// Answers a request whose answer carries no handle that would have to be closed if it is refused: what is answered at
/// once is never refused, and commits and batches carry none.
fn answer<T: 'static, R: lugger_core::op::Answer>(op: &mut Op<T>, ticket: Ticket<R>, result: R) {
    drop(op.reply(ticket, result));
}

/// Answers for the store of a host that has none: nothing is there, nothing can be put there.
fn perform_nowhere<T: 'static>(op: &mut Op<T>, request: Request) {
    let none = || StoreError {
        kind: StoreErrorKind::ReadOnly,
        path: "no directory".to_owned(),
        detail: "this host runs without a store".to_owned(),
    };
    match request {
        Request::Find(_, ticket) | Request::Partial(_, ticket) => answer(op, ticket, Ok(None)),
        Request::Get(_, ticket) => answer(op, ticket, Ok(None)),
        Request::Scan(_, ticket) => answer(op, ticket, Ok(Vec::new())),
        Request::Read(_, ticket) => {
            answer(op, ticket, Err(StoreError { kind: StoreErrorKind::Missing, ..none() }));
        }
        Request::Begin(_, ticket) => answer(op, ticket, Err(none())),
        Request::Commit(_, ticket) => answer(op, ticket, Err(none())),
        Request::Remove(_, ticket) => answer(op, ticket, Err(none())),
        Request::Apply(_, ticket) => answer(op, ticket, Err(none())),
        Request::Lock(_, ticket) => answer(op, ticket, Err(none())),
        Request::Pump(pump, ticket) => {
            answer(op, ticket, Pumped { tap: pump.tap, end: End::StoreFailed(none()) });
        }
        Request::Exchange(..)
        | Request::Secret(..)
        | Request::File(..)
        | Request::Slice(..)
        | Request::SaveFile(..)
        | Request::Helper(..) => {}
    }
}
