//! Making room: when the store is full, the images that nobody has used for longest are given up, and it is tried once more.

use std::cell::{OnceCell, RefCell};

use super::remove::{release, theirs};
use crate::{
    effect::store::{Batch, Change, StoreErrorKind},
    error::Error,
    event::Event,
    model::Descriptor,
    name::Digest,
    op::{Cx, Flow},
    small::{SmallMap, SmallSet},
    store::{ImageRecord, Lease, images},
};

const USED: &str = "used/";

/// What an operation must not lose, and what it still needs, through both of its tries.
#[derive(Default)]
pub(super) struct Room {
    lease: OnceCell<Lease>,
    targets: RefCell<SmallSet<Digest>>,
    /// All content of the operation; with its size as long as it is not in the store.
    content: RefCell<SmallMap<Digest, u64>>,
}

impl Room {
    /// The operation's lease: the second try goes on with it, so that it ends with the operation.
    pub(super) fn lease(&self, cx: &Cx) -> &Lease {
        self.lease.get_or_init(|| Lease::new(cx))
    }

    /// An image that leads to this stays.
    pub(super) fn keep_target(&self, target: &Digest) {
        self.targets.borrow_mut().insert(target.clone());
    }

    /// This content is part of the operation, and perhaps not there yet.
    pub(super) fn needs(&self, content: &Descriptor) {
        self.content.borrow_mut().get_or_insert(content.digest.clone(), content.size);
    }

    /// This content is in the store now.
    pub(super) fn has(&self, content: &Digest) {
        self.content.borrow_mut().insert(content.clone(), 0);
    }
}

/// Tries; when the store turns out full, gives up images and tries once more. What the first try has committed and begun is
/// there for the second.
pub(super) async fn making_room<T>(
    cx: &Cx,
    room: &Room,
    may: bool,
    attempt: impl AsyncFn() -> Result<T, Error>,
) -> Result<T, Error> {
    match attempt().await {
        Err(Error::Store(full)) if may && full.kind == StoreErrorKind::Full => {
            match Box::pin(make(cx, room)).await? {
                true => attempt().await,
                false => Err(Error::Store(full)),
            }
        }
        other => other,
    }
}

/// Gives up images, the least recently used first, until as much is free as the operation is known to miss. Whether
/// anything was freed: nothing is when all of them together are not enough, for then they would be given up in vain.
async fn make(cx: &Cx, room: &Room) -> Result<bool, Error> {
    let content = room.content.borrow().clone();
    let keep: SmallSet<Digest> = content.keys().cloned().collect();
    let (mut missing, mut there) = (0_u64, 0_u64);
    for (digest, size) in content.iter().filter(|(_, size)| **size > 0) {
        if cx.find(digest).await?.is_some() {
            continue;
        }
        missing = missing.saturating_add(*size);
        there = there.saturating_add(cx.partial(digest).await?.unwrap_or(0));
    }
    // A browser claims room for a file by doubling it: as much again as there is may be free though it was refused.
    let lacking = missing.saturating_sub(there.saturating_mul(2));
    let mut used = SmallMap::default();
    for (key, record) in cx.scan(USED).await? {
        let at = record.read::<String>().ok();
        used.extend(key.strip_prefix(USED).map(str::to_owned).zip(at));
    }
    // Content goes with the last name that leads to it, so names of one target go together.
    let mut targets: SmallMap<Digest, (String, Vec<String>)> = SmallMap::default();
    for (name, image) in images(cx).await? {
        if room.targets.borrow().contains(&image.target.digest) {
            continue;
        }
        let at = used.remove(&name).unwrap_or_default().max(image.updated_at);
        let (last, names) = targets.get_or_insert(image.target.digest, Default::default());
        *last = std::mem::take(last).max(at);
        names.push(name);
    }
    let mut oldest: Vec<_> = targets.iter().collect();
    oldest.sort_by_key(|(_, last_and_names)| *last_and_names);
    // A name that leads elsewhere by now is not the one to go.
    let goes = |target: &Digest, name: &String, image: &ImageRecord| {
        image.target.digest == *target && targets.get(target).is_some_and(|(_, names)| names.contains(name))
    };
    if theirs(cx, &|name, image| goes(&image.target.digest, name, image), &keep).await? < lacking {
        return Ok(false);
    }
    let mut freed = 0_u64;
    for (target, _) in oldest {
        let which = |name: &String, image: &ImageRecord| goes(target, name, image);
        if theirs(cx, &which, &keep).await? == 0 {
            continue;
        }
        let released = release(cx, &which, &keep).await?;
        released.names.into_iter().for_each(|name| cx.emit(Event::Evicted { name }));
        freed = freed.saturating_add(released.freed);
        if freed >= missing {
            break;
        }
    }
    Ok(freed > 0)
}

/// Notes that a name was used just now: when room is made, it goes after those that were not. A name that the store does not
/// know is left alone.
pub fn touch(cx: Cx, name: String) -> Flow<()> {
    Box::pin(note(cx, name))
}

async fn note(cx: Cx, name: String) -> Result<(), Error> {
    if cx.get(crate::store::image_key(&name)).await?.is_none() {
        return Ok(());
    }
    let value = serde_json::Value::from(cx.wall().to_string()).to_string();
    let changes = vec![Change::Put { key: used_key(&name), value }];
    cx.apply(Batch { changes, ..Batch::default() }).await?;
    Ok(())
}

/// The key of the record of when a name was last used.
pub(super) fn used_key(name: &str) -> String {
    format!("{USED}{name}")
}
