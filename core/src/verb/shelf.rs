//! Where the documents of one image are looked up: in memory, in the store, and only then, if at all, in a registry.

use super::pull::{record_name, stored};
use crate::{
    effect::store::{StoreError, StoreErrorKind},
    error::Error,
    graph::best_first,
    model::{Config, Descriptor, Document, limits},
    name::{Digest, Matcher, Platform, Reference},
    op::Cx,
    registry::Repository,
    small::SmallMap,
    store::lookup,
};

/// An attestation's manifest says with this which manifest it is about (buildkit).
const ATTESTS: &str = "vnd.docker.reference.digest";

/// The documents of one image.
#[derive(Default)]
pub(super) struct Shelf<'r> {
    /// Documents and configs that are in memory, by their SHA-256 digest.
    held: SmallMap<Digest, Vec<u8>>,
    /// Who is asked for what is nowhere else.
    pub(super) repository: Option<&'r Repository>,
}

impl Shelf<'_> {
    /// With these in memory.
    pub(super) fn new(held: Vec<Vec<u8>>) -> Self {
        let held = held.into_iter().map(|bytes| (Digest::sha256(&bytes), bytes)).collect();
        Self { held, repository: None }
    }

    /// One more.
    pub(super) fn hold(&mut self, document: &Document) {
        self.held.insert(document.digest().clone(), document.bytes().to_vec());
    }

    /// Whether this content is in memory or in the store.
    pub(super) async fn has(&self, cx: &Cx, digest: &Digest) -> Result<bool, Error> {
        Ok(self.held.contains_key(digest) || cx.find(digest).await?.is_some())
    }

    async fn local(&self, cx: &Cx, digest: &Digest, max: u64) -> Result<Option<Vec<u8>>, Error> {
        if let Some(bytes) = self.held.get(digest) {
            return Ok(Some(bytes.clone()));
        }
        Ok(cx.try_read(digest, max).await?)
    }

    /// A document, if it can be had.
    pub(super) async fn document(&self, cx: &Cx, node: &Descriptor) -> Result<Option<Document>, Error> {
        match (self.local(cx, &node.digest, limits::MANIFEST_BYTES).await?, self.repository) {
            (Some(bytes), _) => {
                let document = Document::verified(bytes, node);
                document.map(Some).map_err(|error| Error::content(format!("manifest {}", node.digest), error))
            }
            (None, Some(repository)) => repository.described(cx, node).await.map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The configuration, if it can be had.
    pub(super) async fn config(&self, cx: &Cx, node: &Descriptor) -> Result<Option<Config>, Error> {
        let bytes = match (self.local(cx, &node.digest, limits::CONFIG_BYTES).await?, self.repository) {
            (Some(bytes), _) => bytes,
            (None, Some(repository)) => repository.small_blob(cx, node, limits::CONFIG_BYTES).await?,
            (None, None) => return Ok(None),
        };
        let what = || format!("config {}", node.digest);
        node.verify(&bytes).map_err(|error| Error::content(what(), error))?;
        Config::parse(bytes).map(Some).map_err(|error| Error::content(what(), error))
    }

    /// The manifests under a root, those of nested indexes in the place of these. An index that cannot be had stands for
    /// itself; so do those beyond the bounds.
    pub(super) async fn entries(&self, cx: &Cx, root: &Document) -> Result<Vec<Descriptor>, Error> {
        if root.as_index().is_none() {
            return Ok(vec![root.descriptor()]);
        }
        let limits = cx.limits();
        let (mut found, mut waiting) = (Vec::new(), Vec::new());
        let push = |waiting: &mut Vec<_>, index: &Document, depth: usize| {
            waiting.extend(index.children().into_iter().rev().map(|child| (child, depth)));
        };
        push(&mut waiting, root, 1);
        while let Some((node, depth)) = waiting.pop() {
            let may_open = depth < limits.depth && found.len() + waiting.len() < limits.nodes;
            if node.media_type.is_index()
                && may_open
                && let Some(index) = self.document(cx, &node).await?
            {
                push(&mut waiting, &index, depth + 1);
            } else {
                found.push(node);
            }
        }
        Ok(found)
    }

    /// Which of the entries is meant: the best for the platform; without one the first that is here, else the first.
    pub(super) async fn choose(
        &self,
        cx: &Cx,
        entries: &[Descriptor],
        platform: Option<&Platform>,
    ) -> Result<Option<usize>, Error> {
        let position = |wanted: &Descriptor| entries.iter().position(|entry| std::ptr::eq(entry, wanted));
        // A single manifest is what it is: its config says for which platform.
        if let [only] = entries
            && only.platform.is_none()
            && only.media_type.is_manifest()
        {
            return Ok(Some(0));
        }
        if let Some(platform) = platform {
            return Ok(best_first(entries, &Matcher::only(platform)).next().and_then(position));
        }
        let images =
            || entries.iter().filter(|entry| attests(entry).is_none() && entry.media_type.is_manifest());
        for entry in images() {
            if self.has(cx, &entry.digest).await? {
                return Ok(position(entry));
            }
        }
        Ok(images().next().and_then(position))
    }
}

/// The digest of the manifest that this one is about, if it is an attestation.
pub(super) fn attests(entry: &Descriptor) -> Option<&String> {
    entry.annotations.get(ATTESTS)
}

/// What the store has under a reference: by its name, or by its digest under any name.
pub(super) async fn stored_target(cx: &Cx, reference: &Reference) -> Result<Option<Descriptor>, Error> {
    let known = lookup(cx, &record_name(reference)).await?.map(|image| image.target);
    match reference.digest() {
        Some(digest) => stored(cx, digest, known).await,
        None => Ok(known),
    }
}

/// That the store does not have this.
pub(super) fn missing(what: &impl ToString, detail: &str) -> Error {
    StoreError { kind: StoreErrorKind::Missing, path: what.to_string(), detail: detail.to_owned() }.into()
}
