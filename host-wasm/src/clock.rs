//! Time: the clocks of the browser, pauses, and deadlines around what it promises.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    rc::Rc,
    task::{Poll, Waker},
    time::Duration,
};

use lugger_core::time::{Instant, UnixTime};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, millis: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the page or worker began.
pub(crate) fn now() -> Instant {
    Instant(performance_now() as u64)
}

/// The wall clock.
pub(crate) fn wall() -> UnixTime {
    UnixTime((js_sys::Date::now() / 1000.0) as u64)
}

/// A pause under way; gone when dropped.
pub(crate) struct Timer {
    state: Rc<RefCell<State>>,
    id: JsValue,
    _callback: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct State {
    is_over: bool,
    waker: Option<Waker>,
}

impl Timer {
    /// Begins a pause.
    pub(crate) fn new(wait: Duration) -> Self {
        /// What a browser takes for a pause at most: 24 days.
        const MOST: f64 = i32::MAX as f64;
        let state = Rc::new(RefCell::new(State::default()));
        let shared = Rc::clone(&state);
        let callback = Closure::new(move || {
            let mut state = shared.borrow_mut();
            state.is_over = true;
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
        // A browser rounds down; one that wakes early would poll for nothing.
        let millis = (wait.as_millis() as f64 + 1.0).min(MOST);
        let id = set_timeout(callback.as_ref().unchecked_ref(), millis);
        Self { state, id, _callback: callback }
    }

    /// Whether it is over; if not, whoever polls is woken when it is.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.is_over {
            return Poll::Ready(());
        }
        state.waker = Some(waker.clone());
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

/// What a future yields, or `None` if it takes longer than this.
pub(crate) async fn within<F: Future>(wait: Duration, future: F) -> Option<F::Output> {
    let (timer, mut future) = (Timer::new(wait), pin!(future));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => timer.poll(cx.waker()).map(|()| None),
    })
    .await
}
