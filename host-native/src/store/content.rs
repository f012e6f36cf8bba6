//! Committed content: finding it, reading it, and putting it where it is found.

use std::{
    fs::{File, Permissions},
    io::{Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
};

use lugger_core::{
    effect::{
        store::{Read, StoreError, StoreErrorKind},
        verifier::Verified,
    },
    name::Digest,
};
use rustix::{fs::OFlags, io::Errno};

use super::{error, layout::Layout, lock, sync};

/// The permissions of committed content.
pub(super) const COMMITTED: u32 = 0o444;

/// The length of committed content.
pub(super) fn find(layout: &Layout, digest: &Digest) -> Result<Option<u64>, StoreError> {
    for name in places(digest, layout) {
        if let Some(len) = layout.root.len(&name).map_err(|cause| layout.root.failed(&name, cause))? {
            return Ok(Some(len));
        }
    }
    Ok(None)
}

/// Committed content, open for reading.
pub(super) fn open(layout: &Layout, digest: &Digest) -> Result<File, StoreError> {
    for name in places(digest, layout) {
        match layout.root.open(&name, OFlags::RDONLY) {
            Ok(file) => {
                let about = file.metadata().map_err(|cause| layout.root.failed(&name, cause))?;
                if !about.is_file() {
                    return Err(error::failed(&layout.path(&name), "this is not a regular file"));
                }
                return Ok(file);
            }
            Err(Errno::NOENT) => {}
            Err(other) => return Err(layout.root.failed(&name, other)),
        }
    }
    Err(error::error(StoreErrorKind::Missing, &layout.path(&Layout::blob(digest)), ""))
}

/// All of it, if it is no longer than was asked for.
pub(super) fn read(layout: &Layout, read: &Read) -> Result<Vec<u8>, StoreError> {
    let name = Layout::blob(&read.digest);
    let failed = |cause| layout.root.failed(&name, cause);
    let file = open(layout, &read.digest)?;
    let len = file.metadata().map_err(failed)?.len();
    if len > read.max {
        let detail = format!("{len} bytes, where at most {} were expected", read.max);
        return Err(error::error(StoreErrorKind::TooLong, &layout.path(&name), detail));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or_default());
    file.take(len).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Deletes it, wherever it is.
pub(super) fn remove(layout: &Layout, digest: &Digest) -> Result<(), StoreError> {
    for name in places(digest, layout) {
        layout.root.remove(&name).map_err(|cause| layout.root.failed(&name, cause))?;
    }
    Ok(())
}

/// Where content may be. Published twice: another process may move it there between the first look and the second.
fn places(digest: &Digest, layout: &Layout) -> impl Iterator<Item = String> {
    let blob = Layout::blob(digest);
    [Some(blob.clone()), layout.staged(digest), Some(blob)].into_iter().flatten()
}

/// Puts bytes that are in memory where they are found.
pub(super) fn put(layout: &Layout, bytes: &[u8], verified: &Verified) -> Result<(), StoreError> {
    if bytes.len() as u64 != verified.size() {
        return Err(error::failed(&layout.root.path, "the bytes are not those that were verified"));
    }
    if is_there(layout, verified)? {
        return Ok(());
    }
    let (name, mut file) = lock::temporary(layout)?;
    let written = file
        .write_all(bytes)
        .map_err(|cause| layout.root.failed(&name, cause))
        .and_then(|()| settle(layout, &name, &file, verified));
    if written.is_err() {
        lock::release(layout, &name, &file);
    }
    written
}

/// Moves a finished file where it is found: to `staged/` when it is to become durable, so that `blobs/` never has what a
/// power cut could take. What is there already stays; the file is then removed.
pub(super) fn settle(
    layout: &Layout,
    name: &str,
    file: &File,
    verified: &Verified,
) -> Result<(), StoreError> {
    let failed = |cause| layout.root.failed(name, cause);
    let digest = verified.digest();
    if is_there(layout, verified)? {
        return layout.root.remove(name).map_err(|cause| failed(cause.into()));
    }
    file.set_permissions(Permissions::from_mode(COMMITTED)).map_err(failed)?;
    let target = match layout.staged(digest) {
        Some(staged) if layout.durable => staged,
        None if layout.durable => {
            sync::now(layout, file)?;
            Layout::blob(digest)
        }
        _ => {
            // Before it appears, so that whoever publishes it durably knows that it is not.
            sync::mark_unsynced(layout)?;
            Layout::blob(digest)
        }
    };
    match layout.root.place(name, &target) {
        Ok(true) => {}
        Ok(false) => layout.root.remove(name).map_err(|cause| failed(cause.into()))?,
        Err(cause) => return Err(layout.root.failed(&target, cause)),
    }
    Ok(())
}

/// Whether the content is there already. Something else under its name is an error: it must not pass for the content.
pub(super) fn is_there(layout: &Layout, verified: &Verified) -> Result<bool, StoreError> {
    match find(layout, verified.digest())? {
        None => Ok(false),
        Some(len) if len == verified.size() => Ok(true),
        Some(len) => {
            let detail = format!("damaged: it has {len} bytes, not {}", verified.size());
            Err(error::failed(&layout.path(&Layout::blob(verified.digest())), detail))
        }
    }
}
