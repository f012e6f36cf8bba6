//! Names that go, and content with them: because the user says so, or because the store is full.

use lugger_core::{
    error::{Error, Kind},
    event::Event,
    name::{Digest, Reference},
    store::ImageRecord,
    verb::{self, Import, Pulled},
};
use lugger_tests::{
    archive::Sample,
    script::{Script, calm},
    sim::{Scenario, World},
};
use serde_json::{Value, json};

/// Puts an image into the store, as if it had been used last at this moment.
fn put(mut world: World, name: &str, sample: &Sample, used: &str) -> World {
    let files = world.give(&sample.layout(&json!({})));
    let want = Import {
        files,
        name: Some(Reference::parse(name).expect("a name")),
        examine: false,
        make_room: false,
    };
    let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
    let imported = script.finish().expect("it fits");
    let mut world = script.world;
    let key = format!("image/{}", imported.images[0].name);
    let mut image: ImageRecord =
        serde_json::from_str(&world.store.get(&key).expect("its record").value).expect("a record");
    image.updated_at = used.to_owned();
    world.store.disk.put(&key, serde_json::to_string(&image).expect("a record is JSON"));
    world
}

fn remove(world: World, name: &'static str) -> (World, Result<u64, Error>) {
    let mut script = Script::new(world, async |cx| verb::remove(cx, name.to_owned()).await);
    let removed = script.finish().map(|removed| removed.freed);
    (script.world, removed)
}

/// Bytes that gzip cannot make smaller.
fn noise(seed: u64, n: usize) -> Vec<u8> {
    lugger_tests::sim::image::random_bytes(&mut lugger_core::rng::Rng::new(seed), n)
}

fn image(seed: u64) -> Sample {
    Sample::of(&[b"base", &noise(seed, 20_000)])
}

fn names(world: &World) -> Vec<String> {
    world.store.scan("image/").into_iter().map(|(key, _)| key.replace("image/r.example/", "")).collect()
}

fn three() -> World {
    let world = put(calm(Scenario::plain(vec![noise(9, 30_000)])), "r.example/b:1", &image(2), "1999-01-02");
    let world = put(world, "r.example/a:1", &image(1), "1999-01-03");
    put(world, "r.example/c:1", &image(3), "1999-01-01")
}

#[test]
fn a_name_goes_with_what_only_it_needs() {
    let world = put(three(), "r.example/again:1", &image(1), "1999-01-03");
    let blobs = world.store.disk.blobs.len();
    let (world, freed) = remove(world, "r.example/a:1");
    assert_eq!((freed.unwrap(), world.store.disk.blobs.len()), (0, blobs), "another name leads there");
    let (world, freed) = remove(world, "r.example/again:1");
    assert!(freed.unwrap() > 20_000);
    assert_eq!(world.store.disk.blobs.len(), blobs - 3, "manifest, config and a layer; the base stays");
    let (world, error) = remove(world, "r.example/a:1");
    assert_eq!(error.unwrap_err().kind(), Kind::NotFound);
    let (mut world, _) = remove(world, "r.example/b:1");
    // What an operation holds stays.
    let held: Vec<_> = world.store.disk.blobs.keys().cloned().collect();
    let lease = |until: &str| json!({"created_at": "2026-01-01T00:00:00Z", "labels": {"containerd.io/gc.expire": until}});
    world.store.disk.put("lease/x", lease("9999-01-01T00:00:00Z").to_string());
    world.store.disk.put(&format!("lease/x/content/{}", held[0]), "\"\"".to_owned());
    world.store.disk.put("lease/old", lease("1970-01-01T00:00:00Z").to_string());
    world.store.disk.put(&format!("lease/old/content/{}", held[1]), "\"\"".to_owned());
    world.store.disk.put(&format!("lease/gone/content/{}", held[2]), "\"\"".to_owned());
    let (world, _) = remove(world, "r.example/c:1");
    assert_eq!(world.store.disk.blobs.keys().collect::<Vec<_>>(), [&held[0]]);
    let left: Vec<_> = world.store.disk.records.keys().filter(|key| !key.starts_with("lease")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Puts a document into the store, and a name that leads to it.
fn add(world: &mut World, name: &str, media_type: &str, document: &Value) -> Value {
    let bytes = document.to_string().into_bytes();
    let digest = Digest::sha256(&bytes);
    let target = json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()});
    let at = "1999-01-01T00:00:00Z";
    let record = json!({"target": target, "created_at": at, "updated_at": at});
    world.store.disk.blobs.insert(digest, bytes.into());
    world.store.disk.put(&format!("image/{name}"), record.to_string());
    target
}

