//! The browser's module: with whichever wasm32 standard library this machine has, as a package for the web, and under test.

mod package;
mod sysroot;
mod tests;
mod tools;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::debian::{self, Needed};
use crate::process::{capture, cargo, root, run as run_command};
use sysroot::{Debian, Sysroot};
pub(crate) use {package::build, package::check_sizes, tests::run as test};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What brings the module to JavaScript and runs its tests, beside the compiler.
const NEEDED: [Needed; 3] =
    [("node", "nodejs"), ("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// Build the module for browsers as a package and compare its size with its limit
#[derive(clap::Args)]
pub(crate) struct Options {
    /// First install what is missing, as root on Debian
    #[arg(long)]
    install: bool,
    /// Only see whether everything compiles, the core with and without the host
    #[arg(long, conflicts_with = "test")]
    check: bool,
    /// Also run the tests in node, in a page and in a worker
    #[arg(long)]
    test: bool,
}

/// `cargo xtask wasm`
pub(crate) fn run(options: &Options) -> Result {
    if options.install {
        install()?;
    }
    if options.check {
        return check();
    }
    let package = build()?;
    if options.test {
        test()?;
    }
    check_sizes(&package)
}

/// Makes sure that everything here can run.
pub(crate) fn install() -> Result {
    debian::ensure(&NEEDED)?;
    if toolchain_has_target() { Ok(()) } else { sysroot::install() }
}

/// Compiles without making anything. The core has to do without what only hosts with files have.
pub(crate) fn check() -> Result {
    for package in ["lugger-core", "lugger-wasm"] {
        run_command(wasm_cargo()?.args([
            "check",
            "-p",
            package,
            "--no-default-features",
            "--target",
            TARGET,
        ]))?;
    }
    Ok(())
}

/// The cargo that can build for wasm32.
fn wasm_cargo() -> Result<Command> {
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
        forget_other(&sysroot)?;
        sysroot.cargo(&debian)
    };
    // A target directory of its own: two compilers share nothing and would only wait for each other's lock.
    command.current_dir(root()).env("CARGO_TARGET_DIR", target());
    command.env("CARGO_ENCODED_RUSTFLAGS", flags()?);
    Ok(command)
}

/// What the compiler is told, in the form in which paths may have spaces.
fn flags() -> Result<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let home = home.ok_or("neither CARGO_HOME nor HOME is set")?;
    // Every browser of the last years has simd128, and digests are a quarter faster. Where the sources lie on this machine
    // is nobody's business, and the module is to be the same everywhere.
    Ok(format!(
        "-Ctarget-feature=+simd128\x1f--remap-path-prefix={}=/crates",
        home.join("registry/src").display()
    ))
}

/// Where everything for the browser is built.
fn target() -> PathBuf {
    root().join("target/wasm")
}

/// Removes what was built with another sysroot: to cargo it looks current, to the compiler it is foreign.
fn forget_other(sysroot: &Sysroot) -> Result {
    let note = target().join("sysroot");
    let path = sysroot.path().to_string_lossy();
    if fs::read_to_string(&note).is_ok_and(|noted| noted == path) {
        return Ok(());
    }
    if target().exists() {
        fs::remove_dir_all(target())?;
    }
    fs::create_dir_all(target())?;
    Ok(fs::write(note, path.as_bytes())?)
}

/// True of rustup, distributions and nix alike; `rustup target list` would only know the first.
fn toolchain_has_target() -> bool {
    let libraries = capture(Command::new("rustc").current_dir(root()).args([
        "--print",
        "target-libdir",
        "--target",
        TARGET,
    ]));
    let Ok(entries) = libraries.and_then(|dir| Ok(fs::read_dir(dir.trim())?)) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with("libcore-") && name.to_string_lossy().ends_with(".rlib")
    })
}
