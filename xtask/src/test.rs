//! Everything CI needs, in order; the first failure ends it.

use crate::debian::{self, Needed};
use crate::process::{capture, cargo, run as run_command, step};
use crate::{Result, wasm, web};

/// Check everything, as CI does: format, lints, docs, web, tests, simulator seeds, wasm
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out installing, docs, web and wasm; interop tests may skip what is not installed
    #[arg(long)]
    fast: bool,
}

/// The real servers and clients that the interop tests talk to.
const INTEROP: [Needed; 5] = [
    ("docker-registry", "docker-registry"),
    ("nginx", "nginx"),
    ("skopeo", "skopeo"),
    ("umoci", "umoci"),
    ("containerd", "containerd"),
];

/// `cargo xtask test`
pub(crate) fn run(options: &Options) -> Result {
    let whole = !options.fast;
    if whole {
        step("install", install)?;
    }
    step("format", || run_command(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("lints", lints)?;
    if whole {
        step("docs", docs)?;
        // Before the tests: the command takes the page in when it is built.
        step("web", web::build)?;
    }
    step("tests", || tests(whole))?;
    step("simulator", simulator)?;
    if whole {
        step("wasm", wasm)?;
        step("page", web::test)?;
    }
    Ok(())
}

fn install() -> Result {
    debian::ensure(&INTEROP)?;
    debian::ensure(&web::NEEDED)?;
    wasm::install()
}

/// The module that the page was built with: its core alone, its tests, its size.
fn wasm() -> Result {
    wasm::check()?;
    wasm::test()?;
    wasm::check_sizes(&wasm::build()?)
}

fn lints() -> Result {
    run_command(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn docs() -> Result {
    run_command(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

fn tests(interop_required: bool) -> Result {
    let interop = |command: &mut std::process::Command| {
        if interop_required {
            command.env("LUGGER_INTEROP", "required");
        }
        run_command(command)
    };
    if capture(&mut cargo(&["nextest", "--version"])).is_ok() {
        // The seeds have a step of their own, optimised.
        interop(&mut cargo(&["nextest", "run", "--workspace", "-E", "not binary(seeds)"]))?;
        interop(&mut cargo(&["test", "--workspace", "--doc"]))
    } else {
        interop(&mut cargo(&["test", "--workspace"]))
    }
}

/// The simulator's seeds, optimised: whatever CI shall run of them is named here and nowhere else.
fn simulator() -> Result {
    run_command(&mut cargo(&["test", "--profile", "sim", "-p", "lugger-tests", "--test", "seeds"]))
}
