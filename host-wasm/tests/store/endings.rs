//! How ingests end.

use lugger_core::effect::store::{Begin, Begun, StoreErrorKind};
use wasm_bindgen_futures::spawn_local;

use super::{At, LONG, Sample, files};

pub(crate) async fn discarded_is_gone(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    for parked in [false, true] {
        let (mut ingest, len, ..) = it.begin(&store).await;
        assert_eq!(len, 0);
        let mut writer = store.writer(ingest, 0).await.unwrap();
        it.write(&mut writer, 1_500_000).await;
        writer.checkpoint(b"here").await.unwrap();
        if parked {
            store.park(ingest).await;
            (ingest, ..) = it.begin(&store).await;
        }
        it.fill(&store, ingest, 2_000_000, 2_100_000).await;
        store.discard(ingest).await;
        assert_eq!(store.partial(&it.digest).await.unwrap(), None);
        assert_eq!(files(&at).await, [""; 0]);
    }
}

pub(crate) async fn nothing_is_parked_as_nothing(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    store.park(ingest).await;
    assert_eq!(store.partial(&it.digest).await.unwrap(), None);
    assert_eq!(files(&at).await, [""; 0]);
}

pub(crate) async fn a_wrong_one_is_refused_and_kept(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, LONG - 1).await;
    let error = it.commit(&store, ingest).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Failed, "{error}");
    assert_eq!(store.find(&it.digest).await.unwrap(), None);
    let (ingest, len, ..) = it.begin(&store).await;
    assert_eq!(len, LONG as u64 - 1);
    let error = Sample::new(LONG - 1).commit(&store, ingest).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Failed, "another digest: {error}");
    // A file that is as long as it should be, but for its gap.
    let (ingest, ..) = it.begin(&store).await;
    drop(store.writer(ingest, 0).await.unwrap());
    it.fill(&store, ingest, 1_000_000, LONG).await;
    assert!(it.commit(&store, ingest).await.is_err());
    let (_, len, _, islands) = it.begin(&store).await;
    assert_eq!((len, islands), (0, vec![(1_000_000, LONG as u64)]));
}

pub(crate) async fn content_that_is_there_stays(at: At) {
    let (store, other, it) = (at.open().await, at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, LONG).await;
    writer.close().await.unwrap();
    it.put(&other).await.unwrap();
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
    assert_eq!(files(&at).await, [""; 0]);
    assert_eq!(store.partial(&it.digest).await.unwrap(), None);
    drop(at.open().await);
    it.check(&other).await;
}

pub(crate) async fn ends_are_in_order(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 1_400_000).await;
    drop(writer);
    // As a host does that need not wait for it.
    let parking = store.clone();
    spawn_local(async move { parking.park(ingest).await });
    let beginning = store.clone();
    let begin = Begin { digest: it.digest.clone(), size: it.size() };
    let begun = wasm_bindgen_futures::future_to_promise(async move {
        match beginning.begin(&begin).await.unwrap() {
            Begun::Open { len, .. } => Ok((len as f64).into()),
            Begun::Committed => panic!("it was not committed"),
        }
    });
    let len = wasm_bindgen_futures::JsFuture::from(begun).await.unwrap();
    assert_eq!(len.as_f64(), Some(1_400_000.0));
}

pub(crate) async fn a_forgotten_commit_is_done(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, LONG).await;
    let mut commit = Box::pin(it.commit(&store, ingest));
    std::future::poll_fn(|cx| {
        let _ = commit.as_mut().poll(cx);
        std::task::Poll::Ready(())
    })
    .await;
    drop(commit);
    assert!(it.is_committed(&store).await);
    it.check(&store).await;
}
