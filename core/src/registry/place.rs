//! Where a setting came from: every value that decides about a registry can say it.

use std::fmt;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Nobody set it.
    BuiltIn,
    /// An option of the command line or of the call: `--mirror`.
    Option(&'static str),
    /// A variable of the environment: `HTTPS_PROXY`.
    Variable(String),
    /// A line of a file, from 1; 0 stands for the file as a whole, or for a directory.
    File {
        /// Its path.
        path: String,
        /// The line.
        line: usize,
    },
}

/// `built in`, `--mirror`, `$HTTPS_PROXY`, `/etc/containerd/certs.d/docker.io/hosts.toml:3`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Option(name) => f.write_str(name),
            Self::Variable(name) => write!(f, "${name}"),
            Self::File { path, line: 0 } => f.write_str(path),
            Self::File { path, line } => write!(f, "{path}:{line}"),
        }
    }
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<T> {
    /// It.
    pub value: T,
    /// Where it came from.
    pub place: Place,
}

impl<T> Given<T> {
    /// A value from there.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// A value that nobody set.
    pub fn built_in(value: T) -> Self {
        Self { value, place: Place::BuiltIn }
    }
}
