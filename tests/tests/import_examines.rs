//! An import that looks into layers as they go by: what `examine` finds later is known at once.

use lugger_core::{
    error::Error,
    event::{Event, Warning},
    name::{Digest, Reference},
    store::State,
    verb::{self, Examination, Examine, Import, Imported, Look},
};
use lugger_tests::{
    archive::{Files, Sample, gzip, index, tar},
    script::{Script, calm},
    sim::{Scenario, World},
};
use serde_json::json;

const NAME: &str = "registry.example/app:1";

fn reference() -> Reference {
    Reference::parse(NAME).expect("a name")
}

fn world() -> World {
    calm(Scenario::plain(Vec::new()))
}

fn import(
    mut world: World,
    files: &[(String, Vec<u8>)],
    examine: bool,
) -> (Script<Imported>, Result<Imported, Error>) {
    let files = world.give(files);
    let want = Import { files, name: Some(reference()), examine, make_room: false };
    let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
    let result = script.finish();
    (script, result)
}

fn states(world: World) -> (World, Vec<State>) {
    let mut script = Script::new(world, async |cx| {
        verb::overview(cx, Look { remote: false, ..Look::new(reference()) }).await
    });
    let overview = script.finish().expect("it was imported");
    (script.world, overview.layers.iter().map(|layer| layer.state).collect())
}

fn examine(world: World) -> Examination {
    let want = Examine { reference: reference(), target: None, platform: None };
    Script::new(world, async |cx| verb::examine(cx, want).await).finish().expect("it was imported")
}

fn sample() -> Sample {
    Sample::of(&[b"one", &[2; 20_000]])
}

/// One file.
fn archive(files: &[(String, Vec<u8>)]) -> Files {
    vec![("app.tar".to_owned(), tar(files))]
}

fn position(script: &Script<Imported>, is: impl Fn(&Event) -> bool) -> usize {
    script.events.iter().position(is).expect("it was told")
}

#[test]
fn layers_are_examined_in_the_pass_that_stores_them() {
    let sample = sample();
    for files in [sample.layout(&json!({})), sample.saved(&json!(["app:1"]))] {
        let (script, imported) = import(world(), &archive(&files), true);
        imported.unwrap();
        let told = script.events.iter().filter(|event| matches!(event, Event::Examined { .. })).count();
        assert_eq!(told, 2);
        assert!(
            !script.world.transcript.to_string().contains("to nowhere"),
            "no byte is read only to look at it"
        );
        let (world, states) = states(script.world);
        assert_eq!(states, [State::Examined; 2]);
        assert_eq!(examine(world), Examination { known: 2, ..Examination::default() });
    }
}

#[test]
fn who_did_not_ask_for_it_gets_no_look() {
    let (script, imported) = import(world(), &archive(&sample().layout(&json!({}))), false);
    imported.unwrap();
    assert!(
        !script.events.iter().any(|event| matches!(event, Event::Examined { .. } | Event::Configured { .. }))
    );
    assert_eq!(states(script.world).1, [State::Stored; 2]);
}

#[test]
fn a_layer_that_was_looked_into_for_its_digest_is_not_looked_into_twice() {
    let sample = Sample::of(&[b"one"]);
    let mut files = sample.saved(&json!(["app:1"]));
    files[1].1 = gzip(&sample.layers[0]);
    let (script, imported) = import(world(), &archive(&files), true);
    imported.unwrap();
    let told = script.events.iter().filter(|event| matches!(event, Event::Examined { .. })).count();
    assert_eq!(told, 1);
    assert_eq!(states(script.world).1, [State::Examined]);
}

