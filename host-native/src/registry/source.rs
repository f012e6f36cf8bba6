//! What a registry serves, and the simplest thing it can be served from.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek};
use std::sync::Arc;

/// Content that a [`Registry`](super::Registry) can serve. Called from many threads at once.
///
/// `Ok(None)` means "no such thing" and becomes 404; an error becomes 500.
pub trait Source: Send + Sync + 'static {
    /// The manifest that `reference`, a tag or a digest, names in `repo`.
    fn manifest(&self, repo: &str, reference: &str) -> io::Result<Option<Manifest>>;

    /// The blob `digest` of `repo`.
    fn blob(&self, repo: &str, digest: &str) -> io::Result<Option<Blob>>;

    /// Every tag of `repo`, in any order; `None` when there is no such repository.
    fn tags(&self, repo: &str) -> io::Result<Option<Vec<String>>>;
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn manifest(&self, repo: &str, reference: &str) -> io::Result<Option<Manifest>> {
        (**self).manifest(repo, reference)
    }

    fn blob(&self, repo: &str, digest: &str) -> io::Result<Option<Blob>> {
        (**self).blob(repo, digest)
    }

    fn tags(&self, repo: &str) -> io::Result<Option<Vec<String>>> {
        (**self).tags(repo)
    }
}

/// A manifest or an index, exactly as it is to be sent.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The `Content-Type`.
    pub media_type: String,
    /// The `Docker-Content-Digest`.
    pub digest: String,
    /// The document.
    pub bytes: Arc<[u8]>,
}

/// A blob that can be read from any offset.
pub struct Blob {
    /// Its length in bytes.
    pub length: u64,
    /// Its bytes, from the start.
    pub reader: Box<dyn ReadSeek>,
}

/// A reader that ranges can be served from.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// Repositories held in memory. Digests are taken as given, so that a test can also serve content that lies.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    repos: BTreeMap<String, Repo>,
}

#[derive(Clone, Debug, Default)]
struct Repo {
    manifests: BTreeMap<String, Manifest>,
    blobs: BTreeMap<String, Arc<[u8]>>,
    tags: BTreeMap<String, String>,
}

impl Memory {
    /// Nothing yet.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Adds a blob, or replaces it.
    pub fn put_blob(&mut self, repo: &str, digest: &str, bytes: impl Into<Arc<[u8]>>) {
        self.repo(repo).blobs.insert(digest.to_owned(), bytes.into());
    }

    /// Adds a manifest or an index, or replaces it.
    pub fn put_manifest(&mut self, repo: &str, manifest: Manifest) {
        self.repo(repo).manifests.insert(manifest.digest.clone(), manifest);
    }

    /// Points `tag` at `digest`, which need not be there.
    pub fn put_tag(&mut self, repo: &str, tag: &str, digest: &str) {
        self.repo(repo).tags.insert(tag.to_owned(), digest.to_owned());
    }

    fn repo(&mut self, repo: &str) -> &mut Repo {
        self.repos.entry(repo.to_owned()).or_default()
    }
}

impl Source for Memory {
    fn manifest(&self, repo: &str, reference: &str) -> io::Result<Option<Manifest>> {
        Ok(self.repos.get(repo).and_then(|repo| {
            let digest = repo.tags.get(reference).map_or(reference, String::as_str);
            repo.manifests.get(digest).cloned()
        }))
    }

    fn blob(&self, repo: &str, digest: &str) -> io::Result<Option<Blob>> {
        Ok(self.repos.get(repo).and_then(|repo| {
            let bytes = repo.blobs.get(digest)?;
            Some(Blob { length: bytes.len() as u64, reader: Box::new(Cursor::new(Arc::clone(bytes))) })
        }))
    }

    fn tags(&self, repo: &str) -> io::Result<Option<Vec<String>>> {
        Ok(self.repos.get(repo).map(|repo| repo.tags.keys().cloned().collect()))
    }
}
