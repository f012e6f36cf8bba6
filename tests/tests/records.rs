//! What a pull writes beside content: a name, labels, sources, and a lease that ends.

use lugger_core::{
    error::Error,
    name::Digest,
    store::{ImageRecord, lookup},
};
use lugger_tests::{
    script::{Script, calm},
    sim::{Ended, Fault, Faults, Scenario, Stop, World},
};

const NAME: &str = "registry.example/team/app:1.0";

fn scenario() -> Scenario {
    Scenario::plain(vec![b"one layer".to_vec()])
}

fn pull(world: &mut World) {
    let (ended, _) = world.pull_until(Stop::Never);
    assert!(matches!(ended, Ended::Done(Ok(_))), "{ended:?}\n{}", world.transcript);
}

#[test]
fn a_pull_leaves_a_name_labels_and_sources_and_no_lease() {
    let mut world = calm(scenario());
    pull(&mut world);
    let keys: Vec<_> = world.store.scan("").into_iter().map(|(key, _)| key).collect();
    let root = world.scenario.image.root.clone();
    let count = |prefix: &str| keys.iter().filter(|key| key.starts_with(prefix)).count();
    assert_eq!((count("image/"), count("lease/"), count("source/")), (1, 0, 3), "{keys:#?}");
    let labels = [
        format!("label/{root}/containerd.io/gc.ref.content.config"),
        format!("label/{root}/containerd.io/gc.ref.content.l.0"),
    ];
    assert!(labels.iter().all(|label| keys.contains(label)), "{keys:#?}");
    assert!(keys.contains(&format!("source/{root}/registry.example/team/app")), "{keys:#?}");
}

#[test]
fn labels_of_others_survive_a_change_of_the_name() {
    let mut world = calm(scenario());
    pull(&mut world);
    let key = format!("image/{NAME}");
    let mut image: ImageRecord = serde_json::from_str(&world.store.get(&key).unwrap().value).unwrap();
    image.labels.insert("mine".to_owned(), "kept".to_owned());
    let created = image.created_at.clone();
    world.store.disk.put(&key, serde_json::to_string(&image).unwrap());
    let mut moved = calm(Scenario::plain(vec![b"another".to_vec()]));
    moved.store = world.store;
    moved.clock.spend(std::time::Duration::from_secs(3600));
    pull(&mut moved);
    let image: ImageRecord = serde_json::from_str(&moved.store.get(&key).unwrap().value).unwrap();
    assert_eq!(image.target.digest, moved.scenario.image.root);
    assert_eq!((image.labels["mine"].as_str(), &image.created_at), ("kept", &created));
    assert!(image.updated_at > image.created_at, "{image:?}");
}

#[test]
fn a_name_that_others_change_is_written_all_the_same_but_not_for_ever() {
    let (mut well, mut hits) = (0, 0);
    for seed in 0..100 {
        let mut world = World::new(scenario(), seed, Faults::none().with(Fault::Conflict, 50));
        pull(&mut world);
        hits += world.hits.of(Fault::Conflict);
        well += 1;
    }
    assert!(well == 100 && hits > 50, "{hits}");
    // A store in which somebody is always first.
    let mut world = World::new(scenario(), 0, Faults::none().with(Fault::Conflict, 100));
    let (ended, _) = world.pull_until(Stop::Never);
    assert!(matches!(ended, Ended::Done(Err(Error::Contended { .. }))), "{ended:?}\n{}", world.transcript);
}

#[test]
fn a_record_that_cannot_be_read_is_an_error_and_stays() {
    let mut world = calm(scenario());
    world.store.disk.put(&format!("image/{NAME}"), "{}".to_owned());
    let mut script = Script::pull_in(world, |_| {});
    assert!(matches!(script.finish(), Err(Error::Store(_))));
    assert_eq!(script.world.store.get(&format!("image/{NAME}")).unwrap().value, "{}");
}

#[test]
fn a_lease_that_turned_out_to_be_needless_ends_too() {
    // The name and all documents are there, a layer is not; and another process brings it while we wait for its lock.
    let mut left = 0;
    for seed in 0..40 {
        let mut world = World::new(scenario(), seed, Faults::none());
        pull(&mut world);
        world.store.disk.blobs.remove(&Digest::sha256(b"one layer"));
        world.faults = Faults::none().with(Fault::LockHeld, 100);
        pull(&mut world);
        left += world.store.scan("lease/").len();
    }
    assert_eq!(left, 0, "leases left");
}

#[test]
fn names_can_be_looked_up() {
    let mut world = calm(scenario());
    pull(&mut world);
    let root = world.scenario.image.root.clone();
    let mut script = Script::new(world, async |cx| lookup(&cx, NAME).await);
    assert_eq!(script.finish().unwrap().unwrap().target.digest, root);
}
