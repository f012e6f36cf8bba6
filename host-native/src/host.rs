//! The native host: runs operations of the core on this machine's network and disk.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lugger_core::{
    effect::{
        Notice, Request, RequestId,
        http::{NetError, Payload, Response},
        pump::{End, Pumped},
        secret::{Origin, Secret, SecretError},
        store::{Applied, StoreError, StoreErrorKind},
    },
    error::Error,
    event::Event,
    op::{Caps, Cx, Limits, Op, Output, Setup, Ticket},
    time::{Instant as CoreInstant, UnixTime},
};

use crate::{
    http::Http,
    leaving::{Job, Leaving},
    pool::Pool,
    pump::Pumping,
    store::{Options, Store},
};

/// Where credentials come from.
pub type Credentials = Box<dyn Fn(&Origin) -> Result<Option<Secret>, SecretError> + Send + Sync>;

/// A store, a network, threads.
pub struct Host {
    limits: Limits,
    http: Arc<Http>,
    store: Option<Arc<Store>>,
    leaving: Arc<Leaving>,
    pool: Pool,
    credentials: Credentials,
}

/// Stops a running operation from another thread: it gives back what it holds and ends with [`Error::Cancelled`].
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Mutex<CancelState>>);

#[derive(Debug, Default)]
struct CancelState {
    asked: bool,
    wake: Option<Sender<Message>>,
}

impl Cancel {
    /// Stops it, or the next one that runs with this.
    pub fn cancel(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked = true;
        if let Some(wake) = &state.wake {
            // An operation that has ended needs no waking.
            let _ = wake.send(Message::Cancel);
        }
    }

    fn arm(&self, wake: &Sender<Message>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.wake = Some(wake.clone());
        if state.asked {
            let _ = wake.send(Message::Cancel);
        }
    }
}

/// What comes back to the operation's thread.
#[derive(Debug)]
enum Message {
    Exchanged(Ticket<Result<Response, NetError>>, Result<Response, NetError>),
    Pumped(Ticket<Pumped>, Box<Pumped>),
    Committed(Ticket<Result<(), StoreError>>, Result<(), StoreError>),
    Applied(Ticket<Result<Applied, StoreError>>, Result<Applied, StoreError>),
    Progress(RequestId, u64),
    Cancel,
}

impl Host {
    /// A host over the store in this directory, with default limits and without credentials.
    pub fn open(store: &Path) -> Result<Self, StoreError> {
        Ok(Self::with(Store::open(store, &Options::default())?, Limits::default()))
    }

    /// A host over a store that is open.
    pub fn with(store: Store, limits: Limits) -> Self {
        Self::over(Some(Arc::new(store)), limits)
    }

    /// A host that has no store: it has nothing in it, and nothing can be put there. For questions to registries.
    pub fn without_store(limits: Limits) -> Self {
        Self::over(None, limits)
    }

    fn over(store: Option<Arc<Store>>, limits: Limits) -> Self {
        Self {
            limits,
            http: Arc::new(Http::new(&limits)),
            store,
            leaving: Arc::default(),
            // The core's permits bound exchanges and pumps; commits and publishing wait for the disk beside them.
            pool: Pool::new(limits.concurrency + 2),
            credentials: Box::new(|_| Ok(None)),
        }
    }

    /// With credentials.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Its store.
    pub fn store(&self) -> Option<&Store> {
        self.store.as_deref()
    }

