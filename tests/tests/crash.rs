//! The process of a pull ends at every step: the next pull finishes, fetches no committed content again, and of partial
//! content only what came after its last checkpoint.

use std::collections::BTreeSet;

use lugger_core::name::Digest;
use lugger_tests::sim::{Ended, Faults, Scenario, Stop, World, mirror::Way};

/// A pull that is killed at a step, and a second one. `None` when the first ended before that.
fn killed_at(seed: u64, at: u64, power: bool) -> Option<World> {
    let mut world = World::new(Scenario::of(seed), seed, Faults::none());
    let (ended, _) = world.pull_until(Stop::Kill { at, power });
    let Ended::Killed = ended else { return None };
    assert_eq!(world.violation, None, "{}", world.transcript);
    let committed: BTreeSet<Digest> = world.store.disk.blobs.keys().cloned().collect();
    let before = world.tally.clone();
    let (ended, _) = world.pull_until(Stop::Never);
    assert_eq!(world.violation, None, "{}", world.transcript);
    assert!(matches!(ended, Ended::Done(Ok(_))), "seed {seed}, step {at}: {ended:?}\n{}", world.transcript);
    for digest in &committed {
        let (then, now) = (before.bytes.get(digest), world.tally.bytes.get(digest));
        assert_eq!(then, now, "seed {seed}, step {at}: {digest} was committed and came again");
    }
    Some(world)
}

#[test]
fn killed_anywhere_the_next_pull_finishes() {
    let (mut points, mut resumed) = (0, 0);
    for seed in 0..60 {
        for at in 1.. {
            let Some(world) = killed_at(seed, at, false) else { break };
            points += 1;
            let wanted = world.scenario.image.wanted(world.scenario.platform()).unwrap();
            let blobs = world.scenario.image.fetched_blobs(&wanted);
            for (digest, bytes) in blobs {
                // What a killed process has written stays, and what no checkpoint covers is hashed, not fetched, again.
                let came = world.tally.bytes.get(digest).copied().unwrap_or(0);
                let wrong = world.scenario.mirrors.contains(&Way::Wrong);
                assert!(wrong || came == bytes.len() as u64, "seed {seed}, step {at}: {digest} came {came}");
            }
            resumed +=
                u64::from(world.transcript.lines().iter().any(|line| {
                    line.contains(" from ") && line.contains("began") && !line.ends_with("from 0")
                }));
        }
    }
    println!("{points} points, {resumed} with resumed blobs");
    assert!(points > 1_500 && resumed > 100, "{points} points, {resumed} resumed");
}

#[test]
fn after_a_power_cut_anywhere_the_next_pull_finishes() {
    let mut points = 0;
    for seed in 0..60 {
        for at in 1.. {
            let Some(_) = power_cut_at(seed, at) else { break };
            points += 1;
        }
    }
    assert!(points > 1_500, "only {points} points");
}

/// The same, but the power goes: more may be lost, nothing wrong may be kept.
fn power_cut_at(seed: u64, at: u64) -> Option<()> {
    let mut world = World::new(Scenario::of(seed), seed, Faults::none());
    let (ended, _) = world.pull_until(Stop::Kill { at, power: true });
    let Ended::Killed = ended else { return None };
    let (ended, _) = world.pull_until(Stop::Never);
    assert_eq!(world.violation, None, "{}", world.transcript);
    assert!(matches!(ended, Ended::Done(Ok(_))), "seed {seed}, step {at}: {ended:?}\n{}", world.transcript);
    for (digest, bytes) in &world.store.disk.blobs {
        assert_eq!(*digest, Digest::sha256(bytes), "seed {seed}, step {at}");
    }
    Some(())
}
