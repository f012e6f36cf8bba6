//! The command line: what was typed becomes an operation of the core, what came of it is printed.
//!
//! `args` says what can be typed and `cmd` has a file for each verb. Printing is in `output` (results, to stdout) and
//! `report` (everything else, to stderr) alone, and both let nothing through that a terminal would act on.

mod args;
mod bars;
mod cmd;
mod event;
mod exit;
mod hints;
mod human;
mod interrupt;
mod json;
mod output;
mod plain;
mod prompt;
mod remote;
mod report;
mod session;
mod terminal;

use std::process::ExitCode;

use clap::Parser as _;

use self::{args::Args, exit::Failure, session::Session};

/// Runs the command that this process was started with.
pub(crate) fn run() -> ExitCode {
    let args = Args::parse();
    let mut session = Session::new(args.global, args.verb.is_quiet());
    let done = cmd::run(&mut session, args.verb).and_then(|()| session.output.finish());
    match done {
        // Whoever read the results has seen enough.
        Ok(()) | Err(Failure::Closed) => exit::Exit::Ok.into(),
        Err(failure) => {
            let exit = failure.exit();
            session.tell(&failure);
            exit.into()
        }
    }
}
