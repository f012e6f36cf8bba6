//! An image of random layers, put where a docker-registry keeps its content: no push, whoever may push.

use std::{fs, path::Path};

use lugger_core::{name::Digest, rng::Rng};
use serde_json::json;

use super::DockerRegistry;

/// An image.
pub struct Sample {
    /// Its repository, without a registry.
    pub repository: String,
    /// Of its manifest.
    pub digest: Digest,
    manifest: Vec<u8>,
    /// Its config, and then its layers.
    pub blobs: Vec<(Digest, Vec<u8>)>,
}

impl Sample {
    /// An image with layers of these lengths; the same each time.
    pub fn new(repository: &str, layers: &[usize]) -> Self {
        let layers = layers.iter().enumerate().map(|(at, length)| blob(noise(at as u64 + 1, *length)));
        let layers: Vec<_> = layers.collect();
        let digests: Vec<_> = layers.iter().map(|(digest, _)| digest.to_string()).collect();
        let rootfs = json!({ "type": "layers", "diff_ids": digests });
        let config = json!({ "architecture": "amd64", "os": "linux", "rootfs": rootfs });
        let config = blob(config.to_string().into_bytes());
        let described = |kind: &str, (digest, bytes): &(Digest, Vec<u8>)| {
            json!({
                "mediaType": format!("application/vnd.oci.image.{kind}"),
                "digest": digest.to_string(),
                "size": bytes.len(),
            })
        };
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": described("config.v1+json", &config),
            "layers": layers.iter().map(|it| described("layer.v1.tar", it)).collect::<Vec<_>>(),
        });
        let (digest, manifest) = blob(manifest.to_string().into_bytes());
        let blobs = std::iter::once(config).chain(layers).collect();
        Self { repository: repository.to_owned(), digest, manifest, blobs }
    }

    /// Bytes of all of it.
    pub fn size(&self) -> u64 {
        let blobs = self.blobs.iter().map(|(_, bytes)| bytes.len() as u64);
        blobs.sum::<u64>() + self.manifest.len() as u64
    }

    /// Gives it to a registry as `v1`. Yields what it is called there.
    pub fn publish(&self, registry: &DockerRegistry) -> String {
        let root = registry.storage().join("docker/registry/v2");
        let repository = root.join("repositories").join(&self.repository);
        let content = self.blobs.iter().map(|(digest, bytes)| (digest, bytes));
        for (digest, bytes) in content.chain([(&self.digest, &self.manifest)]) {
            let hex = digest.encoded();
            let shard = hex.get(..2).expect("digests are longer");
            write(&root.join(format!("blobs/sha256/{shard}/{hex}/data")), bytes);
            write(&repository.join(format!("_layers/sha256/{hex}/link")), digest.to_string().as_bytes());
        }
        let link = self.digest.to_string();
        let hex = self.digest.encoded();
        for place in [
            format!("revisions/sha256/{hex}/link"),
            "tags/v1/current/link".to_owned(),
            format!("tags/v1/index/sha256/{hex}/link"),
        ] {
            write(&repository.join("_manifests").join(place), link.as_bytes());
        }
        self.at(&registry.host())
    }

    /// What it is called at a registry.
    pub fn at(&self, host: &str) -> String {
        format!("{host}/{}:v1", self.repository)
    }
}

fn blob(bytes: Vec<u8>) -> (Digest, Vec<u8>) {
    (Digest::sha256(&bytes), bytes)
}

/// Bytes that no part of which comes twice, made faster than from a generator alone.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    const PIECE: usize = 64 << 10;
    let mut rng = Rng::new(seed);
    let mut piece: Vec<u8> =
        std::iter::repeat_with(|| rng.draw().to_le_bytes()).flatten().take(PIECE).collect();
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        piece[..8].copy_from_slice(&rng.draw().to_le_bytes());
        bytes.extend_from_slice(&piece[..PIECE.min(length - bytes.len())]);
    }
    bytes
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("it has a directory")).expect("directories can be made");
    fs::write(path, bytes).expect("files can be written");
}
