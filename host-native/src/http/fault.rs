//! Transport failures in the core's words.

use std::{error::Error as StdError, io};

use lugger_core::effect::http::{NetError, NetErrorKind};
use ureq::Error;

use super::tls;

/// A failure of our own connector on its way through ureq.
pub(super) fn wrapped(error: NetError) -> Error {
    Error::Other(Box::new(error))
}

/// Why there was no response.
pub(super) fn net_error(error: &Error) -> NetError {
    let kind = match error {
        Error::Other(inner) => match inner.downcast_ref::<NetError>() {
            Some(own) => return own.clone(),
            None => NetErrorKind::Broken,
        },
        Error::HostNotFound => NetErrorKind::Resolve,
        Error::Timeout(_) => NetErrorKind::Timeout,
        Error::ConnectionFailed => NetErrorKind::Connect,
        Error::ConnectProxyFailed(said) => return NetError::new(NetErrorKind::Proxy, said),
        Error::InvalidProxyUrl => NetErrorKind::Proxy,
        Error::Io(error) => return io_error(error),
        Error::Tls(_) => NetErrorKind::Tls,
        _ => NetErrorKind::Protocol,
    };
    NetError::new(kind, error.to_string())
}

/// Why a body broke off. The connection stood, so whatever it was may pass.
pub(super) fn read_error(error: &io::Error) -> NetError {
    let error = match inner::<Error>(error) {
        Some(inner) => net_error(inner),
        None => io_error(error),
    };
    match error.kind {
        NetErrorKind::Tls => NetError { kind: NetErrorKind::Broken, ..error },
        _ => error,
    }
}

/// What an error of the system, or of TLS in its clothes, says.
pub(super) fn io_error(error: &io::Error) -> NetError {
    if let Some(error) = inner::<rustls::Error>(error) {
        return tls::said(error);
    }
    NetError::new(io_kind(error), error.to_string())
}

fn inner<E: StdError + 'static>(error: &io::Error) -> Option<&E> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn io_kind(error: &io::Error) -> NetErrorKind {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable,
        PermissionDenied, TimedOut, WouldBlock,
    };
    match error.kind() {
        ConnectionRefused | HostUnreachable | NetworkUnreachable | NetworkDown | AddrNotAvailable
        | PermissionDenied => NetErrorKind::Connect,
        TimedOut | WouldBlock => NetErrorKind::Timeout,
        _ => NetErrorKind::Broken,
    }
}
