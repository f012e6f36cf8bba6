//! The store in a page: bytes in the database.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod store;

use lugger_core::effect::store::StoreErrorKind;
use lugger_wasm::store::{Bytes, Store};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

store_cases!(Bytes::IndexedDb);

#[wasm_bindgen_test]
async fn a_page_has_no_files() {
    let mut at = store::At::new("a_page_has_no_files", Bytes::Opfs);
    assert_eq!(Store::open(&at.0).await.unwrap_err().kind, StoreErrorKind::Failed);
    at.0.bytes = Bytes::Auto;
    let (store, it) = (at.open().await, store::Sample::new(store::LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, store::LONG).await;
    it.commit(&store, ingest).await.unwrap();
    assert_eq!(store::files(&at).await, [""; 0]);
    it.check(&store).await;
}
