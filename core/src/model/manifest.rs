use std::collections::BTreeMap;

use super::{
    Descriptor, DocumentError,
    field::{Field, Object},
    limits,
};
use crate::name::MediaType;

/// The typed view of an image manifest. Members that have no place here are in the document's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Manifest {
    /// The type of the artifact, if it is not an image.
    pub artifact_type: Option<MediaType>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
    /// What this manifest refers to. Never followed.
    pub subject: Option<Descriptor>,
    /// Free text by name.
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    pub(super) const MEMBERS: [&str; 7] =
        ["schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations"];

    pub(super) fn read(object: &Object<'_>) -> Result<Manifest, DocumentError> {
        let layers = object.require("layers")?;
        Ok(Manifest {
            artifact_type: object.read("artifactType", |it| it.media_type())?,
            config: object.require("config").and_then(Descriptor::read)?,
            layers: layers.items(limits::LAYERS, Descriptor::read)?,
            subject: object.read("subject", Descriptor::read)?,
            annotations: object.read("annotations", |it: Field<'_>| it.text_map())?.unwrap_or_default(),
        })
    }
}
