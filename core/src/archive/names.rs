//! What images of an archive are called.

use std::collections::BTreeMap;

use oci_spec::image::ANNOTATION_REF_NAME;

use crate::name::{Digest, Reference};

/// The full name that containerd and docker write beside the tag.
const IMAGE_NAME: &str = "io.containerd.image.name";
/// The registry of images that have no name of their own: reserved for this machine (RFC 6762).
pub(crate) const LOCAL: &str = "archive.local";

/// Names for what has none in an archive: `archive.local/<file>`, from the name of the file without `.tar`.
#[derive(Debug)]
pub struct Naming(String);

impl Naming {
    /// For an archive of this name.
    pub fn new(archive: &str) -> Self {
        /// Longer than people type.
        const MOST: usize = 100;
        let stem = archive.strip_suffix(".tar").unwrap_or(archive);
        let letters =
            stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
        let words: String = letters.take(MOST).collect();
        let words: Vec<_> = words.split('-').filter(|word| !word.is_empty()).collect();
        let name = if words.is_empty() { "image".to_owned() } else { words.join("-") };
        Self(format!("{LOCAL}/{name}"))
    }

    /// The name of the only image without one.
    pub fn only(&self) -> String {
        format!("{}:latest", self.0)
    }

    /// The name of one of several.
    pub fn by_digest(&self, digest: &Digest) -> String {
        format!("{}@{digest}", self.0)
    }

    /// What annotations call an image: by its full name, else by a reference that is a full name, else by a tag.
    pub fn of(&self, annotations: &BTreeMap<String, String>) -> Option<String> {
        let reference = annotations.get(ANNOTATION_REF_NAME);
        let full = reference.filter(|name| name.contains(['/', ':', '@']));
        let full = annotations.get(IMAGE_NAME).and_then(|name| full_name(name)).or_else(|| full_name(full?));
        full.or_else(|| full_name(&format!("{}:{}", self.0, reference?)))
    }
}

/// The name of the record that a pull by this name would make.
pub(crate) fn full_name(name: &str) -> Option<String> {
    let reference = Reference::parse(name).ok()?;
    Some(match reference.digest() {
        Some(digest) => format!("{}@{digest}", reference.name()),
        None => reference.with_default_tag().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_fullest_name_wins() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Naming::new("My image_1.0.tar").of(&pairs.collect())
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(ANNOTATION_REF_NAME, "1.0")]).unwrap(), "archive.local/my-image-1-0:1.0");
        assert_eq!(of(&[(ANNOTATION_REF_NAME, "a:1.0")]).unwrap(), "docker.io/library/a:1.0");
        assert_eq!(
            of(&[(IMAGE_NAME, "r.example/a"), (ANNOTATION_REF_NAME, "b:2")]).unwrap(),
            "r.example/a:latest"
        );
        assert_eq!(
            of(&[(IMAGE_NAME, "??"), (ANNOTATION_REF_NAME, "2")]).unwrap(),
            "archive.local/my-image-1-0:2"
        );
        assert_eq!(of(&[(ANNOTATION_REF_NAME, "not a tag")]), None);
    }

    proptest! {
        #[test]
        fn any_file_has_a_name(file in ".{0,200}") {
            let naming = Naming::new(&file);
            prop_assert_eq!(full_name(&naming.only()), Some(naming.only()));
            let named = naming.by_digest(&Digest::sha256(b""));
            prop_assert_eq!(full_name(&named), Some(named));
        }
    }
}
