//! What went wrong, as far as a browser says it.

use std::time::Duration;

use lugger_core::effect::http::{NetError, NetErrorKind};
use url::Url;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestCredentials, RequestInit, RequestMode};

use super::fetch;
use crate::{
    clock::within,
    js::{message, name},
};

/// How long a server may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(5);

/// `fetch` fails in the same way whether nobody is there or somebody is who does not let us read. An answer that we may not
/// look into is an answer: then it is the latter.
pub(super) async fn of_fetch(url: &Url, error: &JsValue) -> NetError {
    let detail = message(error);
    if name(error) == "AbortError" {
        return NetError::new(NetErrorKind::Broken, detail);
    }
    let kind = if answers(url).await { NetErrorKind::Cors } else { NetErrorKind::Connect };
    NetError::new(kind, detail)
}

async fn answers(url: &Url) -> bool {
    let Ok(abort) = AbortController::new() else { return false };
    let init = RequestInit::new();
    init.set_method("HEAD");
    init.set_mode(RequestMode::NoCors);
    init.set_credentials(RequestCredentials::Omit);
    init.set_signal(Some(&abort.signal()));
    let Ok(sent) = fetch(url.as_str(), &init) else { return false };
    let answer = within(PATIENCE, JsFuture::from(sent)).await;
    abort.abort();
    matches!(answer, Some(Ok(_)))
}

/// A body that breaks off.
pub(super) fn of_body(error: &JsValue) -> NetError {
    NetError::new(NetErrorKind::Broken, message(error))
}
