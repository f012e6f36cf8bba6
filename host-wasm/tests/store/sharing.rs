//! Several stores of one name stand for several tabs.

use lugger_core::effect::store::{Batch, Change, LockKey};

use super::{At, LONG, Sample};

fn key(text: &str) -> LockKey {
    LockKey::Ingest(lugger_core::name::Digest::sha256(text.as_bytes()))
}

pub(crate) async fn locks_exclude_other_stores(at: At) {
    let (first, second) = (at.open().await, at.open().await);
    let lock = first.lock(&key("a")).await.unwrap().unwrap();
    assert!(first.lock(&key("a")).await.unwrap().is_none());
    assert!(second.lock(&key("a")).await.unwrap().is_none());
    let other = second.lock(&key("b")).await.unwrap().unwrap();
    assert!(first.lock(&key("b")).await.unwrap().is_none());
    first.unlock(lock);
    // Only its own store knows at once that it is free.
    while second.lock(&key("a")).await.unwrap().is_none() {}
    second.unlock(other);
    while first.lock(&key("b")).await.unwrap().is_none() {}
}

pub(crate) async fn a_released_lock_is_free_at_once(at: At) {
    let store = at.open().await;
    for _ in 0..5 {
        let lock = store.lock(&key("a")).await.unwrap().unwrap();
        assert!(store.lock(&key("a")).await.unwrap().is_none());
        store.unlock(lock);
    }
}

pub(crate) async fn dropped_stores_free_locks(at: At) {
    let (first, second) = (at.open().await, at.open().await);
    first.lock(&key("a")).await.unwrap().unwrap();
    drop(first);
    while second.lock(&key("a")).await.unwrap().is_none() {}
}

pub(crate) async fn one_counter_for_all(at: At) {
    let (first, second) = (at.open().await, at.open().await);
    let mut last = 0;
    for store in [&first, &second, &first, &second] {
        let changes = vec![Change::Put { key: "a".into(), value: "1".into() }];
        store.apply(&Batch { changes, ..Batch::default() }).await.unwrap();
        let [seen, same] = [first.get("a").await.unwrap(), second.get("a").await.unwrap()];
        assert_eq!(seen, same);
        let now = seen.unwrap().revision;
        assert!(now > last);
        last = now;
    }
}

pub(crate) async fn content_of_one_is_that_of_all(at: At) {
    let (first, second) = (at.open().await, at.open().await);
    let it = Sample::new(LONG);
    let (ingest, ..) = it.begin(&first).await;
    let mut writer = first.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 1_200_000).await;
    // One that is opened meanwhile leaves what is in use.
    drop(at.open().await);
    it.write(&mut writer, LONG).await;
    it.commit(&first, ingest).await.unwrap();
    it.check(&second).await;
    let blob = first.blob(&it.digest).await.unwrap();
    drop(first);
    assert!(blob.read_at(0, LONG).await.unwrap() == it.bytes);
    it.remove(&second).await;
    assert_eq!(at.open().await.find(&it.digest).await.unwrap(), None);
}
