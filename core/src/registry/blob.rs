//! Blobs: a body, from a byte on.

use std::ops::Range;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{Ask, Turn, identity, item::Item, unencoded};
use crate::{
    effect::verifier::Verifier,
    error::{ContentError, Refusal},
    model::Descriptor,
    op::{Body, Cx, ReplyBody},
};

/// An open blob.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Its bytes.
    pub(crate) body: Body,
    /// Which of them come: those that were asked for, or all when the registry ignores ranges.
    pub(crate) part: Range<u64>,
    /// What the server calls this version of it: ranges of another must not be put together with it.
    pub(crate) etag: Option<HeaderValue>,
}

impl Turn<'_> {
    /// Opens a part of a blob (distribution-spec, "Pulling blobs"); all of it, if it is not of the version `etag` any more.
    /// A part that ends with the blob is asked for without an end, and all of it if it cannot be served.
    pub(crate) async fn blob(
        &self,
        cx: &Cx,
        blob: &Descriptor,
        part: Range<u64>,
        etag: Option<&HeaderValue>,
    ) -> Result<Opened, Refusal> {
        const OPEN: &[StatusCode] = &[StatusCode::OK, StatusCode::PARTIAL_CONTENT];
        let mut ask = self.blob_ask(blob);
        ask.stream = OPEN;
        let is_closed = part.end < blob.size;
        if part.start > 0 || is_closed {
            let last = if is_closed { (part.end - 1).to_string() } else { String::new() };
            let range = HeaderValue::from_str(&format!("bytes={}-{last}", part.start))
                .expect("digits are a header value");
            ask = ask.header(header::RANGE, range);
            if let Some(etag) = etag {
                ask = ask.header(header::IF_RANGE, etag.clone());
            }
        }
        let reply = self.send(cx, ask, &[StatusCode::RANGE_NOT_SATISFIABLE]).await?;
        unencoded(cx, &reply)?;
        let part = match reply.status {
            StatusCode::PARTIAL_CONTENT => {
                // Where the header is hidden the digest has to find out: bytes at a wrong place are wrong bytes.
                if cx.caps().all_headers || reply.headers.contains_key(header::CONTENT_RANGE) {
                    check_range(&reply.headers, &part, blob.size)?;
                }
                part
            }
            StatusCode::RANGE_NOT_SATISFIABLE if is_closed => {
                return Err(Refusal::Range(format!("status {} for {}", reply.status, show(&part))));
            }
            // A range that it cannot serve: all of it, then.
            StatusCode::RANGE_NOT_SATISFIABLE if part.start > 0 => {
                return Box::pin(self.blob(cx, blob, 0..blob.size, None)).await;
            }
            _ => 0..blob.size,
        };
        let etag = strong_etag(&reply.headers);
        match reply.body {
            ReplyBody::Large(body) => Ok(Opened { body, part, etag }),
            ReplyBody::Small(_) | ReplyBody::TooLong => {
                Err(Refusal::Malformed(format!("status {} for a blob", reply.status)))
            }
        }
    }

    pub(super) async fn small_blob(&self, cx: &Cx, blob: &Descriptor, max: u64) -> Result<Vec<u8>, Refusal> {
        let mut ask = self.blob_ask(blob);
        ask.inline_max = max;
        let reply = self.send(cx, ask, &[]).await?;
        unencoded(cx, &reply)?;
        let ReplyBody::Small(bytes) = reply.body else { return Err(Refusal::TooLong { max }) };
        Verifier::check(&blob.digest, blob.size, &bytes).map_err(ContentError::from)?;
        Ok(bytes)
    }

    fn blob_ask(&self, blob: &Descriptor) -> Ask {
        let (name, value) = identity();
        Ask::new(Method::GET, self.url(Item::Blob(&blob.digest, blob.size))).header(name, value)
    }
}

/// An `ETag` that stands for exact bytes; `If-Range` takes no weak one (RFC 9110 §13.1.5).
fn strong_etag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ETAG).filter(|etag| etag.as_bytes().starts_with(b"\"")).cloned()
}

/// A 206 must be the range that was asked for, of content of the right size: bytes at a wrong place would spoil an ingest.
/// Of a part that ends with the content a server may send less at once; of any other all was asked for.
pub(super) fn check_range(headers: &HeaderMap, part: &Range<u64>, size: u64) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let read = || {
        let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let is_last = part.end >= size || last.parse() == Ok(part.end - 1);
        Some(first.parse() == Ok(part.start) && is_last && (total == "*" || total.parse() == Ok(size)))
    };
    if read() == Some(true) {
        return Ok(());
    }
    let shown = crate::name::Excerpt::of(value);
    Err(Refusal::Range(format!("Content-Range {shown} for {} of {size}", show(part))))
}

fn show(part: &Range<u64>) -> String {
    format!("bytes {}-{}", part.start, part.end.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_asked_range_of_the_right_content_will_do() {
        let check = |value: &'static str| {
            check_range(
                &HeaderMap::from_iter([(header::CONTENT_RANGE, HeaderValue::from_static(value))]),
                &(5..10),
                10,
            )
        };
        for good in ["bytes 5-9/10", "bytes 5-7/10", "bytes 5-9/*"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "bytes 4-9/10", "bytes 5-9/11", "bytes */10", "5-9/10", "bytes 5/10", "bytes x-9/10"]
        {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check_range(&HeaderMap::new(), &(5..10), 10).is_err());
        let closed = |value| {
            let headers = HeaderMap::from_iter([(header::CONTENT_RANGE, HeaderValue::from_static(value))]);
            check_range(&headers, &(5..8), 10).is_ok()
        };
        assert!(closed("bytes 5-7/10") && closed("bytes 5-7/*"));
        for bad in ["bytes 5-9/10", "bytes 5-6/10", "bytes 5-/10", "bytes 4-7/10", "bytes 5-7/11"] {
            assert!(!closed(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_content_range_is_judged(value in "[ -~]{0,60}", near in "bytes [0-9]{0,22}-[0-9]{0,22}/[0-9*]{0,22}", from: u64, len: u64, size: u64) {
            let part = from..from.saturating_add(len).max(1);
            for value in [value, near] {
                let headers = HeaderMap::from_iter([(header::CONTENT_RANGE, HeaderValue::from_str(&value).unwrap())]);
                if check_range(&headers, &part, size).is_ok() {
                    prop_assert!(value.starts_with(&format!("bytes {from}-")) || value.starts_with("bytes 0"), "{value}");
                }
            }
        }
    }
}
