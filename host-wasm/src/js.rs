//! What JavaScript throws, as text; and what it is to wait for.

use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// Its `name`: `QuotaExceededError`, `AbortError`, `TypeError` …; empty if it has none.
pub(crate) fn name(thrown: &JsValue) -> String {
    text(thrown, "name")
}

/// Its `message`; empty if it has none.
pub(crate) fn message(thrown: &JsValue) -> String {
    text(thrown, "message")
}

fn text(of: &JsValue, member: &str) -> String {
    js_sys::Reflect::get(of, &member.into()).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// Begins this, and promises its end; it goes on if nobody waits for it.
pub(crate) fn promise(work: impl Future<Output = ()> + 'static) -> Promise {
    // Of one type, whatever is done: what drives a future is there once for each type.
    let work: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(async move {
        work.await;
        Ok(JsValue::UNDEFINED)
    });
    future_to_promise(work)
}
