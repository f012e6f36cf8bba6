//! Doors to private parsers of what registries send, for the fuzz targets alone (feature `fuzz`). Each says what a target may assert.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

use super::{auth, blob, retry, tags};
use crate::time::{Instant, UnixTime};

/// The next page of a tag list at `url`, by these `Link` lines: nowhere, or to the same origin and path.
pub fn next_page(url: &Url, links: &[&[u8]]) -> Option<Url> {
    tags::next(url, &headers(header::LINK, links)).ok().flatten()
}

/// Whether a 206 with this `Content-Range` is the range from a byte to the end, of content of this size.
pub fn is_range(value: &[u8], from: u64, size: u64) -> bool {
    blob::check_range(&headers(header::CONTENT_RANGE, &[value]), &(from..size), size).is_ok()
}

/// How many seconds `Retry-After` asks to wait, with what `Date` says; the wait can be added to any moment.
pub fn retry_after(asked: &[u8], date: &[u8]) -> Option<u64> {
    let mut headers = headers(header::RETRY_AFTER, &[asked]);
    headers.extend(HeaderValue::from_bytes(date).ok().map(|date| (header::DATE, date)));
    let after = retry::retry_after(&headers, UnixTime(0))?;
    Instant(1).after(after);
    Some(after.as_secs())
}

/// The token in a token server's answer and its life in milliseconds, or what is said of an answer without one.
pub fn token(body: &[u8]) -> Result<(String, u64), String> {
    auth::token_of(body).map_err(|why| why.to_string())
}

fn headers(name: HeaderName, values: &[&[u8]]) -> HeaderMap {
    let values = values.iter().filter_map(|value| HeaderValue::from_bytes(value).ok());
    values.map(|value| (name.clone(), value)).collect()
}
