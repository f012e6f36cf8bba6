//! What is in layers, and what is said of an image.

use std::collections::BTreeMap;

use lugger_core::{
    error::{Error, Kind},
    event::{Event, Warning},
    machine::Unpacked,
    model::Descriptor,
    name::{Algorithm, Digest, Platform, Reference},
    store::State,
    verb::{self, Examination, Examine, Import, Look, Overview},
};
use lugger_tests::{
    archive::{Files, Sample, gzip, index},
    script::{Script, calm},
    sim::{Scenario, World},
};
use serde_json::{Value, json};

const NAME: &str = "registry.example/app:1";

fn reference() -> Reference {
    Reference::parse(NAME).expect("as it was made here")
}

fn import(mut world: World, name: &str, files: &[(String, Vec<u8>)], examine: bool) -> World {
    let files = world.give(files);
    let name = Some(Reference::parse(name).expect("as it was made here"));
    let want = Import { files, name, examine, make_room: false };
    let mut script = Script::new(world, async |cx| verb::import(cx, want).await);
    script.finish().expect("as it was made here");
    script.world
}

/// A store with these files of a layout in it.
fn imported(files: &[(String, Vec<u8>)]) -> World {
    import(calm(Scenario::plain(Vec::new())), NAME, files, false)
}

/// A layout of an image with these layers: what the manifest calls each, its bytes, and what the configuration says that it
/// unpacks to.
fn calling(layers: &[(&str, &[u8], Digest)]) -> Files {
    let mut files = Files::new();
    let mut add = |media_type: &str, bytes: &[u8]| {
        let digest = Digest::sha256(bytes);
        files.push((format!("blobs/sha256/{}", digest.encoded()), bytes.to_vec()));
        json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
    };
    let diff_ids: Vec<_> = layers.iter().map(|(_, _, diff_id)| diff_id.to_string()).collect();
    let config =
        json!({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let config = add("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
    let layers: Vec<_> = layers.iter().map(|(media_type, bytes, _)| add(media_type, bytes)).collect();
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": layers});
    let manifest = add("application/vnd.oci.image.manifest.v1+json", manifest.to_string().as_bytes());
    files.extend(index(&[manifest]));
    files
}

fn sample() -> Sample {
    Sample::of(&[b"one", &[2; 20_000]])
}

fn examine(world: World) -> (Script<Examination>, Examination) {
    let want = Examine { reference: reference(), target: None, platform: None };
    let mut script = Script::new(world, async |cx| verb::examine(cx, want).await);
    let examination = script.finish().expect("as it was made here");
    (script, examination)
}

fn look(world: World, want: Look) -> (World, Result<Overview, Error>) {
    let mut script = Script::new(world, async |cx| verb::overview(cx, want).await);
    let result = script.finish();
    (script.world, result)
}

fn states(overview: &Overview) -> Vec<State> {
    overview.layers.iter().map(|layer| layer.state).collect()
}

#[test]
fn layers_are_looked_into_once() {
    let sample = sample();
    let (script, first) = examine(imported(&sample.layout(&json!({}))));
    assert_eq!(first, Examination { sound: 2, ..Examination::default() });
    let told = script.events.iter().filter(|event| matches!(event, Event::Examined { .. })).count();
    assert_eq!(told, 2);
    let (world, overview) = look(script.world, Look::new(reference()));
    let overview = overview.unwrap();
    assert_eq!(states(&overview), [State::Examined; 2]);
    let bytes = sample.layers[1].len() as u64;
    assert_eq!(overview.layers[1].unpacked, Some(Unpacked { bytes, entries: 1 }));
    let (script, again) = examine(world);
    assert_eq!(again, Examination { known: 2, ..Examination::default() });
    assert!(script.events.is_empty());
}

#[test]
fn a_layer_that_is_not_what_the_config_says_is_that_images_damage() {
    let (mut lying, honest) = (sample(), sample());
    // The config keeps its diffIDs, the layers are others.
    lying.layers.swap(0, 1);
    let (script, examination) = examine(imported(&lying.layout(&json!({}))));
    assert_eq!(examination.damaged, 2);
    let warned =
        script.events.iter().filter(|event| matches!(event, Event::Warned(Warning::Damaged { .. }))).count();
    assert_eq!(warned, 2);
    let (world, overview) = look(script.world, Look::new(reference()));
    assert_eq!(states(&overview.unwrap()), [State::Damaged; 2]);
    // The same layers are sound in another image.
    let world = import(world, NAME, &honest.layout(&json!({})), false);
    let (_, overview) = look(world, Look::new(reference()));
    assert_eq!(states(&overview.unwrap()), [State::Examined; 2]);
}

#[test]
fn what_one_image_calls_a_layer_is_no_damage_of_another() {
    const TAR: &str = "application/vnd.oci.image.layer.v1.tar";
    const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const DOCKER: &str = "application/vnd.docker.image.rootfs.diff.tar";
    const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
    const SECRET: &str = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted";
    const EROFS: &str = "application/vnd.erofs.layer.v1";
    let tar = sample().layers.remove(0);
    let (packed, zstd, noise) = (gzip(&tar), [0x28, 0xb5, 0x2f, 0xfd, 0, 0], [7; 1000]);
    let (short, long) = (Digest::sha256(&tar), Digest::of(Algorithm::Sha512, &tar));
    let other = Digest::of(Algorithm::Sha512, b"other");
    let rows: [(&[u8], _, _, _, _); _] = [
        (&packed, GZIP, TAR, &short, State::Examined),
        (&packed, GZIP, DOCKER, &short, State::Examined),
        (&tar, TAR, GZIP, &short, State::Examined),
        (&packed, GZIP, GZIP, &long, State::Examined),
        (&packed, GZIP, GZIP, &other, State::Examined),
        (&zstd, ZSTD, TAR, &short, State::Stored),
        (&zstd, TAR, GZIP, &short, State::Stored),
        (&noise, SECRET, TAR, &short, State::Stored),
        (&noise, EROFS, GZIP, &short, State::Stored),
    ];
    for (bytes, honest, lie, diff_id, state) in rows {
        let honest = calling(&[(honest, bytes, short.clone())]);
        let lying = calling(&[(lie, bytes, diff_id.clone())]);
        // Afterwards, and in the pass that stores it.
        let later = examine(imported(&lying)).0.world;
        let at_once = import(calm(Scenario::plain(Vec::new())), NAME, &lying, true);
        for world in [later, at_once] {
            let (world, overview) = look(import(world, NAME, &honest, false), Look::new(reference()));
            assert_ne!(states(&overview.unwrap()), [State::Damaged], "{lie} {diff_id}");
            let (_, overview) = look(examine(world).0.world, Look::new(reference()));
            assert_eq!(states(&overview.unwrap()), [state], "{lie} {diff_id}");
        }
    }
}

#[test]
fn what_does_not_unpack_is_damaged_and_zstd_is_left_alone() {
    let (layer, diff_id) = ("application/vnd.oci.image.layer.v1.tar", Digest::sha256(b""));
    let files = calling(&[
        (&format!("{layer}+gzip"), b"no gzip", diff_id.clone()),
        (&format!("{layer}+zstd"), b"zstd", diff_id),
    ]);
    let (script, examination) = examine(imported(&files));
    assert_eq!(examination, Examination { damaged: 1, skipped: 1, ..Examination::default() });
    let (world, overview) = look(script.world, Look::new(reference()));
    assert_eq!(states(&overview.unwrap()), [State::Damaged, State::Stored]);
    let (_, again) = examine(world);
    assert_eq!(again, Examination { known: 1, skipped: 1, ..Examination::default() });
}

#[test]
fn an_overview_has_the_shape_that_the_page_knows() {
    let sample = sample();
    let world = imported(&sample.layout(&json!({})));
    let (_, overview) = look(world, Look::new(reference()));
    let value = serde_json::to_value(overview.unwrap()).unwrap();
    let members: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "name",
        "names",
        "stored",
        "target",
        "platforms",
        "selected",
        "manifest",
        "config",
        "config_state",
        "annotations",
        "platform",
        "created",
        "author",
        "run",
        "layers",
        "history",
    ];
    expected.sort_unstable();
    let mut got = members.clone();
    got.sort_unstable();
    assert_eq!(got, expected);
    assert_eq!((&value["name"], &value["names"]), (&json!(NAME), &json!([NAME])));
    assert_eq!((&value["stored"], &value["selected"]), (&json!(true), &json!(0)));
    assert_eq!(value["platforms"][0]["platform"], "linux/amd64");
    assert_eq!(
        (&value["platforms"][0]["here"], &value["platforms"][0]["attests"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!((&value["config_state"], &value["platform"]), (&json!("stored"), &json!("linux/amd64")));
    assert_eq!((&value["run"], &value["author"]), (&json!({"Cmd": ["sh"]}), &Value::Null));
    assert_eq!(
        value["history"][1],
        json!({"created": null, "created_by": "ENV a=b", "comment": null, "layer": null})
    );
    // The history leaves one out.
    assert_eq!((&value["history"][0]["layer"], &value["history"][2]["layer"]), (&json!(0), &json!(1)));
    let packed = gzip(&sample.layers[0]);
    let layer = json!({
        "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": Digest::sha256(&packed).to_string(),
        "size": packed.len(), "diff_id": Digest::sha256(&sample.layers[0]).to_string(), "state": "stored",
        "have": packed.len(), "unpacked": null,
    });
    assert_eq!(value["layers"][0], layer);
}

#[test]
fn a_target_is_never_asked_for_and_documents_in_memory_count() {
    let sample = sample();
    let (files, manifest) = sample.blobs();
    let digest: Digest = manifest["digest"].as_str().unwrap().parse().unwrap();
    let attestation = json!({
        "mediaType": manifest["mediaType"], "digest": Digest::sha256(b"{}").to_string(), "size": 2,
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.digest": digest.to_string(), "vnd.docker.reference.type": "attestation-manifest"},
    });
    let mut entry = manifest.clone();
    entry["platform"] = json!({"os": "linux", "architecture": "amd64"});
    let media_type = "application/vnd.oci.image.index.v1+json";
    let list = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": [attestation, entry], "annotations": {"of": "index"}});
    let list = list.to_string().into_bytes();
    let target: Descriptor = serde_json::from_value(
        json!({"mediaType": media_type, "digest": Digest::sha256(&list).to_string(), "size": list.len()}),
    )
    .unwrap();
    let want = |documents: Vec<Vec<u8>>, platform: Option<&str>| Look {
        target: Some(target.clone()),
        documents,
        platform: platform.map(|it| Platform::parse(it, &Platform::new("linux", "amd64")).unwrap()),
        ..Look::new(reference())
    };
    // Nothing is known yet.
    let (world, overview) = look(calm(Scenario::plain(Vec::new())), want(Vec::new(), None));
    let overview = overview.unwrap();
    assert_eq!((overview.stored, overview.platforms.len(), overview.selected), (false, 0, None));
    // The index has come, then the manifest, then the config.
    let (world, overview) = look(world, want(vec![list.clone()], None));
    let overview = overview.unwrap();
    assert_eq!((overview.selected, overview.manifest.is_some()), (Some(1), false));
    let said: Vec<_> =
        overview.platforms.iter().map(|it| (it.platform.as_deref(), it.here, it.attests.is_some())).collect();
    assert_eq!(said, [(None, false, true), (Some("linux/amd64"), false, false)]);
    let bytes = files.last().unwrap().1.clone();
    let (mut world, overview) = look(world, want(vec![list.clone(), bytes.clone()], Some("linux/amd64")));
    let overview = overview.unwrap();
    assert_eq!((states(&overview), overview.platforms[1].here), (vec![State::Absent; 2], true));
    assert_eq!(
        (overview.config_state, overview.platform, overview.layers[0].diff_id.is_none()),
        (State::Absent, None, true)
    );
    assert_eq!(overview.annotations, BTreeMap::from([("of".to_owned(), "index".to_owned())]));
    // Some of a layer is here.
    let layer = gzip(&sample.layers[1]);
    world.store.disk.ingests.entry(Digest::sha256(&layer)).or_default().data = layer[..10].to_vec();
    let documents = vec![list.clone(), bytes, sample.config.clone()];
    let (world, overview) = look(world, want(documents, Some("linux/amd64")));
    let overview = overview.unwrap();
    assert_eq!((overview.layers[1].state, overview.layers[1].have), (State::Partial, 10));
    assert_eq!((overview.config_state, overview.platform.as_deref()), (State::Stored, Some("linux/amd64")));
    // Another platform is not there.
    let (world, overview) = look(world, want(vec![list], Some("linux/s390x")));
    assert_eq!(overview.unwrap().selected, None);
    // And without a target and a registry there is nothing to see.
    let (_, overview) = look(world, Look { remote: false, ..Look::new(reference()) });
    assert_eq!(overview.unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn an_image_that_is_not_here_is_looked_up_in_its_registry() {
    let world = calm(Scenario::plain(vec![b"layer".to_vec()]));
    let reference = world.reference();
    let mut script = Script::new(world, async |cx| verb::overview(cx, Look::new(reference)).await);
    let asked = script.serve_rest();
    let overview = script.finish().unwrap();
    assert_eq!((asked.len(), overview.stored, states(&overview)), (2, false, vec![State::Absent]));
    assert_eq!((overview.platforms[0].here, overview.platform.as_deref()), (true, Some("linux/amd64")));
    assert!(script.world.store.disk.blobs.is_empty());
}
