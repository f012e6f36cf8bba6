//! `Retry-After` and `Date`: seconds that can be waited, or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::{registry::fuzz::retry_after, time::UnixTime};

fuzz_target!(|case: (&[u8], &[u8])| {
    let (asked, date) = case;
    retry_after(asked, date);
    if let Ok(text) = std::str::from_utf8(asked) {
        let _ = UnixTime::parse_http(text);
        if let Some(time) = UnixTime::parse(text) {
            assert_eq!(UnixTime::parse(&time.to_string()), Some(time), "{text}");
        }
    }
});
