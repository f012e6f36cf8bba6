//! Remove: a name, and the content that only it needs.

use serde::Serialize;

use super::{room::used_key, shelf::missing};
use crate::{
    effect::store::{Applied, Batch, Change},
    error::{ContentError, Error},
    model::{Descriptor, Document, limits},
    name::Digest,
    op::{Cx, Flow},
    small::{SmallMap, SmallSet},
    store::{image_key, images, leased, lookup},
};

/// A name that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The name.
    pub name: String,
    /// Bytes of content that went with it.
    pub freed: u64,
}

/// Removes a name, and then the committed content that no other name and no operation's lease leads to. Killed in between,
/// it leaves content without a name, and never a name without its content.
pub fn remove(cx: Cx, name: String) -> Flow<Removed> {
    Box::pin(run(cx, name))
}

async fn run(cx: Cx, name: String) -> Result<Removed, Error> {
    let cx = cx.scope(format_args!("remove {name}"));
    if lookup(&cx, &name).await?.is_none() {
        return Err(missing(&name, "there is no image of this name"));
    }
    let freed = release(&cx, std::slice::from_ref(&name), &SmallSet::default(), true).await?;
    Ok(Removed { name, freed: freed.unwrap_or(0) })
}

/// Removes names, and the content that only they lead to, but for what is to be kept. Bytes that were freed; unless `always`,
/// nothing is removed when nothing would be freed, which is `None`.
pub(super) async fn release(
    cx: &Cx,
    names: &[String],
    keep: &SmallSet<Digest>,
    always: bool,
) -> Result<Option<u64>, Error> {
    let gone = only_theirs(cx, names, keep).await?;
    let freed = gone.values().fold(0_u64, |sum, size| sum.saturating_add(*size));
    if freed == 0 && !always {
        return Ok(None);
    }
    let names = names.iter().flat_map(|name| [image_key(name), used_key(name)]);
    let mut changes: Vec<_> = names.map(|key| Change::Delete { key }).collect();
    for digest in gone.keys() {
        changes.push(Change::DeleteAll { prefix: format!("label/{digest}/") });
        changes.push(Change::DeleteAll { prefix: format!("source/{digest}/") });
    }
    // Before any content goes, it is sure that no name leads there.
    match cx.apply(Batch { expect: Vec::new(), changes, publish: true }).await? {
        Applied::Done | Applied::Conflict => {}
    }
    for digest in gone.keys() {
        cx.remove(digest).await?;
    }
    Ok(Some(freed))
}

/// The content that only these names lead to, with its size, but for what is to be kept and what an operation holds.
pub(super) async fn only_theirs(
    cx: &Cx,
    names: &[String],
    keep: &SmallSet<Digest>,
) -> Result<SmallMap<Digest, u64>, Error> {
    let (mut ours, mut others) = (SmallSet::default(), leased(cx).await?);
    others.extend(keep.iter().cloned());
    let mut roots = SmallMap::default();
    for (name, image) in images(cx).await? {
        match names.contains(&name) {
            true => below(cx, &image.target, &mut ours).await?,
            false => drop(roots.insert(image.target.digest.clone(), image.target)),
        }
    }
    for target in roots.values() {
        below(cx, target, &mut others).await?;
    }
    let mut found = SmallMap::default();
    for digest in ours.iter().filter(|digest| !others.contains(*digest)) {
        if let Some(size) = cx.find(digest).await? {
            found.insert(digest.clone(), size);
        }
    }
    Ok(found)
}

/// Adds all content that a root leads to, as far as the store has its documents. A damaged document leads nowhere.
async fn below(cx: &Cx, root: &Descriptor, seen: &mut SmallSet<Digest>) -> Result<(), Error> {
    let max = cx.limits().nodes;
    let (mut waiting, mut nodes) = (vec![root.clone()], SmallSet::default());
    while let Some(node) = waiting.pop() {
        if !nodes.insert(node.digest.clone()) {
            continue;
        }
        if nodes.len() > max {
            return Err(Error::content(format!("content {}", root.digest), ContentError::TooMany { max }));
        }
        if node.media_type.is_document() && cx.find(&node.digest).await?.is_some() {
            let bytes = cx.read(&node.digest, limits::MANIFEST_BYTES).await?;
            waiting.extend(Document::verified(bytes, &node).map(|it| it.children()).unwrap_or_default());
        }
    }
    seen.extend(nodes);
    Ok(())
}
