//! The images of an OCI image layout (image-spec, image-layout.md).

use super::Found;
use crate::{
    archive::Naming,
    error::Error,
    model::{Descriptor, Document, limits},
    name::MediaType,
    op::Cx,
    small::SmallMap,
    verb::shelf::attests,
};

/// Reads `index.json`: each manifest or index in it is an image; one that comes under several names is one image.
pub(super) async fn find(cx: &Cx, found: &mut Found) -> Result<(), Error> {
    let path = format!("{}index.json", found.root);
    let bytes = found.entries.read(cx, &path, limits::MANIFEST_BYTES).await?.unwrap_or_default();
    let index = Document::parse(bytes, &MediaType::known(MediaType::OCI_INDEX));
    let index = index.map_err(|error| Error::content(format!("{path} in {}", found.name), error))?;
    let (naming, mut seen) = (Naming::new(&found.name), SmallMap::default());
    for entry in index.children() {
        // What is no image, and what hangs at one (its signatures, say), has no name of its own.
        if !entry.media_type.is_document() || attests(&entry).is_some() {
            continue;
        }
        let at = *seen.get_or_insert(entry.digest.clone(), found.images.len());
        if at == found.images.len() {
            let target = Descriptor::new(entry.media_type.clone(), entry.digest.clone(), entry.size);
            found.images.push((target, Vec::new()));
        }
        if let (Some((_, names)), Some(name)) = (found.images.get_mut(at), naming.of(&entry.annotations))
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    Ok(())
}
