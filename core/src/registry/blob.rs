//! Blobs: a body, from a byte on.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{Ask, Remote, identity, unencoded};
use crate::{
    effect::pump::Verifier,
    error::{Error, Refusal},
    model::Descriptor,
    op::{Body, Cx, ReplyBody},
};

/// An open blob.
#[derive(Debug)]
pub struct Opened {
    /// Its bytes, from `from` on.
    pub body: Body,
    /// The first byte that comes: what was asked for, or 0 when the registry ignores ranges.
    pub from: u64,
}

impl Remote {
    /// Opens a blob at a byte (distribution-spec, "Pulling blobs").
    pub async fn blob(&self, cx: &Cx, blob: &Descriptor, from: u64) -> Result<Opened, Error> {
        const OPEN: &[StatusCode] = &[StatusCode::OK, StatusCode::PARTIAL_CONTENT];
        let doing = format!("fetch {}", blob.digest);
        let (name, value) = identity();
        let mut ask =
            Ask::new(Method::GET, self.url(&["blobs", &blob.digest.to_string()]), &doing).header(name, value);
        ask.stream = OPEN;
        if from > 0 {
            let range = HeaderValue::from_str(&format!("bytes={from}-")).expect("digits are a header value");
            ask = ask.header(header::RANGE, range);
        }
        let reply = self.send(cx, ask, &[StatusCode::RANGE_NOT_SATISFIABLE]).await?;
        let refuse = |why| self.error(&doing, why, 1);
        unencoded(&reply).map_err(refuse)?;
        let from = match reply.status {
            StatusCode::PARTIAL_CONTENT => {
                check_range(&reply.headers, from, blob.size).map_err(refuse)?;
                from
            }
            // A range that it cannot serve: all of it, then.
            StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => return Box::pin(self.blob(cx, blob, 0)).await,
            _ => 0,
        };
        match reply.body {
            ReplyBody::Large(body) => Ok(Opened { body, from }),
            ReplyBody::Small(_) | ReplyBody::TooLong => {
                Err(refuse(Refusal::Malformed(format!("status {} for a blob", reply.status))))
            }
        }
    }

    /// The bytes of a small blob, verified; nothing is stored.
    pub async fn small_blob(&self, cx: &Cx, blob: &Descriptor, max: u64) -> Result<Vec<u8>, Error> {
        let doing = format!("fetch {}", blob.digest);
        let (name, value) = identity();
        let mut ask =
            Ask::new(Method::GET, self.url(&["blobs", &blob.digest.to_string()]), &doing).header(name, value);
        ask.inline_max = max;
        let reply = self.send(cx, ask, &[]).await?;
        unencoded(&reply).map_err(|why| self.error(&doing, why, 1))?;
        let ReplyBody::Small(bytes) = reply.body else {
            return Err(self.error(&doing, Refusal::TooLong { max }, 1));
        };
        let verdict = Verifier::check(&blob.digest, blob.size, &bytes);
        verdict.map_err(|e| Error::content(format!("{doing} from {}", self.endpoint().origin()), e))?;
        Ok(bytes)
    }
}

/// A 206 must be the range that was asked for, of content of the right size: bytes at a wrong place would spoil an ingest.
fn check_range(headers: &HeaderMap, from: u64, size: u64) -> Result<(), Refusal> {
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
            Err(Refusal::Malformed(format!("Content-Range {shown} for bytes {from}- of {size}")))
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
