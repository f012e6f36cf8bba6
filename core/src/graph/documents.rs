//! The documents of one operation: loaded once, kept in memory until what they need is in the store.

use std::cell::RefCell;

use crate::{
    effect::verifier::{Verified, Verifier},
    error::{ContentError, Error},
    event::Event,
    model::{Descriptor, Document, limits},
    name::Digest,
    op::Cx,
    registry::Repository,
    small::{SmallMap, SmallSet},
    store::Lease,
};

/// Manifests and indexes by digest.
#[derive(Debug, Default)]
pub struct Documents(RefCell<SmallMap<Digest, Held>>);

#[derive(Debug)]
struct Held {
    document: Document,
    /// Whether the store has it.
    stored: bool,
}

impl Documents {
    /// Takes in a document that came with its name.
    pub fn insert(&self, cx: &Cx, document: Document) -> Result<(), Error> {
        self.add(cx, document, false)
    }

    /// Like [`Self::learn`], under the lease, which then also keeps all that the document names.
    pub async fn load(
        &self,
        cx: &Cx,
        repository: &Repository,
        lease: &Lease,
        node: &Descriptor,
    ) -> Result<(), Error> {
        lease.keep(cx, std::slice::from_ref(&node.digest)).await?;
        self.learn(cx, repository, node).await?;
        self.keep_children(cx, lease, &node.digest).await
    }

    /// Keeps all that a document names, before anybody looks for it.
    pub async fn keep_children(&self, cx: &Cx, lease: &Lease, digest: &Digest) -> Result<(), Error> {
        let content: Vec<_> = self.children(digest).into_iter().map(|child| child.digest).collect();
        Ok(lease.keep(cx, &content).await?)
    }

    /// Makes sure that a document is here: from the store, else from the registry; whether the store has it.
    pub async fn learn(&self, cx: &Cx, repository: &Repository, node: &Descriptor) -> Result<bool, Error> {
        let here = self.0.borrow().get(&node.digest).map(|held| held.stored);
        if let Some(stored) = here {
            return Ok(stored);
        }
        let (document, stored) = match self.stored(cx, node).await? {
            Some(document) => (document, true),
            None => (repository.described(cx, node).await?, false),
        };
        self.add(cx, document, stored).map(|()| stored)
    }

    /// Makes sure that a document is here, if the store has it; whether it does.
    pub async fn load_stored(&self, cx: &Cx, node: &Descriptor) -> Result<bool, Error> {
        if self.0.borrow().contains_key(&node.digest) {
            return Ok(true);
        }
        match self.stored(cx, node).await? {
            None => Ok(false),
            Some(document) => self.add(cx, document, true).map(|()| true),
        }
    }

    async fn stored(&self, cx: &Cx, node: &Descriptor) -> Result<Option<Document>, Error> {
        let Some(bytes) = cx.try_read(&node.digest, limits::MANIFEST_BYTES).await? else { return Ok(None) };
        let document = Document::verified(bytes, node);
        document
            .map(Some)
            .map_err(|error| Error::content(format!("manifest {} in the store", node.digest), error))
    }

    fn add(&self, cx: &Cx, document: Document, stored: bool) -> Result<(), Error> {
        let mut held = self.0.borrow_mut();
        let bytes: u64 = held.values().map(|held| held.document.bytes().len() as u64).sum();
        let max = cx.limits().documents_max;
        if bytes.saturating_add(document.bytes().len() as u64) > max {
            return Err(Error::content(
                format!("manifest {}", document.digest()),
                ContentError::TooLarge { max },
            ));
        }
        held.insert(document.digest().clone(), Held { document: document.clone(), stored });
        drop(held);
        cx.emit(Event::Loaded(document));
        Ok(())
    }

    /// A document that is here.
    pub fn get(&self, digest: &Digest) -> Option<Document> {
        self.0.borrow().get(digest).map(|held| held.document.clone())
    }

    /// The descriptors in a document that is here.
    pub fn children(&self, digest: &Digest) -> Vec<Descriptor> {
        self.0.borrow().get(digest).map(|held| held.document.children()).unwrap_or_default()
    }

    /// Puts every document that the store does not have there, each after all that it needs: a crash in between leaves
    /// no document without its content.
    pub async fn commit(&self, cx: &Cx, root: &Digest) -> Result<(), Error> {
        for digest in self.children_first(root) {
            let Some((bytes, verified, descriptor)) = self.unstored(&digest) else { continue };
            cx.commit_bytes(bytes, verified).await?;
            cx.emit(Event::Committed(descriptor));
        }
        Ok(())
    }

    fn unstored(&self, digest: &Digest) -> Option<(Vec<u8>, Verified, Descriptor)> {
        let held = self.0.borrow();
        let document = &held.get(digest).filter(|held| !held.stored)?.document;
        let bytes = document.bytes();
        let verified = Verifier::check(digest, bytes.len() as u64, bytes);
        let verified = verified.expect("a document has the digest that it was read under");
        Some((bytes.to_vec(), verified, document.descriptor()))
    }

    /// The documents under a root, each after those below it.
    fn children_first(&self, root: &Digest) -> Vec<Digest> {
        let (mut seen, mut order) = (SmallSet::default(), Vec::new());
        let mut stack = vec![(root.clone(), false)];
        while let Some((digest, below_done)) = stack.pop() {
            if below_done {
                order.push(digest);
            } else if self.0.borrow().contains_key(&digest) && seen.insert(digest.clone()) {
                let below = self.children(&digest).into_iter().map(|child| (child.digest, false));
                stack.push((digest, true));
                stack.extend(below);
            }
        }
        order
    }
}
