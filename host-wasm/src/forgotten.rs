//! That nobody waits for a request any more.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    task::{Poll, Waker},
};

/// Whether nobody waits for a request any more.
#[derive(Default)]
pub(crate) struct Forgotten {
    is_set: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Forgotten {
    pub(crate) fn is_set(&self) -> bool {
        self.is_set.get()
    }

    /// From now on. Yields whether it was so already.
    pub(crate) fn set(&self) -> bool {
        let was_set = self.is_set.replace(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        was_set
    }

    /// What a future yields; `None` as soon as nobody waits for the request any more. One at a time.
    pub(crate) async fn or<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| {
            if self.is_set() {
                return Poll::Ready(None);
            }
            self.waker.replace(Some(cx.waker().clone()));
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }
}
