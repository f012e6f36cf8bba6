//! What lies beyond a gap is believed as far as its journal says, within its boot, and never of other bytes.

use std::{fs, ops::Range, path::PathBuf};

use super::*;

const BYTES: [u8; 100] = [7; 100];

/// The ingest of [`BYTES`]: handle, length, islands.
fn begin_parts(store: &Store) -> (IngestId, u64, Vec<Range<u64>>) {
    let begin = Begin { digest: Digest::sha256(&BYTES), size: 100 };
    match store.begin(&begin).unwrap() {
        Begun::Open { ingest, len, islands, .. } => (ingest, len, islands),
        Begun::Committed => panic!("committed"),
    }
}

fn fill(store: &Store, ingest: IngestId, part: Range<usize>) {
    store.part_writer(ingest, part.start as u64).unwrap().write(&BYTES[part]).unwrap();
}

/// A single island.
fn one(part: Range<u64>) -> Vec<Range<u64>> {
    std::iter::once(part).collect()
}

fn file(dir: &TempDir, kind: &str) -> PathBuf {
    dir.path().join(format!("ingest/sha256-{}.{kind}", Digest::sha256(&BYTES).encoded()))
}

/// A store that was killed with the first ten bytes and two islands.
fn killed() -> TempDir {
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin_parts(&store);
    store.writer(ingest, 0).unwrap().write(&BYTES[..10]).unwrap();
    fill(&store, ingest, 80..90);
    fill(&store, ingest, 40..60);
    dir
}

#[test]
fn within_a_boot_all_of_them_stay() {
    let dir = killed();
    let store = open(dir.path());
    let (ingest, len, islands) = begin_parts(&store);
    assert_eq!((len, islands), (10, vec![40..60, 80..90]));
    for part in [90..100, 10..40, 60..80] {
        fill(&store, ingest, part);
    }
    drop(store);
    let store = open(dir.path());
    let (ingest, len, islands) = begin_parts(&store);
    assert_eq!((len, islands), (100, vec![]));
    assert!(!file(&dir, "islands").exists(), "there is nothing to tell any more");
    commit(&store, ingest, &BYTES);
    assert_eq!(files(&dir.path().join("ingest")), [""; 0]);
}

#[test]
fn after_another_boot_they_are_gone() {
    let dir = killed();
    let store = open_in(dir.path(), NEXT_BOOT);
    let (_, len, islands) = begin_parts(&store);
    assert_eq!((len, islands, fs::metadata(file(&dir, "data")).unwrap().len()), (10, vec![], 10));
}

#[test]
fn a_journal_that_makes_no_sense_leaves_nothing_to_believe() {
    let dir = killed();
    fs::write(file(&dir, "islands"), [7; 500]).unwrap();
    assert_eq!(begin_parts(&open(dir.path())).1, 0);
    // One that was not begun says nothing of the file, which has no gap yet.
    let dir = scratch();
    let store = open(dir.path());
    let (ingest, ..) = begin_parts(&store);
    store.writer(ingest, 0).unwrap().write(&BYTES[..10]).unwrap();
    drop(store);
    fs::write(file(&dir, "islands"), b"lugger").unwrap();
    assert_eq!(begin_parts(&open(dir.path())).1, 10);
}

#[test]
fn a_file_that_is_shorter_than_its_journal_is_believed_as_far_as_it_goes() {
    let dir = killed();
    let cut =
        |len| fs::OpenOptions::new().write(true).open(file(&dir, "data")).unwrap().set_len(len).unwrap();
    cut(50);
    let store = open(dir.path());
    let (ingest, len, islands) = begin_parts(&store);
    assert_eq!((len, islands), (10, one(40..50)));
    // What was noted of bytes that are gone is not believed when the file grows over their place.
    fill(&store, ingest, 95..100);
    drop(store);
    let store = open(dir.path());
    let (ingest, len, islands) = begin_parts(&store);
    assert_eq!((len, islands), (10, vec![40..50, 95..100]));
    // Nor after a stream has cut them off.
    store.writer(ingest, 10).unwrap().write(&BYTES[10..20]).unwrap();
    fill(&store, ingest, 99..100);
    drop(store);
    let (_, len, islands) = begin_parts(&open(dir.path()));
    assert_eq!((len, islands), (20, one(99..100)));
}

#[test]
fn discarded_they_leave_nothing() {
    let dir = killed();
    let store = open(dir.path());
    let (ingest, ..) = begin_parts(&store);
    store.discard(ingest);
    assert_eq!(files(&dir.path().join("ingest")), [""; 0]);
}
