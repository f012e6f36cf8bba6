//! Events as lines of text, for logs: one for each event, and one every ten seconds while bytes flow.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use lugger::core::{
    event::{Event, Quota},
    name::Digest,
};

use super::human::{bytes, kind, short};

/// Between two lines that only say how far it is.
const PAUSE: Duration = Duration::from_secs(10);

/// What was told so far.
pub(crate) struct Plain {
    verbose: bool,
    blobs: BTreeMap<Digest, Blob>,
    told: Instant,
    done_then: u64,
}

#[derive(Default)]
struct Blob {
    size: u64,
    done: u64,
}

impl Plain {
    pub(crate) fn new(verbose: bool) -> Self {
        Self { verbose, blobs: BTreeMap::new(), told: Instant::now(), done_then: 0 }
    }

    /// What is to be said of an event, if anything.
    pub(crate) fn line(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Resolved { name, target } => {
                Some(format!("{name} is {} ({})", target.digest, kind(target)))
            }
            Event::Planned(content) => {
                self.blobs.entry(content.digest.clone()).or_default().size = content.size;
                None
            }
            Event::Skipped(content) => Some(format!("present {} {}", short(&content.digest), kind(content))),
            Event::Began { digest, from } => {
                let blob = self.blobs.entry(digest.clone()).or_default();
                blob.done = *from;
                let (name, size) = (short(digest), bytes(blob.size));
                match from {
                    0 => Some(format!("fetching {name}, {size}")),
                    from => Some(format!("resuming {name} at {} of {size}", bytes(*from))),
                }
            }
            Event::Moved { digest, done } => {
                self.blobs.entry(digest.clone()).or_default().done = *done;
                self.how_far()
            }
            Event::Committed(content) => {
                let blob = self.blobs.get_mut(&content.digest);
                if let Some(blob) = blob {
                    blob.done = content.size;
                } else if !self.verbose {
                    return None;
                }
                Some(format!("fetched {} {}, {}", short(&content.digest), kind(content), bytes(content.size)))
            }
            Event::Waiting { digest } => {
                Some(format!("waiting for another process that fetches {}", short(digest)))
            }
            Event::Authenticating { realm, account } => self.verbose.then(|| match account {
                Some(account) => format!("asking {realm} for a token, with the credentials of {account}"),
                None => format!("asking {realm} for a token, as nobody"),
            }),
            Event::Exchanged { line, answer } => Some(match answer {
                Ok(status) => format!("{line}: {status}"),
                Err(why) => format!("{line}: {why}"),
            }),
            Event::Retrying { doing, why, after } => {
                Some(format!("{doing}: {why}; trying again in {:.1} s", after.as_secs_f32()))
            }
            Event::NextEndpoint { doing, from, why } => {
                Some(format!("{doing} from {from}: {why}; asking the next endpoint"))
            }
            Event::Limited { registry, quota } => self.limited(registry, quota),
            Event::Discarded { digest } => {
                Some(format!("discarded what came of {}: it does not verify", short(digest)))
            }
            Event::Named { name, digest, .. } => {
                self.verbose.then(|| format!("{name} now leads to {digest}"))
            }
            Event::Evicted { name } => Some(format!("gave up {name}: the store was full")),
            Event::Examined { digest, diff_id, .. } => {
                self.verbose.then(|| format!("{} unpacks to {diff_id}", short(digest)))
            }
            Event::Loaded(_) | Event::Configured { .. } | Event::Examining { .. } => None,
            // The report tells warnings whatever the mode.
            Event::Warned(_) => None,
        }
    }

    /// A quota that runs out is told always.
    fn limited(&self, registry: &str, quota: &Quota) -> Option<String> {
        let scarce = quota.remaining < quota.limit.unwrap_or(100) / 10;
        let of = quota.limit.map_or(String::new(), |limit| format!(" of {limit}"));
        (scarce || self.verbose).then(|| format!("{registry} allows {}{of} more requests", quota.remaining))
    }

    fn how_far(&mut self) -> Option<String> {
        let passed = self.told.elapsed();
        if passed < PAUSE {
            return None;
        }
        let sum = |of: fn(&Blob) -> u64| self.blobs.values().map(of).sum::<u64>();
        let (done, size) = (sum(|blob| blob.done), sum(|blob| blob.size));
        let rate = done.saturating_sub(self.done_then) / passed.as_secs().max(1);
        (self.told, self.done_then) = (Instant::now(), done);
        Some(format!("{} of {}, {}/s", bytes(done), bytes(size), bytes(rate)))
    }
}
