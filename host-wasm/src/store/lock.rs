//! Locks that exclude other operations, workers and tabs: Web Locks, which the browser frees when their holder dies.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Function, Object, Promise, Reflect};
use lugger_core::{
    effect::{
        LockId,
        store::{LockKey, StoreError},
    },
    small::SmallMap,
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};

use super::{error, idb};
use crate::js;

/// The locks that this store holds for its callers.
#[derive(Clone, Default)]
pub(super) struct Locks(Rc<Held>);

#[derive(Default)]
struct Held {
    held: RefCell<SmallMap<LockId, Lock>>,
    /// Those that are being let go of.
    going: RefCell<SmallMap<LockKey, Promise>>,
    last: Cell<u64>,
}

struct Lock {
    key: LockKey,
    /// Lets go of it.
    release: Function,
    /// Resolves when it is free.
    free: Promise,
}

impl Locks {
    /// Tries once. The same key excludes itself within the tab too.
    pub(super) async fn lock(&self, store: &str, key: &LockKey) -> Result<Option<LockId>, StoreError> {
        loop {
            let going = self.0.going.borrow().get(key).cloned();
            let Some(going) = going else { break };
            let _ = idb::wait(going).await;
        }
        let name = ["lugger/", store, "/", &*key.to_string()].concat();
        let path = ["lock ", &*name].concat();
        let failed = |cause: JsValue| error::thrown(&path, &cause);
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into()).map_err(failed)?;
        let locks = Reflect::get(&navigator, &"locks".into()).map_err(failed)?;
        if locks.is_undefined() {
            let detail = "there are no Web Locks here; a page needs HTTPS or localhost to have them";
            return Err(error::failed(&path, detail));
        }
        let (answer, free) = request(&locks, &name).map_err(failed)?;
        let Ok(release) = idb::wait(answer).await.map_err(failed)?.dyn_into() else { return Ok(None) };
        let id = LockId(self.0.last.get() + 1);
        self.0.last.set(id.0);
        self.0.held.borrow_mut().insert(id, Lock { key: key.clone(), release, free });
        Ok(Some(id))
    }

    /// Lets go, after something else. Whoever tries to take it again through this store waits for that.
    pub(super) fn unlock(&self, id: LockId, after: impl AsyncFnOnce(LockKey) + 'static) {
        let lock = self.0.held.borrow_mut().remove(&id);
        let Some(Lock { key, release, free }) = lock else { return };
        let (of, freed) = (Rc::clone(&self.0), key.clone());
        let going = js::promise(async move {
            after(freed.clone()).await;
            let _ = release.call0(&JsValue::NULL);
            let _ = idb::wait(free).await;
            of.going.borrow_mut().remove(&freed);
        });
        self.0.going.borrow_mut().insert(key, going);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for lock in self.held.take().into_values() {
            let _ = lock.release.call0(&JsValue::NULL);
        }
    }
}

/// Asks for a lock if it is free. The first resolves with the function that lets go of it, or with `null` when another holds
/// it; the second when it is free again.
fn request(locks: &JsValue, name: &str) -> Result<(Promise, Promise), JsValue> {
    let mut free = Err(JsValue::UNDEFINED);
    let answer = Promise::new(&mut |resolve, reject| {
        let granted = Closure::once_into_js(move |lock: JsValue| {
            if lock.is_null() {
                let _ = resolve.call1(&JsValue::NULL, &JsValue::NULL);
                return JsValue::UNDEFINED;
            }
            // The lock is held until this is resolved.
            Promise::new(&mut |release, _| {
                let _ = resolve.call1(&JsValue::NULL, &release);
            })
            .into()
        });
        free = ask(locks, name, &granted, &reject);
    });
    free.map(|free| (answer, free))
}

fn ask(locks: &JsValue, name: &str, granted: &JsValue, reject: &Function) -> Result<Promise, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    let request = Reflect::get(locks, &"request".into())?.unchecked_into::<Function>();
    let done = request.call3(locks, &name.into(), &options, granted)?;
    // Of a lock that could not even be asked for.
    Reflect::get(&done, &"catch".into())?.unchecked_into::<Function>().call1(&done, reject)?;
    Ok(done.unchecked_into())
}
