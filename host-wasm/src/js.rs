//! What JavaScript throws, as text; and what it is to wait for.

use std::pin::Pin;

use js_sys::{Promise, Uint8Array};
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

/// What is left of a chunk that the browser gave.
pub(crate) struct Rest(Uint8Array);

impl Default for Rest {
    fn default() -> Self {
        Self(Uint8Array::new_with_length(0))
    }
}

impl Rest {
    /// All of a chunk.
    pub(crate) fn of(chunk: Uint8Array) -> Self {
        Self(chunk)
    }

    /// Takes as much as there is room for; how many bytes that is.
    pub(crate) fn take(&mut self, room: &mut [u8]) -> usize {
        let all = self.0.length();
        let now = all.min(u32::try_from(room.len()).unwrap_or(u32::MAX));
        let taken = room.get_mut(..now as usize).unwrap_or_default();
        self.0.subarray(0, now).copy_to(taken);
        self.0 = self.0.subarray(now, all);
        taken.len()
    }
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
