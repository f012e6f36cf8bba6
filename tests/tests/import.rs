//! Archives and folders that the user gives.

use std::rc::Rc;

use lugger_core::{
    error::{Error, Kind},
    event::Event,
    name::{Digest, Reference},
    verb::{self, Import, Imported},
};
use lugger_tests::{
    archive::{Files, Sample, gzip, index, tar},
    script::{Script, calm},
    sim::{Scenario, World},
};
use serde_json::json;

fn world() -> World {
    calm(Scenario::plain(Vec::new()))
}

fn run(
    mut world: World,
    files: &[(String, Vec<u8>)],
    name: Option<&str>,
) -> (Script<Imported>, Result<Imported, Error>) {
    let files = world.give(files);
    let name = name.map(|name| Reference::parse(name).expect("a name"));
    let want = Import { files, name, examine: false, make_room: false };
    let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
    let result = script.finish();
    (script, result)
}

fn one(name: &str, bytes: Vec<u8>) -> Files {
    vec![(name.to_owned(), bytes)]
}

fn sample() -> Sample {
    Sample::of(&[&[1; 3000], &[2; 70_000], b"three"])
}

fn names(imported: &Imported) -> Vec<&str> {
    imported.images.iter().map(|image| &*image.name).collect()
}

fn has(script: &Script<Imported>, bytes: &[u8]) -> bool {
    script.world.store.disk.blobs.contains_key(&Digest::sha256(bytes))
}

/// Nothing is named, nothing wrong is committed.
fn nothing_came_of_it(script: &Script<Imported>) {
    assert_eq!(script.world.store.scan("image/"), []);
    for (digest, bytes) in &script.world.store.disk.blobs {
        assert_eq!(Digest::sha256(bytes), *digest);
    }
}

#[test]
fn a_layout_as_a_folder_and_as_an_archive_is_the_same_image() {
    let sample = sample();
    let files = sample.layout(&json!({"org.opencontainers.image.ref.name": "1.0"}));
    let deep: Files = files.iter().map(|(path, bytes)| (format!("My Image/{path}"), bytes.clone())).collect();
    let mut targets = Vec::new();
    for given in
        [files.clone(), deep.clone(), one("My Image.tar", tar(&files)), one("my-image.tar", tar(&deep))]
    {
        let (script, imported) = run(world(), &given, None);
        let imported = imported.unwrap();
        assert_eq!(imported.images.len(), 1);
        assert!(
            ["archive.local/my-image:1.0", "archive.local/image:1.0"].contains(&names(&imported)[0]),
            "{imported:?}"
        );
        assert!(has(&script, &sample.config) && sample.layers.iter().all(|layer| has(&script, &gzip(layer))));
        assert!(script.world.store.scan("lease/").is_empty() && script.world.store.disk.ingests.is_empty());
        targets.push(imported.images[0].target.clone());
    }
    targets.dedup();
    assert_eq!(targets.len(), 1);
}

#[test]
fn what_docker_saved_always_makes_the_same_manifest() {
    let sample = sample();
    let classic = sample.saved(&json!(["app:1", "registry.example/app:2"]));
    let (script, imported) = run(world(), &one("app.tar", tar(&classic)), None);
    let imported = imported.unwrap();
    assert_eq!(names(&imported), ["docker.io/library/app:1", "registry.example/app:2"]);
    assert!(has(&script, &sample.config) && sample.layers.iter().all(|layer| has(&script, layer)));
    let target = &imported.images[0].target;
    let manifest = script.world.store.disk.blobs[&target.digest].clone();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["layers"][1]["digest"], Digest::sha256(&sample.layers[1]).to_string());
    // The order in the archive does not matter, nor the folder it stands in.
    let again: Files =
        classic.into_iter().rev().map(|(path, bytes)| (format!("./x/{path}"), bytes)).collect();
    let (_, other) = run(world(), &one("app.tar", tar(&again)), Some("other"));
    let other = other.unwrap();
    assert_eq!((names(&other), &other.images[0].target), (vec!["docker.io/library/other:latest"], target));
}