    /// Runs an operation to its end on this thread.
    pub fn run<T: 'static>(
        &mut self,
        flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static,
    ) -> Result<T, Error> {
        self.run_with(flow, &Cancel::default(), |_| {})
    }

    /// Runs an operation to its end on this thread; tells of what happens, and can be stopped from another.
    pub fn run_with<T: 'static>(
        &mut self,
        flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static,
        cancel: &Cancel,
        mut on_event: impl FnMut(&Event),
    ) -> Result<T, Error> {
        self.http.close_all();
        let mut op = Op::new(self.setup(), flow);
        let started = Instant::now();
        let (sender, inbox) = mpsc::channel();
        cancel.arm(&sender);
        let mut running = Running { host: self, sender, jobs: BTreeMap::new() };
        loop {
            let now = CoreInstant(millis(started.elapsed()));
            match op.poll(now) {
                Output::Request(request) => running.perform(&mut op, request),
                Output::Notice(notice) => running.notice(notice),
                Output::Event(event) => on_event(&event),
                Output::Wait(wake) => {
                    let wait = wake.map(|wake| wake.at.since(now));
                    if let Some(message) = receive(&inbox, wait) {
                        running.deliver(&mut op, message);
                    }
                }
                Output::Done(result) => return result,
            }
        }
    }

    fn setup(&self) -> Setup {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Setup {
            // Spreads retries and names leases; nothing secret hangs on it.
            seed: u64::from(since_epoch.subsec_nanos()) << 32
                ^ since_epoch.as_secs()
                ^ u64::from(std::process::id()) << 20,
            wall: UnixTime(since_epoch.as_secs()),
            limits: self.limits,
            caps: Caps { manual_redirects: true },
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A thread may be waiting for bytes that nobody wants any more.
        self.http.shutdown();
    }
}

/// The next message; `None` when the wait was over first.
fn receive(inbox: &Receiver<Message>, wait: Option<Duration>) -> Option<Message> {
    match wait {
        None => inbox.recv().ok(),
        Some(wait) => inbox.recv_timeout(wait).ok(),
    }
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// One operation at work.
struct Running<'h> {
    host: &'h mut Host,
    sender: Sender<Message>,
    /// What works on ingests.
    jobs: BTreeMap<RequestId, Arc<Job>>,
}

impl Running<'_> {
    /// Carries out a request: at once what is a look into the store, on the pool what waits for network or disk.
    fn perform<T: 'static>(&mut self, op: &mut Op<T>, request: Request) {
        let http = Arc::clone(&self.host.http);
        match (request, &self.host.store) {
            (Request::Exchange(exchange, ticket), _) => {
                self.spawn(move || Message::Exchanged(ticket, http.exchange(&exchange)));
            }
            (Request::Secret(origin, ticket), _) => answer(op, ticket, (self.host.credentials)(&origin)),
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
                let job = self.job(id);
                self.spawn(move || {
                    let progress = |moved| drop(sender.send(Message::Progress(id, moved)));
                    let pumping =
                        Pumping { http: &http, store: &store, forget: &job.forgotten, progress: &progress };
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
            Request::Find(digest, ticket) => answer(op, ticket, store.find(&digest)),
            Request::Read(read, ticket) => answer(op, ticket, store.read(&read)),
            Request::Begin(begin, ticket) => answer(op, ticket, store.begin(&begin)),
            Request::Get(key, ticket) => answer(op, ticket, store.get(&key)),
            Request::Scan(prefix, ticket) => answer(op, ticket, store.scan(&prefix)),
            Request::Lock(key, ticket) => answer(op, ticket, store.lock(&key)),
            Request::Exchange(..) | Request::Secret(..) => {}
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

    fn notice(&mut self, notice: Notice) {
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

    fn deliver<T: 'static>(&mut self, op: &mut Op<T>, message: Message) {
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
        Request::Find(_, ticket) => answer(op, ticket, Ok(None)),
        Request::Get(_, ticket) => answer(op, ticket, Ok(None)),
        Request::Scan(_, ticket) => answer(op, ticket, Ok(Vec::new())),
        Request::Read(_, ticket) => answer(op, ticket, Err(none())),
        Request::Begin(_, ticket) => answer(op, ticket, Err(none())),
        Request::Commit(_, ticket) => answer(op, ticket, Err(none())),
        Request::Apply(_, ticket) => answer(op, ticket, Err(none())),
        Request::Lock(_, ticket) => answer(op, ticket, Err(none())),
        Request::Pump(pump, ticket) => {
            answer(op, ticket, Pumped { tap: pump.tap, end: End::StoreFailed(none()) });
        }
        Request::Exchange(..) | Request::Secret(..) => {}
    }
}
