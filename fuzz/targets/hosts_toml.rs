//! hosts.toml: every place is a line of the file, and no value of a header is shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::registry::{Place, config::hosts_toml};

fuzz_target!(|text: &str| {
    if let Ok(hosts) = hosts_toml::parse(text, "/h/hosts.toml") {
        for host in &hosts {
            let Place::File { line, .. } = &host.place else { panic!("{:?}", host.place) };
            assert!(*line <= text.lines().count().max(1));
            let _ = format!("{host:?}");
        }
    }
});
