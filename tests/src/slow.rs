//! A real registry of one image with one large layer, as slow as a test needs it.

use std::{
    io::{self, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use lugger::registry::{Blob, Manifest, Memory, ReadSeek, Source};
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
    /// What it has sent of the layer.
    pub sent: Arc<Sent>,
    pause: Duration,
}

/// What was sent of the layer, as its server sees it.
#[derive(Debug, Default)]
pub struct Sent {
    /// Bytes that left, also those that nobody took.
    pub bytes: AtomicU64,
    /// The most bodies that were open at once.
    pub most: AtomicUsize,
    open: AtomicUsize,
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
        Self { memory, layer, size: size as u64, sent: Arc::default(), pause }
    }
}

impl Source for Slow {
    fn manifest(&self, repo: &str, reference: &str) -> io::Result<Option<Manifest>> {
        self.memory.manifest(repo, reference)
    }

    fn blob(&self, repo: &str, digest: &str) -> io::Result<Option<Blob>> {
        let blob = self.memory.blob(repo, digest)?;
        let is_layer = digest == self.layer.to_string();
        Ok(blob.map(|blob| {
            if !is_layer {
                return blob;
            }
            let open = self.sent.open.fetch_add(1, Relaxed) + 1;
            self.sent.most.fetch_max(open, Relaxed);
            let sent = Arc::clone(&self.sent);
            let reader = Box::new(Throttled { inner: blob.reader, since: 0, pause: self.pause, sent });
            Blob { length: blob.length, reader }
        }))
    }

    fn tags(&self, repo: &str) -> io::Result<Option<Vec<String>>> {
        self.memory.tags(repo)
    }
}

struct Throttled {
    inner: Box<dyn ReadSeek>,
    since: usize,
    pause: Duration,
    sent: Arc<Sent>,
}

impl Drop for Throttled {
    fn drop(&mut self) {
        self.sent.open.fetch_sub(1, Relaxed);
    }
}

impl Read for Throttled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.since += read;
        self.sent.bytes.fetch_add(read as u64, Relaxed);
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
