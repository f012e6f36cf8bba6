//! What is tried again, how often, and after what pause (security.md H3, H4).

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use super::{redirect::Followed, refusal};
use crate::{
    effect::http::NetErrorKind,
    error::Refusal,
    event::Event,
    op::{Cx, Why},
};

/// The first pause is drawn from 0..=this; each further one from twice as much, up to [`PAUSE_MAX`].
const PAUSE: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The tries of one request, or of one body.
pub(crate) struct Tries {
    doing: String,
    made: u32,
    most: u32,
}

impl Tries {
    pub(crate) fn new(cx: &Cx, doing: &str) -> Self {
        Self { doing: doing.to_string(), made: 0, most: cx.limits().attempts.max(1) }
    }

    /// How many were made.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// Progress was made: what comes is a new beginning.
    pub(crate) fn reset(&mut self) {
        self.made = 0;
    }

    /// Sends until there is a response that a further try would not change.
    pub(super) async fn persist<F>(&mut self, cx: &Cx, send: impl Fn() -> F) -> Result<Followed, Refusal>
    where
        F: Future<Output = Result<Followed, Refusal>>,
    {
        loop {
            let result = send().await;
            if let Some(followed) = self.judge(cx, result).await? {
                return Ok(followed);
            }
        }
    }

    /// Judges one try: a response that a further try would not change; `None`, after a pause, for one more try.
    pub(super) async fn judge(
        &mut self,
        cx: &Cx,
        result: Result<Followed, Refusal>,
    ) -> Result<Option<Followed>, Refusal> {
        match result {
            Ok(followed) if !may_pass(followed.reply.status) => return Ok(Some(followed)),
            Ok(Followed { reply, .. }) => {
                let after = retry_after(&reply.headers);
                self.again_after(cx, refusal(&reply), after).await?;
            }
            Err(why) => self.again(cx, why).await?,
        }
        Ok(None)
    }

    /// Waits before the next try; gives the error back when it is final or the tries are used up.
    pub(crate) async fn again(&mut self, cx: &Cx, why: Refusal) -> Result<(), Refusal> {
        self.again_after(cx, why, None).await
    }

    async fn again_after(&mut self, cx: &Cx, why: Refusal, asked: Option<Duration>) -> Result<(), Refusal> {
        self.made += 1;
        let patience = cx.limits().retry_after_max;
        if self.made >= self.most || is_final(&why) || asked.is_some_and(|wait| wait > patience) {
            return Err(why);
        }
        let most = PAUSE.saturating_mul(1 << (self.made - 1).min(16)).min(PAUSE_MAX);
        let jitter = Duration::from_millis(cx.random(most.as_millis() as u64 + 1));
        let after = asked.map_or(jitter, |wait| wait + jitter);
        cx.emit(Event::Retrying { doing: self.doing.clone(), why, after });
        cx.sleep(after, Why::Backoff).await;
        Ok(())
    }
}

/// Statuses that another try may change.
fn may_pass(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT
        || status == StatusCode::TOO_MANY_REQUESTS
        || status.is_server_error()
}

/// Errors that another try cannot change.
fn is_final(why: &Refusal) -> bool {
    match why {
        Refusal::Net(error) => {
            use NetErrorKind::{File, Forbidden, PlainHttp, Tls};
            matches!(error.kind, Tls | PlainHttp | Forbidden | File)
        }
        Refusal::Throttled { .. } | Refusal::Status { .. } | Refusal::Malformed(_) => false,
        _ => true,
    }
}

/// `Retry-After` in seconds. (Its date form needs a clock that agrees with the server's; it counts as absent.)
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
