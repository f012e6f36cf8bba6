//! The contract suite in a page: bytes as chunks in IndexedDB.
#![cfg(target_arch = "wasm32")]

mod common;

use lugger_wasm::store::Bytes;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn the_contract_holds() {
    common::all_cases(Bytes::Auto).await;
}
