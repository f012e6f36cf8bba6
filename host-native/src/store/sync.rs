//! Durability: how committed content comes to outlast a power cut, for one sync per name instead of one per blob.

use std::{fs::File, io};

use lugger_core::{
    effect::store::{LockKey, StoreError},
    name::{Algorithm, Digest},
};
use rustix::fs::OFlags;

use super::{ingest, layout::Layout, lock};

/// Stands while `blobs/` has content that no sync has covered: that of a store that was told not to be durable, or what
/// was there before the store was.
const UNSYNCED: &str = "staged/unsynced";

/// Says that `blobs/` has, or is about to have, content that is not durable.
pub(super) fn mark_unsynced(layout: &Layout) -> Result<(), StoreError> {
    let flags = OFlags::WRONLY | OFlags::CREATE;
    layout.root.open(UNSYNCED, flags).map(drop).map_err(|cause| layout.root.failed(UNSYNCED, cause))
}

/// Makes everything durable that anybody has committed so far, and moves it to `blobs/`. The caller holds the turn.
pub(super) fn settle(layout: &Layout) -> Result<(), StoreError> {
    if let Some(poison) = layout.poison.get() {
        return Err(poison.clone());
    }
    let failed = |name: &str, cause: rustix::io::Errno| layout.root.failed(name, cause);
    // Listed before the sync: what is committed meanwhile is for the next one.
    let staged = staged(layout)?;
    let unsynced = layout.root.has(UNSYNCED).map_err(|cause| failed(UNSYNCED, cause))?;
    if unsynced || !staged.is_empty() {
        // Gone before the sync: who marks it again during the sync is believed.
        layout.root.remove(UNSYNCED).map_err(|cause| failed(UNSYNCED, cause))?;
        if let Err(cause) = sync_all(layout, &staged) {
            let _ = mark_unsynced(layout);
            return Err(condemn(layout, cause));
        }
        promote(layout, &staged)?;
    }
    // Also when there was nothing to move: another process may have been killed after it had.
    for dir in Layout::blob_dirs().chain(["blobs".to_owned()]) {
        layout.root.sync_dir(&dir).map_err(|cause| poison(layout, failed(&dir, cause)))?;
    }
    Ok(())
}

/// Moves what others have staged to `blobs/` without a sync, so that a name that is told not to be durable leads to all
/// of its content; the next durable publication makes up for it. The caller holds the turn.
pub(super) fn reveal(layout: &Layout) -> Result<(), StoreError> {
    let staged = staged(layout)?;
    if !staged.is_empty() {
        mark_unsynced(layout)?;
    }
    promote(layout, &staged)
}

fn promote(layout: &Layout, staged: &[(String, Digest)]) -> Result<(), StoreError> {
    let failed = |name: &str, cause: rustix::io::Errno| layout.root.failed(name, cause);
    for (name, digest) in staged {
        let blob = Layout::blob(digest);
        let moved = layout.root.place(name, &blob).map_err(|cause| failed(&blob, cause))?;
        if !moved {
            layout.root.remove(name).map_err(|cause| failed(name, cause))?;
        }
    }
    Ok(())
}

/// What waits in this boot's directory: names and digests.
fn staged(layout: &Layout) -> Result<Vec<(String, Digest)>, StoreError> {
    layout.boot.as_ref().map_or(Ok(Vec::new()), |boot| contents(layout, &format!("staged/{boot}")))
}

/// The files of a directory of content: names and digests.
fn contents(layout: &Layout, dir: &str) -> Result<Vec<(String, Digest)>, StoreError> {
    let mut found = Vec::new();
    for algorithm in Algorithm::ALL {
        let dir = format!("{dir}/{algorithm}");
        for hex in layout.root.list(&dir).map_err(|cause| layout.root.failed(&dir, cause))? {
            if let Ok(digest) = format!("{algorithm}:{hex}").parse() {
                found.push((format!("{dir}/{hex}"), digest));
            }
        }
    }
    Ok(found)
}

