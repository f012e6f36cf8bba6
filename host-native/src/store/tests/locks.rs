//! Locks exclude threads and processes, and end with their holder.

use std::sync::atomic::{AtomicU64, Ordering};

use lugger_core::effect::store::LockKey;

use super::*;

#[test]
fn one_holder_per_key() {
    let dir = scratch();
    let (one, two) = (open(dir.path()), open(dir.path()));
    let key = |text: &[u8]| LockKey::Ingest(Digest::sha256(text));
    let held = one.lock(&key(b"a")).unwrap().unwrap();
    assert_eq!(one.lock(&key(b"a")).unwrap(), None, "not twice within a process");
    assert_eq!(two.lock(&key(b"a")).unwrap(), None);
    assert!(two.lock(&key(b"b")).unwrap().is_some());
    one.unlock(held);
    one.unlock(held);
    assert!(two.lock(&key(b"a")).unwrap().is_some());
    drop(two);
    assert!(one.lock(&key(b"a")).unwrap().is_some(), "the dead let go");
}

#[test]
fn removing_the_file_lets_nobody_in_twice() {
    let dir = scratch();
    let key = LockKey::Ingest(Digest::sha256(b"a"));
    let (inside, entered) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = open(dir.path());
                while entered.load(Ordering::SeqCst) < 2000 {
                    if let Some(lock) = store.lock(&key).unwrap() {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        entered.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        store.unlock(lock);
                    }
                }
            });
        }
    });
    assert_eq!(files(&dir.path().join("locks")), ["store"], "names do not pile up");
}
