//! `lugger parse`: names, challenges and hosts.toml as JSON, line by line. For scripts, and to compare implementations.

mod registry;

use std::io::{self, BufRead, BufReader};

use lugger::{
    core::name::{Digest, Matcher, Platform, Reference},
    host_platform,
};
use serde::{Deserialize, Serialize};

use crate::cli::{args::ParseKind, exit::Failure, session::Session};

/// The answer to a line.
#[derive(Serialize)]
struct Answer<'a> {
    input: &'a str,
    #[serde(flatten)]
    result: Answered,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answered {
    Ok(Parsed),
    Error(String),
}

/// What a line holds.
#[derive(Serialize)]
#[serde(untagged)]
enum Parsed {
    Reference {
        domain: String,
        path: String,
        tag: Option<String>,
        digest: Option<Digest>,
        familiar: String,
        canonical: String,
        with_default_tag: String,
    },
    Platform {
        os: String,
        architecture: String,
        variant: String,
        os_version: String,
        os_features: Vec<String>,
        formatted: String,
    },
    Choice {
        chosen: Option<usize>,
        order: Vec<usize>,
    },
    Digest {
        algorithm: &'static str,
        encoded: String,
    },
    Challenges(registry::Challenges),
    Hosts(registry::Hosts),
}

/// The question which platform to choose.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    #[serde(rename = "match")]
    wanted: Wanted,
    #[serde(default)]
    strict: bool,
    mode: Option<Mode>,
    /// `null` is a candidate that does not say what it is for.
    candidates: Vec<Option<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    One(String),
    Several(Vec<String>),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Only,
    OnlyStrict,
    OnlyOs,
    Ordered,
    Any,
}

pub(super) fn run(session: &mut Session, kind: ParseKind) -> Result<(), Failure> {
    let host = host_platform();
    let mut input = BufReader::with_capacity(64 << 10, io::stdin().lock());
    let mut line = Vec::new();
    loop {
        // Whoever asks line by line waits for the answer before the next question.
        if input.buffer().is_empty() {
            session.output.flush()?;
        }
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.map_err(|cause| Failure::system("cannot read stdin", cause))? == 0 {
            return Ok(());
        }
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let lossy = String::from_utf8_lossy(line);
        let result = match std::str::from_utf8(line) {
            Ok(text) => parse(kind, text, &host),
            Err(error) => Err(error.to_string()),
        };
        let result = result.map_or_else(Answered::Error, Answered::Ok);
        session.output.json(&Answer { input: &lossy, result })?;
    }
}

fn parse(kind: ParseKind, text: &str, host: &Platform) -> Result<Parsed, String> {
    match kind {
        ParseKind::Reference => Reference::parse(text).map(reference).map_err(|error| error.to_string()),
        ParseKind::Platform if text.starts_with('{') => choose(text, host),
        ParseKind::Platform => Platform::parse(text, host).map(platform).map_err(|error| error.to_string()),
        ParseKind::Digest => text.parse().map(|it| digest(&it)).map_err(|error| format!("{error}")),
        ParseKind::Challenge => registry::challenges(text).map(Parsed::Challenges),
        ParseKind::Hosts => registry::hosts(text).map(Parsed::Hosts),
    }
}

fn reference(reference: Reference) -> Parsed {
    Parsed::Reference {
        domain: reference.domain().to_owned(),
        path: reference.path().to_owned(),
        tag: reference.tag().map(str::to_owned),
        digest: reference.digest().cloned(),
        familiar: reference.familiar(),
        canonical: reference.canonical(),
        with_default_tag: reference.with_default_tag().canonical(),
    }
}

fn platform(platform: Platform) -> Parsed {
    let formatted = platform.format();
    let Platform { architecture, os, os_version, os_features, variant } = platform;
    Parsed::Platform { os, architecture, variant, os_version, os_features, formatted }
}

fn digest(digest: &Digest) -> Parsed {
    Parsed::Digest { algorithm: digest.algorithm().as_str(), encoded: digest.encoded().to_owned() }
}

fn choose(text: &str, host: &Platform) -> Result<Parsed, String> {
    let question: Match = serde_json::from_str(text).map_err(|error| format!("not a question: {error}"))?;
    let parse = |text: &String| Platform::parse(text, host).map_err(|error| error.to_string());
    let wanted = match &question.wanted {
        Wanted::One(one) => vec![parse(one)?],
        Wanted::Several(several) => several.iter().map(parse).collect::<Result<_, _>>()?,
    };
    let mode = question.mode.unwrap_or(if question.strict { Mode::OnlyStrict } else { Mode::Only });
    let matcher = match (mode, wanted.as_slice()) {
        (Mode::Only, [one]) => Matcher::only(one),
        (Mode::OnlyStrict, [one]) => Matcher::only_strict(one),
        (Mode::OnlyOs, [one]) => Matcher::only_os(one),
        (Mode::Ordered, several) => Matcher::ordered(several),
        (Mode::Any, several) => Matcher::any(several),
        _ => return Err("not a question: this mode matches one platform".to_owned()),
    };
    let candidates = question.candidates.iter().map(|it| it.as_ref().map(parse).transpose());
    let candidates = candidates.collect::<Result<Vec<_>, _>>()?;
    let order = matcher.order_described(&candidates.iter().map(Option::as_ref).collect::<Vec<_>>());
    Ok(Parsed::Choice { chosen: order.first().copied(), order })
}
