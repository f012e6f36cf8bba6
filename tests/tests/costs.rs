//! What a pull asks of a registry: no request and no byte too many.

use lugger_tests::sim::{Ended, Faults, Scenario, Stop, World, registry::Asked};

fn pull(world: &mut World) {
    let (ended, _) = world.pull_until(Stop::Never);
    assert!(matches!(ended, Ended::Done(Ok(_))), "{ended:?}\n{}", world.transcript);
}

#[test]
fn a_first_pull_asks_once_for_each_document_and_blob() {
    let (mut documents, mut blobs) = (0, 0);
    for seed in 0..300 {
        let mut world = World::new(Scenario::of(seed).simple(), seed, Faults::none());
        pull(&mut world);
        let wanted = world.scenario.image.wanted(world.scenario.platform()).unwrap();
        let manifests =
            wanted.iter().filter(|d| world.scenario.image.documents.contains_key(d)).count() as u64;
        let fetched = world.scenario.image.fetched_blobs(&wanted);
        let bytes: u64 = fetched.values().map(|bytes| bytes.len() as u64).sum();
        let asked = (world.tally.of(Asked::Manifest), world.tally.of(Asked::Blob), world.tally.total());
        let count = fetched.len() as u64;
        assert_eq!(asked, (manifests, count, manifests + count), "seed {seed}\n{}", world.transcript);
        assert_eq!(world.tally.all_bytes(), bytes, "seed {seed}");
        documents += manifests;
        blobs += count;
    }
    assert!(documents > 400 && blobs > 600, "{documents} documents, {blobs} blobs");
}

#[test]
fn a_second_pull_asks_one_head_by_tag_and_nothing_by_digest() {
    for seed in 0..100 {
        for pinned in [false, true] {
            let mut scenario = Scenario::of(seed).simple();
            scenario.pinned = pinned;
            let mut world = World::new(scenario, seed, Faults::none());
            pull(&mut world);
            let (heads, total) = (world.tally.of(Asked::Head), world.tally.total());
            pull(&mut world);
            let more = (world.tally.of(Asked::Head) - heads, world.tally.total() - total);
            assert_eq!(more, if pinned { (0, 0) } else { (1, 1) }, "seed {seed}\n{}", world.transcript);
        }
    }
}
