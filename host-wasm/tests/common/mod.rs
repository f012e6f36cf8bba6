//! The contract suite against this host, in whatever kind of context the test binary runs in.

mod stopping;

use std::time::Duration;

use lugger_core::{effect::http::Timeouts, op::Limits};
use lugger_tests::contract::cases;
use lugger_wasm::{
    Cancel, Host, limits,
    store::{Bytes, Options},
};
use url::Url;
use wasm_bindgen_test::console_log;

/// Where `cargo xtask wasm --test` serves the fixture.
const FIXTURE: &str = match option_env!("LUGGER_FIXTURE") {
    Some(url) => url,
    None => "http://127.0.0.1:47310/",
};

fn base() -> Url {
    Url::parse(FIXTURE).expect("LUGGER_FIXTURE is a URL")
}

/// Runs every case, each in a store of its own.
pub(crate) async fn all_cases(bytes: Bytes) {
    let timeouts = Timeouts {
        connect: Duration::from_secs(5),
        response: Duration::from_secs(5),
        stall: Duration::from_millis(500),
        ..Limits::default().timeouts
    };
    let limits = Limits { timeouts, ..limits() };
    let all = cases(&base());
    assert!(all.len() > 30, "the suite is all here");
    for (at, case) in all.into_iter().enumerate() {
        console_log!("{}", case.name);
        let options = Options { name: format!("contract-{at}-{bytes:?}"), bytes };
        let host = Host::open(&options, limits, false).await.expect("a store");
        host.store().clear().await.expect("nothing is left of an earlier run");
        let flow = case.flow;
        let flow = async move |cx| flow(cx).await.map(|()| String::new());
        let done = host.run(flow, Vec::new(), &Cancel::default(), &mut |_| {}).await;
        if let Err(error) = done {
            panic!("{}: {error}", case.name);
        }
        host.store().clear().await.expect("a store that can be cleared");
    }
}
