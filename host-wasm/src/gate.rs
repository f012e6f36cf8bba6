//! Waiting until nothing is under way.

use std::{
    cell::RefCell,
    future::poll_fn,
    task::{Poll, Waker},
};

/// Counts what is under way.
#[derive(Default)]
pub(crate) struct Gate(RefCell<Inner>);

#[derive(Default)]
struct Inner {
    under_way: usize,
    wakers: Vec<Waker>,
}

impl Gate {
    /// Something begins.
    pub(crate) fn enter(&self) {
        self.0.borrow_mut().under_way += 1;
    }

    /// It has ended.
    pub(crate) fn leave(&self) {
        let mut inner = self.0.borrow_mut();
        inner.under_way -= 1;
        if inner.under_way == 0 {
            inner.wakers.drain(..).for_each(Waker::wake);
        }
    }

    /// Waits until nothing is under way.
    pub(crate) async fn idle(&self) {
        poll_fn(|cx| {
            let mut inner = self.0.borrow_mut();
            if inner.under_way == 0 {
                return Poll::Ready(());
            }
            inner.wakers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
