//! How a command ends.

use std::{fmt, io, process::ExitCode};

use lugger::core::{
    effect::store::StoreError,
    error::{Error, Kind},
    name::{PlatformError, ReferenceError},
    registry::EndpointError,
};

/// What the process says when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Denied = 4,
    Content = 5,
    Network = 6,
    Throttled = 7,
    Interrupted = 130,
}

impl From<Kind> for Exit {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Failed => Self::Failed,
            Kind::Usage => Self::Usage,
            Kind::NotFound => Self::NotFound,
            Kind::Denied => Self::Denied,
            Kind::Content => Self::Content,
            Kind::Network => Self::Network,
            Kind::Throttled => Self::Throttled,
            Kind::Cancelled => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was typed is wrong.
    Usage(String),
    /// The operation failed.
    Operation(Box<Error>),
    /// This machine failed, outside of store and network.
    System(String),
    /// Nobody reads the results any more: no failure at all.
    Closed,
}

impl Failure {
    /// A system call that failed while this was being done.
    pub(crate) fn system(doing: impl fmt::Display, cause: impl fmt::Display) -> Self {
        Self::System(format!("{doing}: {cause}"))
    }

    /// Writing a result failed.
    pub(crate) fn output(cause: &io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::system("cannot write the result", cause),
        }
    }

    /// With which code the process ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Operation(error) => error.kind().into(),
            Self::System(_) => Exit::Failed,
            Self::Closed => Exit::Ok,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::System(text) => f.write_str(text),
            Self::Operation(error) => error.fmt(f),
            Self::Closed => f.write_str("nobody reads the results"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Operation(Box::new(error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        Error::from(error).into()
    }
}

impl From<ReferenceError> for Failure {
    fn from(error: ReferenceError) -> Self {
        Error::from(error).into()
    }
}

impl From<PlatformError> for Failure {
    fn from(error: PlatformError) -> Self {
        Self::Usage(error.to_string())
    }
}
