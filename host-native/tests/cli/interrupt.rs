//! Ctrl-C: what was fetched is kept, and the next pull goes on there.

use std::{
    io::Write as _,
    net::TcpStream,
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use lugger::demo::Image;
use rustix::process::{Pid, Signal, kill_process};

use super::{Lugger, PLATFORM, Ran, platform, server::Server};

/// A registry whose first layer stops half-way for as long as it is told to, and says when.
struct Stalling {
    server: Server,
    stall: Arc<AtomicBool>,
    stalled: Receiver<()>,
    half: usize,
}

impl Stalling {
    fn start() -> Self {
        let image = Image::generate();
        let big = platform(&image).layers[0].digest.clone();
        let half = image.blob(&big).unwrap().len() / 2;
        let stall = Arc::new(AtomicBool::new(true));
        let (told, stalled) = mpsc::channel();
        let stalling = Arc::clone(&stall);
        let server = Server::start(move |head, stream| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            let name = path.rsplit('/').next().unwrap_or_default();
            let name = if name == "v1" { image.digest.as_str() } else { name };
            let manifest = image.manifests().iter().find(|it| it.digest == name);
            let kind = manifest.map_or("application/octet-stream", |it| &*it.media_type);
            let Some(body) = manifest.map(|it| &*it.bytes).or_else(|| image.blob(name)) else { return };
            let from = offset(head);
            let (status, range) = match from {
                0 => ("200 OK", String::new()),
                _ => (
                    "206 Partial Content",
                    format!("content-range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len()),
                ),
            };
            let (body, length) = (&body[from..], body.len() - from);
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{range}content-length: {length}\r\nconnection: close\r\n\r\n"
            );
            drop(stream.write_all(head.as_bytes()));
            if name == big && stalling.load(Ordering::SeqCst) {
                drop(stream.write_all(&body[..half]));
                let _ = told.send(());
                hold(stream, &stalling);
            } else {
                drop(stream.write_all(body));
            }
        });
        Self { server, stall, stalled, half }
    }

    fn name(&self) -> String {
        format!("{}/demo:v1", self.server.address)
    }

    /// Waits until half of the layer is under way.
    fn wait(&self) {
        self.stalled.recv_timeout(Duration::from_secs(60)).unwrap();
        // What was sent is not yet what was read.
        thread::sleep(Duration::from_millis(300));
    }
}

/// Keeps a connection open without a word.
fn hold(_stream: &mut TcpStream, stalling: &AtomicBool) {
    while stalling.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(10));
    }
}

/// The first byte that a request asks for.
fn offset(head: &str) -> usize {
    let range = head.lines().find_map(|line| line.strip_prefix("range: bytes="));
    range.and_then(|range| range.split('-').next()?.parse().ok()).unwrap_or_default()
}

fn pull(lugger: &Lugger, name: &str) -> Child {
    let mut command = lugger.command(&["pull", "--platform", PLATFORM, name]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn an_interrupted_pull_goes_on_where_it_was() {
    let (registry, lugger) = (Stalling::start(), Lugger::new());
    let child = pull(&lugger, &registry.name());
    registry.wait();
    signal(&child, Signal::INT);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!((ran.code, &*ran.stdout), (130, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("interrupted: what was fetched is kept"), "{}", ran.stderr);

    registry.stall.store(false, Ordering::SeqCst);
    registry.server.take_heads();
    let ran = Ran::of(pull(&lugger, &registry.name()).wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("resuming sha256:"), "{}", ran.stderr);
    let offsets: Vec<_> =
        registry.server.take_heads().iter().map(|head| offset(head)).filter(|it| *it > 0).collect();
    assert_eq!(offsets, [registry.half], "every byte that came was kept");
}

#[test]
fn a_termination_is_an_interruption_too() {
    let (registry, lugger) = (Stalling::start(), Lugger::new());
    let child = pull(&lugger, &registry.name());
    registry.wait();
    signal(&child, Signal::TERM);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
}
