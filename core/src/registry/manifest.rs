//! Manifests and indexes, by tag and by digest (containerd.md §2.4, §4.1).

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{Ask, Turn, identity, item::Item, unencoded};
use crate::{
    error::{ContentError, Refusal},
    model::{Descriptor, Document, detect, limits},
    name::{Algorithm, Digest, Excerpt, MediaType, media::ACCEPT},
    op::{Cx, Reply, ReplyBody},
};

const DOCKER_CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Every type that can be read.
const ANY: HeaderValue = HeaderValue::from_static(ACCEPT);

impl Turn<'_> {
    pub(super) async fn head(&self, cx: &Cx, tag: &str) -> Result<Option<Digest>, Refusal> {
        let refused = [StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED];
        let reply = self.send(cx, self.manifest_ask(Method::HEAD, tag, ANY), &refused).await?;
        if !reply.status.is_success() {
            return Ok(None);
        }
        content_digest(&reply.headers)
    }

    pub(super) async fn tagged(&self, cx: &Cx, tag: &str) -> Result<Document, Refusal> {
        let (bytes, headers) = self.document(cx, tag, ANY).await?;
        let said = content_digest(&headers)?;
        let got = Digest::of(said.as_ref().map_or(Algorithm::Sha256, Digest::algorithm), &bytes);
        match said {
            Some(said) if said != got => Err(ContentError::HeaderDigest { said, got }.into()),
            _ => read(bytes, &headers, got),
        }
    }

    pub(super) async fn pinned(&self, cx: &Cx, digest: &Digest) -> Result<Document, Refusal> {
        let (bytes, headers) = self.document(cx, &digest.to_string(), ANY).await?;
        read(bytes, &headers, digest.clone())
    }

    pub(super) async fn described(&self, cx: &Cx, descriptor: &Descriptor) -> Result<Document, Refusal> {
        // A web page may name one type without asking for permission first (a preflight, which many registries refuse), but not
        // all of them: more than 128 bytes are no simple header.
        let only = Some(descriptor.media_type.as_str()).filter(|_| !cx.caps().all_headers);
        let accept = only.and_then(|only| HeaderValue::from_str(only).ok()).unwrap_or(ANY);
        let (bytes, _) = self.document(cx, &descriptor.digest.to_string(), accept).await?;
        Document::verified(bytes, descriptor).map_err(|error| ContentError::from(error).into())
    }

    async fn document(
        &self,
        cx: &Cx,
        reference: &str,
        accept: HeaderValue,
    ) -> Result<(Vec<u8>, HeaderMap), Refusal> {
        let mut ask = self.manifest_ask(Method::GET, reference, accept);
        ask.inline_max = limits::MANIFEST_BYTES;
        let reply = self.send(cx, ask, &[]).await?;
        unencoded(cx, &reply)?;
        let Reply { headers, body, .. } = reply;
        match body {
            ReplyBody::Small(bytes) => Ok((bytes, headers)),
            _ => Err(Refusal::TooLong { max: limits::MANIFEST_BYTES }),
        }
    }

    fn manifest_ask(&self, method: Method, reference: &str, accept: HeaderValue) -> Ask {
        let (name, value) = identity();
        Ask::new(method, self.url(Item::Manifest(reference)))
            .header(header::ACCEPT, accept)
            .header(name, value)
    }
}

/// A document by its bytes, of the type that the registry or, failing that, the document itself says.
fn read(bytes: Vec<u8>, headers: &HeaderMap, digest: Digest) -> Result<Document, Refusal> {
    let media_type = match content_type(headers) {
        Some(media_type) => Ok(media_type),
        None => detect(&bytes),
    };
    let document = media_type.and_then(|media_type| {
        let descriptor = Descriptor::new(media_type, digest, bytes.len() as u64);
        Document::verified(bytes, &descriptor)
    });
    document.map_err(|error| ContentError::from(error).into())
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
