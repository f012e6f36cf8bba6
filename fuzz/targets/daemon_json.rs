//! daemon.json: every mirror has a root that can be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::registry::config::daemon_json;

fuzz_target!(|text: &str| {
    if let Ok(daemon) = daemon_json::parse(text, "/d.json") {
        for mirror in &daemon.mirrors {
            assert!(mirror.value.root().is_ok(), "{mirror:?}");
        }
    }
});
