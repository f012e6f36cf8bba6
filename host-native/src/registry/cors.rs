//! What a page of another origin must be told before a browser lets it read (the Fetch standard, "CORS protocol").

use crate::server::Response;

/// Headers beyond the few that every page may read.
const EXPOSED: &str = "accept-ranges, content-length, content-range, docker-content-digest, etag, link, location, \
                       oci-filters-applied, oci-subject, ratelimit-limit, ratelimit-remaining, retry-after, \
                       warning, www-authenticate";

/// The answer to a browser that asks before it asks.
pub(super) fn preflight() -> Response {
    Response::bare(204)
        .with("Access-Control-Allow-Methods", "GET, HEAD")
        .with("Access-Control-Allow-Headers", "accept, authorization, range, if-range, cache-control")
        .with("Access-Control-Max-Age", "600")
}

/// An answer that every page may read.
pub(super) fn exposed(response: Response) -> Response {
    response.with("Access-Control-Allow-Origin", "*").with("Access-Control-Expose-Headers", EXPOSED)
}
