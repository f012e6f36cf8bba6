//! IndexedDB: a database, and transactions that never wait for anything but their own requests.
//!
//! A transaction ends by itself as soon as control returns to the browser while none of its requests is open. So all
//! of it happens in two steps without an `await`: some requests at once, and, in the event of the last one's success, others
//! that depend on the answers. Only then is its completion awaited.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use js_sys::{Array, Function, Object, Promise, Reflect};
use lugger_core::effect::store::StoreError;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction};

use super::error;

/// The form of the tables.
const VERSION: u32 = 1;

/// Records by the bytes of their keys: `[value, revision]`.
pub(super) const RECORDS: &str = "records";
/// Counters by name.
pub(super) const STATE: &str = "state";
/// Committed content by digest: `[size, place]`.
pub(super) const CONTENT: &str = "content";
/// The bytes of content that was committed from memory, by digest.
pub(super) const INLINE: &str = "inline";
/// Ingests by digest.
pub(super) const INGESTS: &str = "ingests";
/// Blobs by `[file, offset]`.
pub(super) const CHUNKS: &str = "chunks";

/// All tables.
pub(super) const TABLES: [&str; 6] = [RECORDS, STATE, CONTENT, INLINE, INGESTS, CHUNKS];

/// How sure a transaction is when it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It changes nothing.
    Read,
    /// It outlasts the tab and the browser; after a power cut it may never have been.
    Change,
    /// After a power cut it, and all before it, are there.
    Strict,
}

/// A transaction at work.
pub(super) struct Transaction(IdbTransaction);

impl Transaction {
    /// One of its tables.
    pub(super) fn table(&self, name: &str) -> Result<IdbObjectStore, JsValue> {
        self.0.object_store(name)
    }

    /// Asks for one row.
    pub(super) fn get(&self, table: &str, key: &JsValue) -> Result<IdbRequest, JsValue> {
        self.table(table)?.get(key)
    }

    /// Puts one row.
    pub(super) fn put(&self, table: &str, key: &JsValue, row: &JsValue) -> Result<(), JsValue> {
        self.table(table)?.put_with_key(row, key).map(drop)
    }

    /// Removes a row, or all within a key range. That there is none is success.
    pub(super) fn delete(&self, table: &str, key: &JsValue) -> Result<(), JsValue> {
        self.table(table)?.delete(key).map(drop)
    }
}

/// What comes after the answers. An error undoes the transaction.
type Then = Box<dyn FnOnce(&Transaction, &[JsValue]) -> Result<(), JsValue>>;

/// An open database.
pub(super) struct Database {
    db: IdbDatabase,
    /// Its name, for messages.
    pub(super) name: String,
}

impl Database {
    /// Opens it; makes it where there is none.
    pub(super) async fn open(name: &str) -> Result<Self, StoreError> {
        let path = path(name, "");
        let failed = |cause| error::thrown(&path, &cause);
        let factory = Reflect::get(&js_sys::global(), &"indexedDB".into()).map_err(failed)?;
        if factory.is_undefined() || factory.is_null() {
            return Err(error::failed(&path, "there is no IndexedDB here"));
        }
        let request = factory.unchecked_into::<IdbFactory>().open_with_u32(name, VERSION).map_err(failed)?;
        let db: IdbDatabase = wait(opened(&request)).await.map_err(failed)?.unchecked_into();
        // Another tab wants to delete the database or bring it to a newer form: it must not wait for us.
        let close = Reflect::get(&db, &"close".into()).map_err(failed)?.unchecked_into::<Function>();
        db.set_onversionchange(Some(&close.bind0(&db)));
        Ok(Self { db, name: name.to_owned() })
    }

    /// The path of one of its tables, for messages.
    pub(super) fn path(&self, table: &str) -> String {
        path(&self.name, table)
    }

    /// Asks, and yields the answers.
    pub(super) fn read(
        &self,
        tables: &[&'static str],
        ask: impl FnOnce(&Transaction) -> Result<Vec<IdbRequest>, JsValue>,
    ) -> Changing<Vec<JsValue>> {
        self.change(Mode::Read, tables, ask, |_, answers| Ok(answers.to_vec()))
    }

    /// Asks, in the order of the requests that are yielded; does something with the answers, and yields what that was once the transaction is complete. It has begun when
    /// this returns, and goes on if nobody waits for it.
    pub(super) fn change<T: 'static>(
        &self,
        mode: Mode,
        tables: &[&'static str],
        ask: impl FnOnce(&Transaction) -> Result<Vec<IdbRequest>, JsValue>,
        then: impl FnOnce(&Transaction, &[JsValue]) -> Result<T, JsValue> + 'static,
    ) -> Changing<T> {
        let result = Rc::new(RefCell::new(None));
        let slot = Rc::clone(&result);
        let then: Then = Box::new(move |transaction, answers| {
            *slot.borrow_mut() = Some(then(transaction, answers)?);
            Ok(())
        });
        let mut ask = Some(ask);
        let done = self.start(
            mode,
            tables,
            &mut |transaction| ask.take().map_or(Ok(Vec::new()), |ask| ask(transaction)),
            then,
        );
        Changing { done, result, path: self.path(tables.first().copied().unwrap_or_default()) }
    }

    /// The part of [`Self::change`] that is there only once.
    #[inline(never)]
    fn start(
        &self,
        mode: Mode,
        tables: &[&str],
        ask: &mut dyn FnMut(&Transaction) -> Result<Vec<IdbRequest>, JsValue>,
        then: Then,
    ) -> Result<JsFuture, JsValue> {
        let transaction = self.begin(mode, tables)?;
        let done = completed(&transaction.0);
        let asked = ask(&transaction);
        proceed(transaction, asked, then)?;
        Ok(wait(done))
    }

    /// By hand: `web-sys` counts the durability among what is not stable.
    fn begin(&self, mode: Mode, tables: &[&str]) -> Result<Transaction, JsValue> {
        let names: Array = tables.iter().map(|name| JsValue::from_str(name)).collect();
        let (mode, durability) = match mode {
            Mode::Read => ("readonly", "relaxed"),
            Mode::Change => ("readwrite", "relaxed"),
            Mode::Strict => ("readwrite", "strict"),
        };
        let options = Object::new();
        Reflect::set(&options, &"durability".into(), &durability.into())?;
        let begin = Reflect::get(&self.db, &"transaction".into())?.unchecked_into::<Function>();
        let begun = begin.call3(&self.db, &names, &mode.into(), &options)?;
        Ok(Transaction(begun.unchecked_into()))
    }
}

/// A transaction that has begun.
pub(super) struct Changing<T> {
    done: Result<JsFuture, JsValue>,
    result: Rc<RefCell<Option<T>>>,
    /// For messages.
    path: String,
}

impl<T> Future for Changing<T> {
    type Output = Result<T, StoreError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let done = ended(&mut this.done, &this.path, cx);
        done.map(|ended| {
            ended?;
            let result = this.result.borrow_mut().take();
            result.ok_or_else(|| error::failed(&this.path, "a transaction ended without its answers"))
        })
    }
}

