//! `WWW-Authenticate`: ends, and a selected challenge can be met.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::registry::challenge::{parse, select};

fuzz_target!(|value: &str| {
    let found = parse(value);
    if let Some(challenge) = select(&found) {
        assert!(challenge.is_usable());
    }
    assert!(found.iter().all(|challenge| !challenge.scheme.is_empty()));
});