#[test]
fn links_and_compressed_layers_of_docker_archives() {
    let sample = Sample::of(&[b"one", b"one"]);
    let mut files = sample.saved(&json!(null));
    // Docker links to a layer that is there already …
    files[3].1 = format!("->../{:064x}/layer.tar", 1).into_bytes();
    // … and others compress.
    files[1].1 = gzip(&sample.layers[0]);
    let (script, imported) = run(world(), &one("a b.tar", tar(&files)), None);
    let imported = imported.unwrap();
    assert_eq!(names(&imported), ["archive.local/a-b:latest"]);
    assert!(has(&script, &gzip(&sample.layers[0])));
    assert!(script.events.iter().any(|event| matches!(event, Event::Examined { .. })));
    let label = format!("label/{}/containerd.io/uncompressed", Digest::sha256(&gzip(&sample.layers[0])));
    assert!(script.world.store.get(&label).is_some());
    // A circle, and a way out.
    for to in
        [format!("->../{:064x}/layer.tar", 2), "->../../../etc/passwd".to_owned(), "->/etc/passwd".to_owned()]
    {
        files[3].1 = to.into_bytes();
        let (script, failed) = run(world(), &one("a.tar", tar(&files)), None);
        assert!(failed.unwrap_err().to_string().contains("not in the archive"));
        nothing_came_of_it(&script);
    }
    // A layer that is something else inside.
    files[3].1 = gzip(&tar(&one("other", b"x".to_vec())));
    let (script, failed) = run(world(), &one("a.tar", tar(&files)), None);
    assert_eq!(failed.unwrap_err().kind(), Kind::Content);
    nothing_came_of_it(&script);
}

#[test]
fn several_images_in_one_archive() {
    let (one_image, other) = (Sample::of(&[b"base", b"one"]), Sample::of(&[b"base", b"other"]));
    let ((mut files, first), (more, second)) = (one_image.blobs(), other.blobs());
    files.extend(more);
    let mut named = first.clone();
    named["annotations"] = json!({"io.containerd.image.name": "registry.example/one:1"});
    files.extend(index(&[named, first, second]));
    let given = one("both.tar", tar(&files));
    let (script, imported) = run(world(), &given, None);
    assert_eq!(names(&imported.unwrap()), ["registry.example/one:1", "archive.local/both:latest"]);
    assert_eq!(script.world.store.disk.blobs.len(), 3 + 2 + 2);
    let (script, failed) = run(world(), &given, Some("a"));
    assert!(failed.unwrap_err().to_string().contains("cannot all be called"));
    nothing_came_of_it(&script);
}

#[test]
fn what_is_missing_of_an_index_is_absent_and_of_a_manifest_an_error() {
    let sample = sample();
    let (mut files, manifest) = sample.blobs();
    let absent = json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 2, "digest": Digest::sha256(b"{}").to_string()});
    let list = json!({"schemaVersion": 2, "manifests": [manifest, absent]}).to_string().into_bytes();
    let digest = Digest::sha256(&list);
    let root = json!({"mediaType": "application/vnd.oci.image.index.v1+json", "size": list.len(), "digest": digest.to_string()});
    files.push((format!("blobs/sha256/{}", digest.encoded()), list));
    files.extend(index(&[root]));
    let (script, imported) = run(world(), &files, Some("a"));
    assert_eq!(imported.unwrap().images[0].target.digest, digest);
    assert_eq!(script.world.store.disk.blobs.len(), files.len() - 2);
    let removed = files.remove(1);
    let (script, failed) = run(world(), &files, None);
    let error = failed.unwrap_err().to_string();
    assert!(error.contains(removed.0.rsplit('/').next().unwrap()), "{error}");
    nothing_came_of_it(&script);
}

