//! Two processes want the same blob: one fetches, the other waits, and takes what is there then.

use lugger_core::op::Why;
use lugger_tests::sim::{Ended, Fault, Faults, Scenario, Stop, World};

#[test]
fn who_waits_gets_in_and_fetches_only_what_is_missing() {
    let (mut waits, mut brought) = (0, 0);
    for seed in 0..200 {
        let mut world =
            World::new(Scenario::of(seed).simple(), seed, Faults::none().with(Fault::LockHeld, 50));
        let (ended, _) = world.pull_until(Stop::Never);
        let Ended::Done(Ok(pulled)) = ended else { panic!("seed {seed}: {ended:?}\n{}", world.transcript) };
        let wanted = world.scenario.image.wanted(world.scenario.platform()).unwrap();
        let all: u64 = world.scenario.image.fetched_blobs(&wanted).values().map(|b| b.len() as u64).sum();
        assert!(pulled.fetched_bytes <= all);
        waits += world.hits.of(Fault::LockHeld);
        brought += u64::from(pulled.fetched_bytes < all);
    }
    assert!(waits > 200 && brought > 50, "{waits} waits, {brought} pulls with less to fetch");
}

#[test]
fn the_pauses_grow_to_two_seconds() {
    use lugger_core::{effect::store::LockKey, name::Digest, op::Op};
    let mut world = World::new(Scenario::plain(vec![b"one layer".to_vec()]), 1, Faults::none());
    let key = LockKey::Ingest(Digest::sha256(b"one layer"));
    world.hold(key, lugger_core::time::Instant(60_000));
    let want = world.pull();
    let op = Op::new(world.setup(), async |cx| lugger_core::verb::pull(cx, want).await);
    let mut script = lugger_tests::script::Script::over(world, op);
    script.serve_rest();
    assert!(script.finish().is_ok());
    let pauses: Vec<u128> = script
        .slept
        .iter()
        .map(|(why, pause)| {
            assert_eq!(*why, Why::Lock);
            pause.as_millis()
        })
        .collect();
    for (i, pause) in pauses.iter().enumerate() {
        assert!(*pause <= (16_u128 << i.min(7)) + 1, "pause {i}: {pause} ms");
    }
    assert!(pauses.len() > 20 && pauses.iter().sum::<u128>() >= 59_000, "{pauses:?}");
}
