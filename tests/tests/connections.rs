//! A slow blob comes over several real connections at once, and over one where that is what the settings say.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use lugger::{
    Host,
    core::{
        name::{Platform, Reference},
        op::{Limits, Ranges},
        verb::{self, Pull, Wanted},
    },
    registry::{Answered, Registry},
    store::{Options, Store},
};
use lugger_tests::slow::Slow;
use tempfile::TempDir;

const SIZE: usize = 8 << 20;

/// Pulls a layer that comes at 256 KiB a pause; how many connections it took at most, and what was asked.
fn pull(ranges: Ranges, pause: Duration) -> (usize, Vec<Answered>) {
    let slow = Slow::new(SIZE, pause);
    let (layer, sent) = (slow.layer.clone(), Arc::clone(&slow.sent));
    let (registry, dir) =
        (Registry::start(slow).expect("a loopback port"), TempDir::new().expect("a directory"));
    let store = Store::open(&dir.path().join("store"), &Options::default()).expect("a new store");
    let reference = Reference::parse(&format!("{}/big:v1", registry.address())).expect("a reference");
    let want = Pull::new(reference, Wanted::Only(Platform::new("linux", "amd64")));
    let mut host = Host::with(store, Limits { ranges, ..Limits::default() });
    host.run(async |cx| verb::pull(cx, want).await).expect("it ends well");
    assert_eq!(host.store().expect("it has one").find(&layer), Ok(Some(SIZE as u64)));
    let layer = layer.to_string();
    let asked = registry.take_log().into_iter().filter(|it| it.path.ends_with(&layer)).collect();
    (sent.most.load(Relaxed), asked)
}

const RANGES: Ranges =
    Ranges { at_once: 4, from: 2 << 20, segment: 1 << 20, slow: Duration::ZERO, fast: u64::MAX };

#[test]
fn a_slow_one_takes_several() {
    let (most, asked) = pull(RANGES, Duration::from_millis(20));
    let statuses: Vec<u16> = asked.iter().map(|it| it.status).collect();
    assert_eq!(statuses, [206; 8]);
    assert_eq!(asked.iter().map(|it| it.bytes).sum::<u64>(), SIZE as u64, "each byte once");
    assert!((2..=4).contains(&most), "{most} at once");
}

#[test]
fn one_is_enough_for_what_is_fast_and_for_who_wants_no_more() {
    let (most, asked) = pull(Ranges { slow: Duration::from_secs(3600), ..RANGES }, Duration::ZERO);
    assert_eq!((most, asked.len()), (1, 2));
    let (most, asked) = pull(Ranges { fast: 1 << 20, ..RANGES }, Duration::ZERO);
    assert_eq!((most, asked.len()), (1, 2));
    let (most, asked) = pull(Ranges { at_once: 1, ..RANGES }, Duration::ZERO);
    assert_eq!((most, asked.len()), (1, 1));
}
