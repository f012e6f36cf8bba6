//! One repository at all the places that serve it.

use std::rc::Rc;

use url::Url;

use super::{
    Credentials, Endpoint, Registries, Remote, config, guard,
    round::{Need, Round, Turn},
    tags::Listing,
};
use crate::{
    archive,
    error::{Error, Refusal},
    event::{Event, Quota, Warning},
    model::{Descriptor, Document},
    name::{Digest, Reference},
    op::Cx,
    small::SmallMap,
};

/// One repository at its endpoints, with what was learnt about each. Every question goes through the loop of
/// endpoints and tries: the answer of the first that gives one, or an error with what all of them said.
#[derive(Debug)]
pub struct Repository {
    /// `registry/path`, as the reference says.
    pub(super) name: String,
    path: String,
    foreign_urls: bool,
    pub(super) remotes: Vec<Remote>,
}

impl Repository {
    /// The repository of a reference, at the endpoints that the user's settings give it. `scratch` is no image, and
    /// what an archive had no name for is nobody's: nobody is asked for them.
    pub async fn open(cx: &Cx, reference: &Reference, registries: &Registries) -> Result<Self, Error> {
        if reference.domain() == "docker.io" && reference.path() == "library/scratch" {
            return Err(Error::Reserved("scratch".to_owned()));
        }
        // Somebody in this network may answer to it.
        if reference.domain() == archive::names::LOCAL {
            return Err(Error::FromArchive(reference.to_string()));
        }
        let endpoints = config::endpoints(cx, reference, registries).await?;
        let repository = Self::new(reference, endpoints, &Credentials::new(registries));
        // Beside a bridge there is no way out.
        let foreign_urls = registries.foreign_urls && registries.bridge.is_none();
        Ok(Self { foreign_urls, ..repository })
    }

    /// The repository of a reference at these endpoints, in the order in which they are asked.
    pub fn new(reference: &Reference, endpoints: Vec<Endpoint>, credentials: &Credentials) -> Self {
        let mut paces: SmallMap<_, Rc<_>> = SmallMap::default();
        let mut before = None;
        let remote = |endpoint: Endpoint| {
            let origin = endpoint.origin();
            let pace = Rc::clone(paces.get_or_insert(origin.clone(), Rc::default()));
            let twin_of = before.replace(origin).filter(|_| endpoint.plain_twin);
            Remote { twin_of, ..Remote::new(endpoint, credentials.clone(), pace) }
        };
        Self {
            name: reference.name(),
            path: reference.path().to_owned(),
            foreign_urls: false,
            remotes: endpoints.into_iter().map(remote).collect(),
        }
    }

