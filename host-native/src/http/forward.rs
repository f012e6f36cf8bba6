//! Plain http through an http proxy: the same requests, but with the whole URL in the first line (RFC 9112 §3.2.2).

use base64::{Engine, prelude::BASE64_STANDARD};
use std::io::{Read, Write};

use ureq::{
    Error, Proxy,
    unversioned::transport::{
        Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
    },
};

/// A connection to the proxy that looks like one to the server.
pub(super) struct Forward {
    wire: TransportAdapter,
    buffers: LazyBuffers,
    /// `http://server:port`, which goes before the path.
    origin: String,
    /// A line for the proxy alone, or nothing.
    credentials: String,
    /// Whether the next bytes to go out begin a request.
    begins: bool,
}

impl Forward {
    pub(super) fn new(wire: Box<dyn Transport>, details: &ConnectionDetails<'_>, proxy: &Proxy) -> Self {
        // The authority may hold a user name; only host and port are for the proxy.
        let host = details.uri.host().unwrap_or_default();
        let port = details.uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        let credentials = proxy.username().map(|user| {
            let pair = format!("{user}:{}", proxy.password().unwrap_or_default());
            format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(pair))
        });
        Self {
            wire: TransportAdapter::new(wire, details.current_time.clone()),
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            origin: format!("http://{host}{port}"),
            credentials: credentials.unwrap_or_default(),
            begins: true,
        }
    }
}

/// The first bytes of a request, `METHOD /path HTTP/1.1` and so on, as a proxy wants them.
fn rewritten(head: &[u8], origin: &str, credentials: &str) -> Option<Vec<u8>> {
    let path = head.iter().position(|byte| *byte == b' ')? + 1;
    let line = head.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let parts = [head.get(..path)?, origin.as_bytes(), head.get(path..line)?, credentials.as_bytes()];
    Some([&parts.concat(), head.get(line..)?].concat())
}

impl Transport for Forward {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.wire.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        if self.begins && !output.is_empty() {
            // ureq writes the first line in one piece, or not at all.
            let head = rewritten(output, &self.origin, &self.credentials);
            self.wire.write_all(&head.ok_or(Error::BadUri(self.origin.clone()))?)?;
            self.begins = false;
        } else {
            self.wire.write_all(output)?;
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.begins = true;
        self.wire.set_timeout(timeout);
        let amount = self.wire.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.wire.get_mut().is_open()
    }
}

impl std::fmt::Debug for Forward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Forward({})", self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_gets_the_origin_and_the_proxy_its_credentials() {
        let head = b"GET /v2/?a=b HTTP/1.1\r\nHost: r.example\r\n\r\n";
        let sent = rewritten(head, "http://r.example:80", "Proxy-Authorization: x\r\n").unwrap();
        let wanted =
            "GET http://r.example:80/v2/?a=b HTTP/1.1\r\nProxy-Authorization: x\r\nHost: r.example\r\n\r\n";
        assert_eq!(String::from_utf8(sent).unwrap(), wanted);
        assert_eq!(rewritten(b"GET / HT", "http://r.example", ""), None);
    }
}
