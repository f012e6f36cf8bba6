//! Records.

use lugger_core::effect::store::{Applied, Batch, Change, StoreErrorKind};
use lugger_wasm::store::Store;

use super::At;

fn put(key: &str, value: &str) -> Change {
    Change::Put { key: key.to_owned(), value: value.to_owned() }
}

async fn apply(store: &Store, changes: Vec<Change>) -> Applied {
    store.apply(&Batch { changes, ..Batch::default() }).await.unwrap()
}

async fn keys(store: &Store, prefix: &str) -> Vec<String> {
    store.scan(prefix).await.unwrap().into_iter().map(|(key, _)| key).collect()
}

pub(crate) async fn scans_are_in_the_order_of_bytes(at: At) {
    let store = at.open().await;
    // By UTF-16 units the last two would change places.
    let all = ["p/%", "p/A", "p/a", "p/a/b", "p/a0", "p/é", "p/\u{ffff}", "p/\u{10ffff}"];
    let others = ["p", "p0", "q/a", "P/a"];
    apply(&store, all.iter().rev().chain(&others).map(|key| put(key, "\"é\"")).collect()).await;
    assert_eq!(keys(&store, "p/").await, all);
    assert_eq!(keys(&store, "p/a").await, ["p/a", "p/a/b", "p/a0"]);
    assert_eq!(keys(&store, "p/\u{10ffff}").await, ["p/\u{10ffff}"]);
    assert_eq!(keys(&store, "none").await, [""; 0]);
    assert_eq!(keys(&store, "").await.len(), all.len() + others.len());
    assert_eq!(store.scan("p/é").await.unwrap()[0].1.value, "\"é\"");
}

pub(crate) async fn conflicts_change_nothing(at: At) {
    let store = at.open().await;
    apply(&store, vec![put("a", "1")]).await;
    let now = store.get("a").await.unwrap().unwrap().revision;
    for (key, expected) in [("a", 0), ("a", now + 1), ("none", now)] {
        let expect = vec![("a".to_owned(), now), (key.to_owned(), expected)];
        let batch = Batch { expect, changes: vec![put("b", "1"), put("a", "2")], publish: true };
        assert_eq!(store.apply(&batch).await.unwrap(), Applied::Conflict);
    }
    assert_eq!(store.get("b").await.unwrap(), None);
    assert_eq!(store.get("a").await.unwrap().unwrap().revision, now);
    let expect = vec![("a".to_owned(), now), ("none".to_owned(), 0)];
    let batch = Batch { expect, changes: vec![put("a", "2")], publish: true };
    assert_eq!(store.apply(&batch).await.unwrap(), Applied::Done);
    assert_eq!(store.get("a").await.unwrap().unwrap().value, "2");
}

pub(crate) async fn revisions_only_grow(at: At) {
    let store = at.open().await;
    apply(&store, vec![put("a", "1"), put("b", "1")]).await;
    let first = store.get("a").await.unwrap().unwrap().revision;
    let second = store.get("b").await.unwrap().unwrap().revision;
    apply(&store, vec![Change::Delete { key: "a".into() }, Change::Delete { key: "b".into() }]).await;
    assert_eq!(store.get("a").await.unwrap(), None);
    store.clear().await.unwrap();
    drop(store);
    let store = at.open().await;
    apply(&store, vec![put("a", "1"), Change::Delete { key: "a".into() }, put("a", "2")]).await;
    let third = store.get("a").await.unwrap().unwrap();
    assert!(0 < first && first < second && second < third.revision, "{first} {second} {third:?}");
    assert_eq!(third.value, "2");
}

pub(crate) async fn prefixes_are_deleted(at: At) {
    let store = at.open().await;
    let all = ["d", "d/%", "d/%/x", "d/_", "d/a", "d/é"];
    apply(&store, all.iter().map(|key| put(key, "0")).collect()).await;
    apply(&store, vec![Change::DeleteAll { prefix: "d/%".into() }]).await;
    assert_eq!(keys(&store, "d").await, ["d", "d/_", "d/a", "d/é"]);
    apply(&store, vec![Change::DeleteAll { prefix: "d/".into() }, put("d/new", "0")]).await;
    assert_eq!(keys(&store, "").await, ["d", "d/new"]);
    let again = [Change::DeleteAll { prefix: String::new() }, Change::DeleteAll { prefix: "none".into() }];
    assert_eq!(apply(&store, again.to_vec()).await, Applied::Done);
    assert_eq!(keys(&store, "").await, [""; 0]);
}

pub(crate) async fn long_keys_are_refused(at: At) {
    let store = at.open().await;
    let key = "é".repeat(2048);
    assert_eq!(apply(&store, vec![put(&key, "1")]).await, Applied::Done);
    assert_eq!(store.get(&key).await.unwrap().unwrap().value, "1");
    let batch = Batch { changes: vec![put("b", "1"), put(&"k".repeat(4097), "1")], ..Batch::default() };
    assert_eq!(store.apply(&batch).await.unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(store.get("b").await.unwrap(), None);
}
