//! Events as JSON: the same for `--progress json` and for the browser.

use serde::{Serialize, Serializer};

use super::{Event, Quota};
use crate::{error::Attempt, machine::Unpacked, model::Descriptor, name::Digest};

/// An event in the words of JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Resolved { name: &'a str, target: &'a Descriptor },
    Loaded { document: Descriptor },
    Planned { content: &'a Descriptor },
    Skipped { content: &'a Descriptor },
    Began { digest: &'a Digest, from: u64 },
    Moved { digest: &'a Digest, done: u64 },
    Committed { content: &'a Descriptor },
    Examining { digest: &'a Digest, done: u64 },
    Examined { digest: &'a Digest, diff_id: &'a Digest, unpacked: Unpacked },
    Waiting { digest: &'a Digest },
    Authenticating { realm: &'a str, account: Option<&'a str> },
    Exchanged { request: &'a str, status: Option<u16>, why: Option<String> },
    Retrying { doing: &'a str, why: String, after_ms: u64 },
    NextEndpoint { doing: &'a str, from: &'a str, why: String },
    Limited { registry: &'a str, remaining: u64, limit: Option<u64>, window: Option<u64> },
    Discarded { digest: &'a Digest },
    Evicted { name: &'a str },
    Named { name: &'a str, digest: &'a Digest, before: Option<&'a Digest> },
    Warned { warning: String },
}

impl<'a> From<&'a Event> for Line<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Resolved { name, target } => Self::Resolved { name, target },
            Event::Loaded(document) => Self::Loaded { document: document.descriptor() },
            Event::Configured { config, .. } => Self::Loaded { document: config.clone() },
            Event::Planned(content) => Self::Planned { content },
            Event::Skipped(content) => Self::Skipped { content },
            Event::Began { digest, from } => Self::Began { digest, from: *from },
            Event::Moved { digest, done } => Self::Moved { digest, done: *done },
            Event::Committed(content) => Self::Committed { content },
            Event::Examining { digest, done } => Self::Examining { digest, done: *done },
            Event::Examined { digest, diff_id, unpacked } => {
                Self::Examined { digest, diff_id, unpacked: *unpacked }
            }
            Event::Waiting { digest } => Self::Waiting { digest },
            Event::Authenticating { realm, account } => {
                Self::Authenticating { realm, account: account.as_deref() }
            }
            Event::Exchanged { line, answer } => match answer {
                Ok(status) => Self::Exchanged { request: line, status: Some(status.as_u16()), why: None },
                Err(why) => Self::Exchanged { request: line, status: None, why: Some(why.to_string()) },
            },
            Event::Retrying { doing, why, after } => {
                let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                Self::Retrying { doing, why: why.to_string(), after_ms }
            }
            Event::NextEndpoint { doing, from, why } => {
                Self::NextEndpoint { doing, from, why: why.to_string() }
            }
            Event::Limited { registry, quota: Quota { remaining, limit, window } } => {
                Self::Limited { registry, remaining: *remaining, limit: *limit, window: *window }
            }
            Event::Discarded { digest } => Self::Discarded { digest },
            Event::Evicted { name } => Self::Evicted { name },
            Event::Named { name, digest, before } => Self::Named { name, digest, before: before.as_ref() },
            Event::Warned(warning) => Self::Warned { warning: warning.to_string() },
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Line::from(self).serialize(serializer)
    }
}

/// What one endpoint was asked, and what came back.
impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Try<'a> {
            registry: &'a str,
            repository: &'a str,
            asked: &'a str,
            why: String,
            tries: u32,
        }
        let Self { registry, repository, asked, why, tries } = self;
        Try { registry, repository, asked, why: why.to_string(), tries: *tries }.serialize(serializer)
    }
}
