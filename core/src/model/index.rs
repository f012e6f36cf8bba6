use std::collections::BTreeMap;

use super::{
    Descriptor, DocumentError,
    field::{Field, Object},
    limits,
};
use crate::name::{Matcher, MediaType, Platform};

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

    /// The one entry to take for `wanted`, as people expect of indexes that say too little or too much (the rules of
    /// containers/image). In this order: what [`Matcher::only`] takes by the variant that the entry names; an `arm`
    /// that names none, which may be any; one that matches but for its features; one that names no platform.
    pub fn choose(&self, wanted: &Platform) -> Option<&Descriptor> {
        let matcher = Matcher::only(wanted);
        let is_vague = |platform: &Platform| {
            let implied =
                if platform.variant.is_empty() { platform.normalize().variant } else { String::new() };
            !wanted.variant.is_empty() && !implied.is_empty()
        };
        let as_named = |platform: &Platform| (!is_vague(platform)).then(|| platform.clone());
        let as_wanted = |platform: &Platform| {
            let variant = if is_vague(platform) { &wanted.variant } else { &platform.variant };
            Some(Platform { variant: variant.clone(), ..platform.clone() })
        };
        let featureless =
            |platform: &Platform| Some(Platform { os_features: Vec::new(), ..as_wanted(platform)? });
        self.best(&matcher, as_named)
            .or_else(|| self.best(&matcher, as_wanted))
            .or_else(|| self.best(&matcher, featureless))
            .or_else(|| self.manifests.iter().find(|entry| entry.platform.is_none()))
    }

    /// The best of the entries whose platform, as it is `seen`, will do.
    fn best(&self, matcher: &Matcher, seen: impl Fn(&Platform) -> Option<Platform>) -> Option<&Descriptor> {
        let entries =
            self.manifests.iter().filter_map(|entry| Some((entry, seen(entry.platform.as_ref()?)?)));
        let (entries, platforms): (Vec<_>, Vec<_>) = entries.unzip();
        matcher.order(&platforms).first().and_then(|&at| entries.get(at).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Digest;

    fn index(platforms: &[&str]) -> Index {
        let host = Platform::new("linux", "amd64");
        let entry = |(at, text): (usize, &&str)| Descriptor {
            platform: (!text.is_empty()).then(|| Platform::parse(text, &host).unwrap()),
            ..Descriptor::new(MediaType::known(MediaType::OCI_MANIFEST), Digest::sha256(b""), at as u64)
        };
        let manifests = platforms.iter().enumerate().map(entry).collect();
        Index { artifact_type: None, manifests, subject: None, annotations: BTreeMap::new() }
    }

    #[test]
    fn chooses_by_what_the_entries_say() {
        let choose = |wanted: &str, platforms: &[&str]| {
            let wanted = Platform::parse(wanted, &Platform::new("linux", "amd64")).unwrap();
            index(platforms).choose(&wanted).map(|entry| entry.size)
        };
        assert_eq!(choose("linux/arm/v7", &["linux/arm", "linux/arm/v6"]), Some(1));
        assert_eq!(choose("linux/arm/v5", &["linux/arm", "linux/arm/v6"]), Some(0));
        assert_eq!(choose("linux/arm", &["linux/arm/v6", "linux/arm"]), Some(1));
        assert_eq!(choose("linux/amd64", &["linux(+sse4)/amd64", "linux/386"]), Some(1));
        assert_eq!(choose("linux/amd64", &["", "linux(+sse4)/amd64"]), Some(1));
        assert_eq!(choose("linux/amd64", &["linux/s390x", ""]), Some(1));
        assert_eq!(choose("linux/amd64", &["linux/s390x", "unknown/unknown"]), None);
    }
}
