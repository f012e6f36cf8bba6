//! What a seed means: the registry, its images, its ways, and what is pulled how.

use std::time::Duration;

use lugger_core::{
    effect::http::Timeouts,
    name::Platform,
    op::{Caps, Limits, Ranges, Setup},
    rng::Rng,
    verb::Wanted,
};

use super::{
    clock::Clock,
    image::{Image, PLATFORMS, Shape},
    mirror::{Mirrors, Way},
};

/// How a registry wants to be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone may.
    Open,
    /// User name and password with every request.
    Basic,
    /// A token.
    Bearer {
        /// What the token server says of a token's life in seconds, if anything.
        life: Option<u64>,
        /// Whether the token server is another origin than the registry.
        elsewhere: bool,
        /// Whether the user has credentials for the registry.
        login: bool,
    },
}

/// One world before anything happens in it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What is in the repository.
    pub image: Image,
    /// How it is entered.
    pub access: Access,
    /// Whether HEAD is answered.
    pub head: bool,
    /// Whether answers say `Docker-Content-Digest`.
    pub digest_header: bool,
    /// Whether blobs are redirected to another origin.
    pub redirects: bool,
    /// What is asked before the registry.
    pub mirrors: Mirrors,
    /// Whether the pull is by digest.
    pub pinned: bool,
    /// For which platforms.
    pub wanted: Wanted,
    /// The operation's bounds.
    pub limits: Limits,
    /// What the host can do.
    pub caps: Caps,
    /// The operation's seed.
    pub seed: u64,
}

impl Scenario {
    /// The scenario of a seed.
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x5ce0_a210);
        let shape = [Shape::Manifest, Shape::Index, Shape::Index, Shape::Nested][rng.below(4) as usize];
        let platforms = 1 + rng.below(4) as usize;
        let image = Image::generate(&mut rng, shape, platforms, 200_000);
        let (os, architecture) = match shape {
            Shape::Manifest => PLATFORMS[0],
            _ => PLATFORMS[rng.below(platforms as u64) as usize],
        };
        let platform = Platform::new(os, architecture);
        let wanted = match rng.below(3) {
            0 => Wanted::Host(platform),
            1 => Wanted::Only(platform),
            _ => Wanted::All,
        };
        let access = match rng.below(4) {
            0 => Access::Open,
            1 => Access::Basic,
            _ => Access::Bearer {
                life: [None, Some(300), Some(7), Some(1)][rng.below(4) as usize],
                elsewhere: rng.below(2) == 0,
                login: rng.below(2) == 0,
            },
        };
        Self {
            image,
            access,
            head: rng.below(4) != 0,
            digest_header: rng.below(4) != 0,
            redirects: rng.below(2) == 0,
            mirrors: Way::some(&mut Rng::new(seed ^ 0x00d1_2207)),
            pinned: rng.below(4) == 0,
            wanted,
            limits: Limits {
                ranges: ranges(&mut Rng::new(seed ^ 0x4a11_9e55)),
                ..limits(1 + rng.below(4) as usize, 1 << (9 + rng.below(7)))
            },
            caps: Caps::default(),
            seed: rng.draw(),
        }
    }

    /// A single manifest for linux/amd64 with these layers, from the simplest registry.
    pub fn plain(layers: Vec<Vec<u8>>) -> Self {
        let mut scenario = Self::of(0).simple();
        scenario.image = Image::plain(layers);
        scenario.wanted = Wanted::Only(Platform::new("linux", "amd64"));
        scenario.limits = limits(1, 1 << 12);
        scenario
    }

    /// The same image from the simplest registry: open, with HEAD and digest headers, without redirects and mirrors. Blobs come
    /// in one stream each.
    pub fn simple(mut self) -> Self {
        self.limits.ranges.at_once = 1;
        self.access = Access::Open;
        self.mirrors.clear();
        (self.head, self.digest_header, self.redirects, self.pinned) = (true, true, false, false);
        self
    }

    /// The platform that is wanted; `None` for all.
    pub fn platform(&self) -> Option<&Platform> {
        match &self.wanted {
            Wanted::Host(platform) | Wanted::Only(platform) => Some(platform),
            Wanted::All => None,
        }
    }

    /// What an operation is given, the `run`th on this disk.
    pub fn setup(&self, clock: &Clock, run: u64) -> Setup {
        Setup {
            seed: self.seed.wrapping_add(run),
            wall: clock.wall(),
            limits: self.limits,
            caps: self.caps,
            ..Setup::default()
        }
    }
}

/// Whether blobs of a small world come in ranges, and when they do.
fn ranges(rng: &mut Rng) -> Ranges {
    let segment = 1 << (11 + rng.below(5));
    Ranges {
        at_once: 1 + rng.below(4) as usize,
        from: segment * (1 + rng.below(4)),
        segment,
        // Always, sometimes, hardly ever.
        slow: Duration::from_millis([0, 20, 200][rng.below(3) as usize]),
        ..Ranges::default()
    }
}

/// Bounds fit for a small world.
pub fn limits(concurrency: usize, checkpoint_every: u64) -> Limits {
    Limits {
        concurrency,
        checkpoint_every,
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            response: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            ..Limits::default().timeouts
        },
        ..Limits::default()
    }
}
