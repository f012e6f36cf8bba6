//! What comes back to an operation, in the order in which it came.

use std::{cell::RefCell, collections::VecDeque, future::poll_fn, task::{Poll, Waker}, time::Duration};

use lugger_core::{
    effect::{
        RequestId,
        file::{Entry, FileError, Helped, HelperError},
        http::{NetError, Response},
        pump::Pumped,
        secret::{Secret, SecretError},
        store::{Applied, Begun, Record, StoreError},
    },
    effect::LockId,
    op::Ticket,
};

use crate::clock::Timer;

/// An answer with its ticket, or something to be told.
pub(crate) enum Message {
    Exchanged(Ticket<Result<Response, NetError>>, Result<Response, NetError>),
    Pumped(Ticket<Pumped>, Box<Pumped>),
    Found(Ticket<Result<Option<u64>, StoreError>>, Result<Option<u64>, StoreError>),
    Read(Ticket<Result<Vec<u8>, StoreError>>, Result<Vec<u8>, StoreError>),
    Begun(Ticket<Result<Begun, StoreError>>, Result<Begun, StoreError>),
    Done(Ticket<Result<(), StoreError>>, Result<(), StoreError>),
    Got(Ticket<Result<Option<Record>, StoreError>>, Result<Option<Record>, StoreError>),
    Scanned(Ticket<Result<Vec<(String, Record)>, StoreError>>, Result<Vec<(String, Record)>, StoreError>),
    Applied(Ticket<Result<Applied, StoreError>>, Result<Applied, StoreError>),
    Locked(Ticket<Result<Option<LockId>, StoreError>>, Result<Option<LockId>, StoreError>),
    Secret(Ticket<Result<Option<Secret>, SecretError>>),
    File(Ticket<Result<Entry, FileError>>),
    Saved(Ticket<Result<(), FileError>>),
    Helped(Ticket<Result<Helped, HelperError>>),
    Sliced(Ticket<Result<Vec<u8>, FileError>>, Result<Vec<u8>, FileError>),
    Progress(RequestId, u64),
    Cancel,
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
