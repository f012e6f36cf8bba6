//! A tab beside `lugger pull`, from one local registry, and beside `sha256sum` of an archive: `www/bench/bench.mjs`.

use std::fs;
use std::process::Command;

use super::{Options, server};
use crate::process::{cargo, root, run as run_command};
use crate::{Result, debian, web};

/// Builds the page and the command line, and lets node drive both.
pub(crate) fn run(options: &Options) -> Result {
    debian::ensure(&[("docker-registry", "docker-registry")])?;
    debian::ensure(&web::NEEDED)?;
    web::build()?;
    run_command(&mut cargo(&["build", "--release", "-p", "lugger"]))?;
    fs::create_dir_all(&options.dir)?;
    let dir = options.dir.canonicalize()?;
    let (_registry, address) = server::registry(&dir)?;
    run_command(
        Command::new("node")
            .arg(root().join("www/bench/bench.mjs"))
            .args(["--registry", &address.to_string(), "--rounds", &options.rounds.to_string()])
            .arg("--lugger")
            .arg(root().join("target/release/lugger"))
            .arg("--dir")
            .arg(dir),
    )
}
