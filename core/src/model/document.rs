use serde_json::Value;

use super::{
    Descriptor, DocumentError, Index, Manifest,
    field::{Field, Object},
    limits, strict,
};
use crate::name::{Digest, Excerpt, MediaType, media::Kind};

/// An image manifest or index: its exact bytes, what they are, and the typed view.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    bytes: Vec<u8>,
    media_type: MediaType,
    digest: Digest,
    view: View,
}

/// The typed view of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum View {
    /// One image.
    Manifest(Box<Manifest>),
    /// Several.
    Index(Box<Index>),
}

impl Document {
    /// Reads `bytes` as what `media_type` says. Their digest is the SHA-256 one.
    pub fn parse(bytes: Vec<u8>, media_type: &MediaType) -> Result<Document, DocumentError> {
        let digest = Digest::sha256(&bytes);
        Document::read(bytes, media_type, digest)
    }

    /// Reads the content of `descriptor`, once length and digest are right.
    pub fn verified(bytes: Vec<u8>, descriptor: &Descriptor) -> Result<Document, DocumentError> {
        descriptor.verify(&bytes)?;
        Document::read(bytes, &descriptor.media_type, descriptor.digest.clone())
    }

    fn read(bytes: Vec<u8>, media_type: &MediaType, digest: Digest) -> Result<Document, DocumentError> {
        let read = match media_type.kind() {
            Kind::Manifest => read_manifest,
            Kind::Index => read_index,
            Kind::Schema1 { .. } => return Err(DocumentError::OnlySchema1(media_type.clone())),
            _ => return Err(DocumentError::NotADocument(media_type.clone())),
        };
        let value = strict::parse(&bytes, limits::MANIFEST_BYTES)?;
        let view = read(&value, media_type)?;
        Ok(Document { bytes, media_type: media_type.clone(), digest, view })
    }

    /// The bytes as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What it was read as.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The typed view.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The typed view, if it is a manifest.
    pub fn as_manifest(&self) -> Option<&Manifest> {
        match &self.view {
            View::Manifest(manifest) => Some(manifest),
            View::Index(_) => None,
        }
    }

    /// The typed view, if it is an index.
    pub fn as_index(&self) -> Option<&Index> {
        match &self.view {
            View::Index(index) => Some(index),
            View::Manifest(_) => None,
        }
    }

    /// Its own descriptor.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.digest.clone(), self.bytes.len() as u64)
    }

    /// What it is made of: the configuration and the layers, or the entries in order (containerd.md §5.2).
    pub fn children(&self) -> Vec<Descriptor> {
        match &self.view {
            View::Manifest(manifest) => {
                std::iter::once(&manifest.config).chain(&manifest.layers).cloned().collect()
            }
            View::Index(index) => index.manifests.clone(),
        }
    }
}

fn read_manifest(value: &Value, media_type: &MediaType) -> Result<View, DocumentError> {
    let object = Field::root(value).object(&Manifest::MEMBERS)?;
    check_format(&object, media_type, &["manifests"], "an image manifest")?;
    let manifest = Manifest::read(&object)?;
    // image-spec wants a layer; Docker's own format lets `FROM scratch` have none.
    if manifest.layers.is_empty() && media_type.essence() == MediaType::OCI_MANIFEST {
        return Err(object.require("layers")?.wrong("an array with at least one layer"));
    }
    Ok(View::Manifest(Box::new(manifest)))
}

fn read_index(value: &Value, media_type: &MediaType) -> Result<View, DocumentError> {
    let object = Field::root(value).object(&Index::MEMBERS)?;
    check_format(&object, media_type, &["config", "layers"], "an image index")?;
    Ok(View::Index(Box::new(Index::read(&object)?)))
}

