//! What is asked of a repository, and under which URL an endpoint of each shape has it.

use url::Url;

use super::Endpoint;
use crate::name::Digest;

/// What the root of an endpoint stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A registry, which serves many repositories below `/v2/`.
    Registry,
    /// One blob, whose URL a descriptor names: nobody logs in there.
    Blob,
    /// The API of a native core that asks registries for us ([`Bridge`](super::Bridge)): it logs in, we never do.
    Bridge,
}

impl Shape {
    /// Whether a 401 of it is ours to answer.
    pub(super) fn may_log_in(self) -> bool {
        self == Self::Registry
    }
}

/// Something in a repository.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item<'a> {
    /// The manifest or index of a tag or digest.
    Manifest(&'a str),
    /// A blob and its size.
    Blob(&'a Digest, u64),
    /// The first page of the tags.
    Tags,
}

impl Endpoint {
    /// The URL of something in the repository.
    pub(super) fn url(&self, item: Item<'_>) -> Url {
        match self.shape {
            Shape::Blob => self.root.clone(),
            Shape::Bridge => self.bridged(item),
            Shape::Registry => match item {
                Item::Manifest(reference) => self.below(&["manifests", reference]),
                Item::Blob(digest, _) => self.below(&["blobs", &digest.to_string()]),
                Item::Tags => self.below(&["tags", "list"]),
            },
        }
    }

    fn below(&self, rest: &[&str]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(self.repository.split('/')).extend(rest);
        }
        self.say_namespace(&mut url);
        url
    }

    /// A question to a bridge, as [`Asked::parse`](super::bridge::Asked::parse) reads it.
    fn bridged(&self, item: Item<'_>) -> Url {
        let mut url = self.root.clone();
        let (what, pairs) = match item {
            Item::Manifest(reference) => ("manifest", vec![("reference", reference.to_owned())]),
            Item::Blob(digest, size) => {
                ("blob", vec![("digest", digest.to_string()), ("size", size.to_string())])
            }
            Item::Tags => ("tags", Vec::new()),
        };
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(what);
        }
        url.query_pairs_mut().append_pair("ref", &self.repository).extend_pairs(pairs);
        url
    }
}
