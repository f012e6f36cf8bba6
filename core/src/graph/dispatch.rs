//! Running a handler over everything that it finds.

use std::cell::RefCell;

use super::{Handler, Step};
use crate::{
    error::{ContentError, Error},
    model::Descriptor,
    op::{Cx, worklist},
    small::SmallSet,
};

/// Handles the roots and all that is found below them, several at once, each digest once. Documents come before blobs,
/// because they lead to more work, and large blobs before small ones, because they take longest (performance.md §8).
///
/// The first error ends it (containerd.md §5.1); too many or too deeply nested descriptors are one (security.md M9).
pub async fn dispatch(cx: &Cx, handler: &dyn Handler, roots: Vec<Descriptor>) -> Result<(), Error> {
    let limits = cx.limits();
    let seen = RefCell::new(SmallSet::default());
    let one = async |(node, depth): (Descriptor, usize)| {
        // What is a document here and a blob there is both: neither stands for the other.
        if !seen.borrow_mut().insert((node.digest.clone(), node.media_type.is_document())) {
            return Ok(((), Vec::new()));
        }
        let what = || format!("content {}", node.digest);
        if seen.borrow().len() > limits.nodes {
            return Err(Error::content(what(), ContentError::TooMany { max: limits.nodes }));
        }
        if node.media_type.is_index() && depth >= limits.depth {
            return Err(Error::content(what(), ContentError::TooDeep { max: limits.depth }));
        }
        match handler.handle(&cx.scope(&node.digest), &node).await? {
            Step::On(found) => Ok(((), found.into_iter().map(|child| (child, depth + 1)).collect())),
            Step::Stop | Step::Skip => Ok(((), Vec::new())),
        }
    };
    let rank = |(node, _): &(Descriptor, usize)| (!node.media_type.is_document(), u64::MAX - node.size);
    worklist(limits.concurrency, roots.into_iter().map(|root| (root, 0)), one, rank).await.map(drop)
}