/// One `syncfs`: thirty files cost little more than one, and what other programs have written is usually little.
#[cfg(target_os = "linux")]
fn sync_all(layout: &Layout, _: &[(String, Digest)]) -> io::Result<()> {
    #[cfg(test)]
    if layout.fail_sync.load(std::sync::atomic::Ordering::Relaxed) {
        return Err(rustix::io::Errno::IO.into());
    }
    Ok(rustix::fs::syncfs(&layout.root.fd)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_all(layout: &Layout, staged: &[(String, Digest)]) -> io::Result<()> {
    staged.iter().try_for_each(|(name, _)| layout.root.open(name, OFlags::RDONLY)?.sync_all())
}

/// Makes one file durable by itself, for a system on which the next boot could not be told from this one.
/// Its name in `blobs/` becomes durable with the next publication, before any other name leads to it.
pub(super) fn now(layout: &Layout, file: &File) -> Result<(), StoreError> {
    if let Some(poison) = layout.poison.get() {
        return Err(poison.clone());
    }
    file.sync_all().map_err(|cause| condemn(layout, cause))
}

/// After a failed sync: nobody can tell which bytes the system has dropped, and a second sync would say that all is
/// well. So all that was not durable goes, with the checkpoints that say it is there, and nothing more is published.
fn condemn(layout: &Layout, cause: io::Error) -> StoreError {
    // The failure is what is reported, whatever becomes of this.
    for (name, _) in staged(layout).unwrap_or_default() {
        let _ = layout.root.remove(&name);
    }
    let _ = ingest::erase_all(layout);
    poison(layout, layout.root.failed("", cause))
}

fn poison(layout: &Layout, error: StoreError) -> StoreError {
    layout.poison.get_or_init(|| error).clone()
}

/// Makes partial content of what an earlier boot had staged: its bytes may or may not have reached the disk, so it is
/// hashed again, but fetched again only if it is wrong.
pub(super) fn recover(layout: &Layout) -> Result<(), StoreError> {
    // A process that cannot tell boots apart must not take away what others have staged in this one.
    let Some(boot) = &layout.boot else { return Ok(()) };
    let failed = |name: &str, cause| layout.root.failed(name, cause);
    for entry in layout.root.list("staged").map_err(|cause| failed("staged", cause))? {
        let dir = format!("staged/{entry}");
        if entry == *boot || dir == UNSYNCED {
            continue;
        }
        let _turn = lock::turn(layout)?;
        for (name, digest) in contents(layout, &dir)? {
            demote(layout, &name, &digest)?;
        }
        for dir in Algorithm::ALL.iter().map(|algorithm| format!("{dir}/{algorithm}")).chain([dir.clone()]) {
            layout.root.remove_dir(&dir).map_err(|cause| failed(&dir, cause))?;
        }
    }
    Ok(())
}

/// Turns staged content into an ingest without a checkpoint.
fn demote(layout: &Layout, name: &str, digest: &Digest) -> Result<(), StoreError> {
    let failed = |cause| layout.root.failed(name, cause);
    let lock_name = lock::name(&LockKey::Ingest(digest.clone()));
    let published = layout.root.has(&Layout::blob(digest)).map_err(failed)?;
    let lock = lock::take(layout, &lock_name, OFlags::RDONLY)?;
    match lock {
        Some(lock) if !published => {
            let stem = Layout::ingest(digest);
            ingest::erase(layout, &stem)?;
            layout.root.set_mode(name, 0o600).map_err(failed)?;
            layout.root.rename(name, &ingest::data(&stem)).map_err(failed)?;
            lock::release(layout, &lock_name, &lock);
        }
        // Published, or just being fetched by somebody.
        held => {
            layout.root.remove(name).map_err(failed)?;
            if let Some(lock) = held {
                lock::release(layout, &lock_name, &lock);
            }
        }
    }
    Ok(())
}
