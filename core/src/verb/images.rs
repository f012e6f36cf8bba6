//! The images of a store.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::{
    error::Error,
    graph::Documents,
    model::{Config, Descriptor, limits},
    name::Platform,
    op::{Cx, Flow},
    small::SmallSet,
    store::{ImageRecord, images},
};

/// One name, what it leads to, and how much of that is here.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// The name of the record.
    pub name: String,
    /// The record.
    pub record: ImageRecord,
    /// The platforms whose manifests are here; that of its configuration, for a single manifest.
    pub platforms: Vec<Platform>,
    /// Bytes of the distinct content that is here: documents, configs and layers.
    pub size: u64,
}

/// Without what is said twice: the members of the record, and platforms as text.
impl Serialize for Image {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Listed<'a> {
            name: &'a str,
            target: &'a Descriptor,
            platforms: Vec<String>,
            size: u64,
            created_at: &'a str,
            updated_at: &'a str,
            labels: &'a BTreeMap<String, String>,
        }
        let Self { name, record: ImageRecord { target, labels, created_at, updated_at }, platforms, size } =
            self;
        let platforms = platforms.iter().map(ToString::to_string).collect();
        Listed { name, target, platforms, size: *size, created_at, updated_at, labels }.serialize(serializer)
    }
}

/// Every image, in the order of names. What is damaged counts as not here, so that the others are still shown.
pub fn list(cx: Cx) -> Flow<Vec<Image>> {
    Box::pin(run(cx))
}

async fn run(cx: Cx) -> Result<Vec<Image>, Error> {
    let cx = cx.scope("images");
    let mut listed = Vec::new();
    for (name, record) in images(&cx).await? {
        let documents = Documents::default();
        let (mut seen, mut size, mut platforms) = (SmallSet::default(), 0_u64, Vec::new());
        let mut waiting = vec![record.target.clone()];
        while let Some(node) = waiting.pop() {
            if !seen.insert(node.digest.clone()) {
                continue;
            }
            if !node.media_type.is_document() {
                size = size.saturating_add(cx.find(&node.digest).await?.unwrap_or(0));
            } else if documents.load_stored(&cx, &node).await.unwrap_or(false) {
                size = size.saturating_add(node.size);
                platforms.extend(node.platform.filter(|platform| platform.os != "unknown"));
                waiting.extend(documents.children(&node.digest).into_iter().rev());
            }
        }
        if platforms.is_empty() {
            platforms.extend(own_platform(&cx, &documents, &record.target).await);
        }
        listed.push(Image { name, record, platforms, size });
    }
    Ok(listed)
}

/// What a single manifest is for, as its configuration says.
async fn own_platform(cx: &Cx, documents: &Documents, manifest: &Descriptor) -> Option<Platform> {
    let config = documents.children(&manifest.digest).into_iter().find(|child| child.media_type.is_config());
    // What cannot be read is said where it is looked into.
    let bytes = cx.read(&config?.digest, limits::CONFIG_BYTES).await.ok()?;
    Some(Config::parse(bytes).ok()?.platform().normalize())
}
