//! A full disk is said to be full, and what was written before stays good.

use std::path::Path;

use lugger_core::effect::store::{Commit, Content, StoreErrorKind};

use super::*;

fn small(path: &Path) -> Option<Mount<'_>> {
    Mount::new(path, &["-t", "tmpfs", "-o", "size=2m,mode=700", "lugger-test"])
}

#[test]
fn writes_fail_without_being_counted_and_the_ingest_goes_on_later() {
    let dir = scratch();
    let Some(_mount) = small(dir.path()) else { return };
    let store = open(dir.path());
    let bytes = vec![7; 1_500_000];
    // Something else takes the space after the courtesy check.
    let (ingest, ..) = begin(&store, &bytes);
    let hog = dir.path().join("hog");
    std::fs::write(&hog, vec![0; 1 << 20]).unwrap();
    let mut writer = store.writer(ingest, 0).unwrap();
    let error = loop {
        let at = usize::try_from(writer.at()).unwrap();
        if let Err(error) = writer.write(&bytes[at..(at + 100_000).min(bytes.len())]) {
            break error;
        }
        let at = writer.at().to_string();
        let _ = writer.checkpoint(at.as_bytes());
    };
    assert_eq!(error.kind, StoreErrorKind::Full);
    assert!(error.path.starts_with(dir.path().to_str().unwrap()), "{error}");
    let written = writer.at();
    assert!(written > 0 && written.is_multiple_of(100_000), "{written}");
    drop(writer);
    store.park(ingest);
    // A publication fails before anything has changed.
    std::fs::write(dir.path().join("rest"), vec![0; 1 << 20]).unwrap_err();
    let digest = Digest::sha256(b"x");
    for store in [&store, &open(dir.path())] {
        assert_eq!(store.apply(&naming("a", &digest, 1)).unwrap_err().kind, StoreErrorKind::Full);
    }
    assert!(names(dir.path()).is_empty());
    let bytes_commit = Commit { content: Content::Bytes(vec![1; 9000]), verified: verified(&[1; 9000]) };
    assert_eq!(store.commit(&bytes_commit).unwrap_err().kind, StoreErrorKind::Full);
    drop(store);
    for file in ["hog", "rest"] {
        std::fs::remove_file(dir.path().join(file)).unwrap();
    }
    let store = open(dir.path());
    assert_eq!(store.get("image/a").unwrap(), None);
    let (ingest, len, checkpoint) = begin(&store, &bytes);
    assert_eq!(len, written);
    let seen: u64 = String::from_utf8(checkpoint.unwrap()).unwrap().parse().unwrap();
    assert!(seen <= written);
    let mut writer = store.writer(ingest, len).unwrap();
    writer.write(&bytes[usize::try_from(len).unwrap()..]).unwrap();
    commit(&store, ingest, &bytes);
    publish(&store, "a", &Digest::sha256(&bytes), bytes.len() as u64);
    assert_eq!(names(dir.path()), ["a"]);
}

#[test]
fn too_much_is_refused_before_it_is_fetched() {
    let dir = scratch();
    let Some(_mount) = small(dir.path()) else { return };
    let store = open(dir.path());
    let error = store.begin(&Begin { digest: Digest::sha256(b""), size: 3 << 20 }).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Full);
    assert!(error.detail.starts_with("3145728 bytes are needed"), "{error}");
    assert_eq!(files(&dir.path().join("ingest")), [""; 0]);
}
