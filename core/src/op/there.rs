//! What is there of content that several pumps bring.

use std::{cell::RefCell, ops::Range, rc::Rc};

use crate::{effect::extents::Extents, name::Digest};

/// What is there of one content. Clones are the same: whoever brings a part says so here, and all see the sum.
///
/// It grows as pumps report and end, so it may lag behind what was written, and is never ahead of it.
#[derive(Clone, Debug)]
pub struct There {
    digest: Digest,
    parts: Rc<RefCell<Extents>>,
}

impl There {
    /// Before anything comes.
    pub fn new(digest: Digest, parts: Extents) -> Self {
        Self { digest, parts: Rc::new(RefCell::new(parts)) }
    }

    /// The content.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many bytes are there from the first on without a gap.
    pub fn prefix(&self) -> u64 {
        self.parts.borrow().prefix()
    }

    /// How many bytes are there.
    pub fn total(&self) -> u64 {
        self.parts.borrow().total()
    }

    /// What is not there of content of this size.
    pub fn gaps(&self, size: u64) -> Vec<Range<u64>> {
        self.parts.borrow().gaps(size)
    }

    /// This came. Yields how many bytes are there now.
    pub(super) fn add(&self, part: Range<u64>) -> u64 {
        let mut parts = self.parts.borrow_mut();
        parts.insert(part);
        parts.total()
    }
}
