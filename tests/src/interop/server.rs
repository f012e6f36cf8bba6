//! Debian's docker-registry on a loopback port, with its storage and its log.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    certificates::Pair,
    port::{free_port, wait_for},
    token::TokenServer,
};

/// The user whom a registry with a password knows.
pub const USER: &str = "me";
/// And the password.
pub const PASSWORD: &str = "open sesame";
/// Of both, as `htpasswd -B` writes it.
const HTPASSWD: &str = "me:$2y$05$EXSwrAi0ysqlnAMSz1vfVOeXSLL.fMHxbwa1XsxourmBjKB1RuTbG\n";

/// A running registry; it stops when it is dropped.
pub struct DockerRegistry {
    child: Child,
    port: u16,
    dir: TempDir,
}

/// One request that it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `HEAD` …
    pub method: String,
    /// Path and query.
    pub path: String,
}

/// What a registry wants to see before it gives anything.
#[derive(Clone, Copy)]
pub enum Wants<'a> {
    /// Nothing.
    Nothing,
    /// The password of [`USER`].
    Password,
    /// A token of this server.
    Token(&'a TokenServer),
}

impl DockerRegistry {
    /// Starts one with storage of its own that everybody may use, and waits until it answers.
    pub fn start() -> Self {
        Self::wanting(Wants::Nothing, None)
    }

    /// Starts one that wants this, and speaks TLS if it has a certificate.
    pub fn wanting(wants: Wants<'_>, tls: Option<&Pair>) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("the configuration can be written");
            path.display().to_string()
        };
        let port = free_port();
        let mut config = format!(
            "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: false\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            dir.path().join("storage").display()
        );
        if let Some(Pair { certificate, key }) = tls {
            let (certificate, key) = (certificate.display(), key.display());
            config += &format!("  tls:\n    certificate: {certificate}\n    key: {key}\n");
        }
        config += &match wants {
            Wants::Nothing => String::new(),
            Wants::Password => {
                let file = write("htpasswd", HTPASSWD);
                format!("auth:\n  htpasswd:\n    realm: tests\n    path: {file}\n")
            }
            Wants::Token(server) => server.registry_config(),
        };
        let file = write("config.yml", &config);
        let out = File::create(dir.path().join("log")).expect("the log can be written");
        let child = Command::new("docker-registry")
            .args(["serve", &file])
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stderr(out.try_clone().expect("the log can be shared"))
            .stdout(out)
            .spawn()
            .expect("docker-registry starts");
        let registry = Self { child, port, dir };
        wait_for(port, || fs::read_to_string(registry.log()).unwrap_or_default());
        registry
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The directory that has its content.
    pub fn storage(&self) -> PathBuf {
        self.dir.path().join("storage")
    }

    fn log(&self) -> impl AsRef<Path> {
        self.dir.path().join("log")
    }

    /// What it was asked since `from` lines of its log, from its access log.
    pub fn asked(&self, from: usize) -> Vec<Asked> {
        let file = File::open(self.log()).expect("the log can be read");
        let lines = BufReader::new(file).lines().map_while(Result::ok).skip(from);
        lines.filter_map(|line| Asked::read(&line)).collect()
    }

    /// How many lines its log has.
    pub fn mark(&self) -> usize {
        // The access log is written just after the answer was sent.
        thread::sleep(Duration::from_millis(100));
        BufReader::new(File::open(self.log()).expect("the log can be read")).lines().count()
    }
}

impl Asked {
    /// From a line of the Common Log Format: `… "GET /v2/a/tags/list HTTP/1.1" 200 …`.
    fn read(line: &str) -> Option<Self> {
        let request = line.split('"').nth(1)?;
        let mut words = request.split(' ');
        let (method, path) = (words.next()?, words.next()?);
        path.starts_with("/v2/").then(|| Self { method: method.to_owned(), path: path.to_owned() })
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
