//! How fast a body comes: what is slower than the floor is given up (security.md H1).

use std::time::Duration;

use super::http::{Floor, NetError, NetErrorKind};

/// The pace of one body. Only the time that is spent reading counts: a slow disk or a pause is not the server's.
#[derive(Debug)]
pub struct Pace {
    floor: Floor,
    bytes: u64,
    spent: Duration,
}

impl Pace {
    /// Before the first byte.
    pub fn new(floor: Floor) -> Self {
        Self { floor, bytes: 0, spent: Duration::ZERO }
    }

    /// So many bytes came after so long. Whether that is fast enough: false once a whole span brought less than the floor asks
    /// of a span of that length.
    pub fn moved(&mut self, took: Duration, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        self.spent += took;
        if self.spent < self.floor.per {
            return true;
        }
        // A read that ends late makes the span longer, and so what is asked of it.
        let came = u128::from(self.bytes) * self.floor.per.as_millis();
        let asked = u128::from(self.floor.bytes) * self.spent.as_millis();
        (self.bytes, self.spent) = (0, Duration::ZERO);
        came >= asked
    }

    /// What to say of a body that is not.
    pub fn too_slow(&self) -> NetError {
        let detail = format!("slower than {} bytes in {} s", self.floor.bytes, self.floor.per.as_secs_f64());
        NetError::new(NetErrorKind::Timeout, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(Floor { bytes: 100, per: 10 * SECOND })
    }

    #[test]
    fn judges_whole_spans_each_for_itself() {
        let mut pace = pace();
        assert!(pace.moved(SECOND, 1000));
        assert!((0..8).all(|_| pace.moved(SECOND, 0)), "the span is not over");
        assert!(pace.moved(SECOND, 0), "it brought enough");
        assert!((0..9).all(|_| pace.moved(SECOND, 9)));
        assert!(!pace.moved(SECOND, 9), "an earlier span does not count for this one");
    }

    #[test]
    fn the_floor_itself_is_fast_enough() {
        let mut pace = pace();
        assert!((0..100).all(|_| pace.moved(SECOND, 10)));
    }

    #[test]
    fn a_read_that_ends_late_has_to_bring_more() {
        assert!(!pace().moved(30 * SECOND, 299));
        assert!(pace().moved(30 * SECOND, 300));
    }
}
