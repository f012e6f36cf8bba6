//! A layer, plain or gzip: looked into or refused, the same in pieces of every size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::{machine::LayerTap, name::Algorithm};

fuzz_target!(|input: (usize, &[u8])| {
    let (piece, bytes) = input;
    let examine = |piece: usize| {
        let mut tap = LayerTap::new(Algorithm::Sha256, 1 << 24);
        bytes.chunks(piece).try_for_each(|piece| tap.feed(piece))?;
        tap.finish()
    };
    assert_eq!(examine(1 + piece % 600).ok(), examine(bytes.len().max(1)).ok());
});
