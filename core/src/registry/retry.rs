//! What is tried again, and after what pause (security.md H3, H4): the one table of it.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use crate::{
    effect::http::NetErrorKind,
    error::{ContentError, Refusal},
    model::DocumentError,
    op::Cx,
    time::UnixTime,
};

/// The first pause is drawn from 0..=this; each further one from twice as much, up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// What a refusal means for a further try at the same endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It would end the same way.
    Final,
    /// It may pass, not before this.
    Passing(Option<Duration>),
    /// Wrong bytes came: once more, from elsewhere or past every cache.
    Spoiled,
}

/// The table.
pub(super) fn verdict(why: &Refusal) -> Verdict {
    match why.root() {
        Refusal::Net(error) | Refusal::Beyond { why: error, .. } => match error.kind {
            NetErrorKind::Resolve
            | NetErrorKind::Connect
            | NetErrorKind::Proxy
            | NetErrorKind::Timeout
            | NetErrorKind::Broken
            | NetErrorKind::Protocol => Verdict::Passing(None),
            NetErrorKind::Tls
            | NetErrorKind::PlainHttp
            | NetErrorKind::Forbidden
            | NetErrorKind::File
            | NetErrorKind::Cors => Verdict::Final,
        },
        Refusal::Throttled { after } => Verdict::Passing(*after),
        Refusal::Status { status, after, .. } if may_pass(*status) => Verdict::Passing(*after),
        // A URL that was signed for a while; the registry gives a new one.
        Refusal::Elsewhere { .. } | Refusal::Range(_) | Refusal::Short { .. } => Verdict::Passing(None),
        Refusal::Content(why) => match **why {
            ContentError::Mismatch(_)
            | ContentError::HeaderDigest { .. }
            | ContentError::Document(DocumentError::Mismatch(_)) => Verdict::Spoiled,
            _ => Verdict::Final,
        },
        _ => Verdict::Final,
    }
}

/// Statuses that another try may change.
pub(super) fn may_pass(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT
        || status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error()
}

/// The pause before the `pass`th further try, from 1: full jitter under a doubling bound.
pub(super) fn pause(cx: &Cx, pass: u32) -> Duration {
    let most = PAUSE.saturating_mul(1 << (pass.saturating_sub(1)).min(16)).min(PAUSE_MAX);
    Duration::from_millis(cx.random(most.as_millis() as u64 + 1))
}

/// How long `Retry-After` asks to wait: seconds, or a date, read against the server's own `Date` so that its clock does not matter.
pub(super) fn retry_after(headers: &HeaderMap, wall: UnixTime) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let asked = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = UnixTime::parse_http(asked)?;
    let now = text(header::DATE).and_then(UnixTime::parse_http).unwrap_or(wall);
    Some(Duration::from_secs(then.0.saturating_sub(now.0)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn after(value: &str, date: Option<&str>) -> Option<u64> {
        let mut headers =
            HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap())]);
        if let Some(date) = date {
            headers.insert(header::DATE, HeaderValue::from_str(date).unwrap());
        }
        retry_after(&headers, UnixTime(784_111_770)).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_dates() {
        assert_eq!(after("30", None), Some(30));
        assert_eq!(after(" 0 ", None), Some(0));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT", None), Some(7));
        let date = Some("Sun, 06 Nov 1994 08:49:30 GMT");
        assert_eq!(after("Sun, 06 Nov 1994 08:50:00 GMT", date), Some(30), "by the server's own clock");
        assert_eq!(after("Sun, 06 Nov 1994 08:00:00 GMT", date), Some(0), "over already");
        for odd in ["-1", "soon", "1.5", "Sun, 06 Nov 1994", ""] {
            assert_eq!(after(odd, None), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_not(value in "[ -~]{0,40}", near in "(Sun|Mon), [0-9]{1,3} (Nov|Feb) [0-9]{1,6} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT") {
            after(&value, Some(&near));
            after(&near, None);
        }
    }
}
