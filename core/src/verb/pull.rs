//! Pull: from a name in a registry to a name in the store.

use std::{cell::Cell, fmt};

use super::room::{Room, making_room};
use crate::{
    error::{ContentError, Error},
    event::{Event, Warning},
    graph::{
        Documents, Handler, Lent, Step, append_distribution_source, chain, children, dispatch,
        filter_platforms, limit_manifests, set_child_labels,
    },
    model::{Config, Descriptor, Document, detect, limits},
    name::{Digest, Matcher, Platform, Reference},
    op::{Cx, Flow},
    registry::{Registries, Repository},
    store::{Labels, Outcome, fetch_blob, lookup, publish},
};

/// Which platforms of an image are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The best for this machine. An image for another platform that leaves no choice is taken, with a warning.
    Host(Platform),
    /// The best for this platform, nothing else.
    Only(Platform),
    /// All of them.
    All,
}

impl Wanted {
    pub(super) fn matcher(&self) -> Matcher {
        match self {
            Self::Host(platform) | Self::Only(platform) => Matcher::only(platform),
            Self::All => Matcher::all(),
        }
    }
}

/// Puts something around the whole handler chain of a pull.
pub type Wrap = Box<dyn for<'h> FnOnce(Box<dyn Handler + 'h>) -> Box<dyn Handler + 'h>>;

/// What to pull.
pub struct Pull {
    /// From where. Without tag and digest: `latest`. With both, the digest counts.
    pub reference: Reference,
    /// Which platforms.
    pub wanted: Wanted,
    /// How the registry is spoken to.
    pub registries: Registries,
    /// One's own handlers; they see each descriptor before it is fetched, and can skip it.
    pub handlers: Vec<Box<dyn Handler>>,
    /// Goes around the whole chain.
    pub wrap: Option<Wrap>,
    /// Whether images that were not used for longest are given up when the store is full. Never with a `wrap`, which goes
    /// around one try only.
    pub make_room: bool,
}

impl Pull {
    /// A pull without handlers of one's own.
    pub fn new(reference: Reference, wanted: Wanted) -> Self {
        Self {
            reference,
            wanted,
            registries: Registries::default(),
            handlers: Vec::new(),
            wrap: None,
            make_room: false,
        }
    }
}

impl fmt::Debug for Pull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pull({} for {:?})", self.reference, self.wanted)
    }
}

/// A pull that ended well.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Pulled {
    /// The name of the record.
    pub name: String,
    /// The root of the image.
    pub target: Descriptor,
    /// What the name led to before.
    pub before: Option<Digest>,
    /// Blobs that were fetched.
    pub fetched: u64,
    /// Bytes of blobs that came over the network.
    pub fetched_bytes: u64,
    /// Blobs that were there already.
    pub present: u64,
}

/// Pulls (containerd.md §0, without unpacking and conversion).
///
/// Resolve, walk and fetch, commit documents children first, then make the name lead to the root: whatever fails or is
/// killed in between leaves verified content and resumable ingests under a lease, and no name.
pub fn pull(cx: Cx, want: Pull) -> Flow<Pulled> {
    Box::pin(run(cx, want))
}

async fn run(cx: Cx, mut want: Pull) -> Result<Pulled, Error> {
    let name = record_name(&want.reference);
    let cx = cx.scope(format_args!("pull {name}"));
    let room = Room::default();
    let (may, wrap) = (want.make_room && want.wrap.is_none(), Cell::new(want.wrap.take()));
    making_room(&cx, &room, may, async || Box::pin(attempt(&cx, &name, &want, wrap.take(), &room)).await)
        .await
}

async fn attempt(cx: &Cx, name: &str, want: &Pull, wrap: Option<Wrap>, room: &Room) -> Result<Pulled, Error> {
    let Pull { reference, wanted, registries, handlers, .. } = want;
    let repository = Repository::open(cx, reference, registries).await?;
    let documents = Documents::default();
    let known = lookup(cx, name).await?;
    let known = known.map(|image| image.target);
    let resolved = Box::pin(resolve(cx, &repository, reference, known, &documents)).await?;
    let target = resolved.target;
    cx.emit(Event::Resolved { name: name.to_owned(), target: target.clone() });
    room.keep_target(&target.digest);

    let (lease, labels, matcher) = (room.lease(cx), Labels::default(), wanted.matcher());
    let tally = Tally::default();
    let fetch = async |cx: &Cx, node: &Descriptor| {
        room.needs(node);
        if node.media_type.is_document() {
            documents.load(cx, &repository, lease, node).await?;
            if node.media_type.is_manifest() {
                documents.children(&node.digest).iter().for_each(|child| room.needs(child));
            }
        } else {
            tally.count(fetch_blob(cx, &repository, lease, node).await?);
            room.has(&node.digest);
        }
        Ok(Step::On(Vec::new()))
    };
    let found = set_child_labels(children(&documents), &labels);
    let found = wanted_of(found, &documents, wanted, &matcher);
    let mut links: Vec<Box<dyn Handler + '_>> = Vec::new();
    links.extend(handlers.iter().map(|own| Box::new(Lent(&**own)) as Box<dyn Handler + '_>));
    links.push(Box::new(fetch));
    links.push(found);
    links.push(Box::new(append_distribution_source(&labels, &repository, reference.domain())));
    let mut handler: Box<dyn Handler + '_> = Box::new(chain(links));
    if let Some(wrap) = wrap {
        handler = wrap(handler);
    }
    dispatch(cx, &*handler, vec![target.clone()]).await?;
    drop(handler);

    check_platform(cx, &documents, &target, wanted).await?;
    documents.commit(cx, &target.digest).await?;
    // Also when nothing was missing: an earlier run may have ended between its last commit and this.
    let before = publish(cx, lease, name, &target, [labels.changes(), lease.end()].concat()).await?;
    Ok(Pulled {
        name: name.to_owned(),
        target,
        before,
        fetched: tally.fetched.get(),
        fetched_bytes: tally.bytes.get(),
        present: tally.present.get(),
    })
}

/// The name of the record that a pull of this reference makes: a digest makes the tag beside it meaningless.
pub(super) fn record_name(reference: &Reference) -> String {
    match reference.digest() {
        Some(digest) => format!("{}@{digest}", reference.name()),
        None => reference.clone().with_default_tag().to_string(),
    }
}

/// The children of documents that were loaded, as far as they are wanted.
pub(super) fn wanted_children<'h>(
    documents: &'h Documents,
    wanted: &'h Wanted,
    matcher: &'h Matcher,
) -> Box<dyn Handler + 'h> {
    wanted_of(children(documents), documents, wanted, matcher)
}

