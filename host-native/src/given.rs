//! Files that the user gives to an operation.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use lugger_core::effect::{
    file::FileError,
    given::{GivenId, Slice},
};
use rustix::fs::{Mode, OFlags};

/// An open file. What it is cannot change under the operation any more; what is in it is checked by digest.
pub(crate) struct Given {
    path: PathBuf,
    file: File,
}

impl Given {
    /// Opens a regular file. Anything else is refused: a pipe would hang, and a link in a folder that somebody else has made
    /// may lead anywhere (security.md U19).
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let failed = |cause: &dyn std::fmt::Display| FileError {
            path: path.display().to_string(),
            detail: cause.to_string(),
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(|cause| failed(&cause))?);
        match file.metadata().map_err(|cause| failed(&cause))?.is_file() {
            true => Ok(Self { path: path.to_owned(), file }),
            false => Err(failed(&"this is not a regular file")),
        }
    }

    /// Reads at an offset; 0 at the end.
    pub(crate) fn read_at(&self, buffer: &mut [u8], at: u64) -> Result<usize, FileError> {
        loop {
            match self.file.read_at(buffer, at) {
                Ok(read) => return Ok(read),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    return Err(FileError {
                        path: self.path.display().to_string(),
                        detail: cause.to_string(),
                    });
                }
            }
        }
    }

    /// A few bytes.
    pub(crate) fn slice(&self, slice: Slice) -> Result<Vec<u8>, FileError> {
        let mut bytes = vec![0; slice.len as usize];
        let mut have = 0;
        while let Some(rest) = bytes.get_mut(have..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, slice.from.saturating_add(have as u64))? {
                0 => break,
                read => have += read,
            }
        }
        bytes.truncate(have);
        Ok(bytes)
    }
}

/// The file of this number.
pub(crate) fn find(given: &[Given], id: GivenId) -> Result<&Given, FileError> {
    let missing = || FileError { path: id.to_string(), detail: "nothing was given".to_owned() };
    given.get(id.0 as usize).ok_or_else(missing)
}
