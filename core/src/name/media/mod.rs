//! Media types and what they are treated as (containerd.md §10, §5.3, §5.5).

mod layer;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::layer::{Compression, Format, Layer};
use super::Excerpt;

/// `Accept` of a request that resolves a name (containerd.md §2.4).
pub const ACCEPT: &str = "application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, */*";

/// A media type: `type/subtype`, each a name of RFC 6838 §4.2, perhaps with parameters.
///
/// Parameters are kept, because the type of an artifact may have them, and ignored by everything but equality.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MediaType(Box<str>);

/// What a document or blob is, going by its media type alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// An image manifest, of Docker schema 2 or OCI.
    Manifest,
    /// An image index or Docker manifest list.
    Index,
    /// An image configuration, of Docker or OCI.
    Config,
    /// A file system layer.
    Layer(Layer),
    /// A Docker schema 1 manifest, which is converted before use.
    Schema1 {
        /// Whether it is wrapped in a signature, which its digest leaves out.
        signed: bool,
    },
    /// An in-toto statement: fetched, never unpacked.
    Attestation,
    /// A part of a containerd checkpoint that counts as a configuration.
    Checkpoint,
    /// `application/octet-stream`: what old registries called an image configuration.
    OctetStream,
    /// Anything else: fetched, without children.
    Unknown,
}

/// Why a text is not a media type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid media type `{0}`: not of the form type/subtype")]
pub struct MediaTypeError(Excerpt);

impl MediaType {
    /// `application/vnd.oci.image.manifest.v1+json`
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// `application/vnd.oci.image.index.v1+json`
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// `application/vnd.oci.image.config.v1+json`
    pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    /// `application/vnd.oci.empty.v1+json`
    pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
    /// `application/vnd.docker.distribution.manifest.v2+json`
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// `application/vnd.docker.distribution.manifest.list.v2+json`
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// `application/vnd.docker.container.image.v1+json`
    pub const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
    /// `application/vnd.docker.distribution.manifest.v1+prettyjws`
    pub const SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    /// `application/vnd.docker.distribution.manifest.v1+json`
    pub const SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";
    /// `application/octet-stream`
    pub const OCTET_STREAM: &str = "application/octet-stream";

    /// Parses the media type of a descriptor or document.
    pub fn parse(text: &str) -> Result<MediaType, MediaTypeError> {
        let invalid = || MediaTypeError(Excerpt::of(text));
        let (kind, subtype) = essence(text).split_once('/').ok_or_else(invalid)?;
        if !is_name(kind) || !is_name(subtype) || text.chars().any(char::is_control) {
            return Err(invalid());
        }
        Ok(MediaType(text.into()))
    }

    /// Parses a `Content-Type`: parameters are dropped, letter case is lowered, and `text/plain`, which old
    /// registries sent for schema 1, becomes that (containerd.md §2.4).
    pub fn from_content_type(header: &str) -> Result<MediaType, MediaTypeError> {
        match essence(header).to_ascii_lowercase().as_str() {
            "text/plain" => MediaType::parse(MediaType::SCHEMA1_SIGNED),
            essence => MediaType::parse(essence),
        }
    }

    /// A media type that is known when this is compiled.
    pub(crate) fn known(text: &'static str) -> MediaType {
        debug_assert!(MediaType::parse(text).is_ok());
        MediaType(text.into())
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `type/subtype` without parameters.
    pub fn essence(&self) -> &str {
        essence(&self.0)
    }

    /// What it is treated as.
    pub fn kind(&self) -> Kind {
        match self.essence() {
            MediaType::OCI_MANIFEST | MediaType::DOCKER_MANIFEST => Kind::Manifest,
            MediaType::OCI_INDEX | MediaType::DOCKER_LIST => Kind::Index,
            MediaType::OCI_CONFIG | MediaType::DOCKER_CONFIG => Kind::Config,
            MediaType::SCHEMA1_SIGNED => Kind::Schema1 { signed: true },
            MediaType::SCHEMA1 => Kind::Schema1 { signed: false },
            MediaType::OCTET_STREAM => Kind::OctetStream,
            "application/vnd.in-toto+json" => Kind::Attestation,
            "application/vnd.containerd.container.criu.checkpoint.criu.tar"
            | "application/vnd.containerd.container.checkpoint.config.v1+proto" => Kind::Checkpoint,
            other => Layer::of(other).map_or(Kind::Unknown, Kind::Layer),
        }
    }

    /// Whether it is an image manifest.
    pub fn is_manifest(&self) -> bool {
        self.kind() == Kind::Manifest
    }

    /// Whether it is an image index.
    pub fn is_index(&self) -> bool {
        self.kind() == Kind::Index
    }

    /// Whether it leads on to other content: a manifest or an index.
    pub fn is_document(&self) -> bool {
        self.is_manifest() || self.is_index()
    }

    /// Whether it is an image configuration.
    pub fn is_config(&self) -> bool {
        self.kind() == Kind::Config
    }

    /// Whether it is a layer.
    pub fn is_layer(&self) -> bool {
        matches!(self.kind(), Kind::Layer(_))
    }

    /// Whether it is a layer that may not be pushed elsewhere.
    pub fn is_foreign(&self) -> bool {
        matches!(self.kind(), Kind::Layer(Layer { foreign: true, .. }))
    }

    /// Whether it is a layer that can be looked into: a tar archive, plain or gzip, that needs no key.
    pub fn is_examinable(&self) -> bool {
        use Compression::{Gzip, None, Sniffed};
        let Kind::Layer(layer) = self.kind() else { return false };
        layer.format == Format::Tar && !layer.encrypted && matches!(layer.compression, Sniffed | None | Gzip)
    }

    /// What the key of its ingest begins with (containerd.md §5.5).
    pub fn ref_prefix(&self) -> &'static str {
        match self.kind() {
            Kind::Manifest => "manifest-",
            Kind::Index => "index-",
            Kind::Layer(_) => "layer-",
            Kind::Config | Kind::Checkpoint => "config-",
            Kind::Attestation => "attestation-",
            Kind::Schema1 { .. } | Kind::OctetStream | Kind::Unknown => "unknown-",
        }
    }