#[test]
fn what_an_image_is_can_be_seen_before_its_layers_are_here() {
    let (one, other) = (sample(), Sample::of(&[b"other"]));
    let ((mut files, first), (more, second)) = (one.blobs(), other.blobs());
    files.extend(more);
    files.extend(index(&[first, second]));
    let mut world = world();
    let given = world.give(&archive(&files));
    let want = Import { files: given, name: None, examine: true, make_room: false };
    let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
    script.finish().unwrap();
    let resolved = script.events.iter().take_while(|event| matches!(event, Event::Resolved { .. })).count();
    assert_eq!(resolved, 2, "all names come first: {:?}", script.events);
    let loaded = position(&script, |event| matches!(event, Event::Loaded(_)));
    let configured = position(
        &script,
        |event| matches!(event, Event::Configured { config, bytes } if *bytes == one.config && config.digest == Digest::sha256(bytes)),
    );
    let planned =
        position(&script, |event| matches!(event, Event::Planned(it) if !it.media_type.is_document()));
    assert!(loaded < configured && configured < planned);
}

#[test]
fn damage_is_noted_and_the_image_stays() {
    let mut lying = sample();
    // The config keeps its diffIDs, the layers are others.
    lying.layers.swap(0, 1);
    let (script, imported) = import(world(), &archive(&lying.layout(&json!({}))), true);
    imported.unwrap();
    let warned = |script: &Script<Imported>| {
        script.events.iter().filter(|event| matches!(event, Event::Warned(Warning::Damaged { .. }))).count()
    };
    assert_eq!(warned(&script), 2);
    assert_eq!(states(script.world).1, [State::Damaged; 2]);

    // One that does not unpack at all, told before any of its bytes: it is what its digest says.
    let (mut files, mut manifest) = Sample::of(&[b"one"]).blobs();
    let bytes = b"no gzip".to_vec();
    let digest = Digest::sha256(&bytes);
    let (at, _) = files.iter().enumerate().find(|(_, (_, it))| it.starts_with(&[0x1f, 0x8b])).unwrap();
    let mut document: serde_json::Value = serde_json::from_slice(&files.pop().unwrap().1).unwrap();
    document["layers"][0]["digest"] = json!(digest.to_string());
    document["layers"][0]["size"] = json!(bytes.len());
    files[at] = (format!("blobs/sha256/{}", digest.encoded()), bytes);
    let document = document.to_string().into_bytes();
    let of_it = Digest::sha256(&document);
    (manifest["digest"], manifest["size"]) = (json!(of_it.to_string()), json!(document.len()));
    files.push((format!("blobs/sha256/{}", of_it.encoded()), document));
    files.extend(index(&[manifest]));
    let (script, imported) = import(world(), &archive(&files), true);
    imported.unwrap();
    assert_eq!(warned(&script), 1);
    assert_eq!(states(script.world).1, [State::Damaged]);
}

#[test]
fn wrong_bytes_are_not_noted_as_examined() {
    let mut files = sample().saved(&json!(["app:1"]));
    let at = files.iter().position(|(_, bytes)| bytes.len() > 20_000).unwrap();
    // Within the file in the layer: it is a sound tar, and not the one of its digest.
    files[at].1[2_000] ^= 1;
    let (script, failed) = import(world(), &archive(&files), true);
    assert!(failed.is_err());
    assert!(!script.events.iter().any(|event| matches!(event, Event::Warned(Warning::Damaged { .. }))));
    let layer = Digest::sha256(&sample().layers[1]);
    assert!(script.world.store.scan(&format!("label/{layer}/")).is_empty());
}

#[test]
fn a_layer_that_goes_on_where_it_stopped_is_left_to_examine() {
    let given = archive(&Sample::of(&[&[1; 3000], &[2; 70_000]]).saved(&json!(["app:1"])));
    let mut world = world();
    world.store.capacity = Some(60_000);
    let (script, full) = import(world, &given, true);
    assert!(full.unwrap_err().to_string().contains("full"));
    let mut world = script.world;
    assert!(!world.store.disk.ingests.is_empty(), "some of it stays");
    world.store.capacity = None;
    let (script, imported) = import(world, &given, true);
    imported.unwrap();
    let (world, states) = states(script.world);
    assert_eq!(states, [State::Examined, State::Stored]);
    assert_eq!(examine(world), Examination { known: 1, sound: 1, ..Examination::default() });
}
