//! `Link` of a tag list: leads on at the same place, or nowhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::{effect::secret::Origin, registry::fuzz::next_page};
use url::Url;

fuzz_target!(|lines: (&[u8], &[u8])| {
    let url = Url::parse("https://r.example/v2/a/tags/list?n=2").expect("a URL");
    if let Some(next) = next_page(&url, &[lines.0, lines.1]) {
        assert_eq!((Origin::of(&next), next.path()), (Origin::of(&url), url.path()));
    }
});
