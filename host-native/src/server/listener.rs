//! The listening socket and its threads: one that accepts, one for each open connection.

use std::collections::BTreeMap;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Answers, StartError, http::converse};

/// Clients open a handful each; more than this is not a client.
const MAX_CONNECTIONS: usize = 128;

/// A listening server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    open: Arc<Connections>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on an address; port 0 takes a free one. The threads bear the name.
    pub(crate) fn start(
        name: &str,
        address: SocketAddr,
        answers: impl Answers,
    ) -> Result<Server, StartError> {
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let open = Arc::new(Connections::default());
        let shared = Arc::clone(&open);
        let accepting = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || accept(&listener, &shared, &answers))
            .map_err(StartError::Thread)?;
        Ok(Server { address, open, accepting: Some(accepting) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.open.close();
        // `accept` looks at the flag after every connection; this one is for that.
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1)));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, open: &Connections, answers: &dyn Answers) {
    thread::scope(|scope| {
        for (id, stream) in (0..).zip(listener.incoming()) {
            let Ok(stream) = stream else {
                thread::sleep(Duration::from_millis(10)); // out of descriptors, most likely
                continue;
            };
            match open.admit(id, &stream) {
                Admission::Granted => {}
                Admission::Full => continue,
                Admission::Closed => break,
            }
            let serving = thread::Builder::new().spawn_scoped(scope, move || {
                let _ = converse(stream, answers); // how a client leaves is its own affair
                open.forget(id);
            });
            if serving.is_err() {
                open.forget(id);
            }
        }
    });
}

/// The sockets in use, so that they can be shut from outside the threads that wait on them.
#[derive(Debug, Default)]
struct Connections(Mutex<Sockets>);

#[derive(Debug, Default)]
struct Sockets {
    by_id: BTreeMap<u64, TcpStream>,
    closed: bool,
}

enum Admission {
    Granted,
    Full,
    Closed,
}

impl Connections {
    fn admit(&self, id: u64, stream: &TcpStream) -> Admission {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sockets.closed {
            return Admission::Closed;
        }
        match stream.try_clone() {
            Ok(twin) if sockets.by_id.len() < MAX_CONNECTIONS => {
                sockets.by_id.insert(id, twin);
                Admission::Granted
            }
            _ => Admission::Full,
        }
    }

    fn forget(&self, id: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_id.remove(&id);
    }

    fn close(&self) {
        let mut sockets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.closed = true;
        for socket in sockets.by_id.values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
