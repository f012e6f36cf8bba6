//! The images of a store.

use std::collections::BTreeSet;

use crate::{
    error::Error,
    graph::Documents,
    name::Platform,
    op::Cx,
    store::{ImageRecord, images},
};

/// One name, what it leads to, and how much of that is here.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The name of the record.
    pub name: String,
    /// The record.
    pub record: ImageRecord,
    /// The platforms whose manifests are here; empty for a single manifest.
    pub platforms: Vec<Platform>,
    /// Bytes of the distinct content that is here: documents, configs and layers.
    pub size: u64,
}

/// Every image, in the order of names.
pub async fn list(cx: Cx) -> Result<Vec<Image>, Error> {
    let cx = cx.scope("images");
    let mut listed = Vec::new();
    for (name, record) in images(&cx).await? {
        let documents = Documents::default();
        let (mut seen, mut size, mut platforms) = (BTreeSet::new(), 0_u64, Vec::new());
        let mut waiting = vec![record.target.clone()];
        while let Some(node) = waiting.pop() {
            if !seen.insert(node.digest.clone()) {
                continue;
            }
            if !node.media_type.is_document() {
                size = size.saturating_add(cx.find(&node.digest).await?.unwrap_or(0));
            } else if documents.load_stored(&cx, &node).await? {
                size = size.saturating_add(node.size);
                platforms.extend(node.platform.filter(|platform| platform.os != "unknown"));
                waiting.extend(documents.children(&node.digest).into_iter().rev());
            }
        }
        listed.push(Image { name, record, platforms, size });
    }
    Ok(listed)
}
