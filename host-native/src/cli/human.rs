//! Numbers, digests and times as people read them.

use std::time::{SystemTime, UNIX_EPOCH};

use indicatif::HumanBytes;
use lugger::core::{
    model::Descriptor,
    name::{Digest, media::Kind},
    time::UnixTime,
};

/// `3.20 KiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// The algorithm and as many digits as tell digests apart.
pub(crate) fn short(digest: &Digest) -> String {
    format!("{}:{}", digest.algorithm(), digest.encoded().get(..12).unwrap_or_default())
}

/// `1 layer`, `2 layers`.
pub(crate) fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What a descriptor leads to, in a word.
pub(crate) fn kind(descriptor: &Descriptor) -> &'static str {
    match descriptor.media_type.kind() {
        Kind::Manifest | Kind::Schema1 { .. } => "manifest",
        Kind::Index => "index",
        Kind::Config => "config",
        Kind::Layer(_) => "layer",
        Kind::Attestation => "attestation",
        Kind::Checkpoint | Kind::OctetStream | Kind::Unknown => "blob",
    }
}

/// How long ago a time of a record was; the text itself when it is none.
pub(crate) fn ago(then: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UnixTime::parse(then).map_or_else(|| then.to_owned(), |then| since(now.saturating_sub(then.0)))
}

fn since(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(86_400 * 365, "year"), (86_400 * 30, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    match UNITS.iter().find(|(length, _)| seconds >= *length) {
        Some((length, name)) => match seconds / length {
            1 => format!("1 {name} ago"),
            n => format!("{n} {name}s ago"),
        },
        None => "just now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_unit() {
        let shown = [0, 59, 60, 7_199, 86_400 * 29, 86_400 * 400].map(since);
        assert_eq!(
            shown,
            ["just now", "just now", "1 minute ago", "1 hour ago", "29 days ago", "1 year ago"]
        );
    }
}
