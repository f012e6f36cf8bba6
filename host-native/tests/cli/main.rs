//! The `lugger` command as its users have it: the built binary, on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod completions;
mod demo;
mod errors;
mod explain;
mod images;
mod inspect;
mod interrupt;
mod login;
mod parse;
mod plan;
mod pull;
mod query;
mod secrets;
mod serve;
mod server;
mod terminal;

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use lugger::{
    demo::Image,
    registry::{Memory, Registry},
};
use serde_json::Value;
use tempfile::TempDir;

/// The command with a home, and so a store, of its own.
struct Lugger {
    home: TempDir,
}

impl Lugger {
    fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    /// Where it keeps images unless told otherwise.
    fn store(&self) -> PathBuf {
        self.home.path().join(".local/share/lugger")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lugger"));
        command.args(arguments).env("HOME", self.home.path()).stdin(Stdio::null());
        for name in ["LUGGER_STORE", "XDG_DATA_HOME", "NO_COLOR", "CI", "TERM"] {
            command.env_remove(name);
        }
        for name in [
            "REGISTRY_AUTH_FILE",
            "XDG_RUNTIME_DIR",
            "XDG_CONFIG_HOME",
            "DOCKER_CONFIG",
            "DOCKER_AUTH_CONFIG",
        ] {
            command.env_remove(name);
        }
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writing.join().unwrap();
        Ran::of(output)
    }

    /// Runs it to success, and yields what it printed.
    fn stdout(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.stderr);
        ran.stdout
    }

    /// The same, as JSON.
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.stdout(arguments)).unwrap()
    }
}

/// How it ended.
struct Ran {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let Output { status, stdout, stderr } = output;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
    }
}

/// The generated image as `demo:v1` in a registry.
fn serve() -> (Image, Registry, String) {
    let image = Image::generate();
    let mut memory = Memory::new();
    image.publish(&mut memory, "demo", "v1");
    let registry = Registry::start(memory).unwrap();
    let name = format!("{}/demo:v1", registry.address());
    (image, registry, name)
}

/// The bytes of the image's index.
fn index(image: &Image) -> String {
    let index = image.manifests().iter().find(|it| it.digest == image.digest).unwrap();
    String::from_utf8(index.bytes.to_vec()).unwrap()
}

/// The platform that tests ask for, and its place in the image.
const PLATFORM: &str = "linux/arm64";

fn platform(image: &Image) -> &lugger::demo::Platform {
    image.platforms.iter().find(|it| it.name == PLATFORM).unwrap()
}

/// Fails when there is something that a terminal would act on.
fn assert_inert(text: &str) {
    let bad: Vec<char> = text.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert!(bad.is_empty(), "{bad:?} in {text:?}");
}

fn exists(path: PathBuf) -> bool {
    fs::exists(path).unwrap()
}
