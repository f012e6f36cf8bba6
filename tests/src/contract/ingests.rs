//! What a host owes of content: committed, partial, resumed, discarded.

use std::ops::Range;

use http::{HeaderValue, header};
use lugger_core::{
    effect::{
        extents::Extents,
        http::NetErrorKind,
        pump::{End, Pumped, Tap},
        store::{LockKey, StoreErrorKind},
        verifier::Verifier,
    },
    error::Error,
    name::Digest,
    op::{Begins, Body, Cx, Ingest, Left, ReplyBody, There},
};
use url::Url;

use super::{
    Case,
    exchanges::{OPEN, get},
    fixture,
};

/// Content of the fixture server.
pub(super) struct Content {
    base: Url,
    pub(super) n: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) digest: Digest,
}

impl Content {
    pub(super) fn new(base: &Url, n: usize) -> Self {
        let bytes = fixture::bytes(n, 7);
        Self { base: base.clone(), n, digest: Digest::sha256(&bytes), bytes }
    }

    pub(super) fn fresh(&self) -> Verifier {
        Verifier::new(&self.digest, self.n as u64)
    }

    async fn begin(&self, cx: &Cx) -> Result<Begins, Error> {
        Ok(cx.begin(&self.digest, self.n as u64).await?)
    }

    async fn open(&self, cx: &Cx) -> Result<(Ingest, u64, Option<Vec<u8>>), Error> {
        let (ingest, Left { len, checkpoint, islands }) = self.open_parts(cx).await?;
        assert_eq!(islands, [], "nothing was written beyond a gap");
        Ok((ingest, len, checkpoint))
    }

    pub(super) async fn open_parts(&self, cx: &Cx) -> Result<(Ingest, Left), Error> {
        match self.begin(cx).await? {
            Begins::Open(ingest, left) => Ok((ingest, left)),
            Begins::Committed => panic!("it was not committed"),
        }
    }

    /// Downloads from where the verifier is, by a path of the fixture server.
    pub(super) async fn download(
        &self,
        cx: &Cx,
        path: &str,
        ingest: &Ingest,
        verifier: Verifier,
    ) -> (Verifier, End) {
        let range = (!verifier.is_empty()).then(|| format!("bytes={}-", verifier.len()));
        let body = self.body(cx, path, range).await;
        seen(cx.download(body, ingest, &self.digest, Tap::Verify(verifier)).await)
    }

    /// Downloads one part, by a path of the fixture server: where it ended, and why.
    pub(super) async fn fill(
        &self,
        cx: &Cx,
        path: &str,
        ingest: &Ingest,
        there: &There,
        part: Range<u64>,
    ) -> (u64, End) {
        let body = self.body(cx, path, Some(format!("bytes={}-{}", part.start, part.end - 1))).await;
        cx.fill(body, ingest, there, part).await
    }

    pub(super) async fn body(&self, cx: &Cx, path: &str, range: Option<String>) -> Body {
        let mut exchange = get(&self.base, path).streaming(OPEN);
        if let Some(range) = range {
            exchange = exchange.header(header::RANGE, HeaderValue::from_str(&range).expect("digits"));
        }
        let reply = cx.exchange(exchange).await.expect("a response");
        let ReplyBody::Large(body) = reply.body else { panic!("the body came as {:?}", reply.body) };
        body
    }

    pub(super) fn nothing(&self) -> There {
        There::new(self.digest.clone(), Extents::default())
    }

    pub(super) fn path(&self) -> String {
        format!("bytes/{}/7", self.n)
    }
}

pub(super) fn seen(Pumped { tap, end }: Pumped) -> (Verifier, End) {
    (tap.into_verifier().expect("the tap that went in"), end)
}

