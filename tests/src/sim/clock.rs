//! Virtual time: it stands still unless the scheduler moves it.

use std::time::Duration;

use lugger_core::time::{Instant, UnixTime};

/// The wall clock at virtual zero: 2023-11-14T22:13:20Z.
const EPOCH: UnixTime = UnixTime(1_700_000_000);

/// The one clock of a world. It outlives operations, so that leases and tokens age from one to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    now: Instant,
}

impl Clock {
    /// The moment.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// The wall clock.
    pub fn wall(&self) -> UnixTime {
        EPOCH.after(self.now.since(Instant::default()))
    }

    /// Lets some time go by.
    pub fn spend(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    /// Moves on to a moment; one that has passed changes nothing.
    pub fn reach(&mut self, at: Instant) {
        self.now = self.now.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_forward_only() {
        let mut clock = Clock::default();
        clock.reach(Instant(5_000));
        clock.reach(Instant(3));
        clock.spend(Duration::from_millis(1));
        assert_eq!((clock.now(), clock.wall()), (Instant(5_001), UnixTime(1_700_000_005)));
    }
}
