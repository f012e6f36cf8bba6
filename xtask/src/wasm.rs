//! Building the core for the browser, with whichever wasm32 standard library this machine has.

mod sysroot;

use std::process::Command;

use crate::Result;
use crate::process::{capture, cargo, root, run as run_command};
use sysroot::{Debian, Sysroot};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Build the core for wasm32
#[derive(clap::Args)]
pub(crate) struct Options {
    /// First install what is missing, as root on Debian
    #[arg(long)]
    install: bool,
}

/// `cargo xtask wasm`
pub(crate) fn run(options: &Options) -> Result {
    if options.install {
        install()?;
    }
    build()
}

/// Makes sure that [`build`] can find a toolchain.
pub(crate) fn install() -> Result {
    if toolchain_has_target() { Ok(()) } else { sysroot::install() }
}

/// Builds the core.
pub(crate) fn build() -> Result {
    let mut command = if toolchain_has_target() {
        println!("using the installed target {TARGET}");
        cargo(&[])
    } else {
        let debian = Debian::find().map_err(|missing| {
            format!(
                "no standard library for {TARGET}: {missing}\n  \
                 either: rustup target add {TARGET}\n  \
                 or, on Debian: cargo xtask wasm --install"
            )
        })?;
        let sysroot = Sysroot::of(&debian)?;
        println!("using Debian's {} with the sysroot {}", debian.version(), sysroot.path().display());
        sysroot.cargo(&debian)
    };
    // A target directory of its own: two compilers share nothing and would only wait for each other's lock.
    command.current_dir(root()).env("CARGO_TARGET_DIR", root().join("target/wasm"));
    // The public suffix list is larger than all the rest together.
    run_command(command.args(["build", "-p", "lugger-core", "--no-default-features", "--target", TARGET]))
}

/// True of rustup, distributions and nix alike; `rustup target list` would only know the first.
fn toolchain_has_target() -> bool {
    let libraries = capture(Command::new("rustc").current_dir(root()).args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]));
    let Ok(entries) = libraries.and_then(|dir| Ok(std::fs::read_dir(dir.trim())?)) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("libcore-") && name.to_string_lossy().ends_with(".rlib")
    })
}
