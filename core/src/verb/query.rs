//! Questions to a registry that change nothing in the store.

use super::inspect::Source;
use crate::{
    error::Error,
    model::Document,
    name::{Digest, Platform, Reference},
    op::Cx,
    registry::{Registries, Repository},
};

/// Something in a registry.
#[derive(Clone, Debug)]
pub struct Query {
    /// What.
    pub reference: Reference,
    /// How the registry is spoken to.
    pub registries: Registries,
    /// Of an index, the manifest for this platform. `None`: what the reference itself names.
    pub platform: Option<Platform>,
}

/// Every tag of the repository.
pub async fn tags(cx: Cx, query: Query) -> Result<Vec<String>, Error> {
    let cx = cx.scope("tags");
    Repository::open(&cx, &query.reference, &query.registries).await?.tags(&cx).await
}

/// The digest that the reference means now: one HEAD, or a GET where the registry does not answer that. With a
/// platform, the digest of the manifest for it, which costs the index and the manifest.
pub async fn digest(cx: Cx, query: Query) -> Result<Digest, Error> {
    let cx = cx.scope("digest");
    if query.platform.is_some() || query.reference.digest().is_some() {
        return manifest(cx, query).await.map(|document| document.digest().clone());
    }
    let repository = Repository::open(&cx, &query.reference, &query.registries).await?;
    let tag = query.reference.tag().unwrap_or("latest");
    match repository.head(&cx, tag).await? {
        Some(digest) => Ok(digest),
        None => repository.tagged(&cx, tag).await.map(|document| document.digest().clone()),
    }
}

/// The manifest or index that the reference means now in its registry.
pub async fn manifest(cx: Cx, query: Query) -> Result<Document, Error> {
    let cx = cx.scope("manifest");
    let source = Source::registry(&cx, &query.reference, &query.registries).await?;
    source.document(&cx, query.platform.as_ref()).await
}
