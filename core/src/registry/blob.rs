//! Blobs: a body, from a byte on.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{Ask, Turn, identity, unencoded};
use crate::{
    effect::pump::Verifier,
    error::{ContentError, Refusal},
    model::Descriptor,
    op::{Body, Cx, ReplyBody},
};

/// An open blob.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Its bytes, from `from` on.
    pub(crate) body: Body,
    /// The first byte that comes: what was asked for, or 0 when the registry ignores ranges.
    pub(crate) from: u64,
    /// What the server calls this version of it: ranges of another must not be put together with it.
    pub(crate) etag: Option<HeaderValue>,
}

impl Turn<'_> {
    /// Opens a blob at a byte (distribution-spec, "Pulling blobs"); at the first, if it is not of the version `etag` any more.
    pub(crate) async fn blob(
        &self,
        cx: &Cx,
        blob: &Descriptor,
        from: u64,
        etag: Option<&HeaderValue>,
    ) -> Result<Opened, Refusal> {
        const OPEN: &[StatusCode] = &[StatusCode::OK, StatusCode::PARTIAL_CONTENT];
        let mut ask = self.blob_ask(blob);
        ask.stream = OPEN;
        if from > 0 {
            let range = HeaderValue::from_str(&format!("bytes={from}-")).expect("digits are a header value");
            ask = ask.header(header::RANGE, range);
            if let Some(etag) = etag {
                ask = ask.header(header::IF_RANGE, etag.clone());
            }
        }
        let reply = self.send(cx, ask, &[StatusCode::RANGE_NOT_SATISFIABLE]).await?;
        unencoded(&reply)?;
        let from = match reply.status {
            StatusCode::PARTIAL_CONTENT => {
                check_range(&reply.headers, from, blob.size)?;
                from
            }
            // A range that it cannot serve: all of it, then.
            StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => {
                return Box::pin(self.blob(cx, blob, 0, None)).await;
            }
            _ => 0,
        };
        let etag = strong_etag(&reply.headers);
        match reply.body {
            ReplyBody::Large(body) => Ok(Opened { body, from, etag }),
            ReplyBody::Small(_) | ReplyBody::TooLong => {
                Err(Refusal::Malformed(format!("status {} for a blob", reply.status)))
            }
        }
    }

    pub(super) async fn small_blob(&self, cx: &Cx, blob: &Descriptor, max: u64) -> Result<Vec<u8>, Refusal> {
        let mut ask = self.blob_ask(blob);
        ask.inline_max = max;
        let reply = self.send(cx, ask, &[]).await?;
        unencoded(&reply)?;
        let ReplyBody::Small(bytes) = reply.body else { return Err(Refusal::TooLong { max }) };
        Verifier::check(&blob.digest, blob.size, &bytes).map_err(ContentError::from)?;
        Ok(bytes)
    }

    fn blob_ask(&self, blob: &Descriptor) -> Ask {
        let (name, value) = identity();
        Ask::new(Method::GET, self.url(&["blobs", &blob.digest.to_string()])).header(name, value)
    }
}

/// An `ETag` that stands for exact bytes; `If-Range` takes no weak one (RFC 9110 §13.1.5).
fn strong_etag(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(header::ETAG).filter(|etag| etag.as_bytes().starts_with(b"\"")).cloned()
}

/// A 206 must be the range that was asked for, of content of the right size: bytes at a wrong place would spoil an ingest.
pub(super) fn check_range(headers: &HeaderMap, from: u64, size: u64) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let read = || {
        let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
        let (first, _last) = range.split_once('-')?;
        Some((first.parse::<u64>().ok()?, total))
    };
    match read() {
        Some((first, total)) if first == from && (total == "*" || total.parse() == Ok(size)) => Ok(()),
        _ => {
            let shown = crate::name::Excerpt::of(value);
            Err(Refusal::Range(format!("Content-Range {shown} for bytes {from}- of {size}")))
        }
    }
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
                5,
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
        assert!(check_range(&HeaderMap::new(), 5, 10).is_err());
    }

    proptest! {
        #[test]
        fn any_content_range_is_judged(value in "[ -~]{0,60}", near in "bytes [0-9]{0,22}-[0-9]{0,22}/[0-9*]{0,22}", from: u64, size: u64) {
            for value in [value, near] {
                let headers = HeaderMap::from_iter([(header::CONTENT_RANGE, HeaderValue::from_str(&value).unwrap())]);
                if check_range(&headers, from, size).is_ok() {
                    prop_assert!(value.starts_with(&format!("bytes {from}-")) || value.starts_with("bytes 0"), "{value}");
                }
            }
        }
    }
}
