//! TLS over a connection, and what its failures mean.

use std::{
    fmt,
    io::{Read, Write},
    sync::{Arc, OnceLock},
};

use lugger_core::{
    effect::{
        http::{NetError, NetErrorKind},
        route::Tls,
    },
    name::Excerpt,
    time::UnixTime,
};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, StreamOwned,
    pki_types::{self, ServerName},
};
use ureq::{
    Error,
    unversioned::transport::{
        Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
    },
};

use super::{connect::Budget, fault::wrapped, trust};

/// What begins the answer of a server that took our greeting for a request.
const PLAIN_ANSWER: [u8; 5] = *b"HTTP/";

/// One end of TLS: what it trusts and shows. Its files are read when it is first used.
#[derive(Debug)]
pub(super) struct Client {
    tls: Tls,
    config: OnceLock<Arc<ClientConfig>>,
}

impl Client {
    pub(super) fn new(tls: Tls) -> Self {
        Self { tls, config: OnceLock::new() }
    }

    /// The connection with TLS around it, for the server of this name.
    pub(super) fn wrap(
        &self,
        wire: Box<dyn Transport>,
        host: &str,
        details: &ConnectionDetails<'_>,
        budget: &Budget,
    ) -> Result<Box<dyn Transport>, Error> {
        let host = host.trim_matches(['[', ']']);
        let failed = |error: &rustls::Error| {
            let NetError { kind, detail } = said(error);
            wrapped(NetError::new(kind, format!("{host}: {detail}")))
        };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| wrapped(NetError::new(NetErrorKind::Tls, format!("{host}: not a name for TLS"))))?;
        let mut conn =
            ClientConnection::new(self.config().map_err(wrapped)?, name).map_err(|e| failed(&e))?;
        let mut wire = TransportAdapter::new(wire, Arc::clone(&details.current_time));
        wire.set_timeout(budget.timeout()?);
        while conn.wants_write() {
            conn.write_tls(&mut wire)?;
        }
        // The first bytes are looked at before TLS takes them: it could only say that they are none of its own.
        let mut first = [0; PLAIN_ANSWER.len()];
        let read = wire.read(&mut first)?;
        if first == PLAIN_ANSWER {
            let detail = format!("{host} answers in plain http");
            return Err(wrapped(NetError::new(NetErrorKind::PlainHttp, detail)));
        }
        conn.read_tls(&mut first.get(..read).unwrap_or_default())?;
        conn.complete_io(&mut wire).map_err(|error| {
            match error.get_ref().and_then(|e| e.downcast_ref()) {
                Some(error) => failed(error),
                None => Error::from(error),
            }
        })?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Box::new(Secured { buffers, stream: StreamOwned::new(conn, wire) }))
    }

    /// A failure is not kept: the next connection may find the file mended.
    fn config(&self) -> Result<Arc<ClientConfig>, NetError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let made = Arc::new(trust::client_config(&self.tls)?);
        Ok(Arc::clone(self.config.get_or_init(|| made)))
    }
}

/// What TLS says, for people: what is wrong, and with what.
pub(super) fn said(error: &rustls::Error) -> NetError {
    use AlertDescription::{BadCertificate, CertificateRequired, UnknownCA};
    let detail = match error {
        rustls::Error::InvalidCertificate(why) => certificate(why),
        rustls::Error::AlertReceived(CertificateRequired) => {
            "the server asks for a client certificate".to_owned()
        }
        rustls::Error::AlertReceived(alert @ (BadCertificate | UnknownCA)) => {
            format!("the server does not accept our client certificate ({alert:?})")
        }
        rustls::Error::AlertReceived(alert) => format!("the server ended the handshake: {alert:?}"),
        rustls::Error::InvalidMessage(_) => "what the server answers is not TLS".to_owned(),
        rustls::Error::PeerIncompatible(why) => {
            format!("the server offers nothing that is safe today: {why:?}")
        }
        // A server's names and numbers may be in it.
        other => Excerpt::of(&other.to_string()).to_string(),
    };
    NetError::new(NetErrorKind::Tls, detail)
}

fn certificate(why: &CertificateError) -> String {
    use CertificateError as Why;
    let date = |time: &pki_types::UnixTime| UnixTime(time.as_secs());
    match why {
        Why::UnknownIssuer => "its certificate is of an authority that is not trusted here".to_owned(),
        Why::Expired => "its certificate has expired".to_owned(),
        Why::ExpiredContext { not_after, .. } => format!("its certificate expired at {}", date(not_after)),
        Why::NotValidYet => "its certificate is not valid yet".to_owned(),
        Why::NotValidYetContext { not_before, .. } => {
            format!("its certificate is not valid before {}", date(not_before))
        }
        Why::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            "its certificate is for no name at all (a subjectAltName is missing)".to_owned()
        }
        Why::NotValidForNameContext { presented, .. } => {
            format!("its certificate is for other names: {}", Excerpt::of(&presented.join(", ")))
        }
        Why::NotValidForName => "its certificate is for other names".to_owned(),
        Why::Revoked => "its certificate was revoked".to_owned(),
        other if trust::is_authority_itself(other) => {
            "its certificate is an authority's own, which is not trusted here".to_owned()
        }
        other => format!("its certificate: {}", Excerpt::of(&other.to_string())),
    }
}

/// A connection inside TLS.
struct Secured {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for Secured {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secured")
    }
}
