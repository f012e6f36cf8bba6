//! Debian's docker-registry on a loopback port, with its log.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A running registry; it stops when it is dropped.
pub struct DockerRegistry {
    child: Child,
    port: u16,
    log: PathBuf,
    _dir: TempDir,
}

/// One request that it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `HEAD` …
    pub method: String,
    /// Path and query.
    pub path: String,
}

impl DockerRegistry {
    /// Starts one with storage of its own, and waits until it answers.
    pub fn start() -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let port = free_port();
        let config = format!(
            "version: 0.1\nlog:\n  level: error\n  accesslog:\n    disabled: false\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
            dir.path().join("storage").display()
        );
        let (file, log) = (dir.path().join("config.yml"), dir.path().join("log"));
        fs::write(&file, config).expect("the configuration can be written");
        let out = File::create(&log).expect("the log can be written");
        let child = Command::new("docker-registry")
            .args(["serve".as_ref(), file.as_os_str()])
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stderr(out.try_clone().expect("the log can be shared"))
            .stdout(out)
            .spawn()
            .expect("docker-registry starts");
        let registry = Self { child, port, log, _dir: dir };
        registry.wait();
        registry
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let said = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(Instant::now() < until, "docker-registry does not answer: {}", said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it was asked since `from` lines of its log, from its access log.
    pub fn asked(&self, from: usize) -> Vec<Asked> {
        let file = File::open(&self.log).expect("the log can be read");
        let lines = BufReader::new(file).lines().map_while(Result::ok).skip(from);
        lines.filter_map(|line| Asked::read(&line)).collect()
    }

    /// How many lines its log has.
    pub fn mark(&self) -> usize {
        // The access log is written just after the answer was sent.
        thread::sleep(Duration::from_millis(100));
        BufReader::new(File::open(&self.log).expect("the log can be read")).lines().count()
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

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
    listener.local_addr().expect("its address").port()
}
