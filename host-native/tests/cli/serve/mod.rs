//! `lugger serve` as everything on this machine meets it: over a socket. What needs a browser is in `www/e2e/hostile.test.mjs`.

mod asking;
mod bridged;
mod gate;
mod strangers;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Lugger, serve as registry, server::Server};

/// A running `lugger serve`.
struct Served {
    child: Child,
    address: SocketAddr,
    token: String,
    url: String,
    _lugger: Lugger,
}

impl Served {
    /// With these arguments, once it listens.
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(Lugger::new(), arguments, &[])
    }

    fn start_with(lugger: Lugger, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = lugger.command(&[&["serve", "--json"], arguments].concat());
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        let port = u16::try_from(said["port"].as_u64().unwrap()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self { child, address, token: text("token"), url: text("url"), _lugger: lugger }
    }

    /// What comes back for these bytes.
    fn raw(&self, bytes: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::of(&answer)
    }

    /// A request with these header lines and no other.
    fn send(&self, line: &str, headers: &[&str]) -> Answer {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        self.raw(&format!("{line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n"))
    }

    /// As the page asks: by its own name, of its own origin, with the token.
    fn ask(&self, line: &str, headers: &[&str]) -> Answer {
        let (host, token) = (format!("Host: {}", self.address), format!("X-Lugger-Token: {}", self.token));
        self.send(line, &[&[host.as_str(), token.as_str(), "Sec-Fetch-Site: same-origin"], headers].concat())
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), &[])
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An answer. That it wears what every answer wears was checked when it came.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let answer = Self { status, head, body: bytes[end + 4..].to_vec() };
        answer.check_dress();
        answer
    }

    fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map_or("", |(_, value)| value)
    }

    fn code(&self) -> String {
        self.error("code")
    }

    fn message(&self) -> String {
        self.error("message")
    }

    fn error(&self, member: &str) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["errors"][0][member].as_str().unwrap().to_owned()
    }

    /// Checklist 8, and what is never there: CORS (3), cookies (3), encodings.
    #[track_caller]
    fn check_dress(&self) {
        let csp = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                   connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        for (name, value) in [
            ("content-security-policy", csp),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(self.header(name), value, "{name} in {}", self.head);
        }
        for never in ["access-control-", "set-cookie", "content-encoding"] {
            assert!(!self.head.to_lowercase().contains(never), "{never} in {}", self.head);
        }
    }
}

#[test]
fn it_listens_on_this_machine_until_it_is_stopped() {
    let mut served = Served::start(&["alpine:3.20", "r.example:5000/a"]);
    let Served { address, token, url, .. } = &served;
    let refs = "&ref=docker.io%2Flibrary%2Falpine%3A3.20&ref=r.example%3A5000%2Fa";
    assert_eq!(*url, format!("http://{address}/#t={token}{refs}"));
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
    let other = Served::start(&[]);
    assert_ne!((other.address.port(), &other.token), (address.port(), token));
    // 127.0.0.1 and nothing else: another address of loopback is another address.
    assert!(TcpStream::connect(("127.0.0.2", address.port())).is_err());

    let about = served.get("/api/v1/about");
    assert_eq!(about.status, 200);
    let about: Value = serde_json::from_slice(&about.body).unwrap();
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));

    kill_process(Pid::from_child(&served.child), Signal::INT).unwrap();
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
}

#[test]
fn it_ends_at_once_though_a_registry_keeps_it_waiting() {
    let (asked, wait) = mpsc::channel();
    let hanging = Server::start(move |_, _| {
        let _ = asked.send(());
        thread::sleep(Duration::from_secs(120));
    });
    let host = hanging.address.to_string();
    let mut served = Served::start(&["--registry", &host]);
    let line = format!(
        "GET /api/v1/tags?ref={host}/a HTTP/1.1\r\nHost: {}\r\nX-Lugger-Token: {}\r\n\r\n",
        served.address, served.token
    );
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    wait.recv_timeout(Duration::from_secs(60)).unwrap();
    let stopped = Instant::now();
    kill_process(Pid::from_child(&served.child), Signal::INT).unwrap();
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
    assert!(stopped.elapsed() < Duration::from_secs(20), "{:?}", stopped.elapsed());
}

#[test]
fn elsewhere_it_listens_only_when_told_and_says_what_that_means() {
    let lugger = Lugger::new();
    let mut command = lugger.command(&["serve", "--listen", "0.0.0.0:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert!(told.contains("warning:") && told.contains("not on this machine alone"), "{told}");
}

#[test]
fn what_makes_no_sense_is_refused_before_it_listens() {
    let lugger = Lugger::new();
    for arguments in [
        &["serve", "--registry", "no registry"][..],
        &["serve", "--registry", "alpine"],
        &["serve", "--creds", "me:pw"],
        &["serve", "--creds", "me:pw", "r.example/a", "--registry", "s.example"],
        &["serve", "UPPER/case"],
        &["serve", "--listen", "everywhere"],
    ] {
        let ran = lugger.run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments:?}: {}", ran.stderr);
    }
}
