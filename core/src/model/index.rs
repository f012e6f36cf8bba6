use std::collections::BTreeMap;

use super::{
    Descriptor, DocumentError,
    field::{Field, Object},
    limits,
};
use crate::name::{Matcher, MediaType};

/// The typed view of an image index. Members that have no place here are in the document's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Index {
    /// The type of the artifact, if it is not an image.
    pub artifact_type: Option<MediaType>,
    /// The entries, in their order; some may be indexes.
    pub manifests: Vec<Descriptor>,
    /// What this index refers to. Never followed.
    pub subject: Option<Descriptor>,
    /// Free text by name.
    pub annotations: BTreeMap<String, String>,
}

impl Index {
    pub(super) const MEMBERS: [&str; 6] =
        ["schemaVersion", "mediaType", "artifactType", "manifests", "subject", "annotations"];

    pub(super) fn read(object: &Object<'_>) -> Result<Index, DocumentError> {
        Ok(Index {
            artifact_type: object.read("artifactType", |it| it.media_type())?,
            manifests: object.require("manifests")?.items(limits::INDEX_ENTRIES, Descriptor::read)?,
            subject: object.read("subject", Descriptor::read)?,
            annotations: object.read("annotations", |it: Field<'_>| it.text_map())?.unwrap_or_default(),
        })
    }

    /// The entries that will do for `matcher`, best first; those that name no platform are kept, and last
    /// (containerd.md §5.4).
    pub fn select(&self, matcher: &Matcher) -> Vec<&Descriptor> {
        let platforms = self.manifests.iter().map(|entry| entry.platform.as_ref()).collect::<Vec<_>>();
        matcher.order_described(&platforms).into_iter().filter_map(|at| self.manifests.get(at)).collect()
    }
}
