//! The native host passes the suite that every host passes, durable and not.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use lugger::{
    Host,
    core::{effect::http::Timeouts, op::Limits},
    store::{Options, Store},
};
use lugger_tests::contract::{cases, server};
use tempfile::TempDir;

fn suite(durable: bool) {
    let base = server::start().expect("a loopback port");
    let short = Duration::from_secs(1);
    let timeouts = Timeouts { connect: short, response: short, stall: short, ..Limits::default().timeouts };
    let limits = Limits { timeouts, ..Limits::default() };
    let mut failed = Vec::new();
    let count = cases(&base).len();
    for case in cases(&base) {
        let (name, dir) = (case.name, TempDir::new().expect("a temporary directory"));
        let run = AssertUnwindSafe(|| {
            let store = Store::open(&dir.path().join("store"), &Options { durable }).expect("a new store");
            Host::with(store, limits).run(async |cx| (case.flow)(cx).await).expect("the case ends well");
        });
        if catch_unwind(run).is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty() && count > 25, "of {count} cases failed: {failed:#?}");
}

#[test]
fn the_native_host_keeps_the_contract() {
    suite(true);
}

#[test]
fn without_syncs_it_keeps_it_too() {
    suite(false);
}
