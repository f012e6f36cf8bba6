//! The contract suite in a dedicated worker: bytes in files of the origin, and as chunks in IndexedDB.
#![cfg(target_arch = "wasm32")]

mod common;

use lugger_wasm::store::Bytes;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn the_contract_holds_with_files() {
    common::all_cases(Bytes::Opfs).await;
}

#[wasm_bindgen_test]
async fn the_contract_holds_without_files() {
    common::all_cases(Bytes::IndexedDb).await;
}
