//! What is below a document, which of it is wanted, and what is noted about it.

use super::{Documents, Handler, Step, handler::Map};
use crate::{
    error::{ContentError, Error},
    model::Descriptor,
    name::{Digest, Matcher, Platform},
    op::Cx,
    registry::Repository,
    small::SmallMap,
    store::Labels,
};

/// The descriptors in a document that was loaded: config and layers of a manifest, the manifests of an index, nothing
/// for anything else. `subject` is not followed (containerd.md §5.2).
pub fn children(documents: &Documents) -> impl Handler + '_ {
    async move |_: &Cx, node: &Descriptor| Ok(Step::On(documents.children(&node.digest)))
}

/// Keeps what has no platform or a matching one (containerd.md §5.4).
pub fn filter_platforms<'h>(inner: impl Handler + 'h, matcher: &'h Matcher) -> impl Handler + 'h {
    let wanted =
        |child: &Descriptor| child.platform.as_ref().is_none_or(|platform| matcher.matches(platform));
    let change = move |_: &Descriptor, mut found: Vec<Descriptor>| {
        found.retain(wanted);
        Ok(found)
    };
    Map { inner, change }
}

/// Of an index keeps the `most` manifests that fit best, those without a platform last. None at all is an error that
/// says what there is (containerd.md §5.4).
pub fn limit_manifests<'h>(
    inner: impl Handler + 'h,
    documents: &'h Documents,
    want: &'h Platform,
    most: usize,
) -> impl Handler + 'h {
    let matcher = Matcher::only(want);
    let change = move |node: &Descriptor, found: Vec<Descriptor>| {
        if !node.media_type.is_index() {
            return Ok(found);
        }
        let best: Vec<_> = best_first(&found, &matcher).take(most).cloned().collect();
        if best.is_empty() {
            return Err(no_platform(&node.digest, &documents.children(&node.digest), want));
        }
        Ok(best)
    };
    Map { inner, change }
}

/// Those of an index's entries that match, the best first, those without a platform last.
pub(crate) fn best_first<'c>(
    entries: &'c [Descriptor],
    matcher: &Matcher,
) -> impl Iterator<Item = &'c Descriptor> {
    let platforms: Vec<_> = entries.iter().map(|entry| entry.platform.as_ref()).collect();
    matcher.order_described(&platforms).into_iter().filter_map(|at| entries.get(at))
}

/// An index with nothing for a platform, and what it has.
pub(crate) fn no_platform(index: &Digest, entries: &[Descriptor], want: &Platform) -> Error {
    // Attestations say `unknown`: they are for no machine.
    let have =
        entries.iter().filter_map(|entry| entry.platform.clone()).filter(|p| p.os != "unknown").collect();
    let why = ContentError::NoPlatform { want: want.clone(), have };
    Error::content(format!("index {index}"), why)
}

/// Notes on a document which content it needs, under containerd's label keys, so that a collector keeps it
/// (containerd.md §5.3). Stands inside the platform filters, so that the labels cover what was not fetched, too.
pub fn set_child_labels<'h>(inner: impl Handler + 'h, labels: &'h Labels) -> impl Handler + 'h {
    let change = move |node: &Descriptor, found: Vec<Descriptor>| {
        for (key, child) in label_keys(&found) {
            labels.set(&node.digest, &key, &child.digest.to_string());
        }
        Ok(found)
    };
    Map { inner, change }
}

/// The label key of each child: a number per kind, counted from 0 in their order. The first of some kinds has none.
fn label_keys(children: &[Descriptor]) -> Vec<(String, &Descriptor)> {
    let mut counts = SmallMap::default();
    let number = |child| {
        let kind = Descriptor::gc_label(child);
        let count: &mut usize = counts.get_or_insert(kind.clone(), 0);
        let key = if *count == 0 && !kind.ends_with('.') { kind } else { format!("{kind}{count}") };
        *count += 1;
        (key, child)
    };
    children.iter().map(number).collect()
}

/// Notes on everything that is visited where it came from (containerd.md §5.8).
pub fn append_distribution_source<'h>(
    labels: &'h Labels,
    repository: &'h Repository,
    registry: &'h str,
) -> impl Handler + 'h {
    async move |_: &Cx, node: &Descriptor| {
        labels.add_source(&node.digest, registry, repository.path());
        Ok(Step::On(Vec::new()))
    }
}
