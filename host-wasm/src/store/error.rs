//! What the browser throws, as the core's [`StoreError`]: the one place where it is looked at.

use js_sys::Reflect;
use lugger_core::effect::store::{StoreError, StoreErrorKind};
use wasm_bindgen::JsValue;

/// An error of this kind at this path.
pub(super) fn error(kind: StoreErrorKind, path: &str, detail: impl Into<String>) -> StoreError {
    StoreError { kind, path: path.to_owned(), detail: detail.into() }
}

/// Of no particular kind.
pub(super) fn failed(path: &str, detail: impl Into<String>) -> StoreError {
    error(StoreErrorKind::Failed, path, detail)
}

/// What was thrown, by its name. It need not be a `DOMException`: quota errors have a class of their own in newer browsers.
pub(super) fn thrown(path: &str, cause: &JsValue) -> StoreError {
    let name = text(cause, "name");
    let kind = match name.as_str() {
        "QuotaExceededError" => StoreErrorKind::Full,
        "NotFoundError" => StoreErrorKind::Missing,
        _ => StoreErrorKind::Failed,
    };
    let message = text(cause, "message");
    let between = if name.is_empty() || message.is_empty() { "" } else { ": " };
    error(kind, path, [&*name, between, &*message].concat())
}

/// Whether it says that there is no such file.
pub(super) fn is_missing(cause: &JsValue) -> bool {
    text(cause, "name") == "NotFoundError"
}

/// Whether it says that another has the file open.
pub(super) fn is_taken(cause: &JsValue) -> bool {
    text(cause, "name") == "NoModificationAllowedError"
}

/// A property that is a text.
fn text(of: &JsValue, property: &str) -> String {
    Reflect::get(of, &property.into()).ok().and_then(|text| text.as_string()).unwrap_or_default()
}
