//! How fast one origin is asked: what every request to it shares.

use std::cell::{Cell, RefCell};

use http::{HeaderMap, StatusCode};

use super::{retry, spacing::Spacing};
use crate::{
    error::Refusal,
    event::{Event, Quota},
    op::Cx,
    time::Instant,
};

/// Further tries that one origin is asked for at most, beyond those that answers have earned: a registry that is down is not
/// asked five times for each of a hundred layers.
const BUDGET: u32 = 32;

/// The pace of one origin.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nothing is asked before: what `Retry-After` said to one request holds for all.
    rests_until: Cell<Instant>,
    /// What it said then.
    said: RefCell<Option<Refusal>>,
    budget: Cell<u32>,
    /// Turns are taken, once it has said that requests are too many.
    pub(super) spacing: Spacing,
    quota: Cell<Option<Quota>>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            rests_until: Cell::default(),
            said: RefCell::default(),
            budget: Cell::new(BUDGET),
            spacing: Spacing::default(),
            quota: Cell::default(),
        }
    }
}

impl Pace {
    /// When it may be asked again.
    pub(super) fn rests_until(&self) -> Instant {
        self.rests_until.get()
    }

    /// It asked to be left alone until then.
    pub(super) fn rest(&self, until: Instant, said: &Refusal) {
        if until > self.rests_until.get() {
            self.rests_until.set(until);
            self.said.replace(Some(said.clone()));
        }
    }

    /// Why it rests.
    pub(super) fn said(&self) -> Option<Refusal> {
        self.said.borrow().clone()
    }

    /// Whether there is a further try left.
    pub(super) fn may_spend(&self) -> bool {
        self.budget.get() > 0
    }

    /// A further try is made.
    pub(super) fn spend(&self) {
        self.budget.set(self.budget.get().saturating_sub(1));
    }

    /// What it last told of its limits.
    pub(super) fn quota(&self) -> Option<Quota> {
        self.quota.get()
    }

    /// An answer came: one that is more than "not now" earns a try back, and any may tell of a quota.
    pub(super) fn answered(&self, cx: &Cx, registry: &str, status: StatusCode, headers: &HeaderMap) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.spacing.too_many(cx.now());
        } else if !retry::may_pass(status) {
            self.spacing.answered();
            self.budget.set((self.budget.get() + 1).min(BUDGET));
        }
        if let Some(quota) = quota(headers)
            && self.quota.replace(Some(quota)) != Some(quota)
        {
            cx.emit(Event::Limited { registry: registry.to_owned(), quota });
        }
    }
}

/// What a registry says of its limits: `ratelimit-limit: 100;w=21600` as Docker Hub does, or the `x-ratelimit-*` of others.
fn quota(headers: &HeaderMap) -> Option<Quota> {
    let read = |name: &str| -> Option<(u64, Option<u64>)> {
        let text = headers.get(name)?.to_str().ok()?;
        let (count, rest) = text.split_once(';').unwrap_or((text, ""));
        let window = rest.split(';').find_map(|part| part.trim().strip_prefix("w=")?.parse().ok());
        Some((count.trim().parse().ok()?, window))
    };
    let (remaining, window) = read("ratelimit-remaining").or_else(|| read("x-ratelimit-remaining"))?;
    let limit = read("ratelimit-limit").or_else(|| read("x-ratelimit-limit"));
    Some(Quota {
        remaining,
        limit: limit.map(|(limit, _)| limit),
        window: limit.and_then(|(_, window)| window).or(window),
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> Option<Quota> {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        quota(&headers.iter().map(pair).collect())
    }

    #[test]
    fn quotas_of_registries() {
        let hub = [("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "76;w=21600")];
        let quota = |remaining, limit, window| Some(Quota { remaining, limit, window });
        assert_eq!(of(&hub), quota(76, Some(100), Some(21_600)));
        assert_eq!(of(&[("x-ratelimit-remaining", "0")]), quota(0, None, None));
        assert_eq!(of(&[("ratelimit-limit", "100")]), None);
        assert_eq!(of(&[("ratelimit-remaining", "many")]), None);
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_not(value in "[ -~]{0,40}") {
            of(&[("ratelimit-remaining", &value), ("ratelimit-limit", &value)]);
        }
    }
}
