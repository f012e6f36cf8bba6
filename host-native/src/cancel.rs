//! Stopping an operation from outside.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{self, Sender},
};

use crate::running::Message;

/// Stops a running operation from another thread: it gives back what it holds and ends with
/// [`Error::Cancelled`](lugger_core::error::Error::Cancelled).
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Mutex<CancelState>>);

#[derive(Debug, Default)]
struct CancelState {
    asked: bool,
    wake: Option<Sender<Message>>,
}

impl Cancel {
    /// Stops it, or the next one that runs with this.
    pub fn cancel(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked = true;
        if let Some(wake) = &state.wake {
            // An operation that has ended needs no waking.
            let _ = wake.send(Message::Cancel);
        }
    }

    /// Waits until somebody stops it. For what runs until then and is no operation.
    pub fn wait(&self) {
        let (wake, woken) = mpsc::channel();
        self.arm(&wake);
        // The sender is here: this ends by a message alone.
        let _ = woken.recv();
    }

    pub(crate) fn arm(&self, wake: &Sender<Message>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.wake = Some(wake.clone());
        if state.asked {
            let _ = wake.send(Message::Cancel);
        }
    }
}
