//! The native host: runs operations of the core on this machine's network and disk.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lugger_core::{
    effect::{
        Notice, Request,
        file::FileError,
        secret::{Origin, Secret, SecretError},
        store::StoreError,
    },
    error::Error,
    event::Event,
    op::{Caps, Cx, Limits, Op, Output, Setup},
    registry::Grants,
    time::{Instant as CoreInstant, UnixTime},
    verb::{self, OpenBlob, OpenedBlob},
};

use crate::{
    Cancel,
    given::Given,
    http::Http,
    leaving::Leaving,
    open::OpenBody,
    pool::Pool,
    running::{Message, Running},
    store::{Options, Store},
};

/// Where credentials come from.
pub type Credentials = Box<dyn Fn(&Origin) -> Result<Option<Secret>, SecretError> + Send + Sync>;

/// What passes from an operation to its host.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// Something asked for.
    Request(&'a Request),
    /// Something given back.
    Notice(&'a Notice),
    /// Something told.
    Event(&'a Event),
}

/// A store, a network, threads.
pub struct Host {
    limits: Limits,
    pub(crate) http: Arc<Http>,
    pub(crate) store: Option<Arc<Store>>,
    pub(crate) leaving: Arc<Leaving>,
    pub(crate) given: Arc<Vec<Given>>,
    pub(crate) pool: Pool,
    pub(crate) credentials: Credentials,
    grants: Arc<Mutex<Grants>>,
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
            given: Arc::default(),
            // The core's permits bound exchanges and pumps; commits and publishing wait for the disk beside them.
            pool: Pool::new(limits.concurrency + 2),
            credentials: Box::new(|_| Ok(None)),
            grants: Arc::default(),
        }
    }

    /// With credentials.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        // What was granted to somebody else is not for this one.
        self.grants = Arc::default();
        self
    }

    /// Shares what registries grant with other hosts, which have the same credentials.
    pub(crate) fn sharing(mut self, grants: &Arc<Mutex<Grants>>) -> Self {
        self.grants = Arc::clone(grants);
        self
    }

    /// Gives these files to the operations that follow, numbered in this order.
    pub fn give(&mut self, files: &[PathBuf]) -> Result<(), FileError> {
        self.given = Arc::new(files.iter().map(|path| Given::open(path)).collect::<Result<_, _>>()?);
        Ok(())
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
        self.run_watched(self.setup(), flow, cancel, |seen| {
            if let Seen::Event(event) = seen {
                on_event(event);
            }
        })
    }

    /// The same with a setup of the caller's, who sees all that passes: with equal seeds and equal answers it is equal.
    pub fn run_watched<T: 'static>(
        &mut self,
        setup: Setup,
        flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static,
        cancel: &Cancel,
        mut on_seen: impl FnMut(Seen<'_>),
    ) -> Result<T, Error> {
        self.http.close_all();
        let mut op = Op::new(setup, flow);
        let started = Instant::now();
        let (sender, inbox) = mpsc::channel();
        cancel.arm(&sender);
        let mut running = Running::new(self, sender);
        loop {
            let now = CoreInstant(millis(started.elapsed()));
            match op.poll(now) {
                Output::Request(request) => {
                    on_seen(Seen::Request(&request));
                    running.perform(&mut op, request);
                }
                Output::Notice(notice) => {
                    on_seen(Seen::Notice(&notice));
                    running.notice(notice);
                }
                Output::Event(event) => on_seen(Seen::Event(&event)),
                Output::Wait(wake) => {
                    let wait = wake.map(|wake| wake.at.since(now));
                    if let Some(message) = receive(&inbox, wait) {
                        running.deliver(&mut op, message);
                    }
                }
                Output::Done(result) => {
                    self.grants().extend(&op.take_learnt());
                    return result;
                }
            }
        }
    }

    /// Opens a blob of a registry: everything up to the first byte is done, the rest comes as it is read. Nothing of it is
    /// verified.
    pub fn open_blob(
        &mut self,
        want: OpenBlob,
        cancel: &Cancel,
        on_event: impl FnMut(&Event),
    ) -> Result<OpenBody, Error> {
        let open = async |cx| verb::open_blob(cx, want).await;
        let OpenedBlob { body, part, size } = self.run_with(open, cancel, on_event)?;
        // Taken at once: the next operation closes what it finds open.
        Ok(OpenBody::new(self.http.take_body(body), part, size))
    }

    fn grants(&self) -> MutexGuard<'_, Grants> {
        self.grants.lock().unwrap_or_else(PoisonError::into_inner)
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
            caps: Caps::default(),
            grants: self.grants().clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_other_credentials_does_not_use_what_was_granted_before() {
        let grants = Arc::default();
        let host = Host::without_store(Limits::default()).sharing(&grants);
        assert!(Arc::ptr_eq(&host.grants, &grants));
        assert!(!Arc::ptr_eq(&host.credentials(Box::new(|_| Ok(None))).grants, &grants));
    }
}
