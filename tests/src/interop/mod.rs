//! Real servers and clients on this machine: Debian's `docker-registry`, `nginx`, `skopeo`, `umoci`, and the built `lugger`.
//!
//! `server` and `sample` are a registry and what it has; `nginx`, `token` and `wire` what may stand between it and a `user`.

mod certificates;
mod nginx;
mod port;
mod sample;
mod server;
mod token;
mod user;
mod wire;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

pub use self::{
    certificates::{Authority, Pair},
    nginx::{Nginx, Served, Site},
    port::free_port,
    sample::Sample,
    server::{Asked, DockerRegistry, PASSWORD, USER, Wants},
    token::{Life, REFRESH_TOKEN, TokenServer, Wish},
    user::{Ended, User},
    wire::{Fate, Wire},
};

/// Whether every one of these programs is here. When one is missing, a run that must not skip (`LUGGER_INTEROP=required`,
/// as `cargo xtask test` sets it) fails; any other says what it skips.
pub fn have(programs: &[&str]) -> bool {
    let missing: Vec<_> = programs.iter().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    let message = format!("not installed: {missing:?} (`cargo xtask test` installs them on Debian)");
    assert!(env::var("LUGGER_INTEROP").as_deref() != Ok("required"), "{message}");
    eprintln!("skipped: {message}");
    false
}

/// Where a program is. Servers are not on every user's path.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let dirs = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    dirs.map(|dir| dir.join(program)).find(|file| file.is_file())
}

/// The `lugger` command of this build; built first if it is not there yet.
pub fn lugger() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args([
                "build",
                "--package",
                "lugger",
                "--bin",
                "lugger",
                "--message-format=json-render-diagnostics",
            ])
            .output()
            .expect("cargo runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let artifacts = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let built = artifacts.filter_map(|it| it["executable"].as_str().map(PathBuf::from)).next_back();
        built.unwrap_or_else(|| panic!("cargo built no lugger: {}", String::from_utf8_lossy(&output.stderr)))
    })
}

/// Runs a program to its end; a failure shows what it said.
pub fn run(program: impl AsRef<Path>, arguments: &[&str]) -> String {
    let program = program.as_ref();
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Output { status, stdout, stderr } = output;
    assert!(
        status.success(),
        "{} {arguments:?}: {status}\n{}{}",
        program.display(),
        said(&stdout),
        said(&stderr)
    );
    said(&stdout)
}

/// What a program prints, as JSON.
pub fn json(program: impl AsRef<Path>, arguments: &[&str]) -> serde_json::Value {
    let text = run(program, arguments);
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{arguments:?} printed no JSON ({error}): {text}"))
}
