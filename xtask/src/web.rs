//! The web page: its wasm package, its dependencies, its build and its tests.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::debian::Needed;
use crate::process::{cargo, root, run as run_command, which};
use crate::{Result, wasm};

/// What builds it and what its tests drive; the registries and clients beside it are those of the interop tests.
pub(crate) const NEEDED: [Needed; 3] = [("node", "nodejs"), ("npm", "npm"), ("chromium", "chromium")];

/// Build the web page into www/dist, from where `lugger` takes it in
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also check types and style, and run the page in a browser
    #[arg(long)]
    test: bool,
}

/// `cargo xtask web`
pub(crate) fn run(options: &Options) -> Result {
    build()?;
    if options.test { test() } else { Ok(()) }
}

/// Builds the page.
pub(crate) fn build() -> Result {
    for (program, package) in NEEDED {
        which(program).ok_or_else(|| format!("no {program}; on Debian: apt-get install {package}"))?;
    }
    // Cargo knows what of it is stale.
    wasm::build()?;
    install()?;
    npm(&["run", "build"])?;
    let page = www().join("dist/index.html");
    if page.is_file() { Ok(()) } else { Err(format!("the build has not made {}", page.display()).into()) }
}

/// Checks the page and drives it in a browser, served by the `lugger` that took it in.
pub(crate) fn test() -> Result {
    npm(&["run", "check"])?;
    npm(&["run", "test"])?;
    run_command(&mut cargo(&["build", "-p", "lugger", "-p", "lugger-tests"]))?;
    npm(&["run", "e2e"])
}

/// Installs what the lock file names, unless exactly that is installed.
fn install() -> Result {
    let (lock, installed) = (www().join("package-lock.json"), www().join("node_modules/.lugger-installed"));
    let wanted = fs::read(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    npm(&["ci", "--no-audit", "--no-fund"])?;
    // Not npm's own note: that one is also there after an installation that was not of this lock file.
    fs::write(&installed, wanted)?;
    Ok(())
}

fn npm(arguments: &[&str]) -> Result {
    run_command(Command::new("npm").args(arguments).current_dir(www()))
}

fn www() -> PathBuf {
    root().join("www")
}
