//! Images from a seed, and what a pull of them should leave: worked out here a second time, without the core.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use lugger_core::{
    name::{Digest, MediaType, Platform},
    rng::Rng,
};
use serde_json::{Value, json};

/// The platforms that generated images are for. None of them can run another one's.
pub const PLATFORMS: [(&str, &str); 5] =
    [("linux", "amd64"), ("linux", "arm64"), ("linux", "s390x"), ("linux", "ppc64le"), ("windows", "amd64")];

/// A document of an image.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// Its type.
    pub media_type: &'static str,
    /// What it is made of, in order.
    pub children: Vec<Child>,
}

/// One entry of a document.
#[derive(Clone, Debug)]
pub struct Child {
    /// Which content.
    pub digest: Digest,
    /// What it says of its platform.
    pub platform: Option<Platform>,
    /// Whether the entry brings the content along.
    pub embedded: bool,
}

/// An image: a root and all that is below it.
#[derive(Clone, Debug)]
pub struct Image {
    /// An index or a manifest.
    pub root: Digest,
    /// Manifests and indexes.
    pub documents: BTreeMap<Digest, Document>,
    /// Configs and layers.
    pub blobs: BTreeMap<Digest, Vec<u8>>,
}

/// How an image is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One manifest.
    Manifest,
    /// An index of manifests.
    Index,
    /// An index of manifests and of a further index.
    Nested,
}

/// The types of an image, all Docker's or all OCI's.
struct Types {
    manifest: &'static str,
    index: &'static str,
    config: &'static str,
    layer: &'static str,
}

const OCI: Types = Types {
    manifest: MediaType::OCI_MANIFEST,
    index: MediaType::OCI_INDEX,
    config: MediaType::OCI_CONFIG,
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};
const DOCKER: Types = Types {
    manifest: MediaType::DOCKER_MANIFEST,
    index: MediaType::DOCKER_LIST,
    config: MediaType::DOCKER_CONFIG,
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};

impl Image {
    /// The image of this seed and shape for so many of [`PLATFORMS`]; `largest` bounds its layers.
    pub fn generate(rng: &mut Rng, shape: Shape, platforms: usize, largest: u64) -> Self {
        let types = if rng.below(2) == 0 { OCI } else { DOCKER };
        let mut image =
            Self { root: Digest::sha256(b""), documents: BTreeMap::new(), blobs: BTreeMap::new() };
        let pool: Vec<Value> = (0..1 + rng.below(6)).map(|_| image.layer(rng, &types, largest)).collect();
        let mut entries = Vec::new();
        let count = if shape == Shape::Manifest { 1 } else { platforms.clamp(1, PLATFORMS.len()) };
        for (os, architecture) in PLATFORMS.into_iter().take(count) {
            let mut entry = image.manifest(rng, &types, &pool, os, architecture);
            if shape == Shape::Manifest {
                image.root = digest_of(&entry);
                return image;
            }
            entry["platform"] = json!({"os": os, "architecture": architecture});
            entries.push(entry);
        }
        if rng.below(4) == 0 {
            // What build tools add: a manifest that is no image.
            let mut entry = image.manifest(rng, &types, &pool, "unknown", "unknown");
            entry["platform"] = json!({"os": "unknown", "architecture": "unknown"});
            entries.push(entry);
        }
        if shape == Shape::Nested {
            let inner = entries.split_off(entries.len() / 2);
            let inner = image.index(&types, &inner);
            let at = rng.below(entries.len() as u64 + 1) as usize;
            entries.insert(at, inner);
        }
        let root = image.index(&types, &entries);
        image.root = digest_of(&root);
        image
    }

    /// A single OCI manifest for linux/amd64 with these layers.
    pub fn plain(layers: Vec<Vec<u8>>) -> Self {
        let mut image =
            Self { root: Digest::sha256(b""), documents: BTreeMap::new(), blobs: BTreeMap::new() };
        let layers: Vec<Value> = layers.into_iter().map(|bytes| image.blob(OCI.layer, bytes)).collect();
        image.root = digest_of(&image.image_of(&OCI, &layers, "linux", "amd64"));
        image
    }

    /// The same image under one more index, with this platform in its entry.
    pub fn under_index(mut self, platform: Option<(&str, &str)>) -> Self {
        let mut entry = self.root_entry();
        if let Some((os, architecture)) = platform {
            entry["platform"] = json!({"os": os, "architecture": architecture});
        }
        self.root = digest_of(&self.index(&OCI, &[entry]));
        self
    }

    fn layer(&mut self, rng: &mut Rng, types: &Types, largest: u64) -> Value {
        let bound = match rng.below(10) {
            0 => 1,
            1..=5 => 2_000,
            6..=8 => 20_000,
            _ => largest,
        };
        let size = rng.below(bound.min(largest).max(1));
        let bytes = random_bytes(rng, size as usize);
        let embed = size < 500 && rng.below(4) == 0;
        let mut entry = self.blob(types.layer, bytes.clone());
        if embed {
            entry["data"] = json!(BASE64_STANDARD.encode(bytes));
        }
        entry
    }

