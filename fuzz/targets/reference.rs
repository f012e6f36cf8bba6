//! References: what is read is written so that it is read the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::name::Reference;

fuzz_target!(|text: &str| {
    if let Ok(reference) = Reference::parse(text) {
        let written = reference.to_string();
        assert_eq!(Reference::parse(&written).as_ref(), Ok(&reference), "{written}");
        if let Ok(other) = Reference::parse(&reference.familiar()) {
            assert_eq!(other, reference, "{}", reference.familiar());
        }
    }
});
