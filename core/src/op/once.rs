//! A value that one child makes and all share: a token, say.

use std::{cell::RefCell, future::poll_fn, task::Poll};

use super::Cx;

/// Made by the first who asks; the others wait. A failure is not kept: the next one in line tries again.
#[derive(Debug)]
pub struct Once<T>(RefCell<State<T>>);

#[derive(Debug)]
enum State<T> {
    Empty,
    Making,
    Made(T),
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(RefCell::new(State::Empty))
    }
}

impl<T: Clone> Once<T> {
    /// The value; `make` runs if nobody has made it yet, or if who was making it failed or was dropped.
    pub async fn get<E>(&self, cx: &Cx, make: impl AsyncFnOnce() -> Result<T, E>) -> Result<T, E> {
        let made = poll_fn(|_| {
            let mut state = self.0.borrow_mut();
            match &*state {
                State::Made(value) => Poll::Ready(Some(value.clone())),
                State::Making => Poll::Pending,
                State::Empty => {
                    *state = State::Making;
                    Poll::Ready(None)
                }
            }
        })
        .await;
        if let Some(value) = made {
            return Ok(value);
        }
        let _maker = Maker { once: self, cx };
        let value = make().await?;
        *self.0.borrow_mut() = State::Made(value.clone());
        Ok(value)
    }

    /// Forgets the value: the next one who asks makes a new one. A value in the making is left to its maker.
    pub fn reset(&self) {
        let mut state = self.0.borrow_mut();
        if matches!(*state, State::Made(_)) {
            *state = State::Empty;
        }
    }

    /// The value, if it was made.
    pub fn peek(&self) -> Option<T> {
        match &*self.0.borrow() {
            State::Made(value) => Some(value.clone()),
            _ => None,
        }
    }
}

/// Whoever is making the value; when it goes, the others look again.
struct Maker<'a, T> {
    once: &'a Once<T>,
    cx: &'a Cx,
}

impl<T> Drop for Maker<'_, T> {
    fn drop(&mut self) {
        let mut state = self.once.0.borrow_mut();
        if matches!(*state, State::Making) {
            *state = State::Empty;
        }
        self.cx.touch();
    }
}