pub(super) fn cases(base: &Url) -> Vec<Case> {
    let case = |name, n, flow: fn(Cx, Content) -> super::Running| {
        let content = Content::new(base, n);
        Case::new(name, move |cx| flow(cx, content))
    };
    vec![
        case("what is not there is not found", 10, |cx, it| {
            Box::pin(async move {
                assert_eq!(cx.find(&it.digest).await?, None);
                let error = cx.read(&it.digest, 100).await.expect_err("it is not there");
                assert_eq!(error.kind, StoreErrorKind::Missing, "{error}");
                Ok(())
            })
        }),
        case("committed bytes are found and read, up to a bound", 1000, |cx, it| {
            Box::pin(async move {
                for round in ["first", "again"] {
                    let verified = Verifier::check(&it.digest, 1000, &it.bytes).expect("its own digest");
                    cx.commit_bytes(it.bytes.clone(), verified).await.expect(round);
                    assert_eq!(cx.find(&it.digest).await?, Some(1000));
                    assert_eq!(cx.read(&it.digest, 1000).await?, it.bytes);
                }
                let error = cx.read(&it.digest, 999).await.expect_err("one byte too long");
                assert_eq!(error.kind, StoreErrorKind::TooLong, "{error}");
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                assert!(matches!(it.begin(&cx).await?, Begins::Committed));
                Ok(())
            })
        }),
        case("empty content is content", 0, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, len, _) = it.open(&cx).await?;
                assert_eq!(len, 0);
                cx.commit(ingest, it.fresh().finish().expect("nothing is missing")).await?;
                assert_eq!((cx.find(&it.digest).await?, cx.read(&it.digest, 0).await?), (Some(0), vec![]));
                Ok(())
            })
        }),
        case("a download is committed as its digest", 300_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, len, checkpoint) = it.open(&cx).await?;
                assert_eq!((len, checkpoint), (0, None));
                let (verifier, end) = it.download(&cx, &it.path(), &ingest, it.fresh()).await;
                assert_eq!((end, cx.find(&it.digest).await?), (End::Complete, None), "not before the commit");
                cx.commit(ingest, verifier.finish().expect("the right bytes")).await?;
                assert_eq!(cx.read(&it.digest, 300_000).await?, it.bytes);
                assert!(matches!(it.begin(&cx).await?, Begins::Committed));
                Ok(())
            })
        }),
        case("a parked ingest goes on where it broke off", 200_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, ..) = it.open(&cx).await?;
                let cut = format!("cut/{}/7/120000", it.n);
                let (verifier, end) = it.download(&cx, &cut, &ingest, it.fresh()).await;
                assert!(matches!(end, End::SourceLost(error) if error.kind == NetErrorKind::Broken));
                assert_eq!(verifier.len(), 120_000, "all that came has been seen");
                drop(ingest);
                let (ingest, len, checkpoint) = it.open(&cx).await?;
                assert_eq!(len, 120_000, "all that was seen has been written");
                let saved = checkpoint.expect("the pump saved one at its end");
                let verifier = Verifier::resume(&it.digest, it.n as u64, &saved, len);
                let verifier = verifier.expect("a checkpoint that covers no more than there is");
                let (verifier, _) = seen(cx.rehash(&ingest, len, Tap::Verify(verifier)).await);
                assert_eq!(verifier.len(), 120_000);
                let (verifier, end) = it.download(&cx, &it.path(), &ingest, verifier).await;
                assert_eq!(end, End::Complete);
                cx.commit(ingest, verifier.finish().expect("pieces that fit")).await?;
                assert_eq!(cx.read(&it.digest, it.n as u64).await?, it.bytes);
                Ok(())
            })
        }),
        case("what an ingest has can be looked at again", 50_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, ..) = it.open(&cx).await?;
                it.download(&cx, &it.path(), &ingest, it.fresh()).await;
                let (verifier, end) = seen(cx.rehash(&ingest, 50_000, Tap::Verify(it.fresh())).await);
                assert_eq!(end, End::Complete);
                cx.commit(ingest, verifier.finish().expect("what was written")).await?;
                Ok(())
            })
        }),
        case("writing from an earlier byte cuts off the rest, and a checkpoint with it", 90_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, ..) = it.open(&cx).await?;
                it.download(&cx, &format!("cut/{}/7/80000", it.n), &ingest, it.fresh()).await;
                it.download(&cx, &format!("cut/{}/7/100", it.n), &ingest, it.fresh()).await;
                drop(ingest);
                let (ingest, len, checkpoint) = it.open(&cx).await?;
                assert_eq!(len, 100);
                if let Some(saved) = checkpoint {
                    let verifier = Verifier::resume(&it.digest, it.n as u64, &saved, len);
                    assert!(verifier.is_some_and(|v| v.len() <= 100), "a checkpoint beyond the data");
                }
                ingest.discard();
                Ok(())
            })
        }),
        case("a discarded ingest is gone", 40_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, ..) = it.open(&cx).await?;
                it.download(&cx, &format!("cut/{}/7/30000", it.n), &ingest, it.fresh()).await;
                ingest.discard();
                let (_ingest, len, checkpoint) = it.open(&cx).await?;
                assert_eq!((len, checkpoint), (0, None));
                Ok(())
            })
        }),
        case(
            "a body that is longer than the content is refused, and what came before is kept",
            5_000,
            |cx, it| {
                Box::pin(async move {
                    let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                    let (ingest, ..) = it.open(&cx).await?;
                    let short = Verifier::new(&it.digest, 4_999);
                    let (verifier, end) = it.download(&cx, &it.path(), &ingest, short).await;
                    assert!(matches!(end, End::Refused(_)), "{end:?}");
                    drop(ingest);
                    let (ingest, len, _) = it.open(&cx).await?;
                    assert_eq!(len, verifier.len(), "nothing that was refused is written");
                    ingest.discard();
                    Ok(())
                })
            },
        ),
        case("a body that stalls times out, and one closed early does no harm", 60_000, |cx, it| {
            Box::pin(async move {
                let _lock = cx.try_lock(LockKey::Ingest(it.digest.clone())).await?;
                let (ingest, ..) = it.open(&cx).await?;
                let unread =
                    cx.exchange(get(&it.base, &it.path()).streaming(OPEN)).await.expect("a response");
                drop(unread);
                let stall = format!("stall/{}/7/1000", it.n);
                let (verifier, end) = it.download(&cx, &stall, &ingest, it.fresh()).await;
                assert!(matches!(&end, End::SourceLost(e) if e.kind == NetErrorKind::Timeout), "{end:?}");
                let (verifier, end) = it.download(&cx, &it.path(), &ingest, verifier).await;
                assert_eq!(end, End::Complete);
                cx.commit(ingest, verifier.finish().expect("pieces that fit")).await?;
                Ok(())
            })
        }),
    ]
}
