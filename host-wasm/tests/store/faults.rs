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
