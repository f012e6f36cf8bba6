//! An archive whose data is hopped over: it ends, and no member lies before its header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lugger_core::machine::Walker;

fuzz_target!(|bytes: &[u8]| {
    let (mut walker, mut last) = (Walker::new(), 0);
    while let Some(rest) = usize::try_from(walker.at()).ok().and_then(|at| bytes.get(at..)) {
        let Ok((used, member)) = walker.step(rest) else { return };
        if let Some(member) = member {
            assert!(member.at > last);
            last = member.at;
        }
        walker.hop();
        if used == 0 {
            break;
        }
    }
    let _ = walker.finish();
});
