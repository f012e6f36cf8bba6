//! Events as JSON, one a line: `--progress json`.

use lugger::core::{
    error::Attempt,
    event::{Event, Quota},
    model::Descriptor,
    name::Digest,
};
use serde::Serialize;

/// An event, or the error at the end, in the words of the core.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    Resolved { name: &'a str, target: &'a Descriptor },
    Planned { content: &'a Descriptor },
    Skipped { content: &'a Descriptor },
    Began { digest: &'a Digest, from: u64 },
    Moved { digest: &'a Digest, done: u64 },
    Committed { content: &'a Descriptor },
    Waiting { digest: &'a Digest },
    Authenticating { realm: &'a str, account: Option<&'a str> },
    Exchanged { request: &'a str, status: Option<u16>, why: Option<String> },
    Retrying { doing: &'a str, why: String, after_ms: u128 },
    NextEndpoint { doing: &'a str, from: &'a str, why: String },
    Limited { registry: &'a str, remaining: u64, limit: Option<u64>, window: Option<u64> },
    Discarded { digest: &'a Digest },
    Named { name: &'a str, digest: &'a Digest, before: Option<&'a Digest> },
    Warned { warning: String },
    Failed { exit: u8, error: String, hint: Option<String>, attempts: Vec<Try<'a>> },
}

/// What one endpoint was asked, and what came back.
#[derive(Serialize)]
pub(crate) struct Try<'a> {
    registry: &'a str,
    repository: &'a str,
    asked: &'a str,
    why: String,
    tries: u32,
}

impl<'a> From<&'a Attempt> for Try<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        let Attempt { registry, repository, asked, why, tries } = attempt;
        Self { registry, repository, asked, why: why.to_string(), tries: *tries }
    }
}

impl<'a> From<&'a Event> for Line<'a> {
    fn from(event: &'a Event) -> Self {
        match event {
            Event::Resolved { name, target } => Self::Resolved { name, target },
            Event::Planned(content) => Self::Planned { content },
            Event::Skipped(content) => Self::Skipped { content },
            Event::Began { digest, from } => Self::Began { digest, from: *from },
            Event::Moved { digest, done } => Self::Moved { digest, done: *done },
            Event::Committed(content) => Self::Committed { content },
            Event::Waiting { digest } => Self::Waiting { digest },
            Event::Authenticating { realm, account } => {
                Self::Authenticating { realm, account: account.as_deref() }
            }
            Event::Exchanged { line, answer } => match answer {
                Ok(status) => Self::Exchanged { request: line, status: Some(status.as_u16()), why: None },
                Err(why) => Self::Exchanged { request: line, status: None, why: Some(why.to_string()) },
            },
            Event::Retrying { doing, why, after } => {
                Self::Retrying { doing, why: why.to_string(), after_ms: after.as_millis() }
            }
            Event::NextEndpoint { doing, from, why } => {
                Self::NextEndpoint { doing, from, why: why.to_string() }
            }
            Event::Limited { registry, quota: Quota { remaining, limit, window } } => {
                Self::Limited { registry, remaining: *remaining, limit: *limit, window: *window }
            }
            Event::Discarded { digest } => Self::Discarded { digest },
            Event::Named { name, digest, before } => Self::Named { name, digest, before: before.as_ref() },
            Event::Warned(warning) => Self::Warned { warning: warning.to_string() },
        }
    }
}
