//! Manifests and indexes, by tag and by digest (containerd.md §2.4, §4.1).

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Ask, Remote, identity, unencoded};
use crate::{
    error::{ContentError, Error, Refusal},
    model::{Descriptor, Document, detect, limits},
    name::{Algorithm, Digest, Excerpt, MediaType, media::ACCEPT},
    op::{Cx, Reply, ReplyBody},
};

const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

impl Remote {
    /// What a tag means, by HEAD: costs no pull quota. `None` when the registry cannot say it that way.
    pub async fn head(&self, cx: &Cx, tag: &str) -> Result<Option<Digest>, Error> {
        let doing = format!("look up tag {tag}");
        let ask = self.manifest_ask(Method::HEAD, tag, &doing);
        let refused = [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED];
        let reply = self.send(cx, ask, &refused).await?;
        if !reply.status.is_success() {
            return Ok(None);
        }
        content_digest(&reply.headers).map_err(|why| self.error(&doing, why, 1))
    }

    /// The document that a tag means, by one GET. `Docker-Content-Digest` must agree with the bytes.
    pub async fn tagged(&self, cx: &Cx, tag: &str) -> Result<Document, Error> {
        let doing = format!("fetch manifest {tag}");
        let (bytes, headers) = self.document(cx, tag, &doing).await?;
        let said = content_digest(&headers).map_err(|why| self.error(&doing, why, 1))?;
        let got = Digest::of(said.as_ref().map_or(Algorithm::Sha256, Digest::algorithm), &bytes);
        match said {
            Some(said) if said != got => Err(self.content(&doing, ContentError::HeaderDigest { said, got })),
            _ => self.read(&doing, bytes, &headers, got),
        }
    }

    /// The document of this digest. The bytes decide; what headers say is only a hint (security.md M5).
    pub async fn pinned(&self, cx: &Cx, digest: &Digest) -> Result<Document, Error> {
        let doing = format!("fetch manifest {digest}");
        let (bytes, headers) = self.document(cx, &digest.to_string(), &doing).await?;
        self.read(&doing, bytes, &headers, digest.clone())
    }

    /// The document that a descriptor promises: its digest, its size, its type.
    pub async fn described(&self, cx: &Cx, descriptor: &Descriptor) -> Result<Document, Error> {
        let doing = format!("fetch manifest {}", descriptor.digest);
        let (bytes, _) = self.document(cx, &descriptor.digest.to_string(), &doing).await?;
        Document::verified(bytes, descriptor).map_err(|error| self.content(&doing, error))
    }

    async fn document(&self, cx: &Cx, reference: &str, doing: &str) -> Result<(Vec<u8>, HeaderMap), Error> {
        let mut ask = self.manifest_ask(Method::GET, reference, doing);
        ask.inline_max = limits::MANIFEST_BYTES;
        let reply = self.send(cx, ask, &[]).await?;
        unencoded(&reply).map_err(|why| self.error(doing, why, 1))?;
        let Reply { headers, body, .. } = reply;
        match body {
            ReplyBody::Small(bytes) => Ok((bytes, headers)),
            _ => Err(self.error(doing, Refusal::TooLong { max: limits::MANIFEST_BYTES }, 1)),
        }
    }

    fn manifest_ask<'a>(&self, method: Method, reference: &str, doing: &'a str) -> Ask<'a> {
        let (name, value) = identity();
        Ask::new(method, self.url(&["manifests", reference]), doing)
            .header(header::ACCEPT, HeaderValue::from_static(ACCEPT))
            .header(name, value)
    }

    /// A document by its bytes, of the type that the registry or, failing that, the document itself says.
    fn read(
        &self,
        doing: &str,
        bytes: Vec<u8>,
        headers: &HeaderMap,
        digest: Digest,
    ) -> Result<Document, Error> {
        let media_type = match content_type(headers) {
            Some(media_type) => Ok(media_type),
            None => detect(&bytes),
        };
        let document = media_type.and_then(|media_type| {
            let descriptor = Descriptor::new(media_type, digest, bytes.len() as u64);
            Document::verified(bytes, &descriptor)
        });
        document.map_err(|error| self.content(doing, error))
    }

    /// An error of what came, with where it came from.
    fn content(&self, doing: &str, why: impl Into<ContentError>) -> Error {
        Error::content(
            format!("{doing} from {} (repository {})", self.endpoint.origin(), self.repository()),
            why,
        )
    }
}

/// `Docker-Content-Digest`; one that is no digest is an error, not absent (containerd.md §2.4).
fn content_digest(headers: &HeaderMap) -> Result<Option<Digest>, Refusal> {
    let Some(value) = headers.get(DOCKER_CONTENT_DIGEST) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let parsed = text.parse().map_err(|error| {
        Refusal::Malformed(format!("Docker-Content-Digest {}: {error}", Excerpt::of(&text)))
    });
    parsed.map(Some)
}

/// `Content-Type`, when it names a document: some registries send `text/plain` or `application/json` for all of them.
fn content_type(headers: &HeaderMap) -> Option<MediaType> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    MediaType::from_content_type(value).ok().filter(MediaType::is_document)
}
