//! The API: questions about names, answered by asking registries with the user's credentials.

use std::{
    io,
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use lugger_core::{
    error::Error,
    name::{Digest, Reference},
    op::{Cx, Limits},
    registry::{
        Registries,
        bridge::{Access, Asked, Standing, Told, part},
    },
    verb::{self, OpenBlob, Query},
};
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::{
    OnEvent,
    dress::data,
    hosts::Hosts,
    lists::{Lists, Page},
};
use crate::server::{Request, Response};

/// What answers the API.
pub(super) struct Api {
    typed: Registries,
    access: Mutex<Access>,
    hosts: Hosts,
    lists: Lists,
    on_event: OnEvent,
}

impl Api {
    pub(super) fn new(typed: Registries, access: Access, limits: Limits, on_event: OnEvent) -> Self {
        let (access, hosts) = (Mutex::new(access), Hosts::new(limits));
        Self { typed, access, hosts, lists: Lists::default(), on_event }
    }

    /// Ends everything that runs.
    pub(super) fn close(&self) {
        self.hosts.close();
    }

    /// The answer to a request that has passed the gate.
    pub(super) fn answer(&self, request: &Request, what: &str, query: &str) -> Result<Response, Told> {
        let response = match Asked::parse(what, query)? {
            Asked::About => json(&json!({"name": "lugger", "version": env!("CARGO_PKG_VERSION")})),
            Asked::Allow(registry) => {
                self.access().add(&registry, Standing::Confirmed)?;
                Response::bare(204)
            }
            Asked::Manifest(reference) if request.method == "HEAD" => self.head(reference)?,
            Asked::Manifest(reference) => self.manifest(reference)?,
            Asked::Tags { repository, n, last } => self.tags(repository, n, last.as_deref())?,
            Asked::Blob { repository, digest, size } => self.blob(request, repository, &digest, size)?,
        };
        Ok(data(response))
    }

    fn head(&self, reference: Reference) -> Result<Response, Told> {
        let query = self.query(reference)?;
        let digest = self.run(async |cx| verb::digest(cx, query).await)?;
        Ok(Response::bare(200).with("Docker-Content-Digest", digest.to_string()))
    }

    fn manifest(&self, reference: Reference) -> Result<Response, Told> {
        let query = self.query(reference)?;
        let document = self.run(async |cx| verb::manifest(cx, query).await)?;
        Ok(Response::new(200, Vec::from(document.bytes()))
            .with("Content-Type", document.media_type().as_str())
            .with("Docker-Content-Digest", document.digest().to_string()))
    }

    fn tags(&self, repository: Reference, n: Option<usize>, last: Option<&str>) -> Result<Response, Told> {
        let name = repository.name();
        let query = self.query(repository)?;
        let fetch = || self.run(async |cx| verb::tags(cx, query).await);
        let Page { tags, last, n } = self.lists.page(&name, n, last, fetch)?;
        let response = json(&json!({"name": name, "tags": tags}));
        let Some(last) = last else { return Ok(response) };
        let next = Serializer::new(String::new())
            .append_pair("ref", &name)
            .append_pair("n", &n.to_string())
            .append_pair("last", &last)
            .finish();
        Ok(response.with("Link", format!("<tags?{next}>; rel=\"next\"")))
    }

    /// The bytes as they come: the tab verifies them, and asks again for what is missing.
    fn blob(
        &self,
        request: &Request,
        repository: Reference,
        digest: &Digest,
        size: u64,
    ) -> Result<Response, Told> {
        let registries = self.registries(&repository)?;
        // Content is known by its digest; there is no other version of it.
        let etag = format!("\"{digest}\"");
        let is_head = request.method == "HEAD";
        let range = request.header("range").filter(|_| !is_head);
        let range = range.filter(|_| request.headers("if-range").all(|own| own == etag));
        let wanted = match part(range, size) {
            Ok(_) if is_head && size > 1 => Some(0..1),
            Ok(wanted) => wanted,
            Err(told) => {
                return Ok(Response::new(told.status, told.body())
                    .with("Content-Type", "application/json")
                    .with("Content-Range", format!("bytes */{size}")));
            }
        };
        let is_range = range.is_some() && wanted.is_some();
        let want = OpenBlob { repository, registries, digest: digest.clone(), size, part: wanted };
        let (opened, Range { start, end }) = {
            let mut host = self.hosts.lend().ok_or_else(over)?;
            let cancel = host.cancel();
            let opened = host.open_blob(want, &cancel, &self.on_event).map_err(|error| Told::of(&error))?;
            let part = opened.part();
            (opened, part)
        };
        let response = match is_head {
            true => Response::streaming(200, size, io::empty()),
            // Asked for all or told all: a registry may ignore ranges.
            false if !is_range || end - start == size => Response::streaming(200, end - start, opened),
            false => Response::streaming(206, end - start, opened)
                .with("Content-Range", format!("bytes {start}-{}/{size}", end.saturating_sub(1))),
        };
        Ok(response
            .with("Content-Type", "application/octet-stream")
            .with("Docker-Content-Digest", digest.to_string())
            .with("Accept-Ranges", "bytes")
            .with("Etag", etag))
    }

    fn query(&self, reference: Reference) -> Result<Query, Told> {
        Ok(Query { registries: self.registries(&reference)?, reference, platform: None })
    }

    fn registries(&self, reference: &Reference) -> Result<Registries, Told> {
        self.access().registries(reference.domain(), &self.typed)
    }

    fn run<T: 'static>(&self, flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static) -> Result<T, Told> {
        let mut host = self.hosts.lend().ok_or_else(over)?;
        let cancel = host.cancel();
        host.run_with(flow, &cancel, &self.on_event).map_err(|error| Told::of(&error))
    }

    fn access(&self) -> MutexGuard<'_, Access> {
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn json(value: &serde_json::Value) -> Response {
    Response::new(200, value.to_string()).with("Content-Type", "application/json")
}

fn over() -> Told {
    Told::of(&Error::Cancelled)
}