/// Makes sure that nobody can read the document as something else (security.md M1, CVE-2021-41190).
fn check_format(
    object: &Object<'_>,
    media_type: &MediaType,
    foreign: &[&'static str],
    format: &'static str,
) -> Result<(), DocumentError> {
    if let Some((at, _)) = object.find(&["fsLayers", "history"]) {
        return Err(DocumentError::Schema1 { at, format });
    }
    if let Some((at, _)) = object.find(foreign) {
        return Err(DocumentError::OtherFormat { at, format });
    }
    if let Some(said) = object.read("mediaType", |it| it.text())?
        && said != media_type.essence()
    {
        return Err(DocumentError::TypeMismatch { said: Excerpt::of(said), given: media_type.clone() });
    }
    match object.require("schemaVersion")? {
        version if version.value.as_u64() == Some(2) => Ok(()),
        version => Err(version.wrong("2")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::name::Mismatch;

    fn read(text: &str, media_type: &str) -> Result<Document, DocumentError> {
        Document::parse(text.as_bytes().to_vec(), &MediaType::parse(media_type).unwrap())
    }

    const ENTRY: &str = r#"{"mediaType":"a/b","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}"#;

    fn manifest(more: &str) -> String {
        format!(r#"{{"schemaVersion":2,"config":{ENTRY},"layers":[{ENTRY}]{more}}}"#)
    }

    #[test]
    fn a_document_is_one_thing_only() {
        let of = |more: &str| read(&manifest(more), MediaType::OCI_MANIFEST);
        assert!(of("").is_ok() && of(r#","blobs":[],"extra":{"manifests":[]}"#).is_ok());
        assert!(matches!(of(r#","manifests":null"#), Err(DocumentError::OtherFormat { .. })));
        assert!(matches!(of(r#","MANIFESTS":[]"#), Err(DocumentError::OtherFormat { .. })));
        assert!(matches!(of(r#","FSLayers":[]"#), Err(DocumentError::Schema1 { .. })));
        assert!(matches!(of(r#","Config":{}"#), Err(DocumentError::LetterCase { .. })));
        assert!(matches!(of(r#","mediaType":"a/b""#), Err(DocumentError::TypeMismatch { .. })));
        assert!(matches!(of(r#","layers":[]"#), Err(DocumentError::Duplicate { .. })));
        assert!(matches!(read(&manifest(""), "a/b"), Err(DocumentError::NotADocument(_))));
        assert!(matches!(read(&manifest(""), MediaType::OCI_INDEX), Err(DocumentError::OtherFormat { .. })));
    }

    #[test]
    fn errors_name_the_member() {
        let error = |from: &str, to: &str| {
            read(&manifest("").replacen(from, to, 2), MediaType::OCI_MANIFEST).unwrap_err().to_string()
        };
        assert_eq!(
            error(r#""layers":[{"mediaType""#, r#""layers":[{"MediaType""#),
            "layers[0].MediaType is `mediaType` in another letter case"
        );
        assert_eq!(error(r#""schemaVersion":2"#, r#""schemaVersion":2.0"#), "schemaVersion must be 2");
        assert_eq!(
            error("sha256:44", "sha256:"),
            "config.digest: invalid digest: sha256 has 64 hexadecimal digits, not 62"
        );
    }

    #[test]
    fn too_many_are_refused_before_they_are_read() {
        let layers = format!(r#"{{"schemaVersion":2,"config":{ENTRY},"layers":[{}1]}}"#, "1,".repeat(1024));
        assert!(matches!(
            read(&layers, MediaType::OCI_MANIFEST),
            Err(DocumentError::TooMany { count: 1025, .. })
        ));
        let entries = format!(r#"{{"schemaVersion":2,"manifests":[{}1]}}"#, "1,".repeat(10_000));
        assert!(matches!(
            read(&entries, MediaType::OCI_INDEX),
            Err(DocumentError::TooMany { count: 10_001, .. })
        ));
    }

    #[test]
    fn the_content_must_be_what_was_asked_for() {
        let bytes = manifest("").into_bytes();
        let mut want = Descriptor::of(MediaType::known(MediaType::OCI_MANIFEST), &bytes);
        let document = Document::verified(bytes.clone(), &want).unwrap();
        assert_eq!(document.descriptor(), want);
        assert_eq!(document.children().len(), 2);
        want.size += 1;
        assert!(matches!(
            Document::verified(bytes.clone(), &want),
            Err(DocumentError::Mismatch(Mismatch::Size { .. }))
        ));
        want.size -= 1;
        want.digest = Digest::sha256(b"");
        assert!(matches!(
            Document::verified(bytes, &want),
            Err(DocumentError::Mismatch(Mismatch::Digest { .. }))
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
            let mut near = manifest(r#","annotations":{"a":"b"}"#).into_bytes();
            let at = at.index(near.len());
            near[at] = byte;
            for bytes in [bytes, near] {
                for media_type in [MediaType::OCI_MANIFEST, MediaType::OCI_INDEX] {
                    let _ = Document::parse(bytes.clone(), &MediaType::known(media_type));
                }
            }
        }
    }
}
