//! Committed content is complete, read-only, found by its digest, and nothing else passes for it.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use lugger_core::effect::store::{Begin, Begun, Commit, Content, Read, StoreErrorKind};

use super::*;
use crate::store::Layout;

#[test]
fn is_found_and_read_as_soon_as_it_is_committed() {
    let dir = scratch();
    let store = open(dir.path());
    for digest in [fetch(&store, b"ingested"), put(&store, b"in bytes")] {
        assert_eq!(store.find(&digest).unwrap(), Some(8));
        assert_eq!(store.read(&Read { digest: digest.clone(), max: 8 }).unwrap().len(), 8);
        let mut all = Vec::new();
        let mut file = store.blob(&digest).unwrap();
        file.read_to_end(&mut all).unwrap();
        assert_eq!(Digest::sha256(&all), digest);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o444);
        let error = store.read(&Read { digest, max: 7 }).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::TooLong);
    }
    assert_eq!(fs::read_dir(dir.path().join("ingest")).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn that_is_not_there_is_missing() {
    let dir = scratch();
    let store = open(dir.path());
    let digest = Digest::sha256(b"nobody");
    assert_eq!(store.find(&digest).unwrap(), None);
    assert_eq!(store.blob(&digest).unwrap_err().kind, StoreErrorKind::Missing);
    assert_eq!(store.read(&Read { digest, max: 9 }).unwrap_err().kind, StoreErrorKind::Missing);
}

#[test]
fn committed_twice_is_there_once() {
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"twice");
    store.writer(ingest, 0).unwrap().write(b"twice").unwrap();
    let digest = put(&store, b"twice");
    commit(&store, ingest, b"twice");
    publish(&store, "a", &digest, 5);
    put(&store, b"twice");
    let hex = digest.encoded();
    let mut blobs = files(dir.path());
    blobs.retain(|file| file.contains(hex));
    assert_eq!(blobs, [format!("blobs/sha256/{hex}")]);
    let begun = store.begin(&Begin { digest, size: 5 }).unwrap();
    assert_eq!(begun, Begun::Committed);
}

#[test]
fn damaged_or_planted_files_are_neither_content_nor_overwritten() {
    let dir = scratch();
    let store = open(dir.path());
    let digest = Digest::sha256(b"content");
    let path = dir.path().join(Layout::blob(&digest));
    fs::write(dir.path().join("elsewhere"), "content").unwrap();
    symlink(dir.path().join("elsewhere"), &path).unwrap();
    let bytes = || Commit { content: Content::Bytes(b"content".to_vec()), verified: verified(b"content") };
    assert_eq!(store.find(&digest).unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(store.blob(&digest).unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(store.commit(&bytes()).unwrap_err().kind, StoreErrorKind::Failed);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "cont").unwrap();
    assert_eq!(store.find(&digest).unwrap(), Some(4));
    let error = store.commit(&bytes()).unwrap_err();
    assert!(error.detail.contains("damaged"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"cont");
}

#[test]
fn an_ingest_that_is_not_what_was_verified_is_not_committed_but_parked() {
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"whole");
    store.writer(ingest, 0).unwrap().write(b"who").unwrap();
    let short = Commit { content: Content::Ingest(ingest), verified: verified(b"whole") };
    assert_eq!(store.commit(&short).unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(store.find(&Digest::sha256(b"whole")).unwrap(), None);
    assert_eq!(begin(&store, b"whole").1, 3);
}
