//! A small image for three platforms, the same to the last byte whenever it is made.
//!
//! Its three layers hold one of each thing that layers are made of: directories, files, a script, a symbolic and a
//! hard link, a whiteout and an opaque whiteout.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::document::{Config, Descriptor, Execution, History, ImageManifest, Index, PlatformJson, RootFs};
use super::layer;
use crate::registry::{Manifest, Memory};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CREATED: &str = "2026-01-01T00:00:00Z";
/// [`CREATED`] as the layers say it.
pub(super) const CREATED_UNIX: u64 = 1_767_225_600;
const PLATFORMS: [(&str, Option<&str>); 3] = [("amd64", None), ("arm64", None), ("arm", Some("v7"))];

/// A multi-platform image in memory.
#[derive(Clone, Debug)]
pub struct Image {
    /// Digest of the index, which names the whole image.
    pub digest: String,
    /// The images of the index, in its order.
    pub platforms: Vec<Platform>,
    manifests: Vec<Manifest>,
    blobs: BTreeMap<String, Vec<u8>>,
}

/// One platform's image.
#[derive(Clone, Debug)]
pub struct Platform {
    /// `os/architecture[/variant]`.
    pub name: String,
    /// Digest of its manifest.
    pub manifest: String,
    /// Digest of its config.
    pub config: String,
    /// Its layers, lowest first.
    pub layers: Vec<Layer>,
}

/// One compressed layer.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Digest of the blob.
    pub digest: String,
    /// Digest of the tar inside it.
    pub diff_id: String,
    /// Length of the blob.
    pub size: u64,
    made_by: &'static str,
}

impl Image {
    /// Makes the image: no network, no clock, no files.
    pub fn generate() -> Image {
        let mut image = Image {
            digest: String::new(),
            platforms: Vec::new(),
            manifests: Vec::new(),
            blobs: BTreeMap::new(),
        };
        let base = image.add_layer("the text every platform shares", &layer::base());
        let mut index = Vec::new();
        for (architecture, variant) in PLATFORMS {
            let program = image.add_layer("a program for one platform", &layer::program(architecture));
            let changes = image.add_layer("files taken away and replaced", &layer::changes(architecture));
            index.push(image.add_platform(architecture, variant, vec![base.clone(), program, changes]));
        }
        let index = Index { schema_version: 2, media_type: INDEX, manifests: index, annotations: labels() };
        image.digest = image.add_manifest(INDEX, &index).digest;
        image
    }

    /// Puts the image into `memory` as `repo:tag`.
    pub fn publish(&self, memory: &mut Memory, repo: &str, tag: &str) {
        for (digest, bytes) in &self.blobs {
            memory.put_blob(repo, digest, bytes.as_slice());
        }
        for manifest in &self.manifests {
            memory.put_manifest(repo, manifest.clone());
        }
        memory.put_tag(repo, tag, &self.digest);
    }

    /// The bytes of a config or a layer.
    pub fn blob(&self, digest: &str) -> Option<&[u8]> {
        self.blobs.get(digest).map(Vec::as_slice)
    }

    /// The index and the manifests; the index is the last of them.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    fn add_layer(&mut self, made_by: &'static str, tar: &[u8]) -> Layer {
        let blob = layer::gzip(tar).expect("writing to memory does not fail");
        let layer = Layer { digest: digest(&blob), diff_id: digest(tar), size: blob.len() as u64, made_by };
        self.blobs.insert(layer.digest.clone(), blob);
        layer
    }

    fn add_platform(
        &mut self,
        architecture: &'static str,
        variant: Option<&'static str>,
        layers: Vec<Layer>,
    ) -> Descriptor {
        let config = self.add_config(&Config {
            created: CREATED,
            author: "Lugger",
            architecture,
            variant,
            os: "linux",
            config: Execution {
                env: ["PATH=/usr/local/bin:/usr/bin:/bin"],
                entrypoint: ["/usr/local/bin/hello"],
                working_dir: "/srv",
                labels: labels(),
            },
            rootfs: RootFs { kind: "layers", diff_ids: layers.iter().map(|l| &*l.diff_id).collect() },
            history: history(&layers),
        });
        let mut manifest = self.add_manifest(
            MANIFEST,
            &ImageManifest {
                schema_version: 2,
                media_type: MANIFEST,
                config: config.clone(),
                layers: layers.iter().map(|l| Descriptor::new(LAYER, &l.digest, l.size)).collect(),
                annotations: labels(),
            },
        );
        manifest.platform = Some(PlatformJson { architecture, os: "linux", variant });
        self.platforms.push(Platform {
            name: ["linux", architecture].into_iter().chain(variant).collect::<Vec<_>>().join("/"),
            manifest: manifest.digest.clone(),
            config: config.digest,
            layers,
        });
        manifest
    }

    fn add_config(&mut self, config: &Config<'_>) -> Descriptor {
        let bytes = json(config);
        let descriptor = Descriptor::new(CONFIG, &digest(&bytes), bytes.len() as u64);
        self.blobs.insert(descriptor.digest.clone(), bytes);
        descriptor
    }

    fn add_manifest(&mut self, media_type: &'static str, document: &impl Serialize) -> Descriptor {
        let bytes = json(document);
        let descriptor = Descriptor::new(media_type, &digest(&bytes), bytes.len() as u64);
        self.manifests.push(Manifest {
            media_type: media_type.to_owned(),
            digest: descriptor.digest.clone(),
            bytes: bytes.into(),
        });
        descriptor
    }
}

