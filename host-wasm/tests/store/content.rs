//! Committed content.

use lugger_core::effect::store::{Commit, Content, Read, StoreErrorKind};

use super::{At, LONG, Sample, files};

pub(crate) async fn bytes_are_found_and_read(at: At) {
    let (store, it) = (at.open().await, Sample::new(1000));
    let read = |max| Read { digest: it.digest.clone(), max };
    assert_eq!(store.find(&it.digest).await.unwrap(), None);
    assert_eq!(store.read(&read(1000)).await.unwrap_err().kind, StoreErrorKind::Missing);
    assert_eq!(store.blob(&it.digest).await.unwrap_err().kind, StoreErrorKind::Missing);
    for _ in 0..2 {
        it.put(&store).await.unwrap();
        assert_eq!(store.find(&it.digest).await.unwrap(), Some(1000));
        assert_eq!(store.read(&read(1000)).await.unwrap(), it.bytes);
    }
    assert_eq!(store.read(&read(999)).await.unwrap_err().kind, StoreErrorKind::TooLong);
    assert!(it.is_committed(&store).await);
}

pub(crate) async fn blobs_are_read_anywhere(at: At) {
    let store = at.open().await;
    let streamed = Sample::new(LONG);
    let (ingest, ..) = streamed.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    streamed.write(&mut writer, LONG).await;
    streamed.commit(&store, ingest).await.unwrap();
    let inline = Sample::new(LONG - 1);
    inline.put(&store).await.unwrap();
    for it in [streamed, inline] {
        let blob = store.blob(&it.digest).await.unwrap();
        for (from, max) in
            [(0, 0), (0, 1), (1_000_000, 100_000), (1 << 20, 2 << 20), (LONG - 10, 100), (LONG, 9)]
        {
            let want = &it.bytes[from.min(it.bytes.len())..(from + max).min(it.bytes.len())];
            let got = blob.read_at(from as u64, max).await.unwrap();
            assert!(got == want, "{max} bytes from {from}: {} came", got.len());
        }
        let read = Read { digest: it.digest.clone(), max: u64::MAX };
        assert!(store.read(&read).await.unwrap() == it.bytes);
    }
}

pub(crate) async fn what_is_removed_is_gone(at: At) {
    let store = at.open().await;
    let (long, short) = (Sample::new(LONG), Sample::new(10));
    short.put(&store).await.unwrap();
    let (ingest, ..) = long.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    long.write(&mut writer, LONG).await;
    writer.close().await.unwrap();
    long.commit(&store, ingest).await.unwrap();
    assert_eq!(files(&at).await.len(), usize::from(at.has_files()));
    for it in [long, short] {
        for _ in 0..2 {
            it.remove(&store).await;
            assert_eq!(store.find(&it.digest).await.unwrap(), None);
            assert_eq!(store.blob(&it.digest).await.unwrap_err().kind, StoreErrorKind::Missing);
        }
        it.begin(&store).await;
    }
    assert_eq!(files(&at).await.len(), usize::from(at.has_files()), "that of the new ingest");
}

pub(crate) async fn other_bytes_are_refused(at: At) {
    let (store, it) = (at.open().await, Sample::new(100));
    let commit = Commit { content: Content::Bytes(vec![0; 99]), verified: it.verified() };
    assert_eq!(store.commit(&commit).await.unwrap_err().kind, StoreErrorKind::Failed);
    assert_eq!(store.find(&it.digest).await.unwrap(), None);
}

pub(crate) async fn everything_is_cleared(at: At) {
    let store = at.open().await;
    let (done, begun) = (Sample::new(LONG), Sample::new(LONG + 1));
    let (ingest, ..) = done.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    done.write(&mut writer, LONG).await;
    done.commit(&store, ingest).await.unwrap();
    let (ingest, ..) = begun.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    begun.write(&mut writer, LONG).await;
    store.clear().await.unwrap();
    assert_eq!(files(&at).await, [""; 0]);
    assert_eq!(store.find(&done.digest).await.unwrap(), None);
    assert_eq!(store.partial(&begun.digest).await.unwrap(), None);
    assert!(store.writer(ingest, 0).await.is_err());
    let (_, len, ..) = begun.begin(&store).await;
    assert_eq!(len, 0);
}
