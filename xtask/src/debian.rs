//! Debian packages: what is missing, and installing it where that is possible.

use std::process::Command;

use crate::Result;
use crate::process::{run, which};

/// A program and the package that has it.
pub(crate) type Needed = (&'static str, &'static str);

/// Makes sure that every program is there. Installs packages as root on Debian; elsewhere says which are missing.
pub(crate) fn ensure(needed: &[Needed]) -> Result {
    let mut missing: Vec<_> =
        needed.iter().filter(|(program, _)| which(program).is_none()).map(|(_, package)| *package).collect();
    missing.dedup();
    if missing.is_empty() {
        println!("nothing to install");
        return Ok(());
    }
    install(&missing)
}

/// Installs packages, or says how to.
pub(crate) fn install(packages: &[&str]) -> Result {
    if !rustix::process::geteuid().is_root() || which("apt-get").is_none() {
        return Err(format!(
            "missing programs; on Debian: sudo apt-get install --no-install-recommends {}",
            packages.join(" ")
        )
        .into());
    }
    run(apt_get().args(["update", "-qq"]))?;
    run(apt_get().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    // Another apt on the same machine is waited for instead of failing at once.
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
    command
}
