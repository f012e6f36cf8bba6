//! The images of what `docker save` writes, each given the manifest that it lacks.

use serde_json::{Value, json};

use super::Found;
use crate::{
    archive::{Place, names::full_name},
    effect::pump::{End, Tap, TapError},
    error::{ArchiveError, Error},
    machine::{Examined, LayerTap},
    model::{Descriptor, Document, Saved, limits},
    name::{Digest, MediaType, Mismatch},
    op::Cx,
    store::swapped,
    verb::examine::tell,
};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Reads `manifest.json`.
pub(super) async fn find(cx: &Cx, found: &mut Found) -> Result<(), Error> {
    let path = format!("{}manifest.json", found.root);
    let bytes = found.entries.read(cx, &path, limits::MANIFEST_BYTES).await?.unwrap_or_default();
    let images =
        Saved::parse(&bytes).map_err(|error| Error::content(format!("{path} in {}", found.name), error))?;
    let max = cx.limits().nodes;
    if images.iter().map(|image| image.layers.len()).fold(images.len(), usize::saturating_add) > max {
        return Err(found.wrong(ArchiveError::TooMany { max }));
    }
    for image in images {
        let document = manifest(cx, found, &image).await?;
        let target = document.descriptor();
        found.made.insert(target.digest.clone(), document);
        let names: Vec<_> = image.tags.iter().filter_map(|tag| full_name(tag)).collect();
        match found.images.iter_mut().find(|(known, _)| known.digest == target.digest) {
            Some((_, known)) => known.extend(names),
            None => found.images.push((target, names)),
        }
    }
    Ok(())
}

/// Makes the manifest of one image: the config's bytes as they are, and each layer by its digest, which for a plain one is
/// the diffID in the config.
async fn manifest(cx: &Cx, found: &mut Found, image: &Saved) -> Result<Document, Error> {
    let what = |path: &str| format!("{path} in {}", found.name);
    let place = |path: &str| {
        let place = found.entries.find(&format!("{}{path}", found.root));
        place.ok_or_else(|| Error::content(path, ArchiveError::Missing))
    };
    let at = place(&image.config)?;
    let config = found.config(cx, at.clone(), &what(&image.config)).await?;
    let descriptor = Descriptor::of(MediaType::known(MediaType::OCI_CONFIG), config.bytes());
    let (files, diff_ids) = (image.layers.len(), config.diff_ids().len());
    if files != diff_ids {
        return Err(found.wrong(ArchiveError::Layers { files, diff_ids }));
    }
    let mut places = vec![(descriptor.digest.clone(), at)];
    let mut layers = Vec::new();
    for (path, diff_id) in image.layers.iter().zip(config.diff_ids()) {
        let at = place(path)?;
        let layer = layer(cx, found, &what(path), &at, diff_id).await?;
        places.push((layer.digest.clone(), at));
        layers.push(layer);
    }
    found.places.extend(places);
    let text = json!({
        "schemaVersion": 2,
        "mediaType": MediaType::OCI_MANIFEST,
        "config": plain(&descriptor),
        "layers": layers.iter().map(plain).collect::<Vec<_>>(),
    });
    Document::parse(text.to_string().into_bytes(), &MediaType::known(MediaType::OCI_MANIFEST))
        .map_err(|error| Error::content(format!("the image {} in {}", image.config, found.name), error))
}

/// A descriptor that says no more than it must.
fn plain(it: &Descriptor) -> Value {
    json!({"mediaType": it.media_type.as_str(), "digest": it.digest.to_string(), "size": it.size})
}

/// The descriptor of a layer that unpacks to this. A compressed one is looked into for it, once.
async fn layer(
    cx: &Cx,
    found: &Found,
    what: &str,
    at: &Place,
    diff_id: &Digest,
) -> Result<Descriptor, Error> {
    let (given, part) = at.clone();
    let size = part.end.saturating_sub(part.start);
    let first =
        cx.slice(given, part.start, 4.min(u32::try_from(size).unwrap_or(4))).await.map_err(Error::Given)?;
    if !first.starts_with(&[0x1f, 0x8b]) {
        return Ok(Descriptor::new(MediaType::known(LAYER), diff_id.clone(), size));
    }
    let tap = LayerTap::new(diff_id.algorithm(), cx.limits().unpacked_max).and_itself();
    let mut blob = Descriptor::new(MediaType::known(LAYER_GZIP), diff_id.clone(), size);
    let pumped = cx.look_at((given, part), Tap::Layer(Box::new(tap))).await;
    let examined = match (pumped.end, pumped.tap.into_layer()) {
        (End::Complete, Some(tap)) => tap.finish(),
        (End::Refused(TapError::Layer(why)), _) => Err(why),
        (End::GivenLost(error), _) => return Err(Error::Given(error)),
        (End::Forgotten, _) => return Err(Error::Cancelled),
        _ => return Err(swapped(&blob).into()),
    };
    let examined = examined.map_err(|why| Error::content(what, ArchiveError::from(why)))?;
    let Examined { diff_id: got, digest: Some(digest), .. } = &examined else {
        return Err(swapped(&blob).into());
    };
    if got != diff_id {
        return Err(Error::content(what, Mismatch::Digest { want: diff_id.clone(), got: got.clone() }));
    }
    blob.digest = digest.clone();
    found.labels.set_examined(digest, &examined);
    tell(cx, &blob, diff_id, Ok(examined));
    Ok(blob)
}
