//! The headers of every answer, and the form of those that refuse.

use lugger_core::registry::bridge::Told;

use crate::server::Response;

/// Nothing runs but what this build brought, nothing is asked but this server, nobody frames it (browser.md §5, 8).
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                   connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Puts on what every answer wears. No CORS header is among it, and none is anywhere else: another origin has nothing to read
/// here.
pub(super) fn all(response: Response) -> Response {
    response
        .with("Content-Security-Policy", CSP)
        .with("X-Content-Type-Options", "nosniff")
        .with("Cross-Origin-Opener-Policy", "same-origin")
        .with("Cross-Origin-Embedder-Policy", "require-corp")
        .with("Cross-Origin-Resource-Policy", "same-origin")
        .with("Referrer-Policy", "no-referrer")
}

/// What only a script is to have: content is never shown as a page of our origin, and never kept.
pub(super) fn data(response: Response) -> Response {
    response.with("Content-Disposition", "attachment").with("Cache-Control", "no-store")
}

/// An answer that refuses. A person may meet it, who has opened an old link: it is shown, not saved.
pub(super) fn refusal(told: &Told) -> Response {
    let response = Response::new(told.status, told.body())
        .with("Content-Type", "application/json")
        .with("Cache-Control", "no-store");
    let response = match told.after {
        Some(after) => response.with("Retry-After", after.as_secs().to_string()),
        None => response,
    };
    if told.status == 405 { response.with("Allow", "GET, HEAD") } else { response }
}
