//! What must always hold.

use std::collections::BTreeSet;

use http::header;
use lugger_core::{
    effect::{
        http::Exchange,
        route::NamedBy,
        secret::Origin,
        store::{Commit, Content},
    },
    name::Digest,
    store::ImageRecord,
    time::Instant,
};

use super::{faults::Fault, mirror::Way, registry::home, world::World};

/// Requests beyond this, for each thing that a pull can need, mean that something does not end.
const REQUESTS_EACH: u64 = 400;

impl World {
    /// No secret goes anywhere but home, and nothing of a route goes where a server has pointed.
    pub(crate) fn check_secrets(&mut self, exchange: &Exchange) {
        let to = Origin::of(&exchange.url);
        let sent = sent(exchange);
        let strayed: Vec<_> =
            self.bound.iter().filter(|(text, origin)| **origin != to && sent.contains(*text)).collect();
        let strayed = strayed.first().map(|(_, origin)| (*origin).clone());
        self.must(strayed.is_none(), || format!("what is for {strayed:?} goes to {to}"));
        let tls = &exchange.route.tls;
        let trusting = tls.unverified || !tls.identities.is_empty();
        let named = exchange.route.named_by != NamedBy::User;
        self.must(!(named && trusting), || format!("certificates or trust of another go to {to}"));
        if to == home() {
            return;
        }
        let authorization = exchange.headers.get(header::AUTHORIZATION);
        let own = authorization.and_then(|value| value.to_str().ok()).is_some_and(|value| {
            self.bound.iter().any(|(text, origin)| *origin == to && value.contains(text.as_str()))
        });
        self.must(authorization.is_none() || own, || format!("an Authorization header goes to {to}"));
        let leaked = self.registry.secrets().any(|secret| sent.contains(&secret));
        self.must(!leaked, || format!("a secret goes to {to}"));
    }

    /// No more came over the network than is wanted, and what faults spoiled: only these can make a byte come twice.
    pub(super) fn check_costs(&mut self) {
        const SPOIL: [Fault; 6] = [
            Fault::Flipped,
            Fault::TooLong,
            Fault::RangeIgnored,
            Fault::WrongRange,
            Fault::Garbage,
            Fault::Html,
        ];
        let spoiled: u64 = SPOIL.iter().map(|fault| self.hits.of(*fault)).sum();
        let sizes = self.scenario.image.blobs.values().map(|bytes| bytes.len() as u64);
        let (planned, largest) = (sizes.clone().sum::<u64>(), sizes.max().unwrap_or(0));
        // A mirror that gives wrong bytes is asked in each pull, and once more for each when they were put together with right ones.
        let wrong = u64::from(self.scenario.mirrors.contains(&Way::Wrong)) * planned * 3 * self.runs;
        // A power cut takes what was not durable, and damages what is then continued for nothing.
        let lost = self.power_cuts * 2 * planned;
        // A spoiled body costs itself and what it was put together with, and a garbled one a few bytes of its own.
        let bound = planned + wrong + lost + spoiled * (2 * largest + 6_000);
        let came = self.tally.all_bytes();
        self.must(came <= bound, || format!("{came} bytes came, more than {bound}"));
    }