#[test]
fn lies_and_damage_are_never_published() {
    let files = sample().layout(&json!({}));
    for at in 0..files.len() {
        for lie in 0..3 {
            let mut files = files.clone();
            match lie {
                0 => files[at].1[0] ^= 1,
                1 => files[at].1.push(0),
                _ => drop(files[at].1.pop()),
            }
            let (script, failed) = run(world(), &files, None);
            // Nobody reads what the layout's own file says, and JSON may end in anything blank.
            if files[at].0 != "oci-layout" {
                assert!(failed.is_err(), "{} with lie {lie}", files[at].0);
                nothing_came_of_it(&script);
                assert!(script.world.store.disk.ingests.is_empty(), "what is wrong is not kept");
            }
        }
    }
    for (bytes, says) in [
        (gzip(&tar(&files)), "gzip: decompress it first"),
        (vec![0x28, 0xb5, 0x2f, 0xfd], "zstd"),
        (tar(&one("a", Vec::new())), "neither"),
        (b"<html>".repeat(100), "no tar header"),
        (Vec::new(), "neither"),
    ] {
        let (_, failed) = run(world(), &one("a.tar", bytes), None);
        let error = failed.unwrap_err();
        assert!(error.to_string().contains(says) && error.kind() == Kind::Content, "{error}");
    }
}

#[test]
fn a_configuration_that_is_too_long_is_refused_and_one_that_is_here_keeps_no_image_from_being_listed() {
    let mut long = Sample::of(&[b"long"]);
    long.config.resize(9 << 20, b' ');
    let (script, _) = run(world(), &sample().layout(&json!({})), Some("r.example/good"));
    let (script, failed) = run(script.world, &long.layout(&json!({})), Some("r.example/long"));
    let error = failed.unwrap_err();
    assert!(error.to_string().contains("more than the 8388608 bytes"), "{error}");
    assert!(!has(&script, &long.config) && script.world.store.disk.ingests.is_empty());
    // Put there by somebody else.
    let mut world = script.world;
    let (files, target) = long.blobs();
    world
        .store
        .disk
        .blobs
        .extend(files.into_iter().map(|(_, bytes)| (Digest::sha256(&bytes), Rc::from(bytes))));
    let record = json!({"target": target, "created_at": "", "updated_at": ""});
    world.store.disk.put("image/r.example/long", record.to_string());
    let listed = Script::new(world, verb::list).finish().unwrap();
    let listed: Vec<_> =
        listed.iter().map(|image| (&*image.name, image.platforms.len(), image.size > 9 << 20)).collect();
    assert_eq!(listed, [("r.example/good:latest", 1, false), ("r.example/long", 0, true)]);
}

#[test]
fn an_archive_that_is_cut_off_anywhere_is_refused() {
    let whole = tar(&Sample::of(&[b"one", &[7; 5000]]).saved(&json!(["a:1"])));
    for cut in (0..whole.len() - 1024).step_by(256) {
        let (script, failed) = run(world(), &one("a.tar", whole[..cut].to_vec()), None);
        assert!(failed.is_err(), "cut at {cut}");
        nothing_came_of_it(&script);
    }
    // And one whose file is not as long as was said.
    let mut world = world();
    let files = world.give(&one("a.tar", whole.clone()));
    world.given = vec![whole[..whole.len() / 2].into()];
    let want = Import { files, name: None, examine: false, make_room: false };
    let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
    assert!(script.finish().is_err());
    nothing_came_of_it(&script);
}

#[test]
fn an_interrupted_import_goes_on_without_copying_again() {
    let sample = sample();
    let given = one("a.tar", tar(&sample.saved(&json!(["a:1"]))));
    let mut world = world();
    world.store.capacity = Some(60_000);
    let (script, failed) = run(world, &given, None);
    assert!(failed.unwrap_err().to_string().contains("full"));
    nothing_came_of_it(&script);
    let said = script.world.transcript.to_string();
    let [parked, unlocked] = ["- park ingest", "- unlock"].map(|notice| said.rfind(notice));
    assert!(parked.is_some() && parked < unlocked, "nobody else may begin before it is parked\n{said}");
    let mut world = script.world;
    let before = world.tally.all_bytes();
    assert!(before > 0);
    world.store.capacity = None;
    let (script, imported) = run(world, &given, None);
    imported.unwrap();
    let all: usize = sample.layers.iter().map(Vec::len).sum::<usize>() + sample.config.len();
    assert!(
        script.world.tally.all_bytes() < all as u64 + 64_000,
        "at most the chunk that did not fit comes twice"
    );
    // Nothing that is there is copied again.
    let before = script.world.tally.all_bytes();
    let (script, imported) = run(script.world, &given, None);
    imported.unwrap();
    assert_eq!(script.world.tally.all_bytes(), before);
}
