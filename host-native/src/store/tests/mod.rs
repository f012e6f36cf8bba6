//! The store on the real file system: one behaviour per file.

mod content;
mod durability;
mod full;
mod index;
mod ingest;
mod islands;
mod locks;
mod opening;
mod processes;
mod records;

use std::{path::Path, process::Command};

use lugger_core::{
    effect::{
        IngestId,
        store::{Applied, Batch, Begin, Begun, Change, Commit, Content},
        verifier::{Verified, Verifier},
    },
    name::Digest,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Options, Store};

const BOOT: &str = "00000000-0000-4000-8000-000000000001";
const NEXT_BOOT: &str = "00000000-0000-4000-8000-000000000002";

fn scratch() -> TempDir {
    TempDir::with_prefix("lugger-store-").unwrap()
}

fn open(path: &Path) -> Store {
    open_in(path, BOOT)
}

fn open_in(path: &Path, boot: &str) -> Store {
    Store::open_in(path, &Options::default(), Some(boot.to_owned())).unwrap()
}

fn verified(bytes: &[u8]) -> Verified {
    Verifier::check(&Digest::sha256(bytes), bytes.len() as u64, bytes).unwrap()
}

/// Opens an ingest for these bytes: handle, length, checkpoint.
fn begin(store: &Store, bytes: &[u8]) -> (IngestId, u64, Option<Vec<u8>>) {
    let begin = Begin { digest: Digest::sha256(bytes), size: bytes.len() as u64 };
    match store.begin(&begin).unwrap() {
        Begun::Open { ingest, len, checkpoint, .. } => (ingest, len, checkpoint),
        Begun::Committed => panic!("committed"),
    }
}

fn commit(store: &Store, ingest: IngestId, bytes: &[u8]) {
    store.commit(&Commit { content: Content::Ingest(ingest), verified: verified(bytes) }).unwrap();
}

fn put(store: &Store, bytes: &[u8]) -> Digest {
    store.commit(&Commit { content: Content::Bytes(bytes.to_vec()), verified: verified(bytes) }).unwrap();
    Digest::sha256(bytes)
}

/// Writes these bytes through an ingest and commits them.
fn fetch(store: &Store, bytes: &[u8]) -> Digest {
    let (ingest, len, _) = begin(store, bytes);
    let mut writer = store.writer(ingest, len).unwrap();
    writer.write(&bytes[usize::try_from(len).unwrap()..]).unwrap();
    commit(store, ingest, bytes);
    Digest::sha256(bytes)
}

fn record(digest: &Digest, size: u64) -> String {
    let target =
        json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size});
    json!({"target": target, "created_at": "2026-01-01T00:00:00Z"}).to_string()
}

fn naming(name: &str, digest: &Digest, size: u64) -> Batch {
    let put = Change::Put { key: format!("image/{name}"), value: record(digest, size) };
    Batch { expect: Vec::new(), changes: vec![put], publish: true }
}

fn publish(store: &Store, name: &str, digest: &Digest, size: u64) {
    assert_eq!(store.apply(&naming(name, digest, size)).unwrap(), Applied::Done);
}

/// The names in `index.json`, after checking that it is a valid index.
fn names(path: &Path) -> Vec<String> {
    let mark: Value = serde_json::from_slice(&std::fs::read(path.join("oci-layout")).unwrap()).unwrap();
    assert_eq!(mark, json!({"imageLayoutVersion": "1.0.0"}));
    let index: Value = serde_json::from_slice(&std::fs::read(path.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["schemaVersion"], 2);
    let entries = index["manifests"].as_array().unwrap();
    let name = |entry: &Value| {
        entry["annotations"]["org.opencontainers.image.ref.name"].as_str().unwrap().to_owned()
    };
    for entry in entries {
        let digest: Digest = entry["digest"].as_str().unwrap().parse().unwrap();
        let blob = std::fs::read(path.join(super::Layout::blob(&digest))).expect("a name leads to content");
        assert_eq!(blob.len() as u64, entry["size"].as_u64().unwrap());
        assert_eq!(Digest::sha256(&blob), digest, "content is what its name says");
    }
    entries.iter().map(name).collect()
}

/// Every file below a directory, relative to it.
fn files(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut dirs = vec![path.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => dirs.push(entry.path()),
                _ => found.push(entry.path().strip_prefix(path).unwrap().display().to_string()),
            }
        }
    }
    found.sort();
    found
}

/// A mount for one test, taken away lazily, as a child of another test may just be holding our handles; `None`, said loudly, where mounting is impossible.
struct Mount<'a>(&'a Path);

impl<'a> Mount<'a> {
    fn new(path: &'a Path, args: &[&str]) -> Option<Self> {
        let done = Command::new("mount").args(args).arg(path).output();
        match done {
            Ok(output) if output.status.success() => Some(Self(path)),
            Ok(output) => {
                eprintln!("SKIPPED, cannot mount: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("SKIPPED, no mount command: {error}");
                None
            }
        }
    }
}

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let done = Command::new("umount").args(["-l".as_ref(), self.0]).status();
        assert!(done.is_ok_and(|status| status.success()) || std::thread::panicking(), "umount");
    }
}
