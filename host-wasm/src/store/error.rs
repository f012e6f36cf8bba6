//! What the browser throws, as the core's [`StoreError`]: the one place where it is looked at.

use lugger_core::effect::store::{StoreError, StoreErrorKind};
use wasm_bindgen::JsValue;

use crate::js::{message, name};

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
    let (name, message) = (name(cause), message(cause));
    let kind = match name.as_str() {
        "QuotaExceededError" => StoreErrorKind::Full,
        "NotFoundError" => StoreErrorKind::Missing,
        _ => StoreErrorKind::Failed,
    };
    let between = if name.is_empty() || message.is_empty() { "" } else { ": " };
    error(kind, path, [&*name, between, &*message].concat())
}

/// Whether it says that there is no such file.
pub(super) fn is_missing(cause: &JsValue) -> bool {
    name(cause) == "NotFoundError"
}

/// Whether it says that another has the file open.
pub(super) fn is_taken(cause: &JsValue) -> bool {
    name(cause) == "NoModificationAllowedError"
}
