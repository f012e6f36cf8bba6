//! What a host owes of records and locks.

use lugger_core::{
    effect::store::{Applied, Batch, Change, LockKey, Record, StoreError},
    name::Digest,
    op::Cx,
};

use super::Case;

fn put(key: &str, value: &str) -> Change {
    Change::Put { key: key.to_owned(), value: value.to_owned() }
}

async fn apply(cx: &Cx, changes: Vec<Change>) -> Result<Applied, StoreError> {
    cx.apply(Batch { changes, ..Batch::default() }).await
}

async fn keys(cx: &Cx, prefix: &str) -> Result<Vec<String>, StoreError> {
    Ok(cx.scan(prefix).await?.into_iter().map(|(key, _)| key).collect())
}

async fn record(cx: &Cx, key: &str) -> Result<Record, StoreError> {
    Ok(cx.get(key).await?.unwrap_or_else(|| panic!("{key} is not there")))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("a record is there once it was put, and revisions grow", |cx| async move {
            assert_eq!(cx.get("contract/a").await?, None);
            assert_eq!(apply(&cx, vec![put("contract/a", "1")]).await?, Applied::Done);
            let first = record(&cx, "contract/a").await?;
            assert_eq!(
                apply(&cx, vec![put("contract/a", "2"), put("contract/b", "\"é\"")]).await?,
                Applied::Done
            );
            let (second, other) = (record(&cx, "contract/a").await?, record(&cx, "contract/b").await?);
            assert_eq!((&*first.value, &*second.value, &*other.value), ("1", "2", "\"é\""));
            assert!(first.revision > 0 && second.revision > first.revision, "{first:?}, {second:?}");
            Ok(())
        }),
        Case::new("a revision is never used twice, not even after a deletion", |cx| async move {
            apply(&cx, vec![put("contract/a", "1")]).await?;
            let first = record(&cx, "contract/a").await?.revision;
            apply(&cx, vec![Change::Delete { key: "contract/a".to_owned() }]).await?;
            apply(&cx, vec![put("contract/a", "1")]).await?;
            assert!(record(&cx, "contract/a").await?.revision > first);
            Ok(())
        }),
        Case::new("a conflict changes nothing", |cx| async move {
            apply(&cx, vec![put("contract/a", "1")]).await?;
            let now = record(&cx, "contract/a").await?.revision;
            for (key, expected) in [("contract/a", 0), ("contract/a", now + 1), ("contract/none", now)] {
                let changes = vec![put("contract/b", "1"), put("contract/a", "2")];
                let expect = vec![("contract/a".to_owned(), now), (key.to_owned(), expected)];
                let batch = Batch { expect, changes, publish: false };
                assert_eq!(cx.apply(batch).await?, Applied::Conflict, "{key} at {expected}");
            }
            assert_eq!((cx.get("contract/b").await?, record(&cx, "contract/a").await?.revision), (None, now));
            let expect = vec![("contract/a".to_owned(), now), ("contract/none".to_owned(), 0)];
            let batch = Batch { expect, changes: vec![put("contract/a", "2")], publish: true };
            assert_eq!(cx.apply(batch).await?, Applied::Done);
            assert_eq!(record(&cx, "contract/a").await?.value, "2");
            Ok(())
        }),
        Case::new("a scan takes prefixes as text, in the order of bytes", |cx| async move {
            let awkward = ["p/%", "p/*", "p/A", "p/_", "p/a", "p/a/b", "p/a0", "p/é", "p/\u{10ffff}"];
            let changes = awkward.iter().rev().chain(&["p", "p0", "q/a", "P/a"]).map(|key| put(key, "0"));
            apply(&cx, changes.collect()).await?;
            assert_eq!(keys(&cx, "p/").await?, awkward);
            assert_eq!(keys(&cx, "p/%").await?, ["p/%"]);
            assert_eq!(keys(&cx, "p/_").await?, ["p/_"]);
            assert_eq!(keys(&cx, "p/a").await?, ["p/a", "p/a/b", "p/a0"]);
            assert_eq!(keys(&cx, "p/\u{10ffff}").await?, ["p/\u{10ffff}"]);
            assert_eq!(keys(&cx, "p/none").await?, [""; 0]);
            Ok(())
        }),
        Case::new("DeleteAll takes what starts so and nothing else", |cx| async move {
            let all = ["d/%", "d/%/x", "d/_", "d/a", "d/é", "d"];
            apply(&cx, all.iter().map(|key| put(key, "0")).collect()).await?;
            apply(&cx, vec![Change::DeleteAll { prefix: "d/%".to_owned() }]).await?;
            assert_eq!(keys(&cx, "d").await?, ["d", "d/_", "d/a", "d/é"]);
            apply(&cx, vec![Change::DeleteAll { prefix: "d/".to_owned() }]).await?;
            assert_eq!(keys(&cx, "d").await?, ["d"]);
            let gone =
                [Change::Delete { key: "d/none".to_owned() }, Change::DeleteAll { prefix: "d/".to_owned() }];
            assert_eq!(apply(&cx, gone.to_vec()).await?, Applied::Done, "deleting nothing is done");
            Ok(())
        }),
        Case::new("changes happen in their order", |cx| async move {
            let delete = Change::Delete { key: "contract/a".to_owned() };
            apply(&cx, vec![put("contract/a", "1"), delete.clone(), put("contract/a", "2")]).await?;
            assert_eq!(record(&cx, "contract/a").await?.value, "2");
            apply(&cx, vec![put("contract/a", "3"), delete]).await?;
            assert_eq!(cx.get("contract/a").await?, None);
            Ok(())
        }),
        Case::new("a key of 4096 bytes will do", |cx| async move {
            let key = "k".repeat(4096);
            assert_eq!(apply(&cx, vec![put(&key, "1")]).await?, Applied::Done);
            assert_eq!(record(&cx, &key).await?.value, "1");
            Ok(())
        }),
        Case::new("a lock excludes, and its release lets in", |cx| async move {
            let key = |text: &str| LockKey::Ingest(Digest::sha256(text.as_bytes()));
            let first = cx.try_lock(key("a")).await?.expect("nobody holds it");
            assert!(cx.try_lock(key("a")).await?.is_none(), "it is held");
            let other = cx.try_lock(key("b")).await?.expect("another one is free");
            drop(first);
            assert!(cx.try_lock(key("a")).await?.is_some(), "it was released");
            assert!(cx.try_lock(key("b")).await?.is_none(), "that one is still held");
            drop(other);
            Ok(())
        }),
    ]
}
