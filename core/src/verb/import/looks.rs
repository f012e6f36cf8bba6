//! Layers that are looked into while they are copied.

use std::cell::RefCell;

use super::Found;
use crate::{
    archive::entries,
    event::Event,
    machine::LayerTap,
    model::{Config, Descriptor, limits},
    name::Digest,
    op::Cx,
    small::SmallMap,
    verb::examine::tap,
};

/// What layers are to unpack to, by their digest: those that nobody has looked into yet.
#[derive(Default)]
pub(super) struct Looks(RefCell<SmallMap<Digest, Digest>>);

impl Looks {
    /// Reads what the layers of a manifest are to unpack to. A configuration that cannot be read says nothing here: whoever
    /// copies it says why.
    pub(super) async fn expect(&self, cx: &Cx, found: &Found, children: &[Descriptor]) {
        let Some((first, layers)) = children.split_first() else { return };
        let Some(config) = config(cx, found, first).await else { return };
        for (layer, diff_id) in layers.iter().zip(config.diff_ids()) {
            if !found.labels.is_examined(&layer.digest) {
                self.0.borrow_mut().get_or_insert(layer.digest.clone(), diff_id.clone());
            }
        }
    }

    /// What looks into this layer, and the diffID that it should find.
    pub(super) fn at(&self, cx: &Cx, layer: &Descriptor) -> Option<(LayerTap, Digest)> {
        let want = self.0.borrow().get(&layer.digest).cloned()?;
        tap(cx, layer, &want).map(|tap| (tap, want))
    }
}

/// The configuration of an image, which others may see at once.
async fn config(cx: &Cx, found: &Found, node: &Descriptor) -> Option<Config> {
    let place = found.place(&node.digest).filter(|_| node.media_type.is_config())?;
    let bytes = entries::read(cx, place, limits::CONFIG_BYTES, "").await.ok()?;
    node.verify(&bytes).ok()?;
    let config = Config::parse(bytes).ok()?;
    cx.emit(Event::Configured { config: node.clone(), bytes: config.bytes().to_vec() });
    Some(config)
}
