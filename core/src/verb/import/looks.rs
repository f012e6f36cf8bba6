//! Layers that are looked into while they are copied.

use std::cell::RefCell;

use super::Found;
use crate::{event::Event, machine::LayerTap, model::Descriptor, name::Digest, op::Cx, verb::examine::tap};

/// Layers that nobody has looked into yet, and what each is to unpack to.
#[derive(Default)]
pub(super) struct Looks(RefCell<Vec<(Digest, Digest)>>);

impl Looks {
    /// Reads what the layers of a manifest are to unpack to, and tells the configuration. One that cannot be read says nothing
    /// here: whoever copies it says why.
    pub(super) async fn expect(&self, cx: &Cx, found: &Found, children: &[Descriptor]) {
        let Some((first, layers)) = children.split_first() else { return };
        let Some(place) = found.place(&first.digest).filter(|_| first.media_type.is_config()) else { return };
        let Ok(config) = found.config(cx, place, "").await else { return };
        if first.verify(config.bytes()).is_err() {
            return;
        }
        cx.emit(Event::Configured { config: first.clone(), bytes: config.bytes().to_vec() });
        for (layer, diff_id) in layers.iter().zip(config.diff_ids()) {
            if !found.labels.is_examined(&layer.digest) {
                self.0.borrow_mut().push((layer.digest.clone(), diff_id.clone()));
            }
        }
    }

    /// What looks into this layer, and the diffID that it should find.
    pub(super) fn at(&self, cx: &Cx, layer: &Descriptor) -> Option<(LayerTap, Digest)> {
        let looks = self.0.borrow();
        let (_, want) = looks.iter().find(|(digest, _)| *digest == layer.digest)?.clone();
        tap(cx, layer, &want).map(|tap| (tap, want))
    }
}
