//! What comes back to an operation, in the order in which it came.

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    task::{Poll, Waker},
    time::Duration,
};

use lugger_core::{
    effect::{Notice, RequestId},
    op::{Answer, Op, Ticket},
};

use crate::clock::Timer;

/// What comes back to an operation.
pub(crate) enum Message {
    Answer(Box<dyn Deliver>),
    Progress(RequestId, u64),
    Cancel,
}

/// An answer with its ticket, whatever it answers.
pub(crate) trait Deliver {
    /// Gives it to the operation; what is owed if nobody there waits for it.
    fn deliver(self: Box<Self>, op: &mut Op<String>) -> Option<Notice>;
    /// What is owed if nobody ever sees it.
    fn release(&self) -> Option<Notice>;
}

impl<R: Answer> Deliver for (Ticket<R>, R) {
    fn deliver(self: Box<Self>, op: &mut Op<String>) -> Option<Notice> {
        let (ticket, answer) = *self;
        op.reply(ticket, answer).err().and_then(|refused| refused.release())
    }

    fn release(&self) -> Option<Notice> {
        self.1.release()
    }
}

/// The queue of one operation.
#[derive(Default)]
pub(crate) struct Inbox(RefCell<Inner>);

#[derive(Default)]
struct Inner {
    messages: VecDeque<Message>,
    waker: Option<Waker>,
}

impl Inbox {
    /// Adds a message, and wakes the operation.
    pub(crate) fn push(&self, message: Message) {
        let mut inner = self.0.borrow_mut();
        inner.messages.push_back(message);
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
    }

    /// A message that is there already.
    pub(crate) fn take(&self) -> Option<Message> {
        self.0.borrow_mut().messages.pop_front()
    }

    /// The next message; `None` when the wait was over first.
    pub(crate) async fn next(&self, wait: Option<Duration>) -> Option<Message> {
        let timer = wait.map(Timer::new);
        poll_fn(|cx| {
            let mut inner = self.0.borrow_mut();
            if let Some(message) = inner.messages.pop_front() {
                return Poll::Ready(Some(message));
            }
            inner.waker = Some(cx.waker().clone());
            match &timer {
                Some(timer) => timer.poll(cx.waker()).map(|()| None),
                None => Poll::Pending,
            }
        })
        .await
    }
}
