//! Questions to a registry that change nothing in the store.

use super::pull::remote;
use crate::{
    error::Error,
    model::Document,
    name::{Digest, Reference},
    op::Cx,
    registry::Transport,
};

/// Something in a registry.
#[derive(Clone, Debug)]
pub struct Query {
    /// What.
    pub reference: Reference,
    /// How the registry is spoken to.
    pub transport: Transport,
}

/// Every tag of the repository.
pub async fn tags(cx: Cx, query: Query) -> Result<Vec<String>, Error> {
    remote(&query.reference, query.transport)?.tags(&cx.scope("tags")).await
}

/// The digest that the reference means now: one HEAD, or a GET where the registry does not answer that.
pub async fn digest(cx: Cx, query: Query) -> Result<Digest, Error> {
    let cx = cx.scope("digest");
    let remote = remote(&query.reference, query.transport)?;
    if let Some(digest) = query.reference.digest() {
        return remote.pinned(&cx, digest).await.map(|document| document.digest().clone());
    }
    let tag = query.reference.tag().unwrap_or("latest");
    match remote.head(&cx, tag).await? {
        Some(digest) => Ok(digest),
        None => remote.tagged(&cx, tag).await.map(|document| document.digest().clone()),
    }
}

/// The manifest or index that the reference means now.
pub async fn manifest(cx: Cx, query: Query) -> Result<Document, Error> {
    let cx = cx.scope("manifest");
    let remote = remote(&query.reference, query.transport)?;
    match query.reference.digest() {
        Some(digest) => remote.pinned(&cx, digest).await,
        None => remote.tagged(&cx, query.reference.tag().unwrap_or("latest")).await,
    }
}
