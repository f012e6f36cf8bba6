//! A token server's answer: a token with a life, or a message that does not quote it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::registry::fuzz::token;

fuzz_target!(|body: &[u8]| {
    match token(body) {
        Ok((text, life)) => assert!(!text.is_empty() && life > 0 && life <= 86_400_000, "{life}"),
        Err(said) => assert!(said.len() < 200, "{said}"),
    }
});
