//! Configuration files and credential helpers: what a host reads, writes and runs for the core, which decides what they mean.

use std::fmt;

/// The most of one configuration file that is read; a longer one is an error of the host.
pub const CONFIG_FILE_MAX: u64 = 4 << 20;

/// What is at a path.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Absent,
    /// A file, with all its bytes.
    File(Vec<u8>),
    /// A directory, with the names in it in ascending order.
    Dir(Vec<String>),
}

/// Sizes only: files of credentials are read this way, too.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::File(bytes) => write!(f, "File({} bytes)", bytes.len()),
            Self::Dir(names) => write!(f, "Dir({} names)", names.len()),
        }
    }
}

/// Why a file could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {detail}")]
pub struct FileError {
    /// The file.
    pub path: String,
    /// What the system said.
    pub detail: String,
}

/// A file to replace as a whole: written beside it with mode 0600, synced, then renamed over it. A path that is a symbolic link
/// keeps being one: what it leads to is replaced. Directories that are missing are made with mode 0700.
#[derive(Clone, PartialEq, Eq)]
pub struct SaveFile {
    /// Where.
    pub path: String,
    /// What.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for SaveFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaveFile({}, {} bytes)", self.path, self.bytes.len())
    }
}

/// One call of a credential helper: `docker-credential-<name> <verb>`, found on the search path, run without a shell, its
/// input on stdin and nowhere else, its output bounded (1 MiB) and its time, too (30 s).
#[derive(Clone, PartialEq, Eq)]
pub struct Helper {
    /// What stands after `docker-credential-`: one path component, checked by the core.
    pub name: String,
    /// `get`, `store`, `erase` or `list`.
    pub verb: &'static str,
    /// Its stdin.
    pub input: Vec<u8>,
}

impl fmt::Debug for Helper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "docker-credential-{} {}", self.name, self.verb)
    }
}

/// What a helper said.
#[derive(Clone, PartialEq, Eq)]
pub struct Helped {
    /// Whether it ended with status 0.
    pub succeeded: bool,
    /// Its stdout: the answer, or, by the protocol of helpers, the reason of a failure.
    pub output: Vec<u8>,
}

impl fmt::Debug for Helped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Helped(succeeded: {}, {} bytes)", self.succeeded, self.output.len())
    }
}

/// Why a helper could not be run to its end: not found, killed after its time, too much output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("docker-credential-{name}: {detail}")]
pub struct HelperError {
    /// What stands after `docker-credential-`.
    pub name: String,
    /// What the system said.
    pub detail: String,
}
