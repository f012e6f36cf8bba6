//! What can be opened, what is refused, and what a store that cannot be written still does.

use std::{fs, os::unix::fs::PermissionsExt as _};

use lugger_core::effect::store::{LockKey, Read, StoreErrorKind};

use super::*;

#[test]
fn a_new_store_is_an_empty_layout_for_its_owner_alone() {
    let dir = scratch();
    let path = dir.path().join("a/b");
    open(&path);
    assert!(names(&path).is_empty());
    for made in ["", "blobs", "blobs/sha256", "ingest", "staged", "locks"] {
        let mode = fs::metadata(path.join(made)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700, "{made}");
    }
    // The records are made when they are needed.
    assert!(!path.join("lugger.db").exists());
    assert_eq!(open(&path).get("key").unwrap(), None);
    assert_eq!(fs::metadata(path.join("lugger.db")).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn directories_of_others_are_refused_and_not_touched() {
    let dir = scratch();
    let refused = |path: &Path, why: &str| {
        let error = Store::open(path, &Options::default()).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Failed);
        assert!(error.to_string().contains(why), "{error}");
    };
    fs::write(dir.path().join("thesis.txt"), "x").unwrap();
    refused(dir.path(), "not empty");
    assert_eq!(files(dir.path()), ["thesis.txt"]);
    refused(&dir.path().join("thesis.txt"), "ot a directory");
    fs::write(dir.path().join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    refused(dir.path(), "unknown layout version");
    fs::write(dir.path().join("oci-layout"), "{").unwrap();
    refused(dir.path(), "no OCI image layout's mark");
    let open_to_all = scratch();
    fs::set_permissions(open_to_all.path(), fs::Permissions::from_mode(0o777)).unwrap();
    refused(open_to_all.path(), "everybody can write");
}

#[test]
fn a_store_that_was_killed_while_it_was_made_is_finished() {
    let whole = scratch();
    open(whole.path());
    let steps = ["locks", "locks/store", "ingest", "staged", "blobs/sha256", "index.json"];
    for made in 2..=steps.len() {
        let dir = scratch();
        for step in &steps[..made] {
            match *step {
                "locks/store" | "index.json" => {
                    fs::copy(whole.path().join(step), dir.path().join(step)).map(drop).unwrap();
                }
                step => fs::create_dir_all(dir.path().join(step)).unwrap(),
            }
        }
        fs::write(dir.path().join("index.json.new"), "{\"sch").unwrap();
        let store = open(dir.path());
        publish(&store, "a", &fetch(&store, b"content"), 7);
        assert_eq!(names(dir.path()), ["a"], "after {made} steps");
    }
}

#[test]
fn leftovers_of_commits_are_cleared_away_unless_somebody_holds_them() {
    let dir = scratch();
    let store = open(dir.path());
    let (name, held) = crate::store::lock::temporary(&store.layout).unwrap();
    fs::write(dir.path().join("ingest/tmp-1-1"), "leftover").unwrap();
    fs::set_permissions(dir.path().join("ingest/tmp-1-1"), fs::Permissions::from_mode(0o444)).unwrap();
    open(dir.path());
    assert_eq!(files(dir.path()).iter().filter(|file| file.contains("tmp-")).collect::<Vec<_>>(), [&name]);
    drop(held);
    open(dir.path());
    assert!(!dir.path().join(name).exists());
}

#[test]
fn read_only_it_is_read_and_says_why_it_is_not_written() {
    let (dir, at) = (scratch(), scratch());
    let store = open(dir.path());
    let digest = fetch(&store, b"content");
    publish(&store, "a", &digest, 7);
    let staged = fetch(&store, b"staged");
    drop(store);
    // With nobody else there, the log left behind, and with a writer at work.
    for closed in [true, false] {
        let writer = if closed {
            None
        } else {
            let writer = open(dir.path());
            publish(&writer, "b", &digest, 7);
            Some(writer)
        };
        let source = dir.path().to_str().unwrap();
        let Some(_mount) = Mount::new(at.path(), &["--bind", "-o", "ro", source]) else { return };
        let store = open(at.path());
        assert_eq!(store.find(&digest).unwrap(), Some(7));
        if closed {
            assert_eq!(store.find(&staged).unwrap(), Some(6));
        }
        assert_eq!(store.read(&Read { digest: digest.clone(), max: 7 }).unwrap(), b"content");
        assert!(store.get("image/a").unwrap().is_some());
        assert_eq!(store.scan("image/").unwrap().len(), if closed { 1 } else { 2 });
        let kinds = [
            store.begin(&Begin { digest: Digest::sha256(b"new"), size: 3 }).map(drop),
            store.commit(&Commit { content: Content::Bytes(b"x".to_vec()), verified: verified(b"x") }),
            store.apply(&naming("c", &digest, 7)).map(drop),
            store.apply(&Batch::default()).map(drop),
            store.lock(&LockKey::Ingest(digest.clone())).map(drop),
        ]
        .map(|result| result.map_err(|error| error.kind));
        assert_eq!(kinds, [Err(StoreErrorKind::ReadOnly); 5]);
        drop(writer);
    }
}

#[test]
fn read_only_without_records_it_has_none() {
    let (dir, at) = (scratch(), scratch());
    open(dir.path());
    let source = dir.path().to_str().unwrap();
    let Some(_mount) = Mount::new(at.path(), &["--bind", "-o", "ro", source]) else { return };
    let store = open(at.path());
    assert_eq!(store.get("image/a").unwrap(), None);
    assert_eq!(store.scan("").unwrap(), []);
}

#[test]
fn many_may_make_the_same_store_at_once() {
    for _ in 0..40 {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("store");
        let open = || Store::open(&path, &Options::default()).map(drop);
        let opened = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(opened, vec![Ok(()); 8]);
    }
}
