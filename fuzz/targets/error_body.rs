//! An error body: what is said of it is short, and nothing that a terminal would act on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::error::Said;

fuzz_target!(|body: &[u8]| {
    let said = Said::of(body).to_string();
    assert!(said.chars().count() < 1200 && !said.chars().any(char::is_control), "{said:?}");
});
