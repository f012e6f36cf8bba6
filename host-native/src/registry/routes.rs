//! The pull side of the OCI distribution specification, 1.1: from a request to the answer that `Source` gives.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use percent_encoding::percent_decode_str;
use serde_json::json;
use url::form_urlencoded;

use super::cors;
use super::source::{Blob, Manifest, Source};
use crate::server::{Request, Response};

/// The answer to `request`, whatever it is.
pub(super) fn answer(source: &dyn Source, request: &Request, with_cors: bool) -> Response {
    let (path, query) = request.split();
    let response = if request.header("host").is_some_and(|host| !is_loopback(host)) {
        refusal(421, "DENIED", "this registry answers to loopback names only")
    } else if with_cors && request.method == "OPTIONS" {
        cors::preflight()
    } else if !matches!(request.method.as_str(), "GET" | "HEAD") {
        refusal(405, "UNSUPPORTED", "this registry is read-only").with("Allow", "GET, HEAD")
    } else {
        let path = percent_decode_str(path).decode_utf8_lossy();
        let found = match Route::parse(&path) {
            Route::Base => Ok(Response::new(200, "{}").with("Content-Type", "application/json")),
            Route::Manifest { repo, reference } => source.manifest(repo, reference).map(manifest),
            Route::Blob { repo, digest } => {
                source.blob(repo, digest).and_then(|found| blob(found, digest, request))
            }
            Route::Tags { repo } => source.tags(repo).map(|found| tags(found, repo, query)),
            Route::Unknown => Ok(refusal(404, "UNSUPPORTED", "no such endpoint")),
        };
        found.unwrap_or_else(|error| refusal(500, "UNKNOWN", &error.to_string()))
    };
    let response = response.with("Docker-Distribution-Api-Version", "registry/2.0");
    if with_cors { cors::exposed(response) } else { response }
}

/// Names that only this machine can mean. Without this check a page on `evil.example`, whose name is pointed at
/// 127.0.0.1 after it was loaded, could read the registry from a browser.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name.to_ascii_lowercase().as_str(), "127.0.0.1" | "localhost" | "[::1]")
}

enum Route<'a> {
    Base,
    Manifest { repo: &'a str, reference: &'a str },
    Blob { repo: &'a str, digest: &'a str },
    Tags { repo: &'a str },
    Unknown,
}

impl Route<'_> {
    /// Repository names have slashes in them, so the endpoint is looked for from the end.
    fn parse(path: &str) -> Route<'_> {
        let Some(rest) = path.strip_prefix("/v2") else { return Route::Unknown };
        if matches!(rest, "" | "/") {
            return Route::Base;
        }
        let Some(rest) = rest.strip_prefix('/') else { return Route::Unknown };
        if let Some(repo) = rest.strip_suffix("/tags/list") {
            return Route::Tags { repo };
        }
        let Some((rest, name)) = rest.rsplit_once('/') else { return Route::Unknown };
        match rest.rsplit_once('/') {
            Some((repo, "manifests")) => Route::Manifest { repo, reference: name },
            Some((repo, "blobs")) => Route::Blob { repo, digest: name },
            _ => Route::Unknown,
        }
    }
}

fn manifest(found: Option<Manifest>) -> Response {
    let Some(manifest) = found else {
        return refusal(404, "MANIFEST_UNKNOWN", "no such manifest");
    };
    Response::new(200, manifest.bytes)
        .with("Content-Type", manifest.media_type)
        .with("Etag", format!("\"{}\"", manifest.digest))
        .with("Docker-Content-Digest", manifest.digest)
}

fn blob(found: Option<Blob>, digest: &str, request: &Request) -> std::io::Result<Response> {
    let Some(Blob { length, mut reader }) = found else {
        return Ok(refusal(404, "BLOB_UNKNOWN", "no such blob"));
    };
    let etag = format!("\"{digest}\"");
    // A range is for GET alone, and only while the client's copy is of the same content.
    let wanted = (request.header("range"))
        .filter(|_| request.method == "GET" && request.header("if-range").is_none_or(|tag| tag == etag))
        .map_or(Wanted::All, |range| Wanted::parse(range, length));
    let (status, range) = match wanted {
        Wanted::All => (200, 0..length),
        Wanted::Part(range) => (206, range),
        Wanted::Nothing => {
            return Ok(refusal(416, "RANGE_INVALID", "the range starts after the end of the blob")
                .with("Content-Range", format!("bytes */{length}")));
        }
    };
    reader.seek(SeekFrom::Start(range.start))?;
    let size = range.end - range.start;
    let mut response = Response::streaming(status, size, reader.take(size))
        .with("Content-Type", "application/octet-stream")
        .with("Docker-Content-Digest", digest)
        .with("Accept-Ranges", "bytes")
        .with("Etag", etag);
    if status == 206 {
        let content_range = format!("bytes {}-{}/{length}", range.start, range.end - 1);
        response = response.with("Content-Range", content_range);
    }
    Ok(response)
}

