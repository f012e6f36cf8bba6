//! Ingests whose bytes come in parts, in any order.

use futures::future2;

use super::{At, LONG, Sample, rest};

pub(crate) async fn islands_are_kept(at: At) {
    for len in [LONG, 60_000] {
        let (store, it) = (at.open().await, Sample::new(len));
        let unit = len / 10;
        let (ingest, ..) = it.begin(&store).await;
        let mut writer = store.writer(ingest, 0).await.unwrap();
        it.write(&mut writer, unit).await;
        writer.checkpoint(b"prefix").await.unwrap();
        writer.close().await.unwrap();
        it.fill(&store, ingest, 5 * unit, 6 * unit).await;
        it.fill(&store, ingest, 3 * unit, 4 * unit).await;
        store.park(ingest).await;
        assert_eq!(store.partial(&it.digest).await.unwrap(), Some(3 * unit as u64));
        let (ingest, prefix, checkpoint, islands) = it.begin(&store).await;
        let want = [(3, 4), (5, 6)].map(|(from, to)| ((from * unit) as u64, (to * unit) as u64));
        assert_eq!((prefix, islands), (unit as u64, want.to_vec()));
        assert_eq!(checkpoint.as_deref(), Some(&b"prefix"[..]));
        // Parts that touch are one.
        it.fill(&store, ingest, 4 * unit, 5 * unit).await;
        it.fill(&store, ingest, unit, 2 * unit).await;
        store.park(ingest).await;
        let (_, prefix, _, islands) = it.begin(&store).await;
        assert_eq!((prefix, islands), (2 * unit as u64, vec![(3 * unit as u64, 6 * unit as u64)]));
    }
}

pub(crate) async fn a_killed_part_is_kept(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.part_writer(ingest, 1_000_000).await.unwrap();
    it.write(&mut writer, 2_200_000).await;
    drop((writer, store));
    let store = at.open().await;
    let (_, len, checkpoint, islands) = it.begin(&store).await;
    assert_eq!((len, checkpoint), (0, None));
    let chunk = 1_000_000 + (1 << 20);
    let [(1_000_000, to)] = islands[..] else { panic!("{islands:?}") };
    if at.has_files() {
        assert!(to >= 1_100_000, "no more is lost than was written within one note: {to}");
    } else {
        assert_eq!(to, chunk, "no more than a chunk that is not complete is lost");
    }
}

pub(crate) async fn gaps_are_filled_and_committed(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    it.fill(&store, ingest, 1_000_000, 1_500_000).await;
    // Two at a time.
    let (first, second) = (it.fill(&store, ingest, 0, 1_000_000), it.fill(&store, ingest, 1_500_000, LONG));
    future2(first, second).await;
    let mut reader = store.reader(ingest, 0, LONG as u64).await.unwrap();
    assert!(rest(&mut reader, 1 << 20).await == it.bytes);
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
}

pub(crate) async fn a_stream_forgets_islands(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    it.fill(&store, ingest, 1_000_000, 1_500_000).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 200_000).await;
    writer.close().await.unwrap();
    store.park(ingest).await;
    let (ingest, len, _, islands) = it.begin(&store).await;
    assert_eq!((len, islands), (200_000, vec![]));
    it.fill(&store, ingest, 2_000_000, 2_100_000).await;
    store.park(ingest).await;
    let (_, len, _, islands) = it.begin(&store).await;
    assert_eq!((len, islands), (200_000, vec![(2_000_000, 2_100_000)]));
}

pub(crate) async fn parts_may_overlap(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let wrong = Sample::new(LONG - 1);
    let (ingest, ..) = it.begin(&store).await;
    wrong.fill(&store, ingest, 500_000, 2_000_000).await;
    it.fill(&store, ingest, 600_000, 700_000).await;
    it.fill(&store, ingest, 0, 600_000).await;
    it.fill(&store, ingest, 650_000, LONG).await;
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
}

pub(crate) async fn a_forgotten_write_is_done(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.part_writer(ingest, 1_000_000).await.unwrap();
    {
        let mut write = Box::pin(writer.write(&it.bytes[1_000_000..2_100_000]));
        std::future::poll_fn(|cx| {
            let _ = write.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
    }
    drop(writer);
    // Others write the same and more at once.
    it.fill(&store, ingest, 900_000, LONG).await;
    it.fill(&store, ingest, 0, 1_000_000).await;
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
}

mod futures {
    /// Both at once.
    pub(super) async fn future2(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
        let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
        let (mut one, mut other) = (false, false);
        std::future::poll_fn(|cx| {
            one = one || first.as_mut().poll(cx).is_ready();
            other = other || second.as_mut().poll(cx).is_ready();
            if one && other { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}
