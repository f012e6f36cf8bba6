//! Inspect: what an image says of itself, from the store or, when that does not have it, from its registry.

use super::{
    pull::{record_name, stored},
    query::Query,
};
use crate::{
    effect::store::{StoreError, StoreErrorKind},
    error::{ContentError, Error},
    graph::{Documents, best_first, no_platform},
    model::{Config, Descriptor, Document, limits},
    name::{Matcher, Platform, Reference},
    op::Cx,
    registry::{Registries, Repository},
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
    pub registries: Registries,
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
    let source = Source::of(&cx, &want.reference, &want.registries).await?;
    let root = source.document(&cx, None).await?;
    let manifest = source.descend(&cx, root.clone(), &want.platform).await?;
    let config = match manifest.children().into_iter().find(|child| child.media_type.is_config()) {
        None => None,
        Some(descriptor) => {
            let bytes = source.config(&cx, &descriptor).await?;
            let what = || format!("config {}", descriptor.digest);
            Some(Config::parse(bytes).map_err(|error| Error::content(what(), error))?)
        }
    };
    Ok(Inspected { name, stored: source.stored.is_some(), root, manifest, config })
}

/// The document that a name leads to, or the one for a platform in it, from where [`inspect`] has it.
pub async fn document(cx: Cx, query: Query) -> Result<Document, Error> {
    let cx = cx.scope("document");
    let source = Source::of(&cx, &query.reference, &query.registries).await?;
    source.document(&cx, query.platform.as_ref()).await
}

/// Where the documents of an image are read.
pub(super) struct Source<'r> {
    reference: &'r Reference,
    repository: Repository,
    /// What the store has under the name; `None` asks the registry.
    stored: Option<Descriptor>,
}

impl<'r> Source<'r> {
    /// The registry, whatever the store has.
    pub(super) async fn registry(
        cx: &Cx,
        reference: &'r Reference,
        registries: &Registries,
    ) -> Result<Self, Error> {
        Ok(Self { reference, repository: Repository::open(cx, reference, registries).await?, stored: None })
    }

    /// The store if it has the name, or the digest under any name; else the registry.
    async fn of(cx: &Cx, reference: &'r Reference, registries: &Registries) -> Result<Self, Error> {
        let known = lookup(cx, &record_name(reference)).await?.map(|image| image.target);
        let stored = match reference.digest() {
            Some(digest) => stored(cx, digest, known).await?,
            None => known,
        };
        Ok(Self { stored, ..Self::registry(cx, reference, registries).await? })
    }

    /// What the name leads to, or the manifest for a platform in it.
    pub(super) async fn document(&self, cx: &Cx, platform: Option<&Platform>) -> Result<Document, Error> {
        let root = match (&self.stored, self.reference.digest()) {
            (Some(target), _) => self.load(cx, target).await?,
            (None, Some(digest)) => self.repository.pinned(cx, digest).await?,
            (None, None) => self.repository.tagged(cx, self.reference.tag().unwrap_or("latest")).await?,
        };
        match platform {
            Some(platform) => self.descend(cx, root, platform).await,
            None => Ok(root),
        }
    }

    /// Down the indexes, to the manifest that fits best.
    async fn descend(&self, cx: &Cx, root: Document, platform: &Platform) -> Result<Document, Error> {
        let matcher = Matcher::only(platform);
        let (mut chosen, max) = (root, cx.limits().depth);
        for _ in 0..max {
            if chosen.as_index().is_none() {
                return Ok(chosen);
            }
            let entries = chosen.children();
            let best = best_first(&entries, &matcher).next();
            let best = best.ok_or_else(|| no_platform(chosen.digest(), &entries, platform))?;
            chosen = self.load(cx, best).await?;
        }
        Err(Error::content(format!("index {}", chosen.digest()), ContentError::TooDeep { max }))
    }

    async fn load(&self, cx: &Cx, node: &Descriptor) -> Result<Document, Error> {
        if self.stored.is_none() {
            return self.repository.described(cx, node).await;
        }
        let missing = || StoreError {
            kind: StoreErrorKind::Missing,
            path: node.digest.to_string(),
            detail: "pull the image again, for this platform".to_owned(),
        };
        let documents = Documents::default();
        documents.load_stored(cx, node).await?;
        documents.get(&node.digest).ok_or_else(|| missing().into())
    }

    async fn config(&self, cx: &Cx, config: &Descriptor) -> Result<Vec<u8>, Error> {
        match self.stored {
            Some(_) => Ok(cx.read(&config.digest, limits::CONFIG_BYTES).await?),
            None => self.repository.small_blob(cx, config, limits::CONFIG_BYTES).await,
        }
    }
}
