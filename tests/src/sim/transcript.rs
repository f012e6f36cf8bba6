//! Everything that went in and out of an operation, one line each, with virtual time.

use std::fmt::{self, Write as _};

use lugger_core::{
    effect::{
        http::{NetError, Payload, Response},
        pump::{End, Pumped},
        store::{Applied, Begun, Record, StoreError},
    },
    event::Event,
    time::Instant,
};

/// The lines so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript(Vec<String>);

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The operation asks.
    Request,
    /// The world answers.
    Reply,
    /// The operation gives something back.
    Notice,
    /// The operation tells its user.
    Event,
    /// The world misbehaves, or does something of its own.
    World,
    /// The operation ends.
    Done,
}

impl Transcript {
    /// One more line.
    pub fn line(&mut self, at: Instant, mark: Mark, text: &dyn fmt::Display) {
        let mark = match mark {
            Mark::Request => '>',
            Mark::Reply => '<',
            Mark::Notice => '-',
            Mark::Event => '!',
            Mark::World => '*',
            Mark::Done => '=',
        };
        self.0.push(format!("{:>9} {mark} {text}", at.0));
    }

    /// What the operation asked, gave back and told, without times: see [`said`].
    pub fn said(&self) -> Vec<String> {
        let lines = self.0.iter().filter_map(|line| line.trim_start().split_once(' '));
        lines.filter_map(|(_, line)| said(line)).collect()
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A line as it is whoever answers, if the answers are the same: handles are the host's to number, and how far things have
/// come in between is a matter of time. `None` for what an operation has not said.
pub fn said(line: &str) -> Option<String> {
    let is_request = |line: &str| ["! GET ", "! HEAD ", "! POST "].iter().any(|verb| line.starts_with(verb));
    if !line.starts_with(['>', '-', '!']) || line.starts_with("! moved ") || is_request(line) {
        return None;
    }
    let mut before = "";
    let word = |word| {
        let is_handle = ["body", "ingest", "unlock"].contains(&std::mem::replace(&mut before, word));
        if is_handle && word.parse::<u64>().is_ok() { "_" } else { word }
    };
    Some(line.split(' ').map(word).collect::<Vec<_>>().join(" "))
}

/// One line for an event.
pub fn event(event: &Event) -> String {
    match event {
        Event::Resolved { name, target } => {
            format!("resolved {name} to {} ({} bytes)", target.digest, target.size)
        }
        Event::Loaded(it) => format!("loaded {}", it.digest()),
        Event::Configured { config, .. } => format!("loaded {}", config.digest),
        Event::Planned(it) => format!("planned {}", it.digest),
        Event::Skipped(it) => format!("skipped {}", it.digest),
        Event::Began { digest, from } => format!("began {digest} from {from}"),
        Event::Moved { digest, done } => format!("moved {digest} to {done}"),
        Event::Committed(it) => format!("committed {}", it.digest),
        Event::Examining { digest, done } => format!("examining {digest} to {done}"),
        Event::Examined { digest, diff_id, unpacked } => {
            format!("examined {digest}: {diff_id}, {} bytes, {} entries", unpacked.bytes, unpacked.entries)
        }
        Event::Waiting { digest } => format!("waiting for {digest}"),
        Event::Authenticating { realm, account } => {
            let account = account.as_deref().unwrap_or("nobody");
            format!("asking {realm} for a token, as {account}")
        }
        Event::Exchanged { line, answer } => match answer {
            Ok(status) => format!("{line}: {status}"),
            Err(why) => format!("{line}: {why}"),
        },
        Event::Retrying { doing, why, after } => {
            format!("retrying in {} ms: {doing}: {why}", after.as_millis())
        }
        Event::NextEndpoint { doing, from, why } => {
            format!("on to the next endpoint: {doing} from {from}: {why}")
        }
        Event::Limited { registry, quota } => format!("{registry} has {} requests left", quota.remaining),
        Event::Discarded { digest } => format!("discarded {digest}"),
        Event::Evicted { name } => format!("evicted {name}"),
        Event::Named { name, digest, before } => {
            let before = before.as_ref().map_or("nothing".to_owned(), ToString::to_string);
            format!("named {name}: {digest}, before {before}")
        }
        Event::Warned(warning) => format!("warning: {warning}"),
    }
}

/// One line for an answer.
pub trait Show {
    /// It.
    fn show(&self) -> String;
}

impl<T: Show, E: fmt::Display> Show for Result<T, E> {
    fn show(&self) -> String {
        match self {
            Ok(value) => value.show(),
            Err(error) => format!("error: {error}"),
        }
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or("none".to_owned(), Show::show)
    }
}

macro_rules! show {
    ($($answer:ty: $it:pat => $text:expr;)*) => {$(
        impl Show for $answer { fn show(&self) -> String { let $it = self; $text } }
    )*};
}

show! {
    (): () => "done".to_owned();
    u64: n => format!("{n} bytes");
    Vec<u8>: bytes => format!("{} bytes", bytes.len());
    Record: record => format!("revision {}, {} bytes", record.revision, record.value.len());
    Vec<(String, Record)>: records => format!("{} records", records.len());
    lugger_core::effect::LockId: lock => format!("lock {}", lock.0);
    lugger_core::effect::file::Entry: entry => format!("{entry:?}");
    lugger_core::effect::file::Helped: helped => format!("{helped:?}");
    lugger_core::effect::secret::Secret: _ => "a secret".to_owned();
}

impl Show for Applied {
    fn show(&self) -> String {
        match self {
            Self::Done => "applied".to_owned(),
            Self::Conflict => "conflict".to_owned(),
        }
    }
}

impl Show for Begun {
    fn show(&self) -> String {
        match self {
            Self::Committed => "committed already".to_owned(),
            Self::Open { ingest, len, checkpoint, islands } => {
                let saved = if checkpoint.is_some() { "a" } else { "no" };
                let beyond = if islands.is_empty() { String::new() } else { format!(", {islands:?}") };
                format!("ingest {}, {len} bytes{beyond}, {saved} checkpoint", ingest.0)
            }
        }
    }
}

impl Show for Response {
    fn show(&self) -> String {
        let mut text = self.status.as_u16().to_string();
        let shown = match &self.body {
            Payload::Inline(bytes) => write!(text, ", {} bytes", bytes.len()),
            Payload::Stream(body) => write!(text, ", body {}", body.0),
            Payload::TooLong => write!(text, ", too long"),
        };
        shown.expect("a string can be written to");
        text
    }
}

impl Show for Pumped {
    fn show(&self) -> String {
        let end = match &self.end {
            End::Complete => "complete".to_owned(),
            End::SourceLost(NetError { kind, .. }) => format!("source lost: {kind}"),
            End::StoreFailed(StoreError { kind, .. }) => format!("store failed: {kind}"),
            End::GivenLost(error) => format!("given lost: {error}"),
            End::Refused(error) => format!("refused: {error}"),
            End::Forgotten => "forgotten".to_owned(),
        };
        format!("at {}, {end}", self.tap.len())
    }
}
