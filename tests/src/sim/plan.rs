//! A whole story from one line of text: a pull that may be stopped, what went wrong in it, and how it ends well.

use std::{collections::BTreeSet, fmt, str::FromStr};

use lugger_core::{
    error::{Error, Kind},
    op::Op,
    verb::{self, Pulled},
};

use super::{
    faults::{Fault, Faults, Group, Hits},
    mirror::Way,
    registry::Asked,
    scenario::{Access, Scenario},
    stop::{Ended, Stop},
    transcript::{Mark, Transcript},
    world::World,
};

/// What decides a story: equal plans make equal transcripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Decides the scenario and every choice.
    pub seed: u64,
    /// What goes wrong how often, while it does.
    pub faults: Faults,
    /// Whether and where the first pull is stopped.
    pub stop: Stop,
}

/// What happened.
#[derive(Debug)]
pub struct Story {
    /// How the first pull ended; a killed one did not.
    pub first: Result<Pulled, Ending>,
    /// What must not happen and did.
    pub violation: Option<String>,
    /// What went wrong.
    pub hits: Hits,
    /// All of it.
    pub transcript: Transcript,
    /// How many decisions the first pull took.
    pub steps: u64,
}

/// How a first pull ended otherwise than well.
#[derive(Debug)]
pub enum Ending {
    /// With an error.
    Failed(Error),
    /// With its process.
    Killed,
}

impl Plan {
    /// The plan of a seed: faults in so many percent of all decisions.
    pub fn mixed(seed: u64, percent: u32) -> Self {
        Self { seed, faults: Faults::mixed(percent), stop: Stop::Never }
    }

    /// A story without faults that is cancelled in the middle of its first pull; read by people, and told by every host.
    pub fn cancelled() -> Self {
        Self { stop: Stop::Cancel { at: 13, late: true }, ..Self::mixed(11, 0) }
    }

    /// One that is killed there, and resumed.
    pub fn killed() -> Self {
        Self { stop: Stop::Kill { at: 22, power: false }, ..Self::mixed(13, 0) }
    }

    /// Runs the story: a pull while things go wrong, then, on the same disk, one while nothing does, then one more.
    pub fn run(&self) -> Story {
        let mut world = World::new(Scenario::of(self.seed), self.seed, self.faults.clone());
        let stop = match self.stop {
            Stop::Never => world.fate(),
            other => other,
        };
        let (ended, steps) = world.pull_until(stop);
        let first = match ended {
            Ended::Killed => Err(Ending::Killed),
            Ended::Done(Err(error)) => Err(Ending::Failed(error)),
            Ended::Done(Ok(pulled)) => Ok(pulled),
        };
        if let Err(Ending::Failed(Error::Stalled(trail))) = &first {
            world.violated(format!("stalled in {trail}"));
        }
        if let (Err(Ending::Failed(error)), 0, Stop::Never) = (&first, world.hits.total(), stop) {
            world.violated(format!("failed without any fault: {error}"));
        }
        if let Err(Ending::Failed(error)) = &first {
            // The image is there, and who may have it is let in: anything else is a lie, but for a mirror that lets nobody in, and
            // for tokens that are taken back, or damaged on their way and the next one old when it arrives, or that live a second
            // and are old twice in a row.
            let spoiled = world.hits.of(Fault::Revoked) + world.hits.of(Fault::Flipped);
            let brief = matches!(world.scenario.access, Access::Bearer { life: Some(1), .. });
            let closed = world.scenario.mirrors.contains(&Way::Closed) || spoiled > 0 || brief;
            let lies = error.kind() == Kind::NotFound || (error.kind() == Kind::Denied && !closed);
            world.must(!lies, || format!("that is not true: {error}"));
        }
        if first.is_ok() {
            world.check_pulled(&BTreeSet::new());
        }
        if let (Ok(_), 0, Stop::Never) = (&first, world.hits.total(), stop) {
            world.check_no_waste();
        }
        let hits = world.hits.clone();
        world.calm();
        if first.is_ok() && world.rng.below(4) == 0 {
            // What has a name is durable.
            world.power_cut();
            world.check_pulled(&world.leases());
        }
        for _ in 0..2 {
            if world.violation.is_none() {
                world.pull_again();
            }
        }
        world.check_transcript();
        world.check_costs();
        Story { first, violation: world.violation, hits, transcript: world.transcript, steps }
    }

