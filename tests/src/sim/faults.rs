//! What can go wrong, how often, and how often it did.

use std::{fmt, str::FromStr};

use lugger_core::rng::Rng;

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $text:literal in $group:ident,)*) => {
        /// One way in which the world can misbehave.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            /// Every fault.
            pub const ALL: &[Fault] = &[$(Fault::$name,)*];

            /// Its name in plans and transcripts.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$name => $text,)* }
            }

            /// The decision at which it can happen.
            pub fn group(self) -> Group {
                match self { $(Fault::$name => Group::$group,)* }
            }
        }
    };
}

faults! {
    /// No connection.
    Refused = "refused" in Exchange,
    /// The response never comes.
    Silent = "silent" in Exchange,
    /// Every token that was given out is revoked.
    Revoked = "revoked" in Exchange,
    /// 429 without `Retry-After`.
    Throttled = "throttled" in Exchange,
    /// 429 with `Retry-After`.
    ThrottledAfter = "throttled-after" in Exchange,
    /// A 5xx status.
    ServerError = "server-error" in Exchange,
    /// 200 with broken JSON instead of the content.
    Garbage = "garbage" in Exchange,
    /// 200 with a login page instead of the content.
    Html = "html" in Exchange,
    /// A range is answered with 200 and everything.
    RangeIgnored = "range-ignored" in Range,
    /// A range is answered with 206 and another range.
    WrongRange = "wrong-range" in Range,
    /// The connection breaks inside the body.
    Reset = "reset" in Body,
    /// The body stops coming.
    Stall = "stall" in Body,
    /// The body ends early, as if that were all.
    Truncated = "truncated" in Body,
    /// One bit of the body is wrong.
    Flipped = "flipped" in Body,
    /// The body goes on after its end.
    TooLong = "too-long" in Body,
    /// The store has no space left.
    DiskFull = "disk-full" in Store,
    /// The store fails in another way.
    StoreFailed = "store-failed" in Store,
    /// Another process holds the lock.
    LockHeld = "lock-held" in Lock,
    /// Another process changes the image record first.
    Conflict = "conflict" in Record,
    /// The process is killed: what it wrote stays.
    Killed = "killed" in Process,
    /// The power goes: what was not made durable may be lost or damaged.
    PowerCut = "power-cut" in Process,
}

/// A decision of the world at which one fault, or none, happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// How an exchange ends.
    Exchange,
    /// How a range request is answered.
    Range,
    /// What becomes of a body.
    Body,
    /// How the store does what it is asked.
    Store,
    /// Whether a lock is free.
    Lock,
    /// Whether a record is what it was.
    Record,
    /// How a process ends.
    Process,
}

/// How often each fault happens, in hundredths of a percent of its decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults([u32; Fault::ALL.len()]);

const WHOLE: u64 = 10_000;

impl Faults {
    /// None at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// At every decision something goes wrong in so many percent of the cases, each fault as often as the others of its
    /// group. The store fails twenty times less often: it is asked ten times as often as the network, and nothing that
    /// fails there is tried again.
    pub fn mixed(percent: u32) -> Self {
        let mut faults = Self::none();
        for &fault in Fault::ALL {
            let among = Fault::ALL.iter().filter(|other| other.group() == fault.group()).count() as u32;
            let seldom = if fault.group() == Group::Store { 20 } else { 1 };
            faults.0[fault as usize] = percent * 100 / among / seldom;
        }
        faults
    }

    /// One more, in so many percent of its decisions; 0 switches it off.
    pub fn with(mut self, fault: Fault, percent: u32) -> Self {
        self.0[fault as usize] = percent * 100;
        self
    }

    /// Without the faults of these groups.
    pub fn without(mut self, groups: &[Group]) -> Self {
        for &fault in Fault::ALL {
            if groups.contains(&fault.group()) {
                self.0[fault as usize] = 0;
            }
        }
        self
    }

    /// Decides once: at most one of the group's faults that `fits` the occasion.
    pub fn decide(&self, rng: &mut Rng, group: Group, fits: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut drawn = rng.below(WHOLE);
        for &fault in Fault::ALL.iter().filter(|fault| fault.group() == group) {
            let rate = u64::from(self.0[fault as usize]);
            if drawn < rate {
                return Some(fault).filter(|fault| fits(*fault));
            }
            drawn -= rate;
        }
        None
    }
}

/// `name:hundredths,…`; empty for none.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = Fault::ALL.iter().filter(|fault| self.0[**fault as usize] > 0);
        for (i, fault) in on.enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}:{}", fault.name(), self.0[*fault as usize])?;
        }
        Ok(())
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::none();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let wrong = || format!("`{part}` is no fault:rate");
            let (name, rate) = part.split_once(':').ok_or_else(wrong)?;
            let fault = Fault::ALL.iter().find(|fault| fault.name() == name).ok_or_else(wrong)?;
            faults.0[*fault as usize] = rate.parse().map_err(|_| wrong())?;
        }
        Ok(faults)
    }
}

/// How often each fault has happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits([u64; Fault::ALL.len()]);

impl Hits {
    /// It happened.
    pub fn count(&mut self, fault: Fault) {
        self.0[fault as usize] += 1;
    }

    /// How often it did.
    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    /// How often anything did.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Takes in another count.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl fmt::Display for Hits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in Fault::ALL.iter().enumerate() {
            write!(f, "{}{} {}", if i == 0 { "" } else { ", " }, fault.name(), self.of(*fault))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_survive_their_text() {
        for faults in [Faults::none(), Faults::mixed(10), Faults::none().with(Fault::Stall, 3)] {
            assert_eq!(faults.to_string().parse(), Ok(faults));
        }
        for bad in ["reset", "reset:x", "rest:1"] {
            assert!(bad.parse::<Faults>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mix_hits_every_fault_at_its_rate() {
        let (mut rng, mut hits, faults) = (Rng::new(1), Hits::default(), Faults::mixed(50));
        for _ in 0..10_000 {
            for group in [Group::Exchange, Group::Range, Group::Body, Group::Store, Group::Lock] {
                hits.0[faults.decide(&mut rng, group, |_| true).map_or(0, |f| f as usize)] += 1;
            }
        }
        let all = hits.0.iter().zip(Fault::ALL).filter(|(_, fault)| fault.group() == Group::Body);
        assert!(all.clone().count() == 5 && all.clone().all(|(n, _)| (850..1150).contains(n)), "{hits}");
        assert_eq!(Faults::none().decide(&mut rng, Group::Body, |_| true), None);
    }
}
