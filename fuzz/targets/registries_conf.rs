//! registries.conf: what is read can be asked about any image.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::{name::Reference, registry::config::registries_conf};

fuzz_target!(|text: &str| {
    if let Ok(conf) = registries_conf::parse(text, "/r.conf") {
        for name in ["docker.io/library/a", "r.example:5000/a/b"] {
            let reference = Reference::parse(name).expect("a name");
            if let Some(registry) = conf.registry(&reference) {
                let mirrors = registry.mirrors_for(&reference).map(|mirror| &mirror.location);
                for location in mirrors.chain(&registry.location) {
                    let _ = registry.on_the_wire(Some(location), &reference);
                }
            }
        }
        let _ = conf.expand("a");
    }
});
