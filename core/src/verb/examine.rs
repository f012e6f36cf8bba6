//! Examine: look into the layers that are here, and note what is in them.

use super::{
    pull::record_name,
    shelf::{Shelf, missing, stored_target},
};
use crate::{
    effect::{
        pump::{End, Tap, TapError},
        store::{Batch, StoreErrorKind},
    },
    error::Error,
    event::{Event, Warning},
    machine::{Examined, LayerError, LayerTap},
    model::Descriptor,
    name::{Digest, Platform, Reference},
    op::{Cx, Flow},
    store::{Labels, Looked, State, swapped},
};

/// What to examine.
#[derive(Clone, Debug)]
pub struct Examine {
    /// The image.
    pub reference: Reference,
    /// What it leads to, if that is known; else what the store has under the name.
    pub target: Option<Descriptor>,
    /// Which of its platforms; `None`: the first that is here.
    pub platform: Option<Platform>,
}

/// How many layers were looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Examination {
    /// They are what the configuration says.
    pub sound: u64,
    /// They are not, or they cannot be unpacked.
    pub damaged: u64,
    /// They are not here, or compressed in a way that is not looked into (zstd).
    pub skipped: u64,
    /// They were looked into earlier.
    pub known: u64,
}

/// Examines the layers that the store has, one after the other. Nothing of what they unpack to is kept; what is found is
/// written down as labels of the layer: `containerd.io/uncompressed`, `lugger.unpacked` (bytes and members), or
/// `lugger.damaged`. Nothing is asked of a registry.
pub fn examine(cx: Cx, want: Examine) -> Flow<Examination> {
    Box::pin(run(cx, want))
}

async fn run(cx: Cx, want: Examine) -> Result<Examination, Error> {
    let cx = cx.scope(format_args!("examine {}", record_name(&want.reference)));
    let target = match want.target {
        Some(target) => target,
        None => match stored_target(&cx, &want.reference).await? {
            Some(target) => target,
            None => return Err(missing(&record_name(&want.reference), "there is no image of this name")),
        },
    };
    let (shelf, mut came) = (Shelf::default(), Examination::default());
    let Some(root) = shelf.document(&cx, &target).await? else { return Ok(came) };
    let entries = shelf.entries(&cx, &root).await?;
    let chosen = shelf.choose(&cx, &entries, want.platform.as_ref()).await?;
    let Some(entry) = chosen.and_then(|at| entries.get(at)) else { return Ok(came) };
    let Some(manifest) = shelf.document(&cx, entry).await? else { return Ok(came) };
    let children = manifest.children();
    let Some((config, layers)) = children.split_first().filter(|(first, _)| first.media_type.is_config())
    else {
        return Ok(came);
    };
    let Some(config) = shelf.config(&cx, config).await? else { return Ok(came) };
    for (layer, diff_id) in layers.iter().zip(config.diff_ids()) {
        *match one(&cx, layer, diff_id).await? {
            Found::Sound => &mut came.sound,
            Found::Damaged => &mut came.damaged,
            Found::Skipped => &mut came.skipped,
            Found::Known => &mut came.known,
        } += 1;
    }
    Ok(came)
}

/// What came of one layer.
pub(super) enum Found {
    Sound,
    Damaged,
    Skipped,
    Known,
}

async fn one(cx: &Cx, layer: &Descriptor, want: &Digest) -> Result<Found, Error> {
    let Some(tap) = tap(cx, layer, want) else { return Ok(Found::Skipped) };
    if cx.find(&layer.digest).await?.is_none() {
        return Ok(Found::Skipped);
    }
    if Looked::read(cx, &layer.digest).await?.state(Some(want)) != State::Stored {
        return Ok(Found::Known);
    }
    let pumped = cx.look(&layer.digest, u64::MAX, Tap::Layer(Box::new(tap))).await;
    let verdict = match (pumped.end, pumped.tap.into_layer()) {
        (End::Complete, Some(tap)) => tap.finish(),
        (End::Refused(TapError::Layer(why)), _) => Err(why),
        (End::Forgotten, _) => return Err(Error::Cancelled),
        // Someone has made room meanwhile.
        (End::StoreFailed(error), _) if error.kind == StoreErrorKind::Missing => return Ok(Found::Skipped),
        (End::StoreFailed(error), _) => return Err(error.into()),
        _ => return Err(swapped(layer).into()),
    };
    note(cx, layer, want, verdict).await
}

/// What looks into a layer that should unpack to `want`, and leaves it to others to verify the layer's own digest; `None`:
/// nobody looks into such layers.
pub(super) fn tap(cx: &Cx, layer: &Descriptor, want: &Digest) -> Option<LayerTap> {
    let tap = || LayerTap::new(want.algorithm(), cx.limits().unpacked_max).known_as(&layer.digest);
    layer.media_type.is_examinable().then(tap)
}

/// Writes down and tells what was found in a layer that the store has.
pub(super) async fn note(
    cx: &Cx,
    layer: &Descriptor,
    want: &Digest,
    verdict: Result<Examined, LayerError>,
) -> Result<Found, Error> {
    let labels = Labels::default();
    match &verdict {
        Ok(examined) => labels.set_examined(&layer.digest, examined),
        // Nobody has looked, whatever this image calls it.
        Err(LayerError::Other) => return Ok(Found::Skipped),
        Err(why) => labels.set_damaged(&layer.digest, &why.to_string()),
    }
    cx.apply(Batch { changes: labels.changes(), ..Batch::default() }).await?;
    Ok(match tell(cx, layer, want, verdict) {
        true => Found::Sound,
        false => Found::Damaged,
    })
}

/// Tells what was found; whether that is what was wanted.
pub(super) fn tell(
    cx: &Cx,
    layer: &Descriptor,
    want: &Digest,
    verdict: Result<Examined, LayerError>,
) -> bool {
    let digest = layer.digest.clone();
    let why = match verdict {
        Ok(Examined { diff_id, unpacked, .. }) if diff_id == *want => {
            cx.emit(Event::Examined { digest, diff_id, unpacked });
            return true;
        }
        Ok(Examined { diff_id, .. }) => format!("it unpacks to {diff_id}, the configuration says {want}"),
        Err(why) => why.to_string(),
    };
    cx.emit(Event::Warned(Warning::Damaged { digest, why }));
    false
}
