//! What is known of a layer from having looked into it: labels of the layer as it is stored.

use serde::Serialize;

use super::Labels;
use crate::{
    effect::store::StoreError,
    machine::{Examined, Unpacked},
    name::Digest,
    op::Cx,
};

/// containerd's word for the digest of what a layer unpacks to.
const UNCOMPRESSED: &str = "containerd.io/uncompressed";
/// `<bytes> <entries>` of what it unpacks to.
const UNPACKED: &str = "lugger.unpacked";
/// Why it does not unpack at all.
const DAMAGED: &str = "lugger.damaged";

/// How much of some content is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing.
    Absent,
    /// Some of its bytes.
    Partial,
    /// All of it: the bytes have their digest.
    Stored,
    /// And what they unpack to has its diffID.
    Examined,
    /// It does not unpack, or not to what the config says.
    Damaged,
}

/// How much of some content the store has, and how many bytes.
pub async fn here(cx: &Cx, content: &Digest) -> Result<(State, u64), StoreError> {
    if let Some(size) = cx.find(content).await? {
        return Ok((State::Stored, size));
    }
    Ok(match cx.partial(content).await? {
        Some(have) if have > 0 => (State::Partial, have),
        Some(_) => (State::Absent, 0),
        // It may have been committed between the two questions.
        None => cx.find(content).await?.map_or((State::Absent, 0), |size| (State::Stored, size)),
    })
}

/// What an earlier look has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The digest of what it unpacks to.
    pub diff_id: Option<Digest>,
    /// How much that is.
    pub unpacked: Option<Unpacked>,
    /// Why it does not unpack.
    pub damaged: Option<String>,
}

impl Looked {
    /// What the labels of a layer say. One that cannot be read counts as missing: the layer is looked into again.
    pub async fn read(cx: &Cx, layer: &Digest) -> Result<Self, StoreError> {
        let (prefix, mut looked) = (format!("label/{layer}/"), Self::default());
        for (key, record) in cx.scan(&*prefix).await? {
            let Ok(value) = record.read::<String>() else { continue };
            match key.strip_prefix(&*prefix) {
                Some(UNCOMPRESSED) => looked.diff_id = value.parse().ok(),
                Some(UNPACKED) => looked.unpacked = unpacked(&value),
                Some(DAMAGED) => looked.damaged = Some(value),
                _ => {}
            }
        }
        Ok(looked)
    }

    /// What this means for an image whose configuration says that the layer unpacks to `want`. What a layer unpacks to is a
    /// fact of its bytes; that it is not what one image says is that image's damage alone. Who looked for a digest of another
    /// algorithm has found out nothing of this one.
    pub fn state(&self, want: Option<&Digest>) -> State {
        match (&self.damaged, &self.diff_id, want) {
            (Some(_), ..) => State::Damaged,
            (None, Some(got), Some(want)) if got == want => State::Examined,
            (None, Some(got), Some(want)) if got.algorithm() == want.algorithm() => State::Damaged,
            (None, ..) => State::Stored,
        }
    }
}

impl Labels {
    /// A layer unpacks to this.
    pub fn set_examined(&self, layer: &Digest, examined: &Examined) {
        let Unpacked { bytes, entries } = examined.unpacked;
        self.set(layer, UNCOMPRESSED, &examined.diff_id.to_string());
        self.set(layer, UNPACKED, &format!("{bytes} {entries}"));
    }

    /// Whether they say what a layer unpacks to.
    pub fn is_examined(&self, layer: &Digest) -> bool {
        self.has(layer, UNCOMPRESSED)
    }

    /// A layer does not unpack, and why.
    pub fn set_damaged(&self, layer: &Digest, why: &str) {
        self.set(layer, DAMAGED, why);
    }
}

fn unpacked(value: &str) -> Option<Unpacked> {
    let (bytes, entries) = value.split_once(' ')?;
    Some(Unpacked { bytes: bytes.parse().ok()?, entries: entries.parse().ok()? })
}
