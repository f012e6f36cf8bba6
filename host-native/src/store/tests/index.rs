//! `index.json` follows the records, through crashes, and other tools read it.

use std::fs;

use lugger_core::effect::store::Change;

use super::*;
use crate::store::{index, lock, records::Sync};

fn delete(name: &str) -> Batch {
    Batch { changes: vec![Change::Delete { key: format!("image/{name}") }], ..Batch::default() }
}

#[test]
fn is_valid_at_every_step() {
    let dir = scratch();
    let store = open(dir.path());
    assert!(names(dir.path()).is_empty());
    let a = fetch(&store, b"a");
    assert!(names(dir.path()).is_empty());
    publish(&store, "r.example/a:1", &a, 1);
    publish(&store, "r.example/a:2", &a, 1);
    assert_eq!(names(dir.path()), ["r.example/a:1", "r.example/a:2"]);
    let b = fetch(&store, b"bb");
    publish(&store, "r.example/a:1", &b, 2);
    assert_eq!(names(dir.path()), ["r.example/a:1", "r.example/a:2"]);
    // Without being called a publication too.
    let c = fetch(&store, b"ccc");
    store.apply(&Batch { publish: false, ..naming("r.example/c:1", &c, 3) }).unwrap();
    assert_eq!(names(dir.path()), ["r.example/a:1", "r.example/a:2", "r.example/c:1"]);
    store.apply(&delete("r.example/c:1")).unwrap();
    store.apply(&delete("r.example/a:1")).unwrap();
    assert_eq!(names(dir.path()), ["r.example/a:2"]);
    store
        .apply(&Batch { changes: vec![Change::DeleteAll { prefix: "im".into() }], ..Batch::default() })
        .unwrap();
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_crash_between_the_records_and_the_index_is_mended() {
    for by_publishing in [false, true] {
        let dir = scratch();
        let store = open(dir.path());
        let digest = fetch(&store, b"content");
        publish(&store, "before", &digest, 7);
        let _bystander = open(dir.path());
        {
            let _turn = lock::turn(&store.layout).unwrap();
            let mut session = store.records.session(&store.layout).unwrap();
            let changing = session.change(Sync::Full).unwrap();
            changing.apply(&naming("after", &digest, 7)).unwrap();
            index::prepare(&store.layout, &changing.images().unwrap()).unwrap();
            changing.commit().unwrap();
        }
        drop(store);
        assert_eq!(names(dir.path()), ["before"]);
        let store = open(dir.path());
        if by_publishing {
            publish(&store, "third", &digest, 7);
            assert_eq!(names(dir.path()), ["after", "before", "third"]);
        } else {
            assert!(store.get("image/after").unwrap().is_some());
            assert_eq!(names(dir.path()), ["after", "before"]);
        }
    }
}

#[test]
fn lost_or_damaged_it_is_written_anew() {
    let dir = scratch();
    let store = open(dir.path());
    publish(&store, "a", &fetch(&store, b"content"), 7);
    drop(store);
    for damage in ["", "{\"schemaVersion\":", "[]"] {
        fs::write(dir.path().join("index.json"), damage).unwrap();
        open(dir.path()).get("any").unwrap();
        assert_eq!(names(dir.path()), ["a"], "{damage:?}");
    }
    fs::remove_file(dir.path().join("index.json")).unwrap();
    open(dir.path()).get("any").unwrap();
    assert_eq!(names(dir.path()), ["a"]);
}

/// A real image of an empty layer.
fn image(store: &Store) -> (Digest, u64) {
    let layer = vec![0; 1024];
    let layer_digest = fetch(store, &layer);
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
    })
    .to_string();
    let config_digest = put(store, config.as_bytes());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": config.len()},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer_digest, "size": layer.len()}],
    })
    .to_string();
    (put(store, manifest.as_bytes()), manifest.len() as u64)
}

fn skopeo(args: &[&str]) -> Option<Value> {
    match Command::new("skopeo").args(args).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(serde_json::from_slice(&output.stdout).unwrap_or_default())
        }
        Err(error) => {
            eprintln!("SKIPPED, no skopeo: {error}");
            None
        }
    }
}

#[test]
fn skopeo_reads_a_store_as_it_stands() {
    let dir = scratch();
    let store = open(dir.path());
    let (digest, size) = image(&store);
    publish(&store, "docker.io/library/empty:1.0", &digest, size);
    publish(&store, "r.example:5000/other/empty:2", &digest, size);
    let name = format!("oci:{}:docker.io/library/empty:1.0", dir.path().display());
    let Some(seen) = skopeo(&["inspect", &name]) else { return };
    assert_eq!(seen["Digest"], digest.to_string());
    assert_eq!(seen["Os"], "linux");
    let copy = scratch();
    let name = format!("oci:{}:r.example:5000/other/empty:2", dir.path().display());
    skopeo(&["--insecure-policy", "copy", &name, &format!("dir:{}", copy.path().display())]);
    assert!(copy.path().join("manifest.json").exists());
}

#[test]
fn a_layout_that_skopeo_wrote_becomes_a_store_and_keeps_its_names() {
    let (dir, theirs) = (scratch(), scratch());
    let store = open(dir.path());
    let (digest, size) = image(&store);
    publish(&store, "a", &digest, size);
    let from = format!("oci:{}:a", dir.path().display());
    let to = format!("oci:{}:latest", theirs.path().display());
    let Some(_) = skopeo(&["--insecure-policy", "copy", &from, &to]) else { return };
    let adopted = open(theirs.path());
    let entries: Value =
        serde_json::from_slice(&fs::read(theirs.path().join("index.json")).unwrap()).unwrap();
    // Not ours: skopeo has compressed the layer.
    let digest: Digest = entries["manifests"][0]["digest"].as_str().unwrap().parse().unwrap();
    let size = adopted.find(&digest).unwrap().unwrap();
    publish(&adopted, "r.example/mine:1", &digest, size);
    assert_eq!(names(theirs.path()), ["latest", "r.example/mine:1"]);
    skopeo(&["inspect", &to]);
}
