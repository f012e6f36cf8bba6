//! Many seeds at once, and what came of them.

use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use super::{
    faults::Hits,
    plan::{Ending, Plan},
};

/// What a batch of seeds came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// How many stories.
    pub stories: u64,
    /// First pulls that ended well although things went wrong.
    pub succeeded: u64,
    /// First pulls whose process was killed.
    pub killed: u64,
    /// First pulls that ended with an error, by its kind.
    pub failed: BTreeMap<String, u64>,
    /// Decisions of all first pulls.
    pub steps: u64,
    /// What went wrong.
    pub hits: Hits,
    /// Stories in which something happened that must not: their plans, and what it was.
    pub violations: Vec<(Plan, String)>,
}

impl Summary {
    /// Runs the plans of `from..from + count` on two threads.
    pub fn of(from: u64, count: u64, plan: impl Fn(u64) -> Plan + Sync) -> Self {
        let next = AtomicU64::new(from);
        let work = || {
            let mut summary = Self::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= from + count {
                    return summary;
                }
                summary.story(plan(seed));
            }
        };
        thread::scope(|scope| {
            let other = scope.spawn(work);
            let mut summary = work();
            summary.add(other.join().expect("a story does not panic"));
            summary.violations.sort_by_key(|(plan, _)| plan.seed);
            summary
        })
    }

    fn story(&mut self, plan: Plan) {
        let story = plan.run();
        self.stories += 1;
        self.steps += story.steps;
        self.hits.add(&story.hits);
        match story.first {
            Ok(_) => self.succeeded += 1,
            Err(Ending::Killed) => self.killed += 1,
            Err(Ending::Failed(error)) => *self.failed.entry(format!("{:?}", error.kind())).or_default() += 1,
        }
        if let Some(violation) = story.violation {
            self.violations.push((plan, violation));
        }
    }

    fn add(&mut self, other: Self) {
        self.stories += other.stories;
        self.succeeded += other.succeeded;
        self.killed += other.killed;
        self.steps += other.steps;
        self.hits.add(&other.hits);
        self.violations.extend(other.violations);
        for (kind, n) in other.failed {
            *self.failed.entry(kind).or_default() += n;
        }
    }

    /// How to see the failing stories again.
    pub fn complaint(&self) -> String {
        let line = |(plan, what): &(Plan, String)| {
            format!("{what}\n  cargo run --profile sim -p lugger-tests --bin sim -- story '{plan}'\n")
        };
        self.violations.iter().take(5).map(line).collect()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stories, succeeded, killed, failed, steps, hits, violations } = self;
        writeln!(
            f,
            "{stories} stories, {steps} decisions: {succeeded} succeeded, {killed} killed, failed: {failed:?}"
        )?;
        writeln!(f, "faults: {} ({hits})", hits.total())?;
        write!(f, "{} violations", violations.len())
    }
}