    /// Runs the story of a transcript file again. The first line that differs, if one does.
    pub fn replay(stored: &str) -> Result<Option<Difference>, String> {
        let (head, lines) = stored.split_once('\n').unwrap_or((stored, ""));
        let plan: Self = head.strip_prefix(HEAD).ok_or("not a transcript of the simulator")?.parse()?;
        let again = plan.run().transcript;
        let (mut stored, mut now) = (lines.lines(), again.lines().iter().map(String::as_str));
        for line in 2.. {
            match (stored.next(), now.next()) {
                (None, None) => break,
                (stored, now) if stored == now => {}
                (stored, now) => {
                    let own = |text: Option<&str>| text.unwrap_or("(the end)").to_owned();
                    return Ok(Some(Difference { line, stored: own(stored), now: own(now) }));
                }
            }
        }
        Ok(None)
    }
}

/// The first word of a transcript file.
const HEAD: &str = "lugger-sim ";

impl Story {
    /// The transcript with the plan that made it.
    pub fn to_file(&self, plan: &Plan) -> String {
        format!("{HEAD}{plan}\n{}", self.transcript)
    }
}

/// Where a transcript and its replay part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line of the file, from 1.
    pub line: usize,
    /// What stands there.
    pub stored: String,
    /// What happens now.
    pub now: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} differs\n  stored: {}\n  now:    {}", self.line, self.stored, self.now)
    }
}

impl World {
    /// Whether and when the process of the first pull ends before it does.
    fn fate(&mut self) -> Stop {
        match self.fault(Group::Process, |_| true) {
            None => Stop::Never,
            Some(fault) => Stop::Kill { at: 1 + self.rng.below(60), power: fault == Fault::PowerCut },
        }
    }

    /// Pulls, and stops as told. Also how many decisions that took.
    pub fn pull_until(&mut self, stop: Stop) -> (Ended<Pulled>, u64) {
        let want = self.pull();
        let op = Op::new(self.setup(), async |cx| verb::pull(cx, want).await);
        self.log(Mark::World, &format_args!("pull {}", self.name()));
        self.run(op, stop)
    }

    /// Pulls while nothing goes wrong: this must work. When it is not the first on this disk, it must cost nothing.
    fn pull_again(&mut self) {
        let key = format!("image/{}", self.name());
        let known = self.store.get(&key).is_some();
        let leases = self.leases();
        let before = self.tally.clone();
        match self.pull_until(Stop::Never).0 {
            Ended::Done(Ok(_)) => self.check_pulled(&leases),
            Ended::Done(Err(error)) => self.violated(format!("failed though nothing went wrong: {error}")),
            Ended::Killed => self.violated("killed though nobody killed it".to_owned()),
        }
        if known {
            let asked = |asked| self.tally.of(asked) - before.of(asked);
            let counts =
                (asked(Asked::Manifest), asked(Asked::Blob), self.tally.all_bytes() - before.all_bytes());
            let manifests =
                u64::from(!(self.scenario.pinned || self.scenario.head && self.scenario.digest_header));
            let expected = (manifests, 0, 0);
            // Mirrors that do not have it, or do not let us in, are asked as well.
            let right =
                counts == expected || (!self.scenario.mirrors.is_empty() && (counts.1, counts.2) == (0, 0));
            self.must(right, || format!("a second pull cost {counts:?}, not {expected:?}"));
        }
    }
}

/// The plan as text: what a transcript file begins with.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed={} stop={} faults={}", self.seed, self.stop, self.faults)
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let value = |key: &str| {
            let mut parts = text.split_whitespace();
            parts.find_map(|part| part.strip_prefix(key)).ok_or_else(|| format!("no {key} in `{text}`"))
        };
        let seed = value("seed=")?.parse().map_err(|error| format!("the seed: {error}"))?;
        Ok(Self { seed, faults: value("faults=")?.parse()?, stop: value("stop=")?.parse()? })
    }
}
