//! `lugger completions`: what shells need to know.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::{args::Args, exit::Failure, session::Session};

pub(super) fn run(session: &mut Session, shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "lugger", &mut script);
    session.output.bytes(&script)
}
