//! The documents of the demo image.
//!
//! `oci-spec` has them too, but keeps labels in a `HashMap`: another digest at every run.

use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u32,
    pub(super) media_type: &'static str,
    pub(super) manifests: Vec<Descriptor>,
    pub(super) annotations: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageManifest {
    pub(super) schema_version: u32,
    pub(super) media_type: &'static str,
    pub(super) config: Descriptor,
    pub(super) layers: Vec<Descriptor>,
    pub(super) annotations: BTreeMap<&'static str, &'static str>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) media_type: &'static str,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<PlatformJson>,
}

impl Descriptor {
    pub(super) fn new(media_type: &'static str, digest: &str, size: u64) -> Descriptor {
        Descriptor { media_type, digest: digest.to_owned(), size, platform: None }
    }
}

#[derive(Clone, Serialize)]
pub(super) struct PlatformJson {
    pub(super) architecture: &'static str,
    pub(super) os: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Config<'a> {
    pub(super) created: &'static str,
    pub(super) author: &'static str,
    pub(super) architecture: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variant: Option<&'static str>,
    pub(super) os: &'static str,
    pub(super) config: Execution,
    pub(super) rootfs: RootFs<'a>,
    pub(super) history: Vec<History>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Execution {
    pub(super) env: [&'static str; 1],
    pub(super) entrypoint: [&'static str; 1],
    pub(super) working_dir: &'static str,
    pub(super) labels: BTreeMap<&'static str, &'static str>,
}

#[derive(Serialize)]
pub(super) struct RootFs<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) diff_ids: Vec<&'a str>,
}

#[derive(Serialize)]
pub(super) struct History {
    pub(super) created: &'static str,
    pub(super) created_by: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) empty_layer: bool,
}
