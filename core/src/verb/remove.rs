//! Remove: a name, and the content that only it needs.

use serde::Serialize;

use super::{room::used_key, shelf::missing};
use crate::{
    effect::store::{Applied, Batch, Change, Removal, StoreError, StoreErrorKind},
    error::Error,
    model::{Descriptor, Document, detect, limits},
    name::Digest,
    op::{Cx, Flow},
    small::{SmallMap, SmallSet},
    store::{ImageRecord, image_records, images, leased, named},
};

/// A name that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The name.
    pub name: String,
    /// Bytes of content that went with it.
    pub freed: u64,
}

/// Losing so often in a row is no coincidence.
const MOST: usize = 16;

/// Removes a name, and then the committed content that no other name and no operation's lease leads to. Killed in between,
/// it leaves content without a name, and never a name without its content.
pub fn remove(cx: Cx, name: String) -> Flow<Removed> {
    Box::pin(run(cx, name))
}

async fn run(cx: Cx, name: String) -> Result<Removed, Error> {
    let cx = cx.scope(format_args!("remove {name}"));
    let Released { names, freed } = release(&cx, &|it, _| *it == name, &SmallSet::default()).await?;
    match names.is_empty() {
        false => Ok(Removed { name, freed }),
        true => Err(missing(&name, "there is no image of this name")),
    }
}

/// Which names are meant.
type Which<'w> = &'w dyn Fn(&String, &ImageRecord) -> bool;

/// What was removed.
pub(super) struct Released {
    pub(super) names: Vec<String>,
    /// Bytes of content.
    pub(super) freed: u64,
}

/// Removes names, and then the content that only they led to, but for what is to be kept.
pub(super) async fn release(cx: &Cx, which: Which<'_>, keep: &SmallSet<Digest>) -> Result<Released, Error> {
    let (names, content) = unname(cx, which).await?;
    for _ in 0..MOST {
        let Spare { content, unless } = spare(cx, &content, &|_, _| false, keep).await?;
        let freed = sum(&content);
        let content: Vec<_> = content.keys().cloned().collect();
        let changes = content.iter().flat_map(|digest| {
            ["label", "source"].map(|of| Change::DeleteAll { prefix: format!("{of}/{digest}/") })
        });
        let (expect, changes) = (vec![unless], changes.collect());
        let described = Batch { expect: expect.clone(), changes, publish: false };
        if content.is_empty()
            || cx.apply(described).await? == Applied::Done
                && cx.remove(Removal { expect, content }).await? == Applied::Done
        {
            return Ok(Released { names, freed });
        }
    }
    Err(Error::Contended { key: "lease/".to_owned() })
}

/// Removes names durably. Yields them, and all that they led to.
async fn unname(cx: &Cx, which: Which<'_>) -> Result<(Vec<String>, SmallSet<Digest>), Error> {
    for _ in 0..MOST {
        let (mut names, mut theirs) = (Vec::new(), Reach::default());
        let (mut expect, mut changes) = (Vec::new(), Vec::new());
        for (key, record) in image_records(cx).await? {
            let (name, image) = named(&key, &record)?;
            if which(&name, &image) {
                theirs.add(cx, image.target).await?;
                expect.push((key.clone(), record.revision));
                changes.extend([key, used_key(&name)].map(|key| Change::Delete { key }));
                names.push(name);
            }
        }
        if names.is_empty() || cx.apply(Batch { expect, changes, publish: true }).await? == Applied::Done {
            return Ok((names, theirs.content));
        }
    }
    Err(Error::Contended { key: "image/".to_owned() })
}

/// Bytes that would be freed if these names went.
pub(super) async fn theirs(cx: &Cx, which: Which<'_>, keep: &SmallSet<Digest>) -> Result<u64, Error> {
    let mut theirs = Reach::default();
    for (name, image) in images(cx).await? {
        if which(&name, &image) {
            theirs.add(cx, image.target).await?;
        }
    }
    Ok(sum(&spare(cx, &theirs.content, which, keep).await?.content))
}

fn sum(content: &SmallMap<Digest, u64>) -> u64 {
    content.values().copied().fold(0, u64::saturating_add)
}

/// Content that nobody needs.
struct Spare {
    content: SmallMap<Digest, u64>,
    /// Unless this has changed: whoever comes to rely on content leases it first.
    unless: (String, u64),
}

/// What of some content is there, and neither to be kept, nor leased, nor led to by a name that stays.
async fn spare(
    cx: &Cx,
    content: &SmallSet<Digest>,
    goes: Which<'_>,
    keep: &SmallSet<Digest>,
) -> Result<Spare, Error> {
    // Leases before names: one that has ended until then has left a name.
    let (leased, unless) = leased(cx).await?;
    let mut needed = Reach::default();
    needed.content.extend(leased.iter().chain(keep.iter()).cloned());
    for (name, image) in images(cx).await? {
        if !goes(&name, &image) {
            needed.add(cx, image.target).await?;
        }
    }
    let mut spare = SmallMap::default();
    for digest in content.iter().filter(|digest| !needed.content.contains(*digest)) {
        spare.extend(cx.find(digest).await?.map(|size| (digest.clone(), size)));
    }
    Ok(Spare { content: spare, unless })
}

/// All content that roots lead to, as far as the store has their documents. Each of these is opened once, so what is there
/// bounds it, whatever they say; what turns out to be no document leads nowhere.
#[derive(Default)]
struct Reach {
    content: SmallSet<Digest>,
    opened: SmallSet<Digest>,
}

impl Reach {
    async fn add(&mut self, cx: &Cx, root: Descriptor) -> Result<(), Error> {
        let mut waiting = vec![root];
        while let Some(node) = waiting.pop() {
            self.content.insert(node.digest.clone());
            // The same content may also be a layer, or have a descriptor that lies: its bytes say what it leads to.
            if node.media_type.is_document() && self.opened.insert(node.digest.clone()) {
                let bytes = small(cx, &node.digest).await?;
                let document = bytes.and_then(|it| Document::parse(it.clone(), &detect(&it).ok()?).ok());
                waiting.extend(document.map(|it| it.children()).unwrap_or_default());
            }
        }
        Ok(())
    }
}

/// What is there, unless it is larger than any document.
async fn small(cx: &Cx, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
    match cx.try_read(digest, limits::MANIFEST_BYTES).await {
        Err(error) if error.kind == StoreErrorKind::TooLong => Ok(None),
        read => read,
    }
}
