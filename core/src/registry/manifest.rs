//! Manifests and indexes, by tag and by digest (containerd.md §2.4, §4.1).

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Ask, Remote, identity, unencoded};
use crate::{
    effect::pump::Verifier,
    error::{ContentError, Error, Refusal},
    model::{Descriptor, Document},
    name::{Digest, Excerpt, media::ACCEPT},
    op::{Cx, Reply, ReplyBody},
};

/// The largest manifest or index that is read, in bytes (security.md §9).
pub const DOCUMENT_MAX: u64 = 4 << 20;

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

    /// The document that a tag means, by one GET.
    pub async fn tagged(&self, cx: &Cx, tag: &str) -> Result<Document, Error> {
        let doing = format!("fetch manifest {tag}");
        let (bytes, headers) = self.document(cx, tag, &doing).await?;
        let said = content_digest(&headers).map_err(|why| self.error(&doing, why, 1))?;
        let document = self.read(&doing, media_type(&headers).as_deref(), bytes)?;
        match said {
            Some(said) if said != *document.digest() => {
                let got = Digest::of(said.algorithm(), document.bytes());
                if got == said {
                    Ok(document)
                } else {
                    Err(self.content(&doing, ContentError::HeaderDigest { said, got }))
                }
            }
            _ => Ok(document),
        }
    }

    /// The document of this digest. The bytes decide; what headers say is only a hint.
    pub async fn pinned(&self, cx: &Cx, digest: &Digest) -> Result<Document, Error> {
        let doing = format!("fetch manifest {digest}");
        let (bytes, headers) = self.document(cx, &digest.to_string(), &doing).await?;
        let verdict = Verifier::check(digest, bytes.len() as u64, &bytes);
        verdict.map_err(|mismatch| self.content(&doing, mismatch))?;
        let document = self.read(&doing, media_type(&headers).as_deref(), bytes)?;
        Ok(document.named(digest.clone()))
    }

    /// The document that a descriptor promises: its digest, its size, its type.
    pub async fn described(&self, cx: &Cx, descriptor: &Descriptor) -> Result<Document, Error> {
        let digest = &descriptor.digest;
        let doing = format!("fetch manifest {digest}");
        let (bytes, _) = self.document(cx, &digest.to_string(), &doing).await?;
        let verdict = Verifier::check(digest, descriptor.size, &bytes);
        verdict.map_err(|mismatch| self.content(&doing, mismatch))?;
        let document = self.read(&doing, Some(descriptor.media_type.as_str()), bytes)?;
        Ok(document.named(digest.clone()))
    }

    async fn document(
        &self,
        cx: &Cx,
        reference: &str,
        doing: &String,
    ) -> Result<(Vec<u8>, HeaderMap), Error> {
        let mut ask = self.manifest_ask(Method::GET, reference, doing);
        ask.inline_max = DOCUMENT_MAX;
        let reply = self.send(cx, ask, &[]).await?;
        unencoded(&reply).map_err(|why| self.error(doing, why, 1))?;
        let Reply { headers, body, .. } = reply;
        match body {
            ReplyBody::Small(bytes) => Ok((bytes, headers)),
            _ => Err(self.error(doing, Refusal::TooLong { max: DOCUMENT_MAX }, 1)),
        }
    }

    fn manifest_ask<'a>(&self, method: Method, reference: &str, doing: &'a String) -> Ask<'a> {
        let (name, value) = identity();
        Ask::new(method, self.url(&["manifests", reference]), doing)
            .header(header::ACCEPT, HeaderValue::from_static(ACCEPT))
            .header(name, value)
    }

    fn read(&self, doing: &str, media_type: Option<&str>, bytes: Vec<u8>) -> Result<Document, Error> {
        Document::parse(media_type, bytes).map_err(|error| self.content(doing, error))
    }

    /// An error of what came, with where it came from.
    fn content(&self, doing: &str, why: impl Into<ContentError>) -> Error {
        Error::content(
            format!("{doing} from {} (repository {})", self.endpoint.origin(), self.repository),
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

fn media_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
