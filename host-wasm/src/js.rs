//! What JavaScript throws, as text.

use wasm_bindgen::JsValue;

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
