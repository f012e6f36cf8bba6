//! Ingests survive what ends a run, and a checkpoint is believed only of its own bytes.

use std::{fs, io::Read as _};

use lugger_core::effect::store::StoreErrorKind;

use super::*;
use crate::store::{Layout, checkpoint};

#[test]
fn parked_or_killed_it_goes_on_where_it_was() {
    let dir = scratch();
    for killed in [false, true] {
        let store = open(dir.path());
        let bytes = format!("content of {killed}").into_bytes();
        let (ingest, len, checkpoint) = begin(&store, &bytes);
        assert_eq!((len, checkpoint), (0, None));
        let mut writer = store.writer(ingest, 0).unwrap();
        writer.write(&bytes[..4]).unwrap();
        writer.checkpoint(b"after four").unwrap();
        writer.write(&bytes[4..6]).unwrap();
        assert_eq!(writer.at(), 6);
        drop(writer);
        if !killed {
            store.park(ingest);
        }
        drop(store);
        let store = open(dir.path());
        let (ingest, len, checkpoint) = begin(&store, &bytes);
        assert_eq!((len, checkpoint.as_deref()), (6, Some(&b"after four"[..])));
        let mut rest = String::new();
        store.reader(ingest, 4, 99).unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest.as_bytes(), &bytes[4..6]);
        let mut writer = store.writer(ingest, 6).unwrap();
        writer.write(&bytes[6..]).unwrap();
        commit(&store, ingest, &bytes);
    }
    assert_eq!(files(&dir.path().join("ingest")), [""; 0]);
}

#[test]
fn discarded_or_empty_it_leaves_nothing() {
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"wrong");
    let mut writer = store.writer(ingest, 0).unwrap();
    writer.write(b"wr").unwrap();
    writer.checkpoint(b"two").unwrap();
    store.discard(ingest);
    assert_eq!(begin(&store, b"wrong").1, 0);
    let (ingest, ..) = begin(&store, b"empty");
    store.park(ingest);
    assert_eq!(files(&dir.path().join("ingest")).len(), 1, "the other one's");
    assert_eq!(store.writer(ingest, 0).err().unwrap().kind, StoreErrorKind::Failed, "it is closed");
}

#[test]
fn a_checkpoint_goes_before_the_bytes_that_it_is_about() {
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"0123456789");
    let mut writer = store.writer(ingest, 0).unwrap();
    writer.write(b"01234").unwrap();
    writer.checkpoint(b"five").unwrap();
    writer.write(b"56").unwrap();
    // Bytes after it may be cut off.
    drop(store.writer(ingest, 5).unwrap());
    drop(store);
    let store = open(dir.path());
    let (ingest, len, checkpoint) = begin(&store, b"0123456789");
    assert_eq!((len, checkpoint.as_deref()), (5, Some(&b"five"[..])));
    // Others in place of its own: not even when there are as many again.
    store.writer(ingest, 4).unwrap().write(b"xxxxxx").unwrap();
    drop(store);
    assert_eq!(begin(&open(dir.path()), b"0123456789").2, None);
}

#[test]
fn a_torn_checkpoint_or_one_of_another_boot_is_ignored() {
    let dir = scratch();
    let checkpoint = dir.path().join(format!("{}.checkpoint", Layout::ingest(&Digest::sha256(b"content"))));
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"content");
    let mut writer = store.writer(ingest, 0).unwrap();
    writer.write(b"cont").unwrap();
    writer.checkpoint(b"four").unwrap();
    drop(store);
    assert_eq!(begin(&open_in(dir.path(), NEXT_BOOT), b"content").2, None);
    let bootless = Store::open_in(dir.path(), &Options::default(), None).unwrap();
    assert_eq!(begin(&bootless, b"content").2, None);
    assert_eq!(begin(&open(dir.path()), b"content").2.as_deref(), Some(&b"four"[..]));
    let whole = fs::read(&checkpoint).unwrap();
    for cut in 0..whole.len() {
        fs::write(&checkpoint, &whole[..cut]).unwrap();
        assert_eq!(begin(&open(dir.path()), b"content"), (IngestId(1), 4, None), "torn at {cut}");
    }
}

#[test]
fn a_torn_checkpoint_leaves_the_one_before() {
    let dir = scratch();
    let checkpoint = dir.path().join(format!("{}.checkpoint", Layout::ingest(&Digest::sha256(b"content"))));
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"content");
    for (at, text) in [(0, "one"), (1, "two"), (2, "three")] {
        // Each writer goes on with the older slot.
        let mut writer = store.writer(ingest, at).unwrap();
        writer.write(b"c").unwrap();
        writer.checkpoint(text.as_bytes()).unwrap();
    }
    let seen =
        |len| checkpoint::load(&store.layout, &Layout::ingest(&Digest::sha256(b"content")), len).unwrap();
    assert_eq!(seen(3).as_deref(), Some(&b"three"[..]));
    assert_eq!(seen(2).as_deref(), Some(&b"two"[..]));
    let mut bytes = fs::read(&checkpoint).unwrap();
    bytes[30] ^= 1;
    fs::write(&checkpoint, bytes).unwrap();
    assert_eq!(seen(3).as_deref(), Some(&b"two"[..]));
}

#[test]
fn whole_content_gets_no_checkpoint() {
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"content");
    let mut writer = store.writer(ingest, 0).unwrap();
    writer.write(b"content").unwrap();
    writer.checkpoint(b"seven").unwrap();
    assert_eq!(files(&dir.path().join("ingest")).len(), 1);
}

#[test]
fn a_hole_cannot_be_made() {
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin(&store, b"content");
    let error = store.writer(ingest, 1).err().unwrap();
    assert!(error.detail.contains("cannot go on at byte 1"), "{error}");
}

#[test]
fn a_commit_that_was_killed_half_way_is_finished_or_taken_up() {
    let dir = scratch();
    let store = open(dir.path());
    let stem = Layout::ingest(&Digest::sha256(b"content"));
    // Read-only, but not yet moved.
    let (id, ..) = begin(&store, b"content");
    store.writer(id, 0).unwrap().write(b"content").unwrap();
    store.layout.root.set_mode(&format!("{stem}.data"), 0o444).unwrap();
    drop(store);
    let store = open(dir.path());
    let (id, len, _) = begin(&store, b"content");
    assert_eq!(len, 7);
    commit(&store, id, b"content");
    // Moved, but not yet cleared away.
    fs::write(dir.path().join(format!("{stem}.checkpoint")), "x").unwrap();
    let begun = store.begin(&Begin { digest: Digest::sha256(b"content"), size: 7 }).unwrap();
    assert_eq!(begun, Begun::Committed);
    assert_eq!(files(&dir.path().join("ingest")), [""; 0]);
}
