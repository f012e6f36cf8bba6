//! `Content-Range`: only a range that starts where it should is taken.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::registry::fuzz::is_range;

fuzz_target!(|case: (&[u8], u64, u64)| {
    let (value, from, size) = case;
    if is_range(value, from, size) {
        let text = String::from_utf8_lossy(value);
        let first = text.trim_start_matches("bytes ").split('-').next().and_then(|first| first.parse().ok());
        assert_eq!(first, Some(from), "{text}");
        assert!(text.ends_with("/*") || text.ends_with(&size.to_string()), "{text}");
    }
});
