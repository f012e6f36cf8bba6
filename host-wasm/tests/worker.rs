//! The contract suite in a dedicated worker: bytes in files of the origin, and as chunks in IndexedDB.
#![cfg(target_arch = "wasm32")]

mod common;

use js_sys::Function;
use lugger_wasm::store::Bytes;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn the_contract_holds_with_files() {
    common::all_cases(Bytes::Opfs).await;
}

/// A body is then read in whatever chunks the browser has made.
#[wasm_bindgen_test]
async fn the_contract_holds_where_streams_are_not_of_bytes() {
    let refuse = "const { prototype } = ReadableStream, { getReader } = prototype;
        prototype.getReader = function (options) {
            if (options !== undefined) throw new TypeError('no streams of bytes');
            return getReader.call(this);
        };
        return () => Object.assign(prototype, { getReader });";
    let again = Function::new_no_args(refuse).call0(&JsValue::NULL).expect("a stream can be made to refuse");
    common::all_cases(Bytes::Auto).await;
    again.unchecked_into::<Function>().call0(&JsValue::NULL).expect("it reads as before");
}

#[wasm_bindgen_test]
async fn the_contract_holds_without_files() {
    common::all_cases(Bytes::IndexedDb).await;
}
