//! A real registry of one image with one large layer, as slow as a test needs it.

use std::{
    io::{self, Cursor, Read, Seek, SeekFrom},
    sync::Arc,
    thread,
    time::Duration,
};

use lugger::registry::{Blob, Manifest, Memory, Source};
use lugger_core::{name::Digest, rng::Rng};
use serde_json::json;

/// How many bytes come before each pause.
const CHUNK: usize = 256 << 10;

/// One image, `big:v1`; its layer comes at `CHUNK` bytes a `pause`.
pub struct Slow {
    memory: Memory,
    /// The layer.
    pub layer: Digest,
    /// Its length in bytes.
    pub size: u64,
    pause: Duration,
}

impl Slow {
    /// With a layer of `size` bytes, the same each time.
    pub fn new(size: usize, pause: Duration) -> Self {
        let mut rng = Rng::new(7);
        let bytes: Vec<u8> =
            std::iter::repeat_with(|| rng.draw().to_le_bytes()).flatten().take(size).collect();
        let layer = Digest::sha256(&bytes);
        let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
        let described = |kind: &str, bytes: &[u8]| {
            json!({
                "mediaType": format!("application/vnd.oci.image.{kind}"),
                "digest": Digest::sha256(bytes).to_string(),
                "size": bytes.len(),
            })
        };
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": described("config.v1+json", config),
            "layers": [described("layer.v1.tar", &bytes)],
        });
        let manifest = manifest.to_string().into_bytes();
        let mut memory = Memory::new();
        memory.put_blob("big", &Digest::sha256(config).to_string(), &config[..]);
        memory.put_blob("big", &layer.to_string(), bytes);
        let digest = Digest::sha256(&manifest).to_string();
        memory.put_tag("big", "v1", &digest);
        let bytes = Arc::from(manifest);
        memory.put_manifest("big", Manifest { media_type: media_type.to_owned(), digest, bytes });
        Self { memory, layer, size: size as u64, pause }
    }
}

impl Source for Slow {
    fn manifest(&self, repo: &str, reference: &str) -> io::Result<Option<Manifest>> {
        self.memory.manifest(repo, reference)
    }

    fn blob(&self, repo: &str, digest: &str) -> io::Result<Option<Blob>> {
        let blob = self.memory.blob(repo, digest)?;
        Ok(blob.map(|mut blob| {
            let mut bytes = Vec::new();
            blob.reader.read_to_end(&mut bytes).expect("memory can be read");
            let reader = Box::new(Throttled { inner: Cursor::new(bytes), since: 0, pause: self.pause });
            Blob { length: blob.length, reader }
        }))
    }

    fn tags(&self, repo: &str) -> io::Result<Option<Vec<String>>> {
        self.memory.tags(repo)
    }
}

struct Throttled {
    inner: Cursor<Vec<u8>>,
    since: usize,
    pause: Duration,
}

impl Read for Throttled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.since += read;
        if self.since >= CHUNK {
            self.since = 0;
            thread::sleep(self.pause);
        }
        Ok(read)
    }
}

impl Seek for Throttled {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
