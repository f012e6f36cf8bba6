//! Where things are, and how a directory becomes a store.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use lugger_core::{
    effect::store::{StoreError, StoreErrorKind},
    name::{Algorithm, Digest},
};
use rustix::{
    fs::{self, Access, AtFlags, Mode, OFlags},
    process,
};

use super::{Options, error, index, lock, root::Root, sync};

/// Marks an OCI image layout.
const MARK: &str = "oci-layout";
const MARK_CONTENT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// The directory and what is known about it.
pub(super) struct Layout {
    pub(super) root: Root,
    /// This boot of the machine, when it can be told from others.
    pub(super) boot: Option<String>,
    pub(super) durable: bool,
    /// Why nothing can be written.
    read_only: Option<StoreError>,
    /// The first failure to make something durable. Nothing is published after it: the system may have dropped what it
    /// could not write, and says so only once.
    pub(super) poison: OnceLock<StoreError>,
    #[cfg(test)]
    pub(super) fail_sync: std::sync::atomic::AtomicBool,
}

impl Layout {
    /// Opens the directory; makes it a store if it is not there or empty; mends what an earlier boot left.
    pub(super) fn open(path: &Path, options: &Options, boot: Option<String>) -> Result<Self, StoreError> {
        // A directory that is there is judged below, whatever is said here.
        if let Err(cause) = DirBuilder::new().recursive(true).mode(0o700).create(path)
            && !path.exists()
        {
            return Err(error::system(path, cause));
        }
        let path = path.canonicalize().map_err(|cause| error::system(path, cause))?;
        let fd = fs::open(&path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|cause| error::system(&path, cause))?;
        let root = Root { fd, path };
        refuse_strangers(&root)?;
        let read_only = fs::accessat(&root.fd, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty())
            .err()
            .map(|cause| error::error(StoreErrorKind::ReadOnly, &root.path, cause.to_string()));
        let layout = Self {
            root,
            boot,
            durable: options.durable,
            read_only,
            poison: OnceLock::new(),
            #[cfg(test)]
            fail_sync: false.into(),
        };
        layout.settle_in()?;
        Ok(layout)
    }

    /// Whether anything can be written, and why not.
    pub(super) fn writable(&self) -> Result<(), StoreError> {
        self.read_only.clone().map_or(Ok(()), Err)
    }

    /// Where a file is, for messages and for SQLite.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path.join(name)
    }

    /// Where published content is.
    pub(super) fn blob(digest: &Digest) -> String {
        format!("blobs/{}/{}", digest.algorithm(), digest.encoded())
    }

    /// Where content waits to become durable; `None` when the next boot could not be told from this one.
    pub(super) fn staged(&self, digest: &Digest) -> Option<String> {
        let boot = self.boot.as_ref()?;
        Some(format!("staged/{boot}/{}/{}", digest.algorithm(), digest.encoded()))
    }

    /// How the names of an ingest's files begin.
    pub(super) fn ingest(digest: &Digest) -> String {
        format!("ingest/{}-{}", digest.algorithm(), digest.encoded())
    }

    /// The directories that hold published content.
    pub(super) fn blob_dirs() -> impl Iterator<Item = String> {
        Algorithm::ALL.into_iter().map(|algorithm| format!("blobs/{algorithm}"))
    }

    fn settle_in(&self) -> Result<(), StoreError> {
        let marked = self.is_marked()?;
        if !marked {
            self.refuse_foreign()?;
            self.writable()?;
        }
        if self.read_only.is_some() {
            return Ok(());
        }
        if !marked || !self.is_complete().map_err(|cause| self.root.failed("", cause))? {
            self.create()?;
        }
        sync::recover(self)?;
        lock::sweep(self, "ingest", lock::TEMPORARY)
    }

    /// Whether it is an OCI image layout, of a version that we know.
    fn is_marked(&self) -> Result<bool, StoreError> {
        let mark = self.root.read(MARK).map_err(|cause| self.root.failed(MARK, cause))?;
        let Some(mark) = mark else { return Ok(false) };
        let version = serde_json::from_slice::<serde_json::Value>(&mark)
            .ok()
            .and_then(|mark| Some(mark.get("imageLayoutVersion")?.as_str()?.to_owned()));
        match version {
            Some(version) if version.starts_with("1.") => Ok(true),
            Some(version) => {
                Err(error::failed(&self.path(MARK), format!("unknown layout version {version:?}")))
            }
            None => Err(error::failed(&self.path(MARK), "this is no OCI image layout's mark")),
        }
    }

    /// Somebody's files are no place for a store. One that was killed while it was made has the lock that it begins with.
    fn refuse_foreign(&self) -> Result<(), StoreError> {
        let names = self.root.list(".").map_err(|cause| self.root.failed("", cause))?;
        let ours = || self.root.has(lock::TURN).map_err(|cause| self.root.failed(lock::TURN, cause));
        // Another process may be making the store right now: its directory of locks comes first, empty.
        let begun = || self.root.list("locks").is_ok_and(|locks| locks.is_empty());
        let is_new = |name: &String| name == "lost+found" || (name == "locks" && begun());
        if names.iter().all(is_new) || ours()? {
            return Ok(());
        }
        Err(error::failed(
            &self.root.path,
            "the directory is not empty, and neither a Lugger store nor an OCI image layout",
        ))
    }

    fn is_complete(&self) -> rustix::io::Result<bool> {
        for name in ["locks", "ingest", "staged", "blobs/sha256", index::NAME] {
            if !self.root.has(name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes what is missing, the mark last: a directory is a valid layout from the moment it says that it is one.
    fn create(&self) -> Result<(), StoreError> {
        let failed = |name: &str, cause| self.root.failed(name, cause);
        self.root.make_dir("locks").map_err(|cause| failed("locks", cause.into()))?;
        let _turn = lock::turn(self)?;
        for name in ["ingest", "staged", "blobs/sha256"] {
            self.root.make_dir(name).map_err(|cause| failed(name, cause.into()))?;
        }
        // Whatever is in blobs/ already, nobody knows whether it is durable.
        sync::mark_unsynced(self)?;
        for (name, content) in [(index::NAME, index::EMPTY), (MARK, MARK_CONTENT)] {
            if !self.root.has(name).map_err(|cause| failed(name, cause.into()))? {
                let new = format!("{name}.new");
                self.root
                    .write(&new, content.as_bytes(), self.durable)
                    .map_err(|cause| failed(&new, cause))?;
                self.root.rename(&new, name).map_err(|cause| failed(name, cause.into()))?;
            }
        }
        Ok(())
    }
}

/// Content and records are believed, so nobody else may have been able to write them.
fn refuse_strangers(root: &Root) -> Result<(), StoreError> {
    let stat = fs::fstat(&root.fd).map_err(|cause| root.failed("", cause))?;
    let me = process::geteuid();
    // Root may use anybody's: in a container, a directory of the host has whatever owner it has.
    if !me.is_root() && stat.st_uid != me.as_raw() && stat.st_uid != 0 {
        let detail = format!("the directory belongs to user {}", stat.st_uid);
        return Err(error::failed(&root.path, detail));
    }
    let mode = Mode::from_raw_mode(stat.st_mode);
    if mode.contains(Mode::WOTH) && !mode.contains(Mode::SVTX) {
        return Err(error::failed(&root.path, "everybody can write to the directory"));
    }
    Ok(())
}

/// This boot's name, of a form that is safe as a file name.
pub(super) fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    let is_uuid = id.len() == 36 && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    is_uuid.then(|| id.to_owned())
}