    /// Its path, without the registry's name.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its endpoints, in the order in which they are asked.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.remotes.iter().map(Remote::endpoint)
    }

    pub(crate) fn round(&self, need: Need, doing: &str) -> Round<'_> {
        Round::new(self, need, doing, &[])
    }

    /// The round of a blob, which may also be `elsewhere`: those places are asked last.
    pub(crate) fn blob_round<'r>(&'r self, blob: &Descriptor, elsewhere: &'r [Remote]) -> Round<'r> {
        Round::new(self, Need::Pull, &format!("fetch {}", blob.digest), elsewhere)
    }

    /// The places that a descriptor itself names (containerd.md §4.1), if the user wants them asked. Like a redirect they
    /// must not lead from a public registry into a private network (security.md C1, C6).
    pub(crate) fn named_by(&self, blob: &Descriptor) -> Vec<Remote> {
        /// A document may name more than anybody would ask.
        const MOST: usize = 8;
        let wanted = self.foreign_urls && !blob.urls.is_empty();
        let Some(registry) = self.endpoints().last().filter(|_| wanted) else { return Vec::new() };
        let home = registry.origin();
        let urls = blob.urls.iter().filter_map(|url| Url::parse(url).ok());
        let safe =
            urls.filter(|url| matches!(url.scheme(), "https" | "http") && guard::check(url, &home).is_ok());
        let remote = |url| Remote::new(Endpoint::named(registry, url), Credentials::default(), Rc::default());
        safe.take(MOST).map(remote).collect()
    }

    /// Asks one endpoint once what a reference means there.
    pub(crate) async fn probe(
        &self,
        cx: &Cx,
        at: usize,
        reference: &Reference,
    ) -> Result<Option<Digest>, Refusal> {
        let Some(remote) = self.remotes.get(at) else { return Ok(None) };
        let what =
            reference.digest().map_or(reference.tag().unwrap_or("latest").to_owned(), Digest::to_string);
        Turn::alone(remote).head(cx, &what).await
    }

    /// Exchanges that getting in has cost.
    pub(crate) fn logins(&self) -> u64 {
        self.remotes.iter().map(|remote| remote.auth.exchanges()).sum()
    }

    /// What was last heard of how much may still be asked for.
    pub(crate) fn quota(&self) -> Option<Quota> {
        self.remotes.iter().find_map(|remote| remote.pace.quota())
    }

    /// Tells that a blob that no endpoint gives may be where its descriptor says, which the user has not allowed to look.
    pub(crate) fn warn_of_urls(&self, cx: &Cx, blob: &Descriptor) {
        if !self.foreign_urls && !blob.urls.is_empty() {
            cx.emit(Event::Warned(Warning::ForeignUrls { digest: blob.digest.clone() }));
        }
    }

    /// What a tag means, by HEAD: costs no pull quota. `None` when no endpoint can say it that way.
    pub async fn head(&self, cx: &Cx, tag: &str) -> Result<Option<Digest>, Error> {
        let mut round = self.round(Need::Resolve, &format!("look up tag {tag}"));
        loop {
            let turn = round.next(cx).await?;
            match turn.head(cx, tag).await {
                Ok(digest) => return Ok(digest),
                Err(why) => round.failed(cx, &turn, why),
            }
        }
    }

    /// The document that a tag means, by one GET. `Docker-Content-Digest` must agree with the bytes.
    pub async fn tagged(&self, cx: &Cx, tag: &str) -> Result<Document, Error> {
        let mut round = self.round(Need::Resolve, &format!("fetch manifest {tag}"));
        loop {
            let turn = round.next(cx).await?;
            match turn.tagged(cx, tag).await {
                Ok(document) => return Ok(document),
                Err(why) => round.failed(cx, &turn, why),
            }
        }
    }

    /// The document of this digest. The bytes decide; what headers say is only a hint (security.md M5).
    pub async fn pinned(&self, cx: &Cx, digest: &Digest) -> Result<Document, Error> {
        let mut round = self.round(Need::Pull, &format!("fetch manifest {digest}"));
        loop {
            let turn = round.next(cx).await?;
            match turn.pinned(cx, digest).await {
                Ok(document) => return Ok(document),
                Err(why) => round.failed(cx, &turn, why),
            }
        }
    }

    /// The document that a descriptor promises: its digest, its size, its type.
    pub async fn described(&self, cx: &Cx, descriptor: &Descriptor) -> Result<Document, Error> {
        let mut round = self.round(Need::Pull, &format!("fetch manifest {}", descriptor.digest));
        loop {
            let turn = round.next(cx).await?;
            match turn.described(cx, descriptor).await {
                Ok(document) => return Ok(document),
                Err(why) => round.failed(cx, &turn, why),
            }
        }
    }

    /// The bytes of a small blob, verified; nothing is stored.
    pub async fn small_blob(&self, cx: &Cx, blob: &Descriptor, max: u64) -> Result<Vec<u8>, Error> {
        let mut round = self.round(Need::Pull, &format!("fetch {}", blob.digest));
        loop {
            let turn = round.next(cx).await?;
            match turn.small_blob(cx, blob, max).await {
                Ok(bytes) => return Ok(bytes),
                Err(why) => round.failed(cx, &turn, why),
            }
        }
    }

    /// Every tag, in the order the registry gives them.
    pub async fn tags(&self, cx: &Cx) -> Result<Vec<String>, Error> {
        let mut round = self.round(Need::Resolve, "list tags");
        let mut listing = Listing::default();
        loop {
            let turn = round.next(cx).await?;
            match turn.pages(cx, &mut listing).await {
                Ok(()) => return Ok(listing.into_tags()),
                Err(why) => round.failed(cx, &turn, why),
            }
        }
    }
}