fn history(layers: &[Layer]) -> Vec<History> {
    let entry = |created_by, empty_layer| History { created: CREATED, created_by, empty_layer };
    let mut history: Vec<_> = layers.iter().map(|layer| entry(layer.made_by, false)).collect();
    history.push(entry("ENTRYPOINT [\"/usr/local/bin/hello\"]", true));
    history
}

fn labels() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("org.opencontainers.image.created", CREATED),
        ("org.opencontainers.image.title", "Lugger demo"),
        ("org.opencontainers.image.version", "1"),
    ])
}

fn json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(document).expect("plain structs with string keys serialise")
}

fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Read;

    use tar::EntryType;

    use super::*;

    fn untar(image: &Image, layer: &Layer) -> BTreeMap<String, (EntryType, u32)> {
        let blob = image.blob(&layer.digest).expect("every layer is there");
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(blob));
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            let name = entry.path().unwrap().to_string_lossy().into_owned();
            (name, (header.entry_type(), header.mode().unwrap()))
        });
        entries.collect()
    }

    #[test]
    fn the_same_image_every_time() {
        assert_eq!(Image::generate().digest, Image::generate().digest);
    }

    #[test]
    fn every_digest_and_diff_id_is_true() {
        let image = Image::generate();
        for (name, blob) in &image.blobs {
            assert_eq!(*name, digest(blob));
        }
        for platform in &image.platforms {
            let config: serde_json::Value =
                serde_json::from_slice(image.blob(&platform.config).unwrap()).unwrap();
            for (at, layer) in platform.layers.iter().enumerate() {
                let mut tar = Vec::new();
                let blob = image.blob(&layer.digest).unwrap();
                flate2::read::GzDecoder::new(blob).read_to_end(&mut tar).unwrap();
                assert_eq!(config["rootfs"]["diff_ids"][at], digest(&tar));
                assert_eq!(layer.diff_id, digest(&tar));
            }
            let filled = config["history"].as_array().unwrap().iter().filter(|h| h["empty_layer"] != true);
            assert_eq!(filled.count(), platform.layers.len());
        }
    }

    #[test]
    fn three_platforms_share_their_first_layer() {
        let image = Image::generate();
        let names: Vec<_> = image.platforms.iter().map(|p| &*p.name).collect();
        assert_eq!(names, ["linux/amd64", "linux/arm64", "linux/arm/v7"]);
        let layers: BTreeSet<_> =
            image.platforms.iter().flat_map(|p| p.layers.iter().map(|l| &l.digest)).collect();
        assert_eq!(layers.len(), 1 + 2 * 3);
        let size: usize = image.blobs.values().map(Vec::len).sum();
        assert!((200_000..900_000).contains(&size), "{size} bytes");
    }

    #[test]
    fn layers_hold_one_of_each_kind() {
        let image = Image::generate();
        let [_, program, changes] = &image.platforms[0].layers[..] else { panic!("three layers") };
        let program = untar(&image, program);
        assert_eq!(program["usr/local/bin/hello"], (EntryType::Regular, 0o755));
        assert_eq!(program["usr/local/bin/hi"].0, EntryType::Symlink);
        assert_eq!(program["usr/local/bin/hello-again"].0, EntryType::Link);
        assert_eq!(program["usr/local/bin/"].0, EntryType::Directory);
        let changes = untar(&image, changes);
        assert!(changes.contains_key("etc/.wh.replaced.conf"));
        assert!(changes.contains_key("var/cache/.wh..wh..opq"));
    }
}
