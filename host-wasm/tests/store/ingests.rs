//! Ingests that grow from their first byte on.

use super::{At, LONG, Sample, rest};

pub(crate) async fn a_stream_is_committed(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, len, checkpoint, islands) = it.begin(&store).await;
    assert_eq!((len, checkpoint, islands), (0, None, vec![]));
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, LONG).await;
    writer.checkpoint(b"whole").await.unwrap();
    writer.close().await.unwrap();
    assert_eq!(store.find(&it.digest).await.unwrap(), None, "not before the commit");
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
    assert!(it.commit(&store, ingest).await.is_err(), "it is over");
    assert!(it.is_committed(&store).await);
    assert_eq!(store.partial(&it.digest).await.unwrap(), None);
    drop(store);
    it.check(&at.open().await).await;
}

pub(crate) async fn small_and_empty_content(at: At) {
    let store = at.open().await;
    for len in [0, 1, 65_536, 65_537, 1 << 20, (1 << 20) + 1] {
        let it = Sample::new(len);
        let (ingest, ..) = it.begin(&store).await;
        let mut writer = store.writer(ingest, 0).await.unwrap();
        it.write(&mut writer, len).await;
        writer.close().await.unwrap();
        it.commit(&store, ingest).await.unwrap();
        it.check(&store).await;
    }
}

pub(crate) async fn a_parked_one_goes_on(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 1_500_000).await;
    writer.checkpoint(b"here").await.unwrap();
    it.write(&mut writer, 1_700_000).await;
    // Not closed: what it has gathered is the ingest's.
    drop(writer);
    assert_eq!(store.partial(&it.digest).await.unwrap(), Some(1_700_000));
    store.park(ingest).await;
    assert_eq!(store.partial(&it.digest).await.unwrap(), Some(1_700_000));
    let (ingest, len, checkpoint, islands) = it.begin(&store).await;
    assert_eq!((len, checkpoint.as_deref(), islands), (1_700_000, Some(&b"here"[..]), vec![]));
    assert!(store.writer(ingest, 1_700_001).await.is_err(), "beyond what it has");
    let mut writer = store.writer(ingest, len).await.unwrap();
    it.write(&mut writer, LONG).await;
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
}

pub(crate) async fn a_killed_one_goes_on(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 1_200_000).await;
    writer.checkpoint(b"here").await.unwrap();
    it.write(&mut writer, 1_300_000).await;
    drop((writer, store));
    let store = at.open().await;
    // Chunks that were not complete are lost.
    let want = if at.has_files() { 1_300_000 } else { 1_200_000 };
    assert_eq!(store.partial(&it.digest).await.unwrap(), Some(want));
    let (ingest, len, checkpoint, _) = it.begin(&store).await;
    assert_eq!((len, checkpoint.as_deref()), (want, Some(&b"here"[..])));
    let mut writer = store.writer(ingest, len).await.unwrap();
    it.write(&mut writer, LONG).await;
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
}

pub(crate) async fn cutting_off_takes_the_checkpoint_too(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 1_200_000).await;
    writer.checkpoint(b"early").await.unwrap();
    drop(writer);
    let mut writer = store.writer(ingest, 1_200_000).await.unwrap();
    it.write(&mut writer, 2_000_000).await;
    drop(writer);
    store.park(ingest).await;
    let (ingest, _, checkpoint, _) = it.begin(&store).await;
    assert_eq!(checkpoint.as_deref(), Some(&b"early"[..]), "what goes on behind it leaves it");
    drop(store.writer(ingest, 1_000_000).await.unwrap());
    // At once: whoever is killed now must not leave it beside other bytes.
    drop(store);
    let store = at.open().await;
    let (ingest, len, checkpoint, _) = it.begin(&store).await;
    assert_eq!((len, checkpoint), (1_000_000, None));
    let mut writer = store.writer(ingest, 100).await.unwrap();
    writer.checkpoint(b"earlier").await.unwrap();
    store.park(ingest).await;
    let (_, len, checkpoint, _) = it.begin(&store).await;
    assert_eq!((len, checkpoint.as_deref()), (100, Some(&b"earlier"[..])));
}

pub(crate) async fn cutting_within_a_chunk(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let wrong = Sample::new(LONG - 1);
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 500_000).await;
    wrong.write(&mut writer, 2_400_000).await;
    drop(writer);
    let mut writer = store.writer(ingest, 500_000).await.unwrap();
    it.write(&mut writer, LONG).await;
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
}

pub(crate) async fn what_it_has_is_read_again(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 2_000_000).await;
    drop(writer);
    let mut reader = store.reader(ingest, 1000, 9_000_000).await.unwrap();
    let all = rest(&mut reader, 300_000).await;
    assert!(all == it.bytes[1000..2_000_000], "{} bytes", all.len());
    let mut reader = store.reader(ingest, 0, 1_500_000).await.unwrap();
    assert!(rest(&mut reader, 1 << 20).await == it.bytes[..1_500_000]);
    reader.checkpoint(b"read").await.unwrap();
    store.park(ingest).await;
    let (_, len, checkpoint, _) = it.begin(&store).await;
    assert_eq!((len, checkpoint.as_deref()), (2_000_000, Some(&b"read"[..])));
}
