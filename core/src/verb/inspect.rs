//! Inspect: what an image says of itself, from the store or, when that does not have it, from its registry.

use super::{
    pull::{record_name, remote},
    query::{Query, manifest},
};
use crate::{
    effect::store::StoreError,
    error::{ContentError, Error},
    graph::Documents,
    model::{Config, Descriptor, Document, limits},
    name::{Matcher, Platform, Reference},
    op::Cx,
    registry::Transport,
    store::lookup,
};

/// What to inspect.
#[derive(Clone, Debug)]
pub struct Inspect {
    /// The image.
    pub reference: Reference,
    /// Which of its platforms to look into.
    pub platform: Platform,
    /// How the registry is spoken to, if it must be.
    pub transport: Transport,
}

/// What an image says of itself.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// Its name.
    pub name: String,
    /// Whether the store had it; else it came from the registry.
    pub stored: bool,
    /// What the name leads to: an index or a manifest.
    pub root: Document,
    /// The manifest for the platform: the root itself, or one of its index.
    pub manifest: Document,
    /// Its config; `None` for what is no image (an OCI artifact).
    pub config: Option<Config>,
}

/// Inspects. Nothing is stored.
pub async fn inspect(cx: Cx, want: Inspect) -> Result<Inspected, Error> {
    let name = record_name(&want.reference);
    let cx = cx.scope(format_args!("inspect {name}"));
    let matcher = Matcher::only(&want.platform);
    let source = match lookup(&cx, &name).await? {
        Some(image) => Source::Store(image.target),
        None => Source::Registry,
    };
    let remote = remote(&want.reference, want.transport)?;
    let stored = Documents::default();
    let (root, is_stored) = match &source {
        Source::Store(target) => (load(&cx, &stored, target).await?, true),
        Source::Registry => {
            let query = Query { reference: want.reference.clone(), transport: want.transport };
            (manifest(cx.clone(), query).await?, false)
        }
    };
    let mut chosen = root.clone();
    for _ in 0..cx.limits().depth {
        if chosen.as_index().is_none() {
            break;
        }
        let child = choose(&chosen, &matcher, &want.platform)?;
        chosen = match is_stored {
            true => load(&cx, &stored, &child).await?,
            false => remote.described(&cx, &child).await?,
        };
    }
    let config = match chosen.children().into_iter().find(|child| child.media_type.is_config()) {
        None => None,
        Some(descriptor) => {
            let bytes = match is_stored {
                true => cx.read(&descriptor.digest, limits::CONFIG_BYTES).await?,
                false => remote.small_blob(&cx, &descriptor, limits::CONFIG_BYTES).await?,
            };
            let what = || format!("config {}", descriptor.digest);
            Some(Config::parse(bytes).map_err(|error| Error::content(what(), error))?)
        }
    };
    Ok(Inspected { name, stored: is_stored, root, manifest: chosen, config })
}

enum Source {
    Store(Descriptor),
    Registry,
}

async fn load(cx: &Cx, documents: &Documents, node: &Descriptor) -> Result<Document, Error> {
    let missing = || StoreError {
        kind: crate::effect::store::StoreErrorKind::Missing,
        path: node.digest.to_string(),
        detail: "pull the image again, for this platform".to_owned(),
    };
    documents.load_stored(cx, node).await?;
    documents.get(&node.digest).ok_or_else(|| missing().into())
}

/// The manifest of an index that fits best.
fn choose(index: &Document, matcher: &Matcher, want: &Platform) -> Result<Descriptor, Error> {
    let children = index.children();
    let platforms: Vec<_> = children.iter().map(|child| child.platform.as_ref()).collect();
    match matcher.order_described(&platforms).first().and_then(|at| children.get(*at)) {
        Some(child) => Ok(child.clone()),
        None => {
            let have = children.into_iter().filter_map(|child| child.platform).collect();
            let why = ContentError::NoPlatform { want: want.clone(), have };
            Err(Error::content(format!("index {}", index.digest()), why))
        }
    }
}