    fn blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Value {
        let digest = Digest::sha256(&bytes);
        let entry = json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()});
        self.blobs.insert(digest, bytes);
        entry
    }

    fn manifest(
        &mut self,
        rng: &mut Rng,
        types: &Types,
        pool: &[Value],
        os: &str,
        architecture: &str,
    ) -> Value {
        // With repetition: real images do contain the same (empty) layer several times.
        let layers: Vec<Value> =
            (0..1 + rng.below(5)).map(|_| pool[rng.below(pool.len() as u64) as usize].clone()).collect();
        self.image_of(types, &layers, os, architecture)
    }

    fn image_of(&mut self, types: &Types, layers: &[Value], os: &str, architecture: &str) -> Value {
        let diff_ids: Vec<&Value> = layers.iter().map(|layer| &layer["digest"]).collect();
        let config = json!({"os": os, "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": diff_ids}});
        let config = self.blob(types.config, config.to_string().into_bytes());
        let children: Vec<Value> = std::iter::once(config.clone()).chain(layers.iter().cloned()).collect();
        let value =
            json!({"schemaVersion": 2, "mediaType": types.manifest, "config": config, "layers": layers});
        self.document(types.manifest, &value, &children)
    }

    fn index(&mut self, types: &Types, entries: &[Value]) -> Value {
        let value = json!({"schemaVersion": 2, "mediaType": types.index, "manifests": entries});
        self.document(types.index, &value, entries)
    }

    fn document(&mut self, media_type: &'static str, value: &Value, children: &[Value]) -> Value {
        let bytes = value.to_string().into_bytes();
        let digest = Digest::sha256(&bytes);
        let entry = json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()});
        let children = children.iter().map(child_of).collect();
        self.documents.insert(digest, Document { bytes, media_type, children });
        entry
    }

    /// The root's descriptor, as JSON.
    pub fn root_entry(&self) -> Value {
        let root = &self.documents[&self.root];
        json!({"mediaType": root.media_type, "digest": self.root.to_string(), "size": root.bytes.len()})
    }

    /// The children of a document that a pull for this platform needs; all of them for `None`.
    pub fn wanted_children(&self, document: &Digest, platform: Option<&Platform>) -> Vec<Child> {
        let Some(document) = self.documents.get(document) else { return Vec::new() };
        let is_index = document.media_type == OCI.index || document.media_type == DOCKER.index;
        let (Some(platform), true) = (platform, is_index) else { return document.children.clone() };
        let fitting = document.children.iter().find(|child| child.platform.as_ref() == Some(platform));
        let unnamed = || document.children.iter().find(|child| child.platform.is_none());
        fitting.or_else(unnamed).cloned().into_iter().collect()
    }

    /// Everything that a pull for this platform needs; `None` when the image has nothing for it.
    pub fn wanted(&self, platform: Option<&Platform>) -> Option<BTreeSet<Digest>> {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![self.root.clone()]);
        while let Some(digest) = waiting.pop() {
            if !seen.insert(digest.clone()) {
                continue;
            }
            let below = self.wanted_children(&digest, platform);
            if self.documents.contains_key(&digest) && below.is_empty() {
                return None;
            }
            waiting.extend(below.into_iter().map(|child| child.digest));
        }
        Some(seen)
    }

    /// The wanted blobs that have to come over the network: not empty, and brought along by no entry.
    pub fn fetched_blobs(&self, wanted: &BTreeSet<Digest>) -> BTreeMap<&Digest, &Vec<u8>> {
        let mut blobs: BTreeMap<_, _> = self
            .blobs
            .iter()
            .filter(|(digest, bytes)| wanted.contains(digest) && !bytes.is_empty())
            .collect();
        for document in self.documents.values() {
            for child in document.children.iter().filter(|child| child.embedded) {
                blobs.remove(&child.digest);
            }
        }
        blobs
    }
}

fn digest_of(entry: &Value) -> Digest {
    entry["digest"].as_str().and_then(|text| text.parse().ok()).expect("an entry made here has a digest")
}

fn child_of(entry: &Value) -> Child {
    let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_default();
    let platform = entry.get("platform").map(|p| Platform::new(text(&p["os"]), text(&p["architecture"])));
    Child { digest: digest_of(entry), platform, embedded: entry.get("data").is_some() }
}

/// So many bytes that this generator decides.
pub fn random_bytes(rng: &mut Rng, n: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(n + 8);
    while bytes.len() < n {
        bytes.extend(rng.draw().to_le_bytes());
    }
    bytes.truncate(n);
    bytes
}
