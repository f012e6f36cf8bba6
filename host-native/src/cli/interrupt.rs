//! Ctrl-C: the first one lets the operation give back what it holds, the second one ends the process.

use std::{process, thread};

use lugger::Cancel;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use super::exit::Exit;

/// Cancels with the first signal, and ends the process with the second.
pub(crate) fn watch(cancel: Cancel) {
    // Without handlers a signal ends the process at once, which the store survives too.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    let watching = thread::Builder::new().name("lugger-signals".to_owned()).spawn(move || {
        let mut again = false;
        for _ in signals.forever() {
            if again {
                process::exit(Exit::Interrupted as i32);
            }
            again = true;
            cancel.cancel();
        }
    });
    drop(watching);
}
