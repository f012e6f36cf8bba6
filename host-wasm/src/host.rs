//! The browser host: runs operations of the core on this tab's network and storage.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use lugger_core::{
    effect::store::StoreError,
    error::Error,
    event::Event,
    op::{Caps, Cx, Limits, Op, Output, Ranges, Setup},
    registry::Grants,
};
use web_sys::File;

use crate::{
    clock,
    http::Http,
    inbox::{Inbox, Message},
    running::Running,
    store::{Options, Store},
};

/// A store and a network. Operations run side by side; each has its own place in the tab's event loop.
pub struct Host {
    limits: Limits,
    store: Store,
    http: Rc<Http>,
    /// Whether all that is asked is of the page's own origin, where nothing is hidden.
    same_origin: bool,
    grants: RefCell<Grants>,
}

/// Stops an operation.
#[derive(Clone, Default)]
pub struct Cancel(Rc<Inbox>, Rc<Cell<bool>>);

impl Cancel {
    /// Asks the operation to end; it gives back what it holds and keeps what it has fetched.
    pub fn cancel(&self) {
        if !self.1.replace(true) {
            self.0.push(Message::Cancel);
        }
    }
}

/// What suits a tab: browsers open six connections to a host at most, and other tabs want some of them; one thread receives,
/// digests and writes; and a file is made durable for each checkpoint, while nothing else goes on.
pub fn limits() -> Limits {
    // Ranges are read once more to be digested. Four connections as fast as that are all that the thread could take so.
    let ranges = Ranges { fast: 32 << 20, ..Ranges::default() };
    Limits { concurrency: 4, checkpoint_every: 32 << 20, ranges, ..Limits::default() }
}

impl Host {
    /// A host over the store of this origin.
    pub async fn open(options: &Options, limits: Limits, same_origin: bool) -> Result<Self, StoreError> {
        let store = Store::open(options).await?;
        let http = Rc::new(Http::new(&limits));
        Ok(Self { limits, store, http, same_origin, grants: RefCell::default() })
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs an operation to its end, with the files that the user gave to it.
    pub async fn run(
        &self,
        flow: impl AsyncFnOnce(Cx) -> Result<String, Error> + 'static,
        given: Vec<File>,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<String, Error> {
        self.drive(Op::new(self.setup(), flow), given, cancel, on_event).await
    }

    async fn drive(
        &self,
        mut op: Op<String>,
        given: Vec<File>,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<String, Error> {
        let inbox = &cancel.0;
        let running = Running::new(Rc::clone(&self.http), self.store.clone(), given, Rc::clone(inbox));
        loop {
            let now = clock::now();
            match op.poll(now) {
                Output::Request(request) => running.perform(request),
                Output::Notice(notice) => running.notice(notice),
                Output::Event(event) => on_event(&event),
                Output::Wait(wake) => {
                    let wait = wake.map(|wake| wake.at.since(now));
                    if let Some(message) = inbox.next(wait).await {
                        running.deliver(&mut op, message);
                    }
                }
                Output::Done(result) => {
                    running.settle(&mut op).await;
                    self.grants.borrow_mut().extend(&op.take_learnt());
                    return result;
                }
            }
        }
    }

    fn setup(&self) -> Setup {
        /// Every number below it is one that JavaScript has.
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        Setup {
            // Spreads retries and names leases; nothing secret hangs on it.
            seed: (js_sys::Math::random() * WHOLE) as u64,
            wall: clock::wall(),
            limits: self.limits,
            caps: Caps { manual_redirects: false, all_headers: self.same_origin, raw_bodies: false },
            grants: self.grants.borrow().clone(),
        }
    }
}
