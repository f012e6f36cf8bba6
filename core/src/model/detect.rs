use super::{DocumentError, field::Field, limits, schema1, strict};
use crate::name::{Digest, MediaType, media::Kind};

/// What a manifest or index is, going by its bytes alone: by its `mediaType` if it has one, else by its members.
/// A document that could be two things is neither (security.md M1).
pub fn detect(bytes: &[u8]) -> Result<MediaType, DocumentError> {
    let value = strict::parse(bytes, limits::MANIFEST_BYTES)?;
    let object = Field::root(&value).object(&["schemaVersion", "mediaType"])?;
    if let Some(media_type) = object.read("mediaType", |it| it.media_type())? {
        return match media_type.kind() {
            Kind::Manifest | Kind::Index | Kind::Schema1 { .. } => Ok(media_type),
            _ => Err(DocumentError::NotADocument(media_type)),
        };
    }
    let has = |names| object.find(names).is_some();
    let version = object.require("schemaVersion")?.value.as_u64();
    let media_type = match (version, has(&["fsLayers"]), has(&["manifests"]), has(&["config", "layers"])) {
        (Some(1), true, false, false) if has(&["signatures"]) => MediaType::SCHEMA1_SIGNED,
        (Some(1), true, false, false) => MediaType::SCHEMA1,
        (Some(2), false, true, false) => MediaType::OCI_INDEX,
        (Some(2), false, false, true) => {
            let config = object.require("config")?.object(&["mediaType"])?;
            match config.require("mediaType")?.text()? {
                // Only Docker's format had this as a matter of course, and it has an obligatory `mediaType`.
                MediaType::DOCKER_CONFIG => MediaType::DOCKER_MANIFEST,
                _ => MediaType::OCI_MANIFEST,
            }
        }
        _ => return Err(DocumentError::Undetected),
    };
    Ok(MediaType::known(media_type))
}

/// The digest by which a registry knows a document: that of its bytes, without the signatures of schema 1.
pub fn digest_of(bytes: &[u8]) -> Result<Digest, DocumentError> {
    match detect(bytes).map(|media_type| media_type.kind()) {
        Ok(Kind::Schema1 { signed: true }) => Ok(Digest::sha256(&schema1::signed_payload(bytes)?)),
        _ => Ok(Digest::sha256(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_things_at_once_are_neither() {
        for text in [
            r#"{"schemaVersion":2,"manifests":[],"config":{"mediaType":"a/b"}}"#,
            r#"{"schemaVersion":2,"fsLayers":[],"config":{"mediaType":"a/b"}}"#,
            r#"{"schemaVersion":1,"fsLayers":[],"manifests":[]}"#,
            r#"{"schemaVersion":2}"#,
            r#"{"schemaVersion":3,"manifests":[]}"#,
        ] {
            assert_eq!(detect(text.as_bytes()), Err(DocumentError::Undetected), "{text}");
        }
        assert!(matches!(detect(br#"{"mediaType":"a/b"}"#), Err(DocumentError::NotADocument(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged(bytes: Vec<u8>) {
            let _ = detect(&bytes);
            prop_assert!(digest_of(&bytes).is_ok());
        }
    }
}