#[test]
fn what_an_image_says_of_what_is_not_there_is_in_nobodys_way() {
    let index = "application/vnd.oci.image.index.v1+json";
    let entry = |at: usize| json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": Digest::sha256(&at.to_be_bytes()).to_string(), "size": 7});
    let mut world = three();
    // As many as an index may have, none of them here.
    let manifests: Vec<_> = (0..10_000).map(entry).collect();
    add(&mut world, "r.example/many:1", index, &json!({"schemaVersion": 2, "manifests": manifests}));
    // A layer that an index calls a manifest.
    let large = vec![0; 5 << 20];
    let mut odd = entry(0);
    odd["digest"] = json!(Digest::sha256(&large).to_string());
    world.store.disk.blobs.insert(Digest::sha256(&large), large.into());
    add(&mut world, "r.example/odd:1", index, &json!({"schemaVersion": 2, "manifests": [odd]}));
    for name in ["r.example/a:1", "r.example/many:1", "r.example/odd:1"] {
        let (after, freed) = remove(world, name);
        assert!(freed.unwrap() > 20_000);
        world = after;
    }
    assert_eq!(names(&world), ["b:1", "c:1"]);
}

#[test]
fn an_index_that_lies_of_a_size_loses_nothing() {
    let mut world = three();
    let record = world.store.get("image/r.example/a:1").expect("its record");
    let right = record.read::<Value>().expect("JSON")["target"].clone();
    let mut wrong = right.clone();
    wrong["size"] = json!(1);
    let manifests = json!([right, wrong]);
    let index = "application/vnd.oci.image.index.v1+json";
    add(&mut world, "r.example/index:1", index, &json!({"schemaVersion": 2, "manifests": manifests}));
    let (_, freed) = remove(world, "r.example/a:1");
    assert_eq!(freed.unwrap(), 0);
}

fn pull_into(mut world: World, room: u64, make_room: bool) -> (Script<Pulled>, Result<Pulled, Error>) {
    world.store.capacity = Some(world.store.used() + room);
    let mut script = Script::pull_in(world, |pull| pull.make_room = make_room);
    script.serve_rest();
    let result = script.finish();
    (script, result)
}

fn evicted(script: &Script<Pulled>) -> Vec<String> {
    let name = |event: &Event| match event {
        Event::Evicted { name } => Some(name.replace("r.example/", "")),
        _ => None,
    };
    script.events.iter().filter_map(name).collect()
}

#[test]
fn the_image_that_was_not_used_for_longest_goes_first() {
    // Without leave nothing goes.
    let (script, result) = pull_into(three(), 20_000, false);
    assert!(result.unwrap_err().to_string().contains("full"));
    assert_eq!((evicted(&script), names(&script.world).len()), (vec![], 3));
    // Room for two thirds of it: as much goes as the whole of it needs.
    let (script, result) = pull_into(three(), 20_000, true);
    result.unwrap();
    assert_eq!(evicted(&script), ["c:1", "b:1"]);
    assert_eq!(names(&script.world).len(), 2);
    // What was used meanwhile goes last.
    let mut script = Script::new(three(), async |cx| verb::touch(cx, "r.example/c:1".to_owned()).await);
    script.finish().unwrap();
    let (script, result) = pull_into(script.world, 20_000, true);
    result.unwrap();
    assert_eq!(evicted(&script), ["b:1", "a:1"]);
    assert!(names(&script.world).contains(&"c:1".to_owned()));
}

#[test]
fn the_second_try_goes_on_where_the_first_one_ended() {
    let (script, result) = pull_into(three(), 20_000, true);
    result.unwrap();
    let layer = Digest::sha256(&noise(9, 30_000));
    assert_eq!(script.world.tally.bytes[&layer], 30_000, "no byte came twice");
    let began: Vec<u64> = script
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Began { digest, from } if *digest == layer => Some(*from),
            _ => None,
        })
        .collect();
    assert!(matches!(began[..], [0, from] if from > 0), "{began:?}");
    assert!(script.world.store.scan("lease/").is_empty(), "one lease, and it has ended");
}

#[test]
fn what_came_already_needs_no_more_room() {
    // All that can go is less than the layer, and more than what is still to come of it.
    let world = put(
        calm(Scenario::plain(vec![noise(9, 30_000)])),
        "r.example/a:1",
        &Sample::of(&[&noise(1, 27_000)]),
        "1999-01-01",
    );
    let (script, result) = pull_into(world, 20_000, true);
    result.unwrap();
    assert_eq!(evicted(&script), ["a:1"]);
}

#[test]
fn when_nothing_can_go_it_is_an_error() {
    // Nothing is there but what is wanted itself.
    let (script, result) = pull_into(calm(Scenario::plain(vec![noise(9, 30_000)])), 20_000, true);
    assert!(result.unwrap_err().to_string().contains("full"));
    assert_eq!(evicted(&script), Vec::<String>::new());
    // All that can go is not enough.
    let world = put(calm(Scenario::plain(vec![noise(9, 90_000)])), "r.example/a:1", &image(1), "1999-01-01");
    let (script, result) = pull_into(world, 20_000, true);
    assert!(result.unwrap_err().to_string().contains("full"));
    assert_eq!(
        (evicted(&script), names(&script.world)),
        (vec![], vec!["a:1".to_owned()]),
        "nor is it given up in vain"
    );
    assert!(script.world.store.disk.ingests.len() == 1, "what came is kept");
}
