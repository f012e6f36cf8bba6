use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use oci_spec::image as oci;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use url::Url;

use super::{
    DocumentError,
    field::{Field, Path},
    limits, strict,
};
use crate::name::{Digest, MediaType, Mismatch, Platform};

/// What a document says of some content: type, digest, size, and what helps to choose or find it.
///
/// As JSON, its members are in the order of image-spec's Go type, empty ones left out.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    pub media_type: MediaType,
    /// The digest of the content.
    pub digest: Digest,
    /// The length of the content in bytes, at most `i64::MAX`. A claim, until [`Descriptor::verify`] was asked.
    pub size: u64,
    /// Where else the content can be had.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Free text by name. Data, never a path or command (security.md M11).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// A copy of the content, decoded, as it stands there; [`Descriptor::embedded`] says whether it is the content.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_base64")]
    pub data: Option<Vec<u8>>,
    /// What the content runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The type of the artifact that the content is the manifest of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<MediaType>,
}

const MEMBERS: [&str; 8] =
    ["mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType"];
const PLATFORM_MEMBERS: [&str; 5] = ["architecture", "os", "os.version", "os.features", "variant"];

impl Descriptor {
    /// A descriptor with just the required members.
    pub fn new(media_type: MediaType, digest: Digest, size: u64) -> Descriptor {
        Descriptor {
            media_type,
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: None,
            platform: None,
            artifact_type: None,
        }
    }

    /// The descriptor of `content`, by its SHA-256 digest.
    pub fn of(media_type: MediaType, content: &[u8]) -> Descriptor {
        Descriptor::new(media_type, Digest::sha256(content), content.len() as u64)
    }

    /// Reads a descriptor that stands by itself.
    pub fn parse(json: &[u8]) -> Result<Descriptor, DocumentError> {
        Descriptor::read(Field::root(&strict::parse(json, limits::MANIFEST_BYTES)?))
    }

    pub(super) fn read(field: Field<'_>) -> Result<Descriptor, DocumentError> {
        let object = field.object(&MEMBERS)?;
        Ok(Descriptor {
            media_type: object.require("mediaType")?.media_type()?,
            digest: object.require("digest")?.digest()?,
            size: object.require("size")?.size()?,
            urls: object.read("urls", |urls| urls.items(usize::MAX, read_url))?.unwrap_or_default(),
            annotations: object.read("annotations", |it| it.text_map())?.unwrap_or_default(),
            data: object.read("data", read_data)?,
            platform: object.read("platform", read_platform)?,
            artifact_type: object.read("artifactType", |it| it.media_type())?,
        })
    }

    /// Whether `content` is what this describes: first its length, then its digest (security.md M6).
    pub fn verify(&self, content: &[u8]) -> Result<(), Mismatch> {
        let size = content.len() as u64;
        if size != self.size {
            return Err(Mismatch::Size { want: self.size, got: size });
        }
        let got = Digest::of(self.digest.algorithm(), content);
        if got != self.digest {
            return Err(Mismatch::Digest { want: self.digest.clone(), got });
        }
        Ok(())
    }

    /// The content, if it is embedded and is what this describes (containerd.md §5.2). Embedded data that is
    /// something else is no content at all, and no reason to refuse the document.
    pub fn embedded(&self) -> Option<&[u8]> {
        self.data.as_deref().filter(|data| self.verify(data).is_ok())
    }

    /// The key of its ingest (containerd.md §5.5).
    pub fn ref_key(&self) -> String {
        let prefix = self.media_type.ref_prefix();
        match self.annotations.get(oci::ANNOTATION_REF_NAME) {
            Some(name) => format!("{prefix}{name}@{}", self.digest),
            None => format!("{prefix}{}", self.digest),
        }
    }

    /// The label that keeps it alive on its parent (containerd.md §5.3); one ending in `.` gets a number behind it.
    pub fn gc_label(&self) -> String {
        if self.annotations.contains_key("io.containerd.manifest.subject") {
            let start = self.digest.encoded().chars().take(12).collect::<String>();
            return format!("containerd.io/gc.ref.content.referrer.{}.{start}", self.digest.algorithm());
        }
        self.media_type.gc_label().to_owned()
    }
}

fn read_url(field: Field<'_>) -> Result<String, DocumentError> {
    let text = field.text()?;
    match Url::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(field.wrong("an absolute URL")),
    }
}

fn read_data(field: Field<'_>) -> Result<Vec<u8>, DocumentError> {
    BASE64_STANDARD.decode(field.text()?).map_err(|_| field.wrong("padded base64"))
}

