//! Somebody who runs `lugger`: with a home, a store and an environment of their own.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use lugger_core::name::Digest;
use tempfile::TempDir;

use super::{Sample, lugger};

/// A user of this machine.
pub struct User {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// A command that ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// Results.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Default for User {
    fn default() -> Self {
        Self::new()
    }
}

impl User {
    /// With an empty home.
    pub fn new() -> Self {
        Self { home: TempDir::new().expect("a temporary directory"), variables: Vec::new() }
    }

    /// With this variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.variables.push((name.to_owned(), value.as_ref().display().to_string()));
        self
    }

    /// A path in the home.
    pub fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// Writes a file of the home, with its directories.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("it has a directory")).expect("directories can be made");
        fs::write(&path, text).expect("files can be written");
        path
    }

    /// `lugger` with these arguments, which has not run yet. Nothing of this process's environment reaches it but `PATH`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(lugger());
        command.args(arguments).env_clear().env("HOME", self.home.path());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it.
    pub fn lugger(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).spawn().expect("lugger starts"))
    }

    /// Runs it with this on stdin.
    pub fn piped(&self, input: &str, arguments: &[&str]) -> Ended {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("lugger starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A command that has no use for it may be gone already.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Ended::of(child)
    }

    /// Runs `pull` with more arguments.
    pub fn pull(&self, image: &str, more: &[&str]) -> Ended {
        self.lugger(&[&["pull", image], more].concat())
    }

    /// Where the store is.
    pub fn store(&self) -> PathBuf {
        self.path(".local/share/lugger")
    }

    /// Asserts that the store has an image under this name, byte for byte.
    pub fn has(&self, name: &str, sample: &Sample) {
        let images = self.lugger(&["images", "--json"]).succeeded();
        let images: serde_json::Value = serde_json::from_str(&images.stdout).expect("JSON is asked for");
        let found = images.as_array().and_then(|all| all.iter().find(|image| image["name"] == name));
        let found = found.unwrap_or_else(|| panic!("no {name} in {images}"));
        assert_eq!(found["target"]["digest"], sample.digest.to_string());
        for (digest, bytes) in &sample.blobs {
            let path = self.store().join("blobs/sha256").join(digest.encoded());
            let got = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(got.len() == bytes.len() && Digest::sha256(&got) == *digest, "{digest}");
        }
    }

    /// Asserts that the store has no image.
    pub fn has_nothing(&self) {
        assert_eq!(self.lugger(&["images", "--quiet"]).succeeded().stdout, "");
    }
}

impl Ended {
    /// What a process says until its end.
    pub fn of(child: Child) -> Self {
        let Output { status, stdout, stderr } = child.wait_with_output().expect("lugger ends");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Asserts that it did what it was asked.
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Asserts that it failed with this code, and said all of this.
    pub fn failed(self, code: i32, said: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self.said(said)
    }

    /// Asserts that it said all of this.
    pub fn said(self, said: &[&str]) -> Self {
        for text in said {
            assert!(self.stderr.contains(text), "not said: {text}\n{}", self.stderr);
        }
        self
    }

    /// Asserts that it said nothing of this.
    pub fn silent_about(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(!self.stderr.contains(text) && !self.stdout.contains(text), "said: {text}\n{self:?}");
        }
        self
    }
}
