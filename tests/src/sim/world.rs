//! All that an operation can touch, and what the world remembers of it.

use std::{collections::BTreeMap, fmt, rc::Rc};

use lugger_core::{
    effect::{
        file::{Entry, Helped},
        secret::Origin,
        store::LockKey,
    },
    event::Event,
    name::{Digest, Reference},
    op::Setup,
    registry::Grants,
    rng::Rng,
    time::Instant,
    verb::Pull,
};
use url::Url;

use super::{
    clock::Clock,
    faults::{Fault, Faults, Group, Hits},
    mirror,
    net::Net,
    registry::{Asked, HOST, REPOSITORY, Registry, TAG},
    scenario::Scenario,
    store::Store,
    transcript::{self, Mark, Transcript},
};

/// A registry, a store, a network and a clock, decided by a seed.
#[derive(Debug)]
pub struct World {
    /// What it began as.
    pub scenario: Scenario,
    /// What goes wrong how often, from now on.
    pub faults: Faults,
    /// What has gone wrong.
    pub hits: Hits,
    /// The time.
    pub clock: Clock,
    /// The servers.
    pub registry: Registry,
    /// The open bodies.
    pub net: Net,
    /// The store.
    pub store: Store,
    /// The files that the user gave to the operation.
    pub given: Vec<Rc<[u8]>>,
    /// The user's configuration, by path.
    pub files: BTreeMap<String, Entry>,
    /// Texts of the user's that one origin may be sent and nobody be shown: values of own headers, passwords of files.
    pub bound: BTreeMap<String, Origin>,
    /// The credential helpers that are installed: what each answers to `get`, by its name.
    pub helpers: BTreeMap<String, Helped>,
    /// What was asked of the network.
    pub tally: Tally,
    /// All that went in and out.
    pub transcript: Transcript,
    /// The first thing that must not happen and did.
    pub violation: Option<String>,
    /// Where the contract's HTTP server is, when there is one.
    pub fixture: Option<Url>,
    pub(super) rng: Rng,
    /// Locks that other processes hold, and until when.
    pub(super) others: BTreeMap<LockKey, Instant>,
    /// How many operations there were.
    pub(super) runs: u64,
    /// How often the power went.
    pub(super) power_cuts: u64,
    /// What the process remembers of registries.
    pub(crate) grants: Grants,
}

/// What was asked of the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests, by what they were for, also those that failed.
    pub requests: BTreeMap<Asked, u64>,
    /// Bytes that came into ingests, by content.
    pub bytes: BTreeMap<Digest, u64>,
}

impl Tally {
    /// Requests for this.
    pub fn of(&self, asked: Asked) -> u64 {
        self.requests.get(&asked).copied().unwrap_or(0)
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.requests.values().sum()
    }

    /// All bytes.
    pub fn all_bytes(&self) -> u64 {
        self.bytes.values().sum()
    }
}

impl World {
    /// The world of a scenario; `seed` decides what happens in it.
    pub fn new(scenario: Scenario, seed: u64, faults: Faults) -> Self {
        Self {
            registry: Registry::new(&scenario),
            scenario,
            faults,
            hits: Hits::default(),
            clock: Clock::default(),
            net: Net::default(),
            store: Store::default(),
            given: Vec::new(),
            files: BTreeMap::new(),
            bound: mirror::bound(),
            helpers: BTreeMap::new(),
            tally: Tally::default(),
            transcript: Transcript::default(),
            violation: None,
            fixture: None,
            rng: Rng::new(seed ^ 0x0b5e_55ed),
            others: BTreeMap::new(),
            runs: 0,
            power_cuts: 0,
            grants: Grants::default(),
        }
    }

    /// What the next operation is given.
    pub fn setup(&mut self) -> Setup {
        self.runs += 1;
        Setup { grants: self.grants.clone(), ..self.scenario.setup(&self.clock, self.runs) }
    }

    /// What is pulled.
    pub fn reference(&self) -> Reference {
        let name = format!("{HOST}/{REPOSITORY}");
        let text = match self.scenario.pinned {
            true => format!("{name}@{}", self.scenario.image.root),
            false => format!("{name}:{TAG}"),
        };
        Reference::parse(&text).expect("a reference made here is valid")
    }

    /// The pull of the scenario.
    pub fn pull(&self) -> Pull {
        let mut pull = Pull::new(self.reference(), self.scenario.wanted.clone());
        let mirrors = mirror::HOSTS.iter().take(self.scenario.mirrors.len());
        pull.registries.mirrors = mirrors.map(|host| format!("https://{host}")).collect();
        pull
    }

    /// The name of the record that the pull makes.
    pub fn name(&self) -> String {
        self.reference().to_string()
    }

    /// The process ends without a word: locks and handles are gone, what was written stays.
    pub fn kill(&mut self) {
        self.net.open.clear();
        self.store.restart();
        self.others.clear();
        self.grants = Grants::default();
        self.note(&"killed");
    }

    /// The power goes: like [`Self::kill`], and what was not made durable suffers.
    pub fn power_cut(&mut self) {
        self.kill();
        self.power_cuts += 1;
        self.store.disk.power_cut(&mut self.rng);
        self.note(&"after a power cut");
    }

    /// Another process holds a lock until then.
    pub fn hold(&mut self, key: LockKey, until: Instant) {
        self.others.insert(key, until);
    }

    /// Nothing goes wrong from now on.
    pub fn calm(&mut self) {
        self.faults = Faults::none();
        self.others.clear();
    }

    pub(crate) fn log(&mut self, mark: Mark, text: &dyn fmt::Display) {
        self.transcript.line(self.clock.now(), mark, text);
    }

    /// What is told, but for exchanges, which say for themselves that they were made.
    pub(crate) fn event(&mut self, told: &Event) {
        if !matches!(told, Event::Exchanged { .. }) {
            self.log(Mark::Event, &transcript::event(told));
        }
    }

    pub(super) fn note(&mut self, text: &dyn fmt::Display) {
        self.log(Mark::World, text);
    }

    /// Decides whether one of a group's faults happens here and now.
    pub(super) fn fault(&mut self, group: Group, fits: impl Fn(Fault) -> bool) -> Option<Fault> {
        let fault = self.faults.decide(&mut self.rng, group, fits)?;
        self.hits.count(fault);
        self.note(&format_args!("fault {}", fault.name()));
        Some(fault)
    }

    /// Something that must not happen did.
    pub(super) fn violated(&mut self, what: String) {
        self.note(&format_args!("VIOLATION: {what}"));
        self.violation.get_or_insert(what);
    }

    /// Violated, unless it holds.
    pub(super) fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.violated(what());
        }
    }
}
