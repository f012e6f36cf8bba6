use std::fmt::Display;

use crate::name::Digest;

/// The chain ids of layers, lowest first: each names a layer with everything below it (image-spec `ChainID`).
pub fn chain_ids(diff_ids: &[Digest]) -> Vec<Digest> {
    let mut chain: Vec<Digest> = Vec::with_capacity(diff_ids.len());
    for diff_id in diff_ids {
        chain.push(match chain.last() {
            Some(parent) => chain_id(parent, diff_id),
            None => diff_id.clone(),
        });
    }
    chain
}

/// The chain id of a layer on top of another: SHA-256 always, whatever the parts are (security.md M4).
pub fn chain_id(parent: impl Display, diff_id: impl Display) -> Digest {
    Digest::sha256(format!("{parent} {diff_id}").as_bytes())
}
