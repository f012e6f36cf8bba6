//! What the browser refuses.

use js_sys::{Function, Reflect};
use lugger_core::effect::store::StoreErrorKind;
use wasm_bindgen::{JsCast as _, JsValue};

use super::{At, LONG, Sample};

/// A method that always throws, until it is dropped.
struct Broken {
    class: JsValue,
    method: &'static str,
    whole: JsValue,
}

impl Broken {
    fn new(class: &str, method: &'static str, code: &str) -> Self {
        let class = Reflect::get(&js_sys::global(), &class.into()).unwrap();
        let class = Reflect::get(&class, &"prototype".into()).unwrap();
        let whole = Reflect::get(&class, &method.into()).unwrap();
        Reflect::set(&class, &method.into(), &Function::new_no_args(code)).unwrap();
        Self { class, method, whole: whole.unchecked_into() }
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        Reflect::set(&self.class, &self.method.into(), &self.whole).unwrap();
    }
}

const QUOTA: &str = "throw new DOMException('no more', 'QuotaExceededError')";

pub(crate) async fn a_full_store_says_so(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 1_300_000).await;
    let (class, method) =
        if at.has_files() { ("FileSystemSyncAccessHandle", "write") } else { ("IDBObjectStore", "put") };
    let broken = Broken::new(class, method, QUOTA);
    let error = writer.write(&it.bytes[1_300_000..2_400_000]).await.unwrap_err();
    assert_eq!((error.kind, &*error.detail), (StoreErrorKind::Full, "QuotaExceededError: no more"));
    let error = Sample::new(10).put(&store).await;
    drop(broken);
    if !at.has_files() {
        assert_eq!(error.unwrap_err().kind, StoreErrorKind::Full);
    }
    drop(writer);
    store.park(ingest).await;
    let (ingest, len, ..) = it.begin(&store).await;
    let want = if at.has_files() { 1_300_000 } else { 1 << 20 };
    assert_eq!(len, want, "what was written before is kept");
    let mut writer = store.writer(ingest, len).await.unwrap();
    it.write(&mut writer, LONG).await;
    it.commit(&store, ingest).await.unwrap();
    it.check(&store).await;
}

pub(crate) async fn a_deleted_database_is_an_error(at: At) {
    let (store, it) = (at.open().await, Sample::new(LONG));
    let (ingest, ..) = it.begin(&store).await;
    let mut writer = store.writer(ingest, 0).await.unwrap();
    it.write(&mut writer, 100_000).await;
    // Another tab does what a browser does that is short of space; ours must not hinder it.
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into()).unwrap();
    let request = factory.unchecked_into::<web_sys::IdbFactory>().delete_database(&at.0.name).unwrap();
    let deleted = js_sys::Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    wasm_bindgen_futures::JsFuture::from(deleted).await.unwrap();
    let error = store.find(&it.digest).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Failed);
    assert!(error.detail.starts_with("InvalidStateError: "), "{error}");
    assert!(writer.checkpoint(b"lost").await.is_err());
    store.park(ingest).await;
    drop(store);
    let store = at.open().await;
    // A number is given again, and no file of that number has old bytes.
    let (_, len, ..) = it.begin(&store).await;
    assert_eq!(len, 0);
}

pub(crate) async fn what_another_cleared_is_not_committed(at: At) {
    let (store, other) = (at.open().await, at.open().await);
    let (it, small) = (Sample::new(LONG), Sample::new(1000));
    let mut ingests = Vec::new();
    for it in [&it, &small] {
        let (ingest, ..) = it.begin(&store).await;
        let mut writer = store.writer(ingest, 0).await.unwrap();
        it.write(&mut writer, it.bytes.len()).await;
        ingests.push(ingest);
    }
    other.clear().await.unwrap();
    for (it, ingest) in [&it, &small].into_iter().zip(ingests) {
        let error = it.commit(&store, ingest).await.unwrap_err();
        assert_eq!((error.kind, &*error.detail), (StoreErrorKind::Failed, "Error: the ingest is gone"));
        assert_eq!(store.find(&it.digest).await.unwrap(), None);
        it.begin(&store).await;
    }
}
