//! What a host owes of committed content: looked at, and deleted.

use lugger_core::{
    effect::{
        pump::{End, Tap},
        store::{Applied, Batch, Change, LockKey, Removal, StoreErrorKind},
        verifier::Verifier,
    },
    error::Error,
    name::Digest,
    op::{Begins, Cx},
};

use super::{Case, fixture, ingests::seen};

/// Puts some bytes into the store.
async fn committed(cx: &Cx, n: usize) -> Result<(Vec<u8>, Digest), Error> {
    let bytes = fixture::bytes(n, 11);
    let digest = Digest::sha256(&bytes);
    let verified = Verifier::check(&digest, n as u64, &bytes).expect("its own digest");
    cx.commit_bytes(bytes.clone(), verified).await?;
    Ok((bytes, digest))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "committed content is shown from where the tap is, to its end or before",
            |cx| async move {
                const N: u64 = 300_000;
                let (bytes, digest) = committed(&cx, N as usize).await?;
                let tap = Tap::Verify(Verifier::new(&digest, N));
                let (verifier, end) = seen(cx.look(&digest, 100_000, tap).await);
                assert_eq!((verifier.len(), end), (100_000, End::Complete));
                let (verifier, end) = seen(cx.look(&digest, u64::MAX, Tap::Verify(verifier)).await);
                assert_eq!(end, End::Complete);
                assert!(verifier.finish().is_ok(), "every byte once, in order");
                let tap = Tap::Verify(Verifier::new(&digest, N).up_to(1_000));
                let (verifier, end) = seen(cx.look(&digest, u64::MAX, tap).await);
                assert!(matches!(end, End::Refused(_)) && verifier.len() <= 1_000);
                assert_eq!(cx.read(&digest, N).await?, bytes, "a look changes nothing");
                Ok(())
            },
        ),
        Case::new("what is not there cannot be looked at", |cx| async move {
            let digest = Digest::sha256(b"never seen");
            let (_, end) = seen(cx.look(&digest, 10, Tap::Verify(Verifier::new(&digest, 10))).await);
            assert!(matches!(end, End::StoreFailed(error) if error.kind == StoreErrorKind::Missing));
            Ok(())
        }),
        Case::new("nothing is removed once a record is not as it was expected", |cx| async move {
            let content = vec![committed(&cx, 5_000).await?.1, committed(&cx, 200_000).await?.1];
            let put = || Change::Put { key: "leases".to_owned(), value: "1".to_owned() };
            let batch = || Batch { changes: vec![put()], ..Batch::default() };
            let remove = async |revision| {
                let expect = vec![("other".to_owned(), 0), ("leases".to_owned(), revision)];
                cx.remove(Removal { expect, content: content.clone() }).await
            };
            cx.apply(batch()).await?;
            let before = cx.get("leases").await?.map_or(0, |record| record.revision);
            cx.apply(batch()).await?;
            assert_eq!(remove(before).await?, Applied::Conflict);
            for digest in &content {
                assert!(cx.find(digest).await?.is_some(), "all or none");
            }
            let now = cx.get("leases").await?.map_or(0, |record| record.revision);
            assert_eq!(remove(now).await?, Applied::Done);
            for digest in &content {
                assert_eq!(cx.find(digest).await?, None);
            }
            Ok(())
        }),
        Case::new("what was removed is gone, and can come again", |cx| async move {
            let (bytes, digest) = committed(&cx, 5_000).await?;
            let removal = Removal { content: vec![digest.clone()], ..Removal::default() };
            assert_eq!(cx.remove(removal.clone()).await?, Applied::Done);
            assert_eq!(cx.find(&digest).await?, None);
            assert_eq!(cx.remove(removal).await?, Applied::Done);
            let lock = cx.try_lock(LockKey::Ingest(digest.clone())).await?;
            assert!(matches!(cx.begin(&digest, 5_000).await?, Begins::Open(_, left) if left.len == 0));
            drop(lock);
            committed(&cx, 5_000).await?;
            assert_eq!(cx.read(&digest, 5_000).await?, bytes);
            Ok(())
        }),
    ]
}