/// What another handler found, as far as it is wanted.
fn wanted_of<'h>(
    found: impl Handler + 'h,
    documents: &'h Documents,
    wanted: &'h Wanted,
    matcher: &'h Matcher,
) -> Box<dyn Handler + 'h> {
    match wanted {
        Wanted::All => Box::new(found),
        Wanted::Host(want) | Wanted::Only(want) => {
            Box::new(limit_manifests(filter_platforms(found, matcher), documents, want, 1))
        }
    }
}

/// What a reference means now.
pub(super) struct Resolved {
    pub(super) target: Descriptor,
    /// Whether a HEAD was asked for it.
    pub(super) asked_head: bool,
}

/// What the reference means now, with its document when that had to be fetched.
///
/// A digest that the store has costs nothing. A tag that the store knows is asked for by HEAD, which costs no quota; one
/// that it does not know by one GET, which brings the document along.
pub(super) async fn resolve(
    cx: &Cx,
    repository: &Repository,
    reference: &Reference,
    known: Option<Descriptor>,
    documents: &Documents,
) -> Result<Resolved, Error> {
    let asked_head = reference.digest().is_none() && known.is_some();
    let found = |target| Ok(Resolved { target, asked_head });
    let document = match (reference.digest(), known) {
        (Some(digest), known) => match stored(cx, digest, known).await? {
            Some(target) => return found(target),
            None => repository.pinned(cx, digest).await?,
        },
        (None, known) => {
            let tag = reference.tag().unwrap_or("latest");
            let said = match &known {
                Some(_) => repository.head(cx, tag).await?,
                None => None,
            };
            match (said, known) {
                (Some(said), Some(known)) if said == known.digest => return found(known),
                (Some(said), _) => match stored(cx, &said, None).await? {
                    Some(target) => return found(target),
                    None => repository.pinned(cx, &said).await?,
                },
                (None, _) => repository.tagged(cx, tag).await?,
            }
        }
    };
    let target = document.descriptor();
    documents.insert(cx, document)?;
    found(target)
}

/// What the store has under a digest.
pub(super) async fn stored(
    cx: &Cx,
    digest: &Digest,
    known: Option<Descriptor>,
) -> Result<Option<Descriptor>, Error> {
    if known.is_some() {
        return Ok(cx.find(digest).await?.and(known));
    }
    let Some(bytes) = cx.try_read(digest, limits::MANIFEST_BYTES).await? else { return Ok(None) };
    let read = |bytes: Vec<u8>| {
        let target = Descriptor::new(detect(&bytes)?, digest.clone(), bytes.len() as u64);
        Document::verified(bytes, &target)
    };
    match read(bytes) {
        Ok(document) => Ok(Some(document.descriptor())),
        Err(error) => Err(Error::content(format!("content {digest} in the store"), error)),
    }
}

/// A single manifest says nothing of its platform, its config does: the wrong one is an error if it was asked for by
/// name, else a warning. (containerd takes it without a word; containerd.md §11, 24.)
async fn check_platform(
    cx: &Cx,
    documents: &Documents,
    target: &Descriptor,
    wanted: &Wanted,
) -> Result<(), Error> {
    let (Wanted::Host(want) | Wanted::Only(want)) = wanted else { return Ok(()) };
    let config = documents.children(&target.digest).into_iter().find(|child| child.media_type.is_config());
    let (Some(config), false) = (config, target.media_type.is_index()) else { return Ok(()) };
    // A handler of the caller's may have skipped it.
    let Some(bytes) = cx.try_read(&config.digest, limits::CONFIG_BYTES).await? else { return Ok(()) };
    let what = || format!("config {}", config.digest);
    let got = Config::parse(bytes).map_err(|error| Error::content(what(), error))?.platform().clone();
    let (want, got) = (want.clone(), got);
    if Matcher::only(&want).matches(&got) {
        return Ok(());
    }
    match wanted {
        Wanted::Only(_) => Err(Error::content(what(), ContentError::OtherPlatform { want, got })),
        _ => {
            let (want, got) = (Box::new(want), Box::new(got));
            cx.emit(Event::Warned(Warning::OtherPlatform { want, got }));
            Ok(())
        }
    }
}

#[derive(Default)]
struct Tally {
    fetched: Cell<u64>,
    bytes: Cell<u64>,
    present: Cell<u64>,
}

impl Tally {
    fn count(&self, outcome: Outcome) {
        match outcome {
            Outcome::Present => self.present.set(self.present.get() + 1),
            Outcome::Fetched(bytes) => {
                self.fetched.set(self.fetched.get() + 1);
                self.bytes.set(self.bytes.get() + bytes);
            }
        }
    }
}
