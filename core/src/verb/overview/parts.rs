//! The parts of an overview.

use serde::Serialize;

use crate::{
    error::Error,
    machine::Unpacked,
    model::{Descriptor, Step},
    name::Digest,
    op::Cx,
    store::{Looked, State, here},
    verb::shelf::attests,
};

/// One entry of an index; a single manifest is one, too.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlatformEntry {
    /// `linux/arm64/v8`; `None` where nothing says it, and for attestations.
    pub platform: Option<String>,
    /// The manifest.
    pub manifest: Descriptor,
    /// Whether the manifest itself is here, in the store or in memory.
    pub here: bool,
    /// The digest of the manifest that this one is about, for attestations.
    pub attests: Option<String>,
}

impl PlatformEntry {
    pub(super) fn new(entry: &Descriptor, here: bool) -> Self {
        let platform = entry.platform.as_ref().filter(|platform| platform.os != "unknown");
        Self {
            platform: platform.map(ToString::to_string),
            manifest: entry.clone(),
            here,
            attests: attests(entry).cloned(),
        }
    }
}

/// A layer, and how much of it is here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerOverview {
    /// What the manifest says of it.
    #[serde(flatten)]
    pub descriptor: Descriptor,
    /// What the configuration says that it unpacks to.
    pub diff_id: Option<Digest>,
    /// How much of it is here.
    pub state: State,
    /// Bytes of it that are here.
    pub have: u64,
    /// What was found in it.
    pub unpacked: Option<Unpacked>,
}

impl LayerOverview {
    pub(super) async fn look(cx: &Cx, layer: &Descriptor, diff_id: Option<&Digest>) -> Result<Self, Error> {
        let (mut state, have) = here(cx, &layer.digest).await?;
        let mut unpacked = None;
        if state == State::Stored && layer.media_type.is_examinable() {
            let looked = Looked::read(cx, &layer.digest).await?;
            (state, unpacked) = (looked.state(diff_id), looked.unpacked);
        }
        Ok(Self { descriptor: layer.clone(), diff_id: diff_id.cloned(), state, have, unpacked })
    }
}

/// A step of the build, joined to the layer that it made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BuildStep {
    /// RFC 3339.
    pub created: Option<String>,
    /// What was done.
    pub created_by: Option<String>,
    /// What its maker says of it.
    pub comment: Option<String>,
    /// Position in `layers`.
    pub layer: Option<usize>,
}

impl BuildStep {
    pub(super) fn new(step: &Step<'_>) -> Self {
        Self {
            created: step.history.and_then(|it| it.created().clone()),
            created_by: step.history.and_then(|it| it.created_by().clone()),
            comment: step.history.and_then(|it| it.comment().clone()),
            layer: step.layer.map(|(at, _)| at),
        }
    }
}