    /// The label that keeps it alive on its parent (containerd.md §5.3); one ending in `.` gets a number behind it.
    pub fn gc_label(&self) -> &'static str {
        match self.kind() {
            Kind::Config | Kind::Checkpoint => "containerd.io/gc.ref.content.config",
            Kind::Manifest => "containerd.io/gc.ref.content.m.",
            Kind::Layer(_) => "containerd.io/gc.ref.content.l.",
            _ => "containerd.io/gc.ref.content.",
        }
    }
}

fn essence(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}

/// A `restricted-name` of RFC 6838 §4.2.
fn is_name(name: &str) -> bool {
    name.len() <= 127
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Excerpt::of(&self.0).fmt(f)
    }
}

impl FromStr for MediaType {
    type Err = MediaTypeError;

    fn from_str(text: &str) -> Result<MediaType, MediaTypeError> {
        MediaType::parse(text)
    }
}

impl Serialize for MediaType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MediaType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<MediaType, D::Error> {
        MediaType::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(text: &str) -> Kind {
        MediaType::parse(text).unwrap().kind()
    }

    #[test]
    fn a_content_type_is_cleaned() {
        let of = |header| MediaType::from_content_type(header).unwrap();
        assert_eq!(
            of("application/vnd.OCI.image.index.v1+json; charset=utf-8").as_str(),
            MediaType::OCI_INDEX
        );
        assert_eq!(of("text/plain; charset=utf-8").kind(), Kind::Schema1 { signed: true });
        assert_eq!(kind("text/plain"), Kind::Unknown);
        assert_eq!(kind("application/vnd.docker.plugin.v1+json"), Kind::Unknown);
    }

    #[test]
    fn keys_and_labels() {
        let of = |text| {
            let media_type = MediaType::parse(text).unwrap();
            (media_type.ref_prefix(), media_type.gc_label().rsplit("content").next().unwrap_or_default())
        };
        assert_eq!(of(MediaType::DOCKER_MANIFEST), ("manifest-", ".m."));
        assert_eq!(of(MediaType::DOCKER_LIST), ("index-", "."));
        assert_eq!(of(MediaType::OCI_CONFIG), ("config-", ".config"));
        assert_eq!(of("application/vnd.oci.image.layer.v1.tar; a=b"), ("layer-", ".l."));
        assert_eq!(of("application/vnd.in-toto+json"), ("attestation-", "."));
        assert_eq!(of(MediaType::OCTET_STREAM), ("unknown-", "."));
        assert_eq!(of(MediaType::SCHEMA1_SIGNED), ("unknown-", "."));
    }

    #[test]
    fn refuses_what_is_no_name() {
        for text in ["", "a", "/", "a/", "/b", ".a/b", "a/.b", "a/b c", "a/b/c", "a/b; x=\n", "ä/b"] {
            assert!(MediaType::parse(text).is_err(), "{text}");
        }
        assert!(MediaType::parse(&format!("{0}/{0}", "1".repeat(127))).is_ok());
        assert!(MediaType::parse(&format!("a/{}", "1".repeat(128))).is_err());
    }

    proptest! {
        #[test]
        fn any_text_parses_or_fails(text: String, near in "[a-z]{1,3}/[a-z.+; =]{0,12}") {
            for text in [text, near] {
                let _ = MediaType::from_content_type(&text);
                if let Ok(media_type) = MediaType::parse(&text) {
                    let _ = media_type.kind();
                    prop_assert_eq!(MediaType::parse(media_type.as_str()), Ok(media_type));
                }
            }
        }
    }
}
