//! Archives of images, as other programs write them.

use std::{io::Write as _, rc::Rc};

use flate2::{Compression, write::GzEncoder};
use lugger_core::{archive::GivenFile, name::Digest};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::sim::World;

/// Paths and bytes.
pub type Files = Vec<(String, Vec<u8>)>;

/// One image with real layers.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The layers, as tar.
    pub layers: Vec<Vec<u8>>,
    /// The configuration.
    pub config: Vec<u8>,
}

impl Sample {
    /// An image with layers that hold these bytes each.
    pub fn of(layers: &[&[u8]]) -> Self {
        let layers: Vec<_> =
            layers.iter().map(|bytes| tar(&[("etc/file".to_owned(), bytes.to_vec())])).collect();
        let diff_ids: Vec<_> = layers.iter().map(|layer| Digest::sha256(layer).to_string()).collect();
        let config = json!({
            "os": "linux", "architecture": "amd64", "created": "2026-01-01T00:00:00Z", "config": {"Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created_by": "RUN one"}, {"created_by": "ENV a=b", "empty_layer": true}],
        });
        Self { layers, config: config.to_string().into_bytes() }
    }

    /// Its blobs in a layout, layers compressed, and the descriptor of its manifest.
    pub fn blobs(&self) -> (Files, Value) {
        let mut files = Files::new();
        let mut add = |media_type: &str, bytes: Vec<u8>| {
            let digest = Digest::sha256(&bytes);
            let entry = json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()});
            files.push((format!("blobs/sha256/{}", digest.encoded()), bytes));
            entry
        };
        let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
        let layers: Vec<_> = self.layers.iter().map(|tar| add(layer, gzip(tar))).collect();
        let config = add("application/vnd.oci.image.config.v1+json", self.config.clone());
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest =
            json!({"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers});
        let manifest = add(media_type, manifest.to_string().into_bytes());
        (files, manifest)
    }

    /// An OCI layout, its image called so.
    pub fn layout(&self, annotations: &Value) -> Files {
        let (mut files, mut entry) = self.blobs();
        entry["annotations"] = annotations.clone();
        files.extend(index(&[entry]));
        files
    }

    /// What `docker save` has always written.
    pub fn saved(&self, tags: &Value) -> Files {
        let (mut files, mut layers) = (Files::new(), Vec::new());
        for (at, layer) in self.layers.iter().enumerate() {
            let path = format!("{:064x}/layer.tar", at + 1);
            files.push((path.replace("layer.tar", "VERSION"), b"1.0".to_vec()));
            files.push((path.clone(), layer.clone()));
            layers.push(path);
        }
        let config = format!("{}.json", Digest::sha256(&self.config).encoded());
        files.push((config.clone(), self.config.clone()));
        let list = json!([{"Config": config, "RepoTags": tags, "Layers": layers}]);
        files.push(("manifest.json".to_owned(), list.to_string().into_bytes()));
        files
    }
}

/// `oci-layout` and `index.json`.
pub fn index(entries: &[Value]) -> Files {
    let index = json!({"schemaVersion": 2, "manifests": entries});
    vec![
        ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json".to_owned(), index.to_string().into_bytes()),
    ]
}

/// A tar archive of files; one that begins with `->` is a symbolic link.
pub fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        let written = match bytes.strip_prefix(b"->") {
            Some(to) => {
                header.set_entry_type(EntryType::Symlink);
                header.set_size(0);
                builder.append_link(&mut header, path, String::from_utf8_lossy(to).as_ref())
            }
            None => {
                header.set_size(bytes.len() as u64);
                builder.append_data(&mut header, path, &**bytes)
            }
        };
        written.expect("it is written to memory");
    }
    builder.into_inner().expect("it is written to memory")
}

/// Compressed.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("it is written to memory")
}

impl World {
    /// Gives files to the next operation.
    pub fn give(&mut self, files: &[(String, Vec<u8>)]) -> Vec<GivenFile> {
        self.given = files.iter().map(|(_, bytes)| Rc::from(&**bytes)).collect();
        files.iter().map(|(path, bytes)| GivenFile { path: path.clone(), size: bytes.len() as u64 }).collect()
    }
}
