//! What a host owes of content that comes in parts, in any order.

use std::ops::Range;

use lugger_core::{
    effect::{
        http::NetErrorKind,
        pump::{End, Tap},
        store::LockKey,
        verifier::Verifier,
    },
    op::Left,
};
use url::Url;

use super::{
    Case,
    ingests::{Content, seen},
};

/// A single island.
fn one(part: Range<u64>) -> Vec<Range<u64>> {
    std::iter::once(part).collect()
}

pub(super) fn cases(base: &Url) -> Vec<Case> {
    let case = |name, n, flow: fn(lugger_core::op::Cx, Content) -> super::Running| {
        let content = Content::new(base, n);
        Case::new(name, move |cx| flow(cx, content))
    };
    vec![
        case("parts are written where they belong, and found there", 100_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, left) = it.open_parts(&cx).await?;
                assert_eq!(left, Left::default());
                let there = it.nothing();
                it.download(&cx, &format!("cut/{}/7/10000", it.n), &ingest, it.fresh()).await;
                for part in [50_000..60_000, 30_000..40_000] {
                    let came = it.fill(&cx, &it.path(), &ingest, &there, part.clone()).await;
                    assert_eq!(came, (part.end, End::Complete));
                }
                drop(ingest);
                let (ingest, left) = it.open_parts(&cx).await?;
                assert_eq!((left.len, left.islands), (10_000, vec![30_000..40_000, 50_000..60_000]));
                let verifier = left
                    .checkpoint
                    .and_then(|saved| Verifier::resume(&it.digest, it.n as u64, &saved, left.len));
                let verifier = verifier.expect("the checkpoint of what has no gap");
                for part in [60_000..100_000, 10_000..30_000, 40_000..50_000] {
                    it.fill(&cx, &it.path(), &ingest, &there, part).await;
                }
                let (verifier, end) = seen(cx.rehash(&ingest, it.n as u64, Tap::Verify(verifier)).await);
                assert_eq!(end, End::Complete);
                cx.commit(ingest, verifier.finish().expect("parts that fit")).await?;
                assert_eq!(cx.read(&it.digest, it.n as u64).await?, it.bytes);
                Ok(())
            })
        }),
        case("a part that breaks off is kept, what goes beyond it is not", 80_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, _) = it.open_parts(&cx).await?;
                let there = it.nothing();
                let cut = format!("cut/{}/7/1234", it.n);
                let (at, end) = it.fill(&cx, &cut, &ingest, &there, 40_000..50_000).await;
                assert!(matches!(end, End::SourceLost(error) if error.kind == NetErrorKind::Broken));
                assert_eq!(at, 41_234);
                // A server that sends more than it was asked for.
                let body = it.body(&cx, &it.path(), Some("bytes=60000-79999".to_owned())).await;
                let (at, end) = cx.fill(body, &ingest, &there, 60_000..70_000).await;
                assert!(matches!(end, End::Refused(_)) && at <= 70_000, "{at}, {end:?}");
                drop(ingest);
                // There is no first byte, and yet something to keep.
                let (ingest, left) = it.open_parts(&cx).await?;
                let mut islands = one(40_000..41_234);
                islands.extend((at > 60_000).then_some(60_000..at));
                assert_eq!((left.len, left.checkpoint, left.islands), (0, None, islands));
                ingest.discard();
                let (_ingest, left) = it.open_parts(&cx).await?;
                assert_eq!(left, Left::default(), "what was discarded is gone");
                Ok(())
            })
        }),
        case("what is only looked at leaves its checkpoint", 60_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, _) = it.open_parts(&cx).await?;
                let there = it.nothing();
                it.fill(&cx, &it.path(), &ingest, &there, 20_000..50_000).await;
                it.fill(&cx, &it.path(), &ingest, &there, 0..20_000).await;
                cx.rehash(&ingest, 50_000, Tap::Verify(it.fresh())).await;
                drop(ingest);
                let (ingest, left) = it.open_parts(&cx).await?;
                assert_eq!((left.len, left.islands), (50_000, vec![]), "parts that touch are one");
                let saved = left.checkpoint.expect("of those who looked");
                let verifier = Verifier::resume(&it.digest, it.n as u64, &saved, 50_000);
                let verifier = verifier.expect("a checkpoint of these bytes");
                assert_eq!(verifier.len(), 50_000);
                let (verifier, _) = it.download(&cx, &it.path(), &ingest, verifier).await;
                cx.commit(ingest, verifier.finish().expect("the right bytes")).await?;
                Ok(())
            })
        }),
        case("a stream cuts off what was written beyond it", 90_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, _) = it.open_parts(&cx).await?;
                let there = it.nothing();
                it.download(&cx, &format!("cut/{}/7/10000", it.n), &ingest, it.fresh()).await;
                it.fill(&cx, &it.path(), &ingest, &there, 50_000..70_000).await;
                it.download(&cx, &format!("cut/{}/7/20000", it.n), &ingest, it.fresh()).await;
                drop(ingest);
                let (ingest, left) = it.open_parts(&cx).await?;
                assert_eq!((left.len, left.islands), (20_000, vec![]));
                // And an island after that is one of its own.
                it.fill(&cx, &it.path(), &ingest, &there, 80_000..90_000).await;
                drop(ingest);
                let (ingest, left) = it.open_parts(&cx).await?;
                assert_eq!((left.len, left.islands), (20_000, one(80_000..90_000)));
                ingest.discard();
                Ok(())
            })
        }),
    ]
}