    /// What is committed is what its digest says, and comes after all that it needs.
    pub(super) fn check_commit(&mut self, commit: &Commit) {
        let (digest, size) = (commit.verified.digest().clone(), commit.verified.size());
        let bytes = match &commit.content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Ingest(ingest) => match self.store.partial(*ingest) {
                Ok(partial) => partial.data.clone(),
                Err(_) => return self.violated(format!("committed an ingest that is not open as {digest}")),
            },
        };
        let right = bytes.len() as u64 == size && Digest::of(digest.algorithm(), &bytes) == digest;
        self.must(right, || format!("{} wrong bytes committed as {digest}", bytes.len()));
        let below = self.scenario.image.wanted_children(&digest, self.scenario.platform());
        for child in below {
            let there = self.store.disk.blobs.contains_key(&child.digest);
            self.must(there, || format!("{digest} committed before its child {}", child.digest));
        }
    }

    /// Every name leads to content that is all there.
    pub(super) fn check_names(&mut self) {
        let wanted = self.scenario.image.wanted(self.scenario.platform()).unwrap_or_default();
        for (key, record) in self.store.scan("image/") {
            match serde_json::from_str::<ImageRecord>(&record.value) {
                Err(error) => self.violated(format!("{key} is no image record: {error}")),
                Ok(image) if image.target.digest == self.scenario.image.root => {
                    let missing = self.missing(&wanted);
                    self.must(missing.is_none(), || {
                        format!("{key} leads to {missing:?}, which is not there")
                    });
                }
                Ok(image) => {
                    let there = self.store.disk.blobs.contains_key(&image.target.digest);
                    self.must(there, || format!("{key} leads to nothing"));
                }
            }
        }
    }

    fn missing(&self, wanted: &BTreeSet<Digest>) -> Option<Digest> {
        wanted.iter().find(|digest| !self.store.disk.blobs.contains_key(digest)).cloned()
    }

    /// Nothing is open or held, but the ingests of so many commits.
    pub(crate) fn check_released(&mut self, when: &str, committing: usize) {
        let (bodies, ingests, locks) = (self.net.open.len(), self.store.open.len(), self.store.held.len());
        let none = (bodies, ingests, locks) == (0, committing, 0);
        self.must(none, || format!("{when}: {bodies} bodies, {ingests} ingests, {locks} locks left"));
    }

    /// So few at once, so few in all, and not for ever since the operation has begun.
    pub(super) fn check_bounds(&mut self, at_once: usize, steps: u64, begun: Instant) {
        let most = self.scenario.limits.concurrency;
        self.must(at_once <= most, || format!("{at_once} exchanges and pumps at once, more than {most}"));
        let things = self.scenario.image.documents.len() + self.scenario.image.blobs.len();
        let requests = self.tally.total();
        let bound = (things as u64 + 2) * REQUESTS_EACH;
        self.must(requests <= bound, || format!("{requests} requests, more than {bound}"));
        self.must(steps <= bound * 50, || format!("it does not end after {steps} steps"));
        // Every request can cost a Retry-After, a pause and its timeouts, and nothing else takes long.
        let limits = self.scenario.limits;
        let each = limits.retry_after_max + limits.timeouts.response + limits.timeouts.stall;
        let longest = (each.as_millis() as u64 + 10_000) * (requests + 10) + 60_000 * things as u64;
        let now = self.clock.now().since(begun).as_millis() as u64;
        self.must(now <= longest, || format!("{now} ms for {requests} requests, more than {longest}"));
    }

    /// The leases that there are.
    pub(super) fn leases(&self) -> BTreeSet<String> {
        self.store.scan("lease/").into_iter().map(|(key, _)| key).collect()
    }

    /// A pull that succeeded has left exactly what it should, and no lease but those of `earlier` ones.
    pub(super) fn check_pulled(&mut self, earlier: &BTreeSet<String>) {
        let wanted = self.scenario.image.wanted(self.scenario.platform()).unwrap_or_default();
        let got: BTreeSet<Digest> = self.store.disk.blobs.keys().cloned().collect();
        let (missing, more) = (wanted.difference(&got).count(), got.difference(&wanted).count());
        self.must((missing, more) == (0, 0), || format!("{missing} pieces missing, {more} too many"));
        let key = format!("image/{}", self.name());
        let record = self.store.get(&key).and_then(|r| serde_json::from_str::<ImageRecord>(&r.value).ok());
        let target = record.map(|image| image.target.digest);
        let root = Some(self.scenario.image.root.clone());
        self.must(target == root, || format!("{key} leads to {target:?}"));
        let ingests = self.store.disk.ingests.len();
        self.must(ingests == 0, || format!("{ingests} ingests left"));
        let left = self.leases().difference(earlier).next().cloned();
        self.must(left.is_none(), || format!("the lease {left:?} is left"));
        self.check_names();
    }

    /// Nothing went wrong, so each byte came once, in one stream or in ranges. Where a mirror gives wrong ones they
    /// come from it twice at most: what was put together of pieces is fetched once more before it is blamed.
    pub(super) fn check_no_waste(&mut self) {
        let wanted = self.scenario.image.wanted(self.scenario.platform()).unwrap_or_default();
        let fetched = self.scenario.image.fetched_blobs(&wanted);
        let (size, came) =
            (fetched.values().map(|bytes| bytes.len() as u64).sum::<u64>(), self.tally.all_bytes());
        let most = if self.scenario.mirrors.contains(&Way::Wrong) { size * 3 } else { size };
        self.must((size..=most).contains(&came), || format!("{came} bytes came of {size}"));
    }

    /// Nothing that anybody can see shows a secret.
    pub(crate) fn check_transcript(&mut self) {
        let hidden: Vec<String> = self.registry.hidden().chain(self.bound.keys().cloned()).collect();
        let shows = |line: &&String| hidden.iter().any(|secret| line.contains(secret.as_str()));
        let shown = self.transcript.lines().iter().find(shows).cloned();
        self.must(shown.is_none(), || format!("a secret is shown: {shown:?}"));
    }
}

/// All that an exchange says, as text.
fn sent(exchange: &Exchange) -> String {
    let values = exchange.headers.values().map(|value| value.as_bytes().to_vec());
    let all: Vec<u8> =
        values.chain([exchange.url.to_string().into_bytes(), exchange.body.clone()]).flatten().collect();
    String::from_utf8_lossy(&all).into_owned()
}
