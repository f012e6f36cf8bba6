#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]
#[allow(dead_code)]
mod store;
use lugger_wasm::store::Bytes;
use store::{At, Sample};
use wasm_bindgen_test::*;
wasm_bindgen_test_configure!(run_in_dedicated_worker);
const N: usize = 200 << 20;
fn now() -> f64 {
    js_sys::Date::now()
}
macro_rules! lap {
    ($t:ident, $what:expr, $n:expr) => {
        let d = now() - $t;
        console_log!("{:40} {:7.0} ms {:6.0} MB/s", $what, d, $n as f64 / 1000.0 / d);
        #[allow(unused)]
        let $t = now();
    };
}
async fn bench(bytes: Bytes) {
    let at = At::new("bench", bytes);
    let t = now();
    let store = at.open().await;
    lap!(t, "open", 0);
    let it = Sample::new(N);
    let t = now();
    for piece in [64 << 10, 1 << 20] {
        let (ingest, ..) = it.begin(&store).await;
        let mut w = store.writer(ingest, 0).await.unwrap();
        for (i, p) in it.bytes.chunks(piece).enumerate() {
            w.write(p).await.unwrap();
            if i * piece % (32 << 20) == 0 {
                w.checkpoint(b"x").await.unwrap();
            }
        }
        w.close().await.unwrap();
        lap!(t, format!("{bytes:?} stream, {} KiB pieces", piece >> 10), N);
        let mut r = store.reader(ingest, 0, N as u64).await.unwrap();
        let mut b = Vec::new();
        while r.read(&mut b, 1 << 20).await.unwrap() > 0 {}
        lap!(t, "  reader, 1 MiB", N);
        store.discard(ingest).await;
        lap!(t, "  discard", 0);
    }
    let (ingest, ..) = it.begin(&store).await;
    let mut w = store.part_writer(ingest, 0).await.unwrap();
    let t = now();
    for p in it.bytes.chunks(64 << 10) {
        w.write(p).await.unwrap();
    }
    w.close().await.unwrap();
    lap!(t, "  part, 64 KiB pieces", N);
    let verified = it.verified();
    let t = now();
    store
        .commit(&lugger_core::effect::store::Commit {
            content: lugger_core::effect::store::Content::Ingest(ingest),
            verified,
        })
        .await
        .unwrap();
    lap!(t, "  commit", 0);
    let blob = store.blob(&it.digest).await.unwrap();
    for max in [64 << 10, 256 << 10, 1 << 20, 4 << 20] {
        let t = now();
        let mut at = 0;
        while at < (N / 4) as u64 {
            at += blob.read_at(at, max).await.unwrap().len() as u64;
        }
        lap!(t, format!("  blob, {} KiB", max >> 10), N / 4);
    }
    let many: Vec<_> = (0..200).map(|i| Sample::new(70_000 + i)).collect();
    let proofs: Vec<_> = many.iter().map(Sample::verified).collect();
    let t = now();
    for (it, verified) in many.iter().zip(proofs) {
        let (ingest, ..) = it.begin(&store).await;
        let mut w = store.writer(ingest, 0).await.unwrap();
        w.write(&it.bytes).await.unwrap();
        w.close().await.unwrap();
        store
            .commit(&lugger_core::effect::store::Commit {
                content: lugger_core::effect::store::Content::Ingest(ingest),
                verified,
            })
            .await
            .unwrap();
    }
    lap!(t, "  200 ingests of 70 kB", 200 * 70_000);
    for it in &many[..100] {
        it.put(&store).await.unwrap();
    }
    lap!(t, "  100 bytes commits (there)", 100 * 70_000);
    drop(store);
    let t = now();
    let store = at.open().await;
    lap!(t, "  open again", 0);
    store.clear().await.unwrap();
    lap!(t, "  clear", 0);
}
#[wasm_bindgen_test]
async fn opfs() {
    bench(Bytes::Opfs).await
}
#[wasm_bindgen_test]
async fn indexed_db() {
    bench(Bytes::IndexedDb).await
}
