//! Failures as JavaScript sees them: a kind to act on, the core's words, and every endpoint that was asked.

use lugger_core::{
    effect::{
        http::NetErrorKind,
        store::{StoreError, StoreErrorKind},
    },
    error::{Attempt, Error, Kind, Refusal},
};
use serde::Serialize;
use wasm_bindgen::JsValue;

#[derive(Serialize)]
struct Failure<'a> {
    kind: &'static str,
    message: String,
    registry: Option<&'a str>,
    attempts: Vec<&'a Attempt>,
}

/// An error, as the JSON that a promise is rejected with.
pub(super) fn failure(error: &Error) -> JsValue {
    let attempts: Vec<&Attempt> = match error {
        Error::Registry(error) => error.attempts().collect(),
        _ => Vec::new(),
    };
    let (kind, registry) = match attempts.first().map(|first| (first, first.why.root())) {
        Some((first, Refusal::Net(why))) if why.kind == NetErrorKind::Cors => {
            ("cors", Some(first.registry.as_str()))
        }
        Some((_, Refusal::Unconfirmed { registry })) => ("confirm", Some(registry.as_str())),
        Some((first, _)) => (word(error), Some(first.registry.as_str())),
        None => (word(error), None),
    };
    reject(&Failure { kind, message: error.to_string(), registry, attempts })
}

/// What was typed cannot be used.
pub(super) fn usage(message: String) -> JsValue {
    reject(&Failure { kind: "usage", message, registry: None, attempts: Vec::new() })
}

fn reject(failure: &Failure<'_>) -> JsValue {
    serde_json::to_string(failure).unwrap_or_default().into()
}

fn word(error: &Error) -> &'static str {
    if let Error::Store(StoreError { kind: StoreErrorKind::Full, .. }) = error {
        return "full";
    }
    match error.kind() {
        Kind::Usage => "usage",
        Kind::NotFound => "not_found",
        Kind::Denied => "denied",
        Kind::Content => "content",
        Kind::Network => "network",
        Kind::Throttled => "limited",
        Kind::Cancelled => "cancelled",
        Kind::Failed => "other",
    }
}
