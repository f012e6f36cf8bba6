//! What is durable is in `blobs/`, and what is not is believed only until the machine goes down.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::atomic::Ordering};

use lugger_core::effect::store::{Commit, Content, LockKey, StoreErrorKind};

use super::*;
use crate::store::Layout;

#[test]
fn content_is_staged_by_commits_and_published_with_a_name() {
    let dir = scratch();
    let (one, two) = (open(dir.path()), open(dir.path()));
    let (a, b) = (fetch(&one, b"from one"), fetch(&two, b"from two"));
    assert_eq!(files(&dir.path().join("blobs")), [""; 0]);
    assert!(names(dir.path()).is_empty());
    // Whoever publishes, publishes what all have staged.
    publish(&one, "a", &a, 8);
    for digest in [&a, &b] {
        let blob = fs::metadata(dir.path().join(Layout::blob(digest))).unwrap();
        assert_eq!(blob.permissions().mode() & 0o7777, 0o444);
        assert_eq!(two.find(digest).unwrap(), Some(8));
    }
    assert_eq!(files(&dir.path().join("staged")), [""; 0]);
    assert_eq!(names(dir.path()), ["a"]);
}

#[test]
fn killed_nothing_that_was_committed_is_lost() {
    let dir = scratch();
    let digest = fetch(&open(dir.path()), b"committed");
    let store = open(dir.path());
    assert_eq!(store.find(&digest).unwrap(), Some(9));
    publish(&store, "a", &digest, 9);
    drop(store);
    assert_eq!(names(dir.path()), ["a"]);
}

#[test]
fn after_another_boot_staged_content_is_partial_content() {
    let dir = scratch();
    let (published, staged) = (b"published", b"staged before the power went");
    let store = open(dir.path());
    let digest = fetch(&store, published);
    publish(&store, "a", &digest, 9);
    fetch(&store, staged);
    drop(store);
    let store = open_in(dir.path(), NEXT_BOOT);
    assert_eq!(store.find(&digest).unwrap(), Some(9), "what was published is believed");
    assert_eq!(store.find(&Digest::sha256(staged)).unwrap(), None);
    let (ingest, len, checkpoint) = begin(&store, staged);
    assert_eq!((len, checkpoint), (staged.len() as u64, None));
    drop(store.writer(ingest, len).unwrap());
    commit(&store, ingest, staged);
    assert_eq!(store.find(&Digest::sha256(staged)).unwrap(), Some(len));
    assert_eq!(fs::read_dir(dir.path().join("staged")).unwrap().count(), 1, "this boot's");
}

#[test]
fn staged_content_of_another_boot_does_not_disturb_who_fetches_it_anew() {
    let dir = scratch();
    fetch(&open(dir.path()), b"content");
    let staged = dir.path().join(format!("staged/{BOOT}"));
    let kept = scratch();
    assert!(Command::new("cp").arg("-a").args([&*staged, kept.path()]).status().unwrap().success());
    let store = open_in(dir.path(), NEXT_BOOT);
    let lock = store.lock(&LockKey::Ingest(Digest::sha256(b"content"))).unwrap().unwrap();
    let (ingest, len, _) = begin(&store, b"content");
    assert!(
        Command::new("cp").arg("-a").args([&*kept.path().join(BOOT), &staged]).status().unwrap().success()
    );
    drop(open_in(dir.path(), NEXT_BOOT));
    assert!(!staged.exists());
    drop(store.writer(ingest, len).unwrap());
    commit(&store, ingest, b"content");
    store.unlock(lock);
    assert_eq!(store.find(&Digest::sha256(b"content")).unwrap(), Some(7));
}

#[test]
fn without_durability_content_is_published_at_once_and_marked() {
    let dir = scratch();
    let fast = || Store::open_in(dir.path(), &Options { durable: false }, Some(BOOT.to_owned())).unwrap();
    let mark = dir.path().join("staged/unsynced");
    let store = open(dir.path());
    publish(&store, "first", &fetch(&store, b"1"), 1);
    assert!(!mark.exists(), "the first publication synced what was there");
    let digest = fetch(&fast(), b"quick");
    assert!(dir.path().join(Layout::blob(&digest)).exists());
    assert!(mark.exists());
    publish(&fast(), "a", &digest, 5);
    assert!(mark.exists(), "nothing was synced");
    publish(&open(dir.path()), "b", &digest, 5);
    assert!(!mark.exists());
    assert_eq!(names(dir.path()), ["a", "b", "first"]);
}

#[test]
fn where_boots_cannot_be_told_apart_each_commit_is_durable() {
    let dir = scratch();
    let staged = fetch(&open(dir.path()), b"staged");
    let store = Store::open_in(dir.path(), &Options::default(), None).unwrap();
    let digest = fetch(&store, b"content");
    assert!(dir.path().join(Layout::blob(&digest)).exists());
    publish(&store, "a", &digest, 7);
    assert_eq!(names(dir.path()), ["a"]);
    assert_eq!(open(dir.path()).find(&staged).unwrap(), Some(6), "what others staged is left to them");
}

#[test]
fn a_failed_sync_publishes_nothing_and_leaves_nothing_to_believe() {
    let dir = scratch();
    let store = open(dir.path());
    let before = fetch(&store, b"before");
    publish(&store, "before", &before, 6);
    let lost = fetch(&store, b"lost");
    let (ingest, ..) = begin(&store, b"half");
    let mut writer = store.writer(ingest, 0).unwrap();
    writer.write(b"ha").unwrap();
    writer.checkpoint(b"two").unwrap();
    store.layout.fail_sync.store(true, Ordering::Relaxed);
    let error = store.apply(&naming("lost", &lost, 4)).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Failed);
    // The system would now say that all is well.
    store.layout.fail_sync.store(false, Ordering::Relaxed);
    assert_eq!(store.apply(&naming("lost", &lost, 4)).unwrap_err(), error);
    assert_eq!(store.find(&lost).unwrap(), None);
    writer.write(b"lf").unwrap();
    let half = Commit { content: Content::Ingest(ingest), verified: verified(b"half") };
    assert!(store.commit(&half).is_err(), "its first bytes may be lost");
    assert_eq!(store.get("image/lost").unwrap(), None);
    drop(store);
    let store = open(dir.path());
    assert_eq!(begin(&store, b"half"), (IngestId(1), 0, None));
    publish(&store, "again", &fetch(&store, b"lost"), 4);
    assert_eq!(names(dir.path()), ["again", "before"]);
}
