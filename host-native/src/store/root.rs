//! The store's directory: every file in it is reached from one handle, without following links.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::fd::OwnedFd,
    path::PathBuf,
};

use lugger_core::effect::store::StoreError;
use rustix::{
    fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat},
    io::{Errno, Result},
};

use super::error;

/// The handle, and the path for messages.
///
/// The handle is never exchanged for the path: who can rename the directory's parents cannot send us elsewhere, and
/// `syncfs` on a handle that is older than all that we write reports every failed write since.
pub(super) struct Root {
    pub(super) fd: OwnedFd,
    pub(super) path: PathBuf,
}

impl Root {
    /// What a system call on one of its files said.
    pub(super) fn failed(&self, name: &str, cause: impl Into<std::io::Error>) -> StoreError {
        error::system(&self.path.join(name), cause)
    }

    /// An open file, never one behind a link. `NONBLOCK` keeps a planted FIFO from holding us for ever.
    pub(super) fn open(&self, name: &str, flags: OFlags) -> Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        fs::openat(&self.fd, name, flags, Mode::RUSR | Mode::WUSR).map(File::from)
    }

    /// What a name is; `None` when there is nothing.
    pub(super) fn stat(&self, name: &str) -> Result<Option<Stat>> {
        absent(fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW))
    }

    /// Whether a name is there.
    pub(super) fn has(&self, name: &str) -> Result<bool> {
        self.stat(name).map(|found| found.is_some())
    }

    /// The length of a regular file; `None` when there is nothing, an error when there is something else.
    pub(super) fn len(&self, name: &str) -> Result<Option<u64>> {
        match self.stat(name)? {
            None => Ok(None),
            Some(found) if FileType::from_raw_mode(found.st_mode) == FileType::RegularFile => {
                Ok(Some(found.st_size.unsigned_abs()))
            }
            Some(_) => Err(Errno::LOOP),
        }
    }

    /// A directory, with those above it, for the owner alone. That it is there is success.
    pub(super) fn make_dir(&self, name: &str) -> Result<()> {
        match fs::mkdirat(&self.fd, name, Mode::RWXU) {
            Err(Errno::NOENT) => {
                let (above, _) = name.rsplit_once('/').ok_or(Errno::NOENT)?;
                self.make_dir(above)?;
                self.make_dir(name)
            }
            Err(Errno::EXIST) => Ok(()),
            made => made,
        }
    }

    /// The names in a directory, in order; none when there is no directory.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>> {
        let Some(dir) = absent(self.open(name, OFlags::RDONLY | OFlags::DIRECTORY))? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in Dir::read_from(&dir)? {
            // No name of ours is anything but UTF-8.
            if let Ok(name) = entry?.file_name().to_str()
                && !matches!(name, "." | "..")
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// All of a small file; `None` when there is none.
    pub(super) fn read(&self, name: &str) -> std::io::Result<Option<Vec<u8>>> {
        let Some(mut file) = absent(self.open(name, OFlags::RDONLY))? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// A file with this content, replacing another; `sync` makes the content (not the name) durable.
    pub(super) fn write(&self, name: &str, bytes: &[u8], sync: bool) -> std::io::Result<()> {
        let mut file = self.open(name, OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC)?;
        file.write_all(bytes)?;
        if sync {
            file.sync_all()?;
        }
        Ok(())
    }

    /// Renames, replacing what is there.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<()> {
        fs::renameat(&self.fd, from, &self.fd, to)
    }

    /// Moves a file to its place, making the directory, unless something is there. Yields whether it moved.
    pub(super) fn place(&self, from: &str, to: &str) -> Result<bool> {
        match self.rename_new(from, to) {
            Err(Errno::NOENT) => {
                // Either the directory is not there yet, or the file is gone; the second try tells.
                if let Some((dir, _)) = to.rsplit_once('/') {
                    self.make_dir(dir)?;
                }
                self.rename_new(from, to)
            }
            done => done,
        }
    }

    /// A name that is taken stays as it is: `false`.
    fn rename_new(&self, from: &str, to: &str) -> Result<bool> {
        #[cfg(target_os = "linux")]
        match fs::renameat_with(&self.fd, from, &self.fd, to, fs::RenameFlags::NOREPLACE) {
            Ok(()) => return Ok(true),
            Err(Errno::EXIST) => return Ok(false),
            // Some file systems cannot; what may then be replaced has the same digest.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            Err(other) => return Err(other),
        }
        if self.has(to)? {
            return Ok(false);
        }
        self.rename(from, to).map(|()| true)
    }

    /// Removes a file. That there is none is success.
    pub(super) fn remove(&self, name: &str) -> Result<()> {
        absent(fs::unlinkat(&self.fd, name, AtFlags::empty())).map(drop)
    }

    /// Removes an empty directory. That there is none, or that it is not empty, is success.
    pub(super) fn remove_dir(&self, name: &str) -> Result<()> {
        match fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            done => done,
        }
    }

    /// Sets the permissions of a file.
    pub(super) fn set_mode(&self, name: &str, mode: u32) -> Result<()> {
        fs::chmodat(&self.fd, name, Mode::from_raw_mode(mode), AtFlags::empty())
    }

    /// Makes the names in a directory durable. That there is no such directory is success.
    pub(super) fn sync_dir(&self, name: &str) -> Result<()> {
        match absent(self.open(name, OFlags::RDONLY | OFlags::DIRECTORY))? {
            Some(dir) => fs::fsync(&dir),
            None => Ok(()),
        }
    }
}

fn absent<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Errno::NOENT) => Ok(None),
        Err(other) => Err(other),
    }
}