fn read_platform(field: Field<'_>) -> Result<Platform, DocumentError> {
    let object = field.object(&PLATFORM_MEMBERS)?;
    let text = |field: Field<'_>| field.text().map(str::to_owned);
    Ok(Platform {
        architecture: object.require("architecture").and_then(text)?,
        os: object.require("os").and_then(text)?,
        os_version: object.read("os.version", text)?.unwrap_or_default(),
        os_features: object.read("os.features", |it| it.texts())?.unwrap_or_default(),
        variant: object.read("variant", text)?.unwrap_or_default(),
    })
}

fn as_base64<S: Serializer>(data: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    data.as_ref().map(|data| BASE64_STANDARD.encode(data)).serialize(serializer)
}

/// For records that Lugger wrote itself; documents from outside go through [`Descriptor::parse`].
impl<'de> Deserialize<'de> for Descriptor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Descriptor, D::Error> {
        Descriptor::read(Field::root(&Value::deserialize(deserializer)?)).map_err(de::Error::custom)
    }
}

impl TryFrom<&oci::Descriptor> for Descriptor {
    type Error = DocumentError;

    fn try_from(descriptor: &oci::Descriptor) -> Result<Descriptor, DocumentError> {
        let member = |name| Path::Member(&Path::Root, name).excerpt();
        let media_type = |name, text: &oci::MediaType| {
            MediaType::parse(text.as_ref()).map_err(|why| DocumentError::MediaType { at: member(name), why })
        };
        let digest = descriptor.digest().as_ref().parse();
        let data = descriptor.data().as_ref().map(|data| BASE64_STANDARD.decode(data)).transpose();
        let wrong = |name, want| DocumentError::Wrong { at: member(name), want };
        if i64::try_from(descriptor.size()).is_err() {
            return Err(wrong("size", "an integer from 0 to 9223372036854775807"));
        }
        Ok(Descriptor {
            media_type: media_type("mediaType", descriptor.media_type())?,
            digest: digest.map_err(|why| DocumentError::Digest { at: member("digest"), why })?,
            size: descriptor.size(),
            urls: descriptor.urls().clone().unwrap_or_default(),
            annotations: descriptor.annotations().clone().unwrap_or_default().into_iter().collect(),
            data: data.map_err(|_| wrong("data", "padded base64"))?,
            platform: descriptor.platform().as_ref().map(Platform::from),
            artifact_type: descriptor
                .artifact_type()
                .as_ref()
                .map(|text| media_type("artifactType", text))
                .transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn layer() -> Descriptor {
        Descriptor::of(MediaType::known("application/vnd.oci.image.layer.v1.tar"), b"{}")
    }

    #[test]
    fn keys_and_labels() {
        let mut layer = layer();
        assert_eq!(layer.ref_key(), format!("layer-{EMPTY}"));
        assert_eq!(layer.gc_label(), "containerd.io/gc.ref.content.l.");
        layer.annotations.insert("org.opencontainers.image.ref.name".to_owned(), "v1".to_owned());
        layer.annotations.insert("io.containerd.manifest.subject".to_owned(), String::new());
        assert_eq!(layer.ref_key(), format!("layer-v1@{EMPTY}"));
        assert_eq!(layer.gc_label(), "containerd.io/gc.ref.content.referrer.sha256.44136fa355b3");
    }

    #[test]
    fn embedded_data_counts_only_if_it_is_the_content() {
        let mut layer = layer();
        assert_eq!(layer.embedded(), None);
        layer.data = Some(b"{}".to_vec());
        assert_eq!(layer.embedded(), Some(b"{}".as_slice()));
        layer.data = Some(b"[]".to_vec());
        assert_eq!(layer.embedded(), None);
        layer.data = Some(b"{}\n".to_vec());
        assert_eq!(layer.embedded(), None);
    }

    #[test]
    fn is_written_in_the_order_of_the_go_type() {
        let json = format!(
            r#"{{"mediaType":"a/b","digest":"{EMPTY}","size":2,"urls":["https://a/b"],"annotations":{{"a":"b"}},"data":"e30=","platform":{{"architecture":"arm","os":"linux","variant":"v7"}},"artifactType":"c/d; e=f"}}"#
        );
        let descriptor = Descriptor::parse(json.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&descriptor).unwrap(), json);
        assert_eq!(serde_json::from_str::<Descriptor>(&json).unwrap(), descriptor);
        let typed = serde_json::from_str::<oci::Descriptor>(&json).unwrap();
        assert_eq!(Descriptor::try_from(&typed), Ok(descriptor));
    }

    #[test]
    fn a_typed_descriptor_is_checked_too() {
        let of = |digest: &str, size: u64| {
            let digest = digest.parse::<oci::Digest>().unwrap();
            Descriptor::try_from(&oci::Descriptor::new("a/b".into(), size, digest))
        };
        assert!(of(EMPTY, i64::MAX as u64).is_ok());
        assert!(matches!(of(EMPTY, u64::MAX), Err(DocumentError::Wrong { .. })));
        assert!(matches!(of("md5:00", 0), Err(DocumentError::Digest { .. })));
    }
}
