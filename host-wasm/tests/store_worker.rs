//! The store in a dedicated worker: bytes in files, and in the database.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod store;

use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

mod opfs {
    use lugger_core::effect::store::StoreErrorKind;
    use lugger_wasm::store::Bytes;
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_test::wasm_bindgen_test;

    use crate::{
        store::{At, LONG, Sample, directory, files},
        store_cases,
    };

    store_cases!(Bytes::Opfs);

    #[wasm_bindgen_test]
    async fn files_that_nothing_names_are_removed() {
        let at = At::new("orphans", Bytes::Opfs);
        let (store, it, parked) = (at.open().await, Sample::new(LONG), Sample::new(LONG + 1));
        for (it, to) in [(&it, LONG), (&parked, 1_000_000)] {
            let (ingest, ..) = it.begin(&store).await;
            let mut writer = store.writer(ingest, 0).await.unwrap();
            it.write(&mut writer, to).await;
            if to == LONG {
                it.commit(&store, ingest).await.unwrap();
            }
        }
        let options = web_sys::FileSystemGetFileOptions::new();
        options.set_create(true);
        let stray = directory(&at).await.get_file_handle_with_options("99", &options);
        JsFuture::from(stray).await.unwrap();
        assert_eq!(files(&at).await.len(), 3);
        let other = at.open().await;
        assert_eq!(files(&at).await.len(), 2, "also that of an open ingest stays");
        it.check(&other).await;
        assert_eq!(other.partial(&parked.digest).await.unwrap(), Some(1_000_000));
    }

    #[wasm_bindgen_test]
    async fn a_file_that_is_about_to_be_free_is_waited_for() {
        let at = At::new("taken", Bytes::Opfs);
        let (store, other, it) = (at.open().await, at.open().await, Sample::new(LONG));
        let (ingest, ..) = it.begin(&store).await;
        let mut writer = store.writer(ingest, 0).await.unwrap();
        it.write(&mut writer, 1_000_000).await;
        wasm_bindgen_futures::spawn_local(async move {
            // Some work of the browser, as that of closing a tab.
            for _ in 0..20 {
                let _ = at.open().await;
            }
            drop((writer, store));
        });
        let (_, len, ..) = it.begin(&other).await;
        assert_eq!(len, 1_000_000);
    }

    #[wasm_bindgen_test]
    async fn islands_reach_no_further_than_their_file() {
        let at = At::new("torn", Bytes::Opfs);
        let (store, it) = (at.open().await, Sample::new(LONG));
        let (ingest, ..) = it.begin(&store).await;
        it.fill(&store, ingest, 100_000, 200_000).await;
        it.fill(&store, ingest, 300_000, 400_000).await;
        store.park(ingest).await;
        // As after a power cut.
        let name = files(&at).await.pop().unwrap();
        let file = JsFuture::from(directory(&at).await.get_file_handle(&name)).await.unwrap();
        let file: web_sys::FileSystemFileHandle = file.unchecked_into();
        let file = JsFuture::from(file.create_sync_access_handle()).await.unwrap();
        let file: web_sys::FileSystemSyncAccessHandle = file.unchecked_into();
        file.truncate_with_u32(150_000).unwrap();
        file.close();
        let (ingest, len, _, islands) = it.begin(&store).await;
        assert_eq!((len, islands), (0, vec![(100_000, 150_000)]));
        // Killed before it has noted a byte of the next part: nothing is believed of what lies between.
        let mut writer = store.part_writer(ingest, 500_000).await.unwrap();
        drop(writer.write(&it.bytes[500_000..600_000]).await);
        drop((writer, store));
        let (_, _, _, islands) = it.begin(&at.open().await).await;
        assert_eq!(islands[0], (100_000, 150_000));
    }

    #[wasm_bindgen_test]
    async fn content_without_its_file_is_forgotten() {
        let at = At::new("lost", Bytes::Opfs);
        let (store, it) = (at.open().await, Sample::new(LONG));
        let (ingest, ..) = it.begin(&store).await;
        let mut writer = store.writer(ingest, 0).await.unwrap();
        it.write(&mut writer, LONG).await;
        it.commit(&store, ingest).await.unwrap();
        let name = files(&at).await.pop().unwrap();
        JsFuture::from(directory(&at).await.remove_entry(&name)).await.unwrap();
        assert_eq!(store.blob(&it.digest).await.unwrap_err().kind, StoreErrorKind::Missing);
        let store = at.open().await;
        assert_eq!(store.find(&it.digest).await.unwrap(), None);
        it.begin(&store).await;
    }

    #[wasm_bindgen_test]
    async fn what_a_worker_left_is_read_without_files_but_not_written() {
        let mut at = At::new("without", Bytes::Opfs);
        let (store, it, parked) = (at.open().await, Sample::new(LONG), Sample::new(LONG + 1));
        for (it, to) in [(&it, LONG), (&parked, 1_000_000)] {
            let (ingest, ..) = it.begin(&store).await;
            let mut writer = store.writer(ingest, 0).await.unwrap();
            it.write(&mut writer, to).await;
            if to == LONG {
                it.commit(&store, ingest).await.unwrap();
            } else {
                store.park(ingest).await;
            }
        }
        at.0.bytes = Bytes::IndexedDb;
        let page = at.open().await;
        it.check(&page).await;
        assert_eq!(page.partial(&parked.digest).await.unwrap(), Some(1_000_000));
        let (ingest, len, ..) = parked.begin(&page).await;
        assert_eq!((len, files(&at).await.len()), (0, 1));
        let mut writer = page.writer(ingest, 0).await.unwrap();
        parked.write(&mut writer, 2_000_000).await;
        page.park(ingest).await;
        // A worker goes on in the database.
        let (ingest, len, ..) = parked.begin(&store).await;
        assert_eq!(len, 2_000_000);
        let mut writer = store.writer(ingest, len).await.unwrap();
        parked.write(&mut writer, LONG + 1).await;
        parked.commit(&store, ingest).await.unwrap();
        parked.check(&page).await;
    }
}

mod indexed_db {
    use lugger_wasm::store::Bytes;

    use crate::store_cases;

    store_cases!(Bytes::IndexedDb);
}
