//! Documents and configurations that an operation has in memory and the store not yet: what an image is can be seen while it comes.

use std::collections::VecDeque;

use lugger_core::name::Digest;

/// Bytes of all that is kept.
const MOST: usize = 8 << 20;

/// The newest documents.
#[derive(Default)]
pub(super) struct Documents {
    kept: VecDeque<(Digest, Vec<u8>)>,
    bytes: usize,
}

impl Documents {
    /// Keeps one; the oldest go when there are too many.
    pub(super) fn keep(&mut self, digest: &Digest, bytes: &[u8]) {
        if self.kept.iter().any(|(kept, _)| kept == digest) {
            return;
        }
        self.bytes += bytes.len();
        self.kept.push_back((digest.clone(), bytes.to_vec()));
        while self.bytes > MOST
            && let Some((_, oldest)) = self.kept.pop_front()
        {
            self.bytes -= oldest.len();
        }
    }

    /// All of them.
    pub(super) fn bytes(&self) -> Vec<Vec<u8>> {
        self.kept.iter().map(|(_, bytes)| bytes.clone()).collect()
    }
}
