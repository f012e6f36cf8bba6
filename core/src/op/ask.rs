//! The two leaf futures that wait for something outside: an answer, and a moment.

use std::{
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use super::{Answer, Cx, Why};
use crate::{effect::RequestId, time::Instant};

/// Waits for the answer to one request. Dropped earlier, it tells the host to forget the request, or gives back
/// what an answer that nobody saw carries.
pub(super) struct Ask<R> {
    cx: Cx,
    id: RequestId,
    answer: PhantomData<fn() -> R>,
}

impl<R> Ask<R> {
    pub(super) fn new(cx: &Cx, id: RequestId) -> Self {
        Self { cx: cx.clone(), id, answer: PhantomData }
    }
}

impl<R: Answer> Future for Ask<R> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        let Some(answer) = self.cx.with(|s| s.take_answer(self.id)) else { return Poll::Pending };
        Poll::Ready(*answer.downcast().expect("reply has checked the type"))
    }
}

impl<R> Drop for Ask<R> {
    fn drop(&mut self) {
        self.cx.with(|s| s.forget(self.id));
    }
}

/// Waits for a moment.
pub(super) struct Sleep {
    cx: Cx,
    key: (Instant, u64),
}

impl Sleep {
    pub(super) fn new(cx: &Cx, at: Instant, why: Why) -> Self {
        Self { cx: cx.clone(), key: cx.with(|s| s.start_timer(at, why)) }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.cx.now() >= self.key.0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cx.with(|s| s.stop_timer(self.key));
    }
}
