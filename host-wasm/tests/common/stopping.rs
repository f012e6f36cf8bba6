//! Operations that are stopped while what they wait for says nothing.

use std::time::Duration;

use http::{Method, StatusCode};
use js_sys::{Date, Function, Reflect};
use lugger_core::{
    effect::{given::GivenId, http::Exchange, pump::Tap, store::LockKey, verifier::Verifier},
    error::Error,
    event::Event,
    name::Digest,
    op::{Begins, Body, Cx, Ingest, ReplyBody, Why, both, deadline},
};
use lugger_wasm::{
    Cancel, Host, limits,
    store::{Bytes, Options},
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::File;

const SIZE: u64 = 200_000;

#[wasm_bindgen_test]
async fn a_silent_download_is_stopped_at_once() {
    let download = async |cx: Cx| {
        let (digest, tap) = content();
        let _lock = cx.try_lock(LockKey::Ingest(digest.clone())).await?;
        let (body, ingest) = (silent(&cx).await, begin(&cx, &digest).await?);
        cx.download(body, &ingest, &digest, tap).await;
        Ok(String::new())
    };
    stopped(download, Vec::new()).await;
}

/// What begins waits until all is given back, and what is given back until nobody who was stopped uses it: not for each other.
#[wasm_bindgen_test]
async fn what_has_not_begun_is_stopped_at_once() {
    let again = async |cx: Cx| {
        let (digest, tap) = content();
        let _lock = cx.try_lock(LockKey::Ingest(digest.clone())).await?;
        let (body, ingest) = (silent(&cx).await, begin(&cx, &digest).await?);
        let soon = cx.now().after(Duration::from_millis(300));
        assert!(deadline(&cx, soon, cx.download(body, &ingest, &digest, tap)).await.is_none());
        drop(ingest);
        // The listener keeps the host from all else until nobody waits for this any more.
        let told = async { cx.emit(Event::Moved { digest: digest.clone(), done: 0 }) };
        let again = both(begin(&cx, &digest), told);
        assert!(deadline(&cx, cx.now().after(Duration::from_millis(50)), again).await.is_none());
        cx.sleep(Duration::from_secs(60), Why::Backoff).await;
        Ok(String::new())
    };
    stopped(again, Vec::new()).await;
}

/// As one that lies on a network, or in a cloud.
#[wasm_bindgen_test]
async fn a_silent_file_is_stopped_at_once() {
    let silent = "const file = new File([], 'silent');
        file.slice = () => ({ stream: () => new ReadableStream(), arrayBuffer: () => new Promise(() => {}) });
        return file;";
    let file = Function::new_no_args(silent).call0(&JsValue::NULL).expect("a file").unchecked_into();
    let look = async |cx: Cx| {
        let _ = both(cx.look_at((GivenId(0), 0..SIZE), content().1), cx.slice(GivenId(0), 0, 512)).await;
        Ok(String::new())
    };
    stopped(look, vec![file]).await;
}

async fn silent(cx: &Cx) -> Body {
    let stall = super::base().join("stall/200000/7/100000").expect("a URL");
    let exchange = Exchange::new(Method::GET, stall, 0).streaming(&[StatusCode::OK]);
    let reply = cx.exchange(exchange).await.expect("a response");
    let ReplyBody::Large(body) = reply.body else { panic!("the body came as {:?}", reply.body) };
    body
}

async fn begin(cx: &Cx, digest: &Digest) -> Result<Ingest, Error> {
    match cx.begin(digest, SIZE).await? {
        Begins::Open(ingest, _) => Ok(ingest),
        Begins::Committed => panic!("it was not committed"),
    }
}

fn content() -> (Digest, Tap) {
    let digest = Digest::sha256(b"nobody gets to its end");
    (digest.clone(), Tap::Verify(Verifier::new(&digest, SIZE)))
}

/// Runs a flow with the deadlines that people have, and stops it when it waits for more.
async fn stopped(flow: impl AsyncFnOnce(Cx) -> Result<String, Error> + 'static, given: Vec<File>) {
    let options = Options { name: "stopped".to_owned(), bytes: Bytes::Auto };
    let host = Host::open(&options, limits(), false).await.expect("a store");
    let cancel = Cancel::default();
    let (stop, began) = (cancel.clone(), Date::now());
    let stop = Closure::once_into_js(move || stop.cancel());
    let set_timeout = Reflect::get(&js_sys::global(), &"setTimeout".into()).expect("a timer");
    set_timeout.unchecked_into::<Function>().call2(&JsValue::NULL, &stop, &500.into()).expect("a timer");
    // One that takes its time.
    let mut listen = |_: &Event| {
        let until = Date::now() + 100.0;
        while Date::now() < until {}
    };
    let done = host.run(flow, given, &cancel, &mut listen).await;
    assert_eq!(done, Err(Error::Cancelled));
    let took = Date::now() - began;
    assert!((500.0..5000.0).contains(&took), "it took {took} ms");
    host.store().clear().await.expect("a store that can be cleared");
}
