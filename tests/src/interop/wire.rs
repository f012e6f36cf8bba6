//! A wire between a client and a server that gives way: slow, or cut after random numbers of bytes.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use lugger_core::rng::Rng;

/// It listens until the process ends.
pub struct Wire {
    port: u16,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    cuts: AtomicU64,
    bytes: AtomicU64,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// It is cut when so many bytes came from the server.
    pub cut: Option<u64>,
    /// Between two pieces of 64 KiB from the server.
    pub pause: Duration,
}

impl Wire {
    /// To a server at `host:port`; the fate of each connection is drawn when it is made.
    pub fn to(server: &str, fate: impl FnMut(u64) -> Fate + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let port = listener.local_addr().expect("its address").port();
        let (counts, server, fate) = (Arc::<Counts>::default(), server.to_owned(), Mutex::new(fate));
        let shared = Arc::clone(&counts);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let number = shared.connections.fetch_add(1, Ordering::Relaxed);
                let fate = fate.lock().unwrap_or_else(PoisonError::into_inner)(number);
                let (counts, server) = (Arc::clone(&shared), server.clone());
                thread::spawn(move || drop(connect(&client, &server, fate, &counts)));
            }
        });
        Self { port, counts }
    }

    /// Half of the connections are cut: a quarter of these within the head of an answer, the others within `most` bytes.
    pub fn cutting(server: &str, seed: u64, most: u64) -> Self {
        let mut rng = Rng::new(seed);
        Self::to(server, move |_| {
            let within = if rng.below(4) == 0 { 300 } else { most };
            let cut = (rng.below(2) == 0).then(|| 1 + rng.below(within));
            Fate { cut, pause: Duration::ZERO }
        })
    }

    /// `127.0.0.1:port`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Connections that were made.
    pub fn connections(&self) -> u64 {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// Connections that were cut.
    pub fn cuts(&self) -> u64 {
        self.counts.cuts.load(Ordering::Relaxed)
    }

    /// Bytes that clients got.
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }
}

fn connect(client: &TcpStream, server: &str, fate: Fate, counts: &Counts) -> std::io::Result<()> {
    let server = TcpStream::connect(server)?;
    let (mut asking, mut asked) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut asking, &mut asked);
        let _ = asked.shutdown(Shutdown::Write);
    });
    let moved = answers(&server, client, fate, counts);
    let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    moved
}

fn answers(mut from: &TcpStream, mut to: &TcpStream, fate: Fate, counts: &Counts) -> std::io::Result<()> {
    let mut left = fate.cut.unwrap_or(u64::MAX);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        let passed = left.min(read as u64);
        to.write_all(&buffer[..passed as usize])?;
        counts.bytes.fetch_add(passed, Ordering::Relaxed);
        left -= passed;
        if left == 0 {
            counts.cuts.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        thread::sleep(fate.pause);
    }
}