/// The part of waiting that is there only once.
#[inline(never)]
fn ended(
    done: &mut Result<JsFuture, JsValue>,
    path: &str,
    cx: &mut Context<'_>,
) -> Poll<Result<(), StoreError>> {
    match done {
        Ok(done) => Pin::new(done)
            .poll(cx)
            .map(|ended| ended.map(drop).map_err(|event| error::thrown(path, &cause(&event)))),
        Err(cause) => Poll::Ready(Err(error::thrown(path, cause))),
    }
}

/// Waits for anything: the one place where that code is.
#[inline(never)]
pub(super) fn wait(promise: Promise) -> JsFuture {
    JsFuture::from(promise)
}

impl Drop for Database {
    fn drop(&mut self) {
        self.db.close();
    }
}

/// Of a table, or of the database itself.
fn path(database: &str, table: &str) -> String {
    let between = if table.is_empty() { "" } else { "/" };
    ["IndexedDB ", database, between, table].concat()
}

/// Goes on in the event of the last request: requests succeed in their order, so all others have by then.
fn proceed(
    transaction: Transaction,
    asked: Result<Vec<IdbRequest>, JsValue>,
    then: Then,
) -> Result<(), JsValue> {
    let undo = |transaction: &Transaction, cause: JsValue| {
        // Ended already, at worst; the cause is what is reported.
        let _ = transaction.0.abort();
        cause
    };
    let requests = asked.map_err(|cause| undo(&transaction, cause))?;
    let Some(last) = requests.last().cloned() else {
        return then(&transaction, &[]).map_err(|cause| undo(&transaction, cause));
    };
    let event = Closure::once_into_js(move || {
        let answers: Result<Vec<JsValue>, JsValue> = requests.iter().map(IdbRequest::result).collect();
        if let Err(cause) = answers.and_then(|answers| then(&transaction, &answers)) {
            // Whoever waits for the end finds it there.
            let _ = Reflect::set(&transaction.0, &CAUSE.into(), &cause);
            undo(&transaction, cause);
        }
    });
    last.set_onsuccess(Some(event.unchecked_ref()));
    Ok(())
}

/// Where a transaction that we undid carries the cause.
const CAUSE: &str = "luggerCause";

/// Resolves when a transaction is complete; rejects with the event of its end when it is undone.
fn completed(transaction: &IdbTransaction) -> Promise {
    Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    })
}

/// What undid the transaction of this event.
fn cause(event: &JsValue) -> JsValue {
    let property = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or_default();
    let transaction = property(event, "target");
    let ours = property(&transaction, CAUSE);
    if ours.is_undefined() { property(&transaction, "error") } else { ours }
}

/// Resolves with the database. Rejects when another tab holds on to an older form of it, instead of waiting for ever.
fn opened(request: &IdbOpenDbRequest) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let of = request.clone();
        let upgrade = Closure::once_into_js(move || {
            if let Ok(db) = of.result() {
                let db: IdbDatabase = db.unchecked_into();
                for table in TABLES {
                    // What this throws undoes the upgrade, and the opening fails.
                    db.create_object_store(table)?;
                }
            }
            Ok::<(), JsValue>(())
        });
        request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
        let of = request.clone();
        let success = Closure::once_into_js(move || {
            let _ = resolve.call1(&JsValue::NULL, &of.result().unwrap_or(JsValue::UNDEFINED));
        });
        request.set_onsuccess(Some(success.unchecked_ref()));
        let (of, refuse) = (request.clone(), reject.clone());
        let failure = Closure::once_into_js(move || {
            let cause = of.error().ok().flatten().map_or(JsValue::UNDEFINED, JsValue::from);
            let _ = refuse.call1(&JsValue::NULL, &cause);
        });
        request.set_onerror(Some(failure.unchecked_ref()));
        let of = request.clone();
        let blocked = Closure::once_into_js(move || {
            let cause = js_sys::Error::new("another tab has an older version of it open; close that tab");
            let _ = reject.call1(&JsValue::NULL, &cause);
            // It may open yet, and would then block others in turn.
            let late = of.clone();
            let close = Closure::once_into_js(move || {
                if let Ok(db) = late.result() {
                    db.unchecked_into::<IdbDatabase>().close();
                }
            });
            of.set_onsuccess(Some(close.unchecked_ref()));
        });
        request.set_onblocked(Some(blocked.unchecked_ref()));
    })
}
