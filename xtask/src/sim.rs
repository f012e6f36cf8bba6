//! The simulator: many seeds, or one recorded run again.

use std::path::PathBuf;

use crate::Result;
use crate::process::{cargo, run};

/// Run the simulator for N seeds
#[derive(clap::Args)]
pub(crate) struct Seeds {
    /// How many seeds
    count: u64,
    /// The first seed
    #[arg(long, value_name = "SEED")]
    from: Option<u64>,
}

/// Play a recorded simulator run again, byte for byte
#[derive(clap::Args)]
pub(crate) struct Replay {
    /// The transcript that a failing seed wrote
    file: PathBuf,
}

const SIM: [&str; 8] = ["run", "--profile", "sim", "-p", "lugger-tests", "--bin", "sim", "--"];

/// `cargo xtask seeds`
pub(crate) fn seeds(options: &Seeds) -> Result {
    let mut command = cargo(&SIM);
    command.args(["seeds", &options.count.to_string()]);
    if let Some(from) = options.from {
        command.args(["--from", &from.to_string()]);
    }
    run(&mut command)
}

/// `cargo xtask replay`
pub(crate) fn replay(options: &Replay) -> Result {
    // The simulator runs in the workspace, the path was typed somewhere else.
    let file = std::path::absolute(&options.file)?;
    run(cargo(&SIM).arg("replay").arg(file))
}
