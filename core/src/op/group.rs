//! Several futures at once. Every living child is polled on every poll until it is done: none is ever snoozed.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use super::{Cx, Why};
use crate::time::Instant;

/// A result and further items.
type Yield<I, T, E> = Result<(T, Vec<I>), E>;
type Child<'a, I, T, E> = Pin<Box<dyn Future<Output = Yield<I, T, E>> + 'a>>;

/// Runs `f` over `items`, at most `limit` at once, started in order. Results in item order; the first error drops the others.
pub async fn map_limit<I, T, E>(
    limit: usize,
    items: impl IntoIterator<Item = I>,
    f: impl AsyncFn(I) -> Result<T, E>,
) -> Result<Vec<T>, E> {
    let numbered = items.into_iter().enumerate();
    let one = async |(at, item)| Ok(((at, f(item).await?), Vec::new()));
    let mut results = worklist(limit, numbered, one, |(at, _)| *at).await?;
    results.sort_by_key(|(at, _)| *at);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// Runs `f` over a growing set of items, at most `limit` at once. Each item yields a result and further items.
///
/// Of the items that wait, the one with the smallest `rank` starts first, then the one that came first. Results are
/// in order of completion; the first error drops every other child.
pub async fn worklist<I, T, E, R: Ord>(
    limit: usize,
    items: impl IntoIterator<Item = I>,
    f: impl AsyncFn(I) -> Result<(T, Vec<I>), E>,
    rank: impl Fn(&I) -> R,
) -> Result<Vec<T>, E> {
    let (mut waiting, mut came) = (Vec::new(), 0_u64);
    let mut add = |waiting: &mut Vec<((R, u64), I)>, items: Vec<I>| {
        for item in items {
            waiting.push(((rank(&item), came), item));
            came += 1;
        }
    };
    add(&mut waiting, items.into_iter().collect());
    let mut children: Vec<Child<'_, I, T, E>> = Vec::new();
    let mut results = Vec::new();
    poll_fn(|task: &mut Context<'_>| {
        loop {
            while children.len() < limit.max(1)
                && let Some(at) = smallest(&waiting)
            {
                let (_, item) = waiting.swap_remove(at);
                let f = &f;
                children.push(Box::pin(async move { f(item).await }));
            }
            let before = children.len();
            let mut at = 0;
            while let Some(child) = children.get_mut(at) {
                match child.as_mut().poll(task) {
                    Poll::Pending => at += 1,
                    Poll::Ready(Ok((result, more))) => {
                        drop(children.remove(at));
                        results.push(result);
                        add(&mut waiting, more);
                    }
                    Poll::Ready(Err(error)) => {
                        children.clear();
                        return Poll::Ready(Err(error));
                    }
                }
            }
            if children.is_empty() && waiting.is_empty() {
                return Poll::Ready(Ok(std::mem::take(&mut results)));
            }
            if children.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// Where the item with the smallest rank is.
fn smallest<R: Ord, I>(waiting: &[(R, I)]) -> Option<usize> {
    let smallest = waiting.iter().enumerate().min_by(|(_, (a, _)), (_, (b, _))| a.cmp(b));
    smallest.map(|(at, _)| at)
}

/// Runs two futures at once and waits for both.
pub async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(|task: &mut Context<'_>| {
        if first.is_none() {
            first = ready(a.as_mut().poll(task));
        }
        if second.is_none() {
            second = ready(b.as_mut().poll(task));
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// Runs a future until it is done, or drops it at `at` and yields `None`. Done at that very moment counts as done.
pub async fn deadline<T>(cx: &Cx, at: Instant, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut alarm) = (pin!(future), pin!(cx.sleep_until(at, Why::Deadline)));
    poll_fn(|task: &mut Context<'_>| match future.as_mut().poll(task) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => alarm.as_mut().poll(task).map(|()| None),
    })
    .await
}

fn ready<T>(poll: Poll<T>) -> Option<T> {
    match poll {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}
