//! The `lugger` command. What it does is in the library and its core; here it is asked for and shown.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