/// What a `Range` header asks for (RFC 9110 §14.2).
#[derive(Debug, PartialEq)]
enum Wanted {
    All,
    Part(Range<u64>),
    Nothing,
}

impl Wanted {
    /// One range is honoured; several, another unit and nonsense are answered with the whole, as the RFC allows.
    fn parse(header: &str, length: u64) -> Wanted {
        let Some((first, last)) = header.trim().strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
            return Wanted::All;
        };
        let range = match (first.trim().parse::<u64>(), last.trim()) {
            (Ok(first), "") => first..length,
            (Ok(first), last) => match last.parse::<u64>() {
                Ok(last) if last >= first => first..length.min(last.saturating_add(1)),
                _ => return Wanted::All,
            },
            (Err(_), last) if first.trim().is_empty() => match last.parse::<u64>() {
                Ok(count) => length.saturating_sub(count)..length,
                Err(_) => return Wanted::All,
            },
            _ => return Wanted::All,
        };
        if range.start < range.end { Wanted::Part(range) } else { Wanted::Nothing }
    }
}

fn tags(found: Option<Vec<String>>, repo: &str, query: &str) -> Response {
    let Some(mut tags) = found else {
        return refusal(404, "NAME_UNKNOWN", "no such repository");
    };
    let (mut count, mut last) = (None, None);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*key {
            "n" => match value.parse::<usize>() {
                Ok(n) => count = Some(n),
                Err(_) => return refusal(400, "PAGINATION_NUMBER_INVALID", "n is not a number"),
            },
            "last" => last = Some(value.into_owned()),
            _ => {}
        }
    }
    tags.sort_unstable();
    if let Some(last) = last {
        tags.retain(|tag| *tag > last);
    }
    let more = count.is_some_and(|n| n > 0 && n < tags.len());
    tags.truncate(count.unwrap_or(usize::MAX));
    let response = Response::new(200, json!({ "name": repo, "tags": tags }).to_string())
        .with("Content-Type", "application/json");
    match (tags.last(), count) {
        (Some(last), Some(n)) if more => {
            let next = form_urlencoded::Serializer::new(String::new())
                .append_pair("n", &n.to_string())
                .append_pair("last", last)
                .finish();
            response.with("Link", format!("</v2/{repo}/tags/list?{next}>; rel=\"next\""))
        }
        _ => response,
    }
}

/// An error in the form the specification gives it.
fn refusal(status: u16, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "code": code, "message": message }] });
    Response::new(status, body.to_string()).with("Content-Type", "application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (header, wanted) in [
            ("bytes=0-", Wanted::Part(0..10)),
            ("bytes=3-", Wanted::Part(3..10)),
            ("bytes=3-4", Wanted::Part(3..5)),
            ("bytes=3-99", Wanted::Part(3..10)),
            ("bytes=3-18446744073709551615", Wanted::Part(3..10)),
            ("bytes=-4", Wanted::Part(6..10)),
            ("bytes=-40", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=99-100", Wanted::Nothing),
            ("bytes=4-3", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("bytes=99999999999999999999-", Wanted::All),
            ("lines=1-2", Wanted::All),
            ("bytes", Wanted::All),
            ("bytes=-", Wanted::All),
        ] {
            assert_eq!(Wanted::parse(header, 10), wanted, "{header}");
        }
        assert_eq!(Wanted::parse("bytes=0-", 0), Wanted::Nothing);
    }

    #[test]
    fn hosts() {
        for host in ["127.0.0.1", "127.0.0.1:5000", "localhost:80", "LOCALHOST", "[::1]", "[::1]:5000"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "localhost:evil", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
