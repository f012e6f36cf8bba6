//! A loopback TCP proxy that stands for a distant network: it delays, it counts requests, it does not limit the rate.
//!
//! A round trip is added to every connect and half of one to every chunk in either direction. Chunks wait side by
//! side, up to a window of bytes for each connection, so only latency is added.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::requests::Requests;
use crate::Result;

/// Bytes on the way in one direction of one connection.
const WINDOW: usize = 4 << 20;
const CHUNK: usize = 64 << 10;

/// A running proxy. Dropping it ends the listening; open connections end with their clients.
pub(crate) struct Proxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    stopped: Arc<AtomicBool>,
}

impl Proxy {
    /// Forwards a free loopback port to `upstream` with the given round trip time.
    pub(crate) fn start(upstream: SocketAddr, rtt: Duration) -> Result<Proxy> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let proxy =
            Proxy { address: listener.local_addr()?, requests: Arc::default(), stopped: Arc::default() };
        let (requests, stopped) = (Arc::clone(&proxy.requests), Arc::clone(&proxy.stopped));
        thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                if let Ok(client) = client {
                    let requests = Arc::clone(&requests);
                    // A client that cannot be served sees its connection closed.
                    thread::spawn(move || forward(&client, upstream, rtt, &requests));
                }
            }
        });
        Ok(proxy)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Method and path of every request since the last call.
    pub(crate) fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.requests))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn forward(
    client: &TcpStream,
    upstream: SocketAddr,
    rtt: Duration,
    requests: &Mutex<Vec<String>>,
) -> Option<()> {
    let connected = Instant::now() + rtt; // when a client over there would know that it is connected
    let server = TcpStream::connect(upstream).ok()?;
    client.set_nodelay(true).ok()?;
    server.set_nodelay(true).ok()?;
    let (up, down) = (Wire::default(), Wire::default());
    let mut seen = Requests::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            up.fill(client, |chunk| {
                lock(requests).extend(seen.feed(chunk));
                connected.max(Instant::now()) + rtt / 2
            });
        });
        scope.spawn(|| up.drain(&server, client));
        scope.spawn(|| down.fill(&server, |_| Instant::now() + rtt / 2));
        scope.spawn(|| down.drain(client, &server));
    });
    Some(())
}

/// Chunks on their way, each with the moment of its arrival. An empty chunk is the end.
#[derive(Default)]
struct Wire {
    state: Mutex<OnTheWay>,
    changed: Condvar,
}

#[derive(Default)]
struct OnTheWay {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    broken: bool,
}

impl Wire {
    /// Reads `from` until it ends; `arrival` says when a chunk shall be out again.
    fn fill(&self, mut from: &TcpStream, mut arrival: impl FnMut(&[u8]) -> Instant) {
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = from.read(&mut buffer).unwrap_or(0);
            let chunk = buffer[..read].to_vec();
            let at = arrival(&chunk);
            let mut state = lock(&self.state);
            while state.bytes >= WINDOW && !state.broken {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.bytes += read;
            state.chunks.push_back((at, chunk));
            self.changed.notify_all();
            if read == 0 || state.broken {
                return;
            }
        }
    }

    /// Writes to `to` whatever has arrived. When `to` is gone, `from` is told to stop.
    fn drain(&self, mut to: &TcpStream, from: &TcpStream) {
        loop {
            let (at, chunk) = self.next();
            thread::sleep(at.saturating_duration_since(Instant::now()));
            if chunk.is_empty() {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
            let written = to.write_all(&chunk);
            let mut state = lock(&self.state);
            state.bytes -= chunk.len();
            state.broken = written.is_err();
            self.changed.notify_all();
            if state.broken {
                let _ = from.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn next(&self) -> (Instant, Vec<u8>) {
        let mut state = lock(&self.state);
        loop {
            match state.chunks.pop_front() {
                Some(chunk) => return chunk,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
