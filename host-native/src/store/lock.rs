//! Locks between threads and processes, by `flock` on files in `locks/`: whoever dies lets go.

use std::{
    collections::BTreeMap,
    fs::File,
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use lugger_core::effect::{
    LockId,
    store::{LockKey, StoreError},
};
use rustix::{
    fs::{self, FlockOperation, OFlags},
    io::{Errno, retry_on_intr},
};

use super::layout::Layout;

/// The lock that those take who publish, make the layout, or rewrite its index.
pub(super) const TURN: &str = "locks/store";

/// How names of temporary files begin. Their makers hold a lock on them, so that leftovers can be told.
pub(super) const TEMPORARY: &str = "tmp-";

/// The locks that this store holds for its callers.
#[derive(Default)]
pub(super) struct Locks {
    held: Mutex<BTreeMap<LockId, (String, File)>>,
    last: AtomicU64,
}

impl Locks {
    /// Tries once. The same key excludes itself within the process too: every try opens the file anew.
    pub(super) fn lock(&self, layout: &Layout, key: &LockKey) -> Result<Option<LockId>, StoreError> {
        layout.writable()?;
        let name = name(key);
        let Some(file) = take(layout, &name, OFlags::RDONLY)? else { return Ok(None) };
        let id = LockId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (name, file));
        Ok(Some(id))
    }

    /// Lets go. The name goes first, while nobody else can hold the lock.
    pub(super) fn unlock(&self, layout: &Layout, id: LockId) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some((name, file)) = held {
            release(layout, &name, &file);
        }
    }
}

/// The file that is locked for a key.
pub(super) fn name(LockKey::Ingest(digest): &LockKey) -> String {
    format!("locks/ingest-{}-{}", digest.algorithm(), digest.encoded())
}

/// Removes the name and lets go. Neither matters if it fails: the lock ends with the handle, and a name is only a name.
pub(super) fn release(layout: &Layout, name: &str, file: &File) {
    let _ = layout.root.remove(name);
    // Not left to the handle's closing: a child process that is just being started holds a copy of it until its exec.
    let _ = fs::flock(file, FlockOperation::Unlock);
}

/// Opens and locks a file that is certain to bear this name; `None` when another holds it.
pub(super) fn take(layout: &Layout, name: &str, access: OFlags) -> Result<Option<File>, StoreError> {
    let failed = |cause: Errno| layout.root.failed(name, cause);
    loop {
        let file = layout.root.open(name, access | OFlags::CREATE).map_err(failed)?;
        match retry_on_intr(|| fs::flock(&file, FlockOperation::NonBlockingLockExclusive)) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(other) => return Err(failed(other)),
        }
        // Its last holder may have removed the name after we opened it: then the next one locks another file.
        let ours = fs::fstat(&file).map_err(failed)?;
        let named = layout.root.stat(name).map_err(failed)?;
        if named.is_some_and(|named| (named.st_dev, named.st_ino) == (ours.st_dev, ours.st_ino)) {
            return Ok(Some(file));
        }
    }
}

/// Waits for the store's own lock; dropping the file lets go. It is held for some milliseconds, plus one `syncfs`.
pub(super) fn turn(layout: &Layout) -> Result<File, StoreError> {
    let failed = |cause: Errno| layout.root.failed(TURN, cause);
    let file = layout.root.open(TURN, OFlags::RDWR | OFlags::CREATE).map_err(failed)?;
    retry_on_intr(|| fs::flock(&file, FlockOperation::LockExclusive)).map_err(failed)?;
    Ok(file)
}

/// A temporary file in `ingest/`, and its name.
pub(super) fn temporary(layout: &Layout) -> Result<(String, File), StoreError> {
    static LAST: AtomicU64 = AtomicU64::new(0);
    loop {
        // Another process may have this process id in its own namespace; then it holds the lock.
        let id = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("ingest/{TEMPORARY}{}-{id}", process::id());
        if let Some(file) = take(layout, &name, OFlags::RDWR)? {
            file.set_len(0).map_err(|cause| layout.root.failed(&name, cause))?;
            return Ok((name, file));
        }
    }
}

/// Removes the temporary files that nobody holds.
pub(super) fn sweep(layout: &Layout, dir: &str, prefix: &str) -> Result<(), StoreError> {
    let names = layout.root.list(dir).map_err(|cause| layout.root.failed(dir, cause))?;
    for name in names.iter().filter(|name| name.starts_with(prefix)) {
        let name = format!("{dir}/{name}");
        // For reading: one that was about to be committed is no longer writable.
        if let Some(file) = take(layout, &name, OFlags::RDONLY)? {
            release(layout, &name, &file);
        }
    }
    Ok(())
}
