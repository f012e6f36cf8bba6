//! Requests to an origin that has called them too many: one after the other, with a gap that grows with every such word and
//! shrinks with every answer. Without it all who were told to wait would come back at once.

use std::{cell::Cell, time::Duration};

use crate::{
    op::{Cx, Why},
    time::Instant,
};

/// The gap after the first word, and the longest.
const FIRST: u64 = 100;
const LONGEST: u64 = 2_000;
/// A gap below this is none.
const SHORTEST: u64 = 10;
/// Refusals within this time are one word: they were on their way together.
const ONE_WORD: Duration = Duration::from_millis(500);

/// How far apart requests are sent, in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    gap: Cell<u64>,
    /// When the next may be sent.
    next: Cell<Instant>,
    /// When the gap has last grown.
    grown: Cell<Option<Instant>>,
}

impl Spacing {
    /// Waits for a turn, if turns are taken.
    pub(super) async fn turn(&self, cx: &Cx) {
        let gap = self.gap.get();
        if gap == 0 {
            return;
        }
        let at = self.next.get().max(cx.now());
        self.next.set(at.after(Duration::from_millis(gap)));
        let wait = at.since(cx.now());
        if !wait.is_zero() {
            cx.sleep(wait, Why::Backoff).await;
        }
    }

    /// It said that they are too many.
    pub(super) fn too_many(&self, now: Instant) {
        // Those who wait now are told how long by others; turns begin when they come back.
        self.next.set(now);
        if self.grown.get().is_none_or(|grown| now.since(grown) >= ONE_WORD) {
            self.gap.set((self.gap.get() * 2).clamp(FIRST, LONGEST));
            self.grown.set(Some(now));
        }
    }

    /// It answered.
    pub(super) fn answered(&self) {
        let gap = self.gap.get() * 7 / 8;
        self.gap.set(if gap < SHORTEST { 0 } else { gap });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_grows_with_words_and_shrinks_with_answers() {
        let spacing = Spacing::default();
        let gap = || spacing.gap.get();
        for at in [0, 1, 499] {
            spacing.too_many(Instant(at));
            assert_eq!(gap(), 100, "one word");
        }
        for (at, expected) in [(500, 200), (1000, 400), (1500, 800), (2000, 1600), (2500, 2000), (3000, 2000)]
        {
            spacing.too_many(Instant(at));
            assert_eq!(gap(), expected);
        }
        let answers = (0..).take_while(|_| {
            spacing.answered();
            gap() > 0
        });
        assert!((20..60).contains(&answers.count()), "it goes away");
    }
}
