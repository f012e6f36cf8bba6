//! Ports for servers that cannot be told "any".

use std::{
    net::{TcpListener, TcpStream},
    process,
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A loopback port that nobody listens on. From below the range of which systems give ports to connections, and from another
/// part of it for each process: tests run beside each other.
pub fn free_port() -> u16 {
    const FIRST: u16 = 10_000;
    const MANY: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = (process::id() % 1250) as u16 * 16;
    loop {
        let port = FIRST + (own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed))) % MANY;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Waits until somebody listens there; `said` tells why nobody does.
pub(super) fn wait_for(port: u16, said: impl Fn() -> String) {
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "nobody answers at port {port}: {}", said());
        thread::sleep(Duration::from_millis(20));
    }
}
