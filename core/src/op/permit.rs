//! Permits: how many exchanges and downloads run at once, decided here and not by the size of a host's pool.

use std::{future::poll_fn, task::Poll};

use super::Cx;

/// One of the operation's [`concurrency`](super::Limits::concurrency) permits; given back when dropped.
///
/// Taken inside [`Cx::exchange`] and [`Cx::download`], one at a time: a permit is never held while another is awaited.
#[must_use]
pub struct Permit(Cx);

impl Permit {
    /// Waits for a permit.
    pub async fn take(cx: &Cx) -> Self {
        poll_fn(|_| {
            cx.with(|s| {
                if s.permits == 0 {
                    return Poll::Pending;
                }
                s.permits -= 1;
                Poll::Ready(())
            })
        })
        .await;
        Self(cx.clone())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.with(|s| s.permits += 1);
        // A child that was polled earlier may be waiting for it.
        self.0.touch();
    }
}
