//! A layer of any compression: looked into or refused, the same in pieces of every size.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::{
    machine::LayerTap,
    name::{Algorithm, media::Compression},
};

fuzz_target!(|input: (u8, usize, &[u8])| {
    let (how, piece, bytes) = input;
    let compression = [Compression::Gzip, Compression::None, Compression::Sniffed][usize::from(how % 3)];
    let examine = |piece: usize| {
        let mut tap = LayerTap::new(compression, Algorithm::Sha256, 1 << 24).expect("it looks into these");
        bytes.chunks(piece).try_for_each(|piece| tap.feed(piece))?;
        tap.finish()
    };
    assert_eq!(examine(1 + piece % 600).ok(), examine(bytes.len().max(1)).ok());
});
