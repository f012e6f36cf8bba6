//! Docker references (containerd.md §1.2): `[domain/]path[:tag][@digest]`, normalised as they are parsed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Digest, DigestError, Excerpt};

const DEFAULT_DOMAIN: &str = "docker.io";
const LEGACY_DOMAIN: &str = "index.docker.io";
const OFFICIAL: &str = "library/";
const DEFAULT_TAG: &str = "latest";

/// A normalised image reference: a domain, a path, and a tag, a digest, both or neither.
///
/// `Display` is the canonical form; parsing that gives the same reference back.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Reference {
    domain: String,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is not a reference.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing at all.
    #[error("invalid reference: it is empty")]
    Empty,
    /// The whole text is over its limit, in bytes.
    #[error("invalid reference: {len} bytes are more than {max}", max = Reference::MAX_LEN)]
    TooLong {
        /// The length of the text.
        len: usize,
    },
    /// The path is over its limit, in bytes.
    #[error("invalid reference: repository path of {len} characters, more than {max}", max = Reference::MAX_PATH)]
    PathTooLong {
        /// The length of the path, `library/` included.
        len: usize,
    },
    /// 64 hexadecimal digits, which people use for image ids.
    #[error("invalid repository name `{0}`: it may not be 64 hexadecimal digits, which is an image id")]
    ImageId(Excerpt),
    /// Capital letters in the path.
    #[error("invalid reference: repository name `{0}` must be lower-case")]
    Uppercase(Excerpt),
    /// The part before the first `/` looks like a registry but is no host name, IPv6 address or port.
    #[error("invalid reference: `{0}` is not a registry host with an optional port")]
    Domain(Excerpt),
    /// The path is empty or has a character or separator where none may be.
    #[error("invalid reference: `{0}` is not a repository path")]
    Path(Excerpt),
    /// The tag is empty, over 128 characters, or has a character that none may have.
    #[error("invalid reference: `{0}` is not a tag")]
    Tag(Excerpt),
    /// The text after `@`.
    #[error("invalid reference: {0}")]
    Digest(#[from] DigestError),
}

impl Reference {
    /// The longest text that is looked at, in bytes (security.md §9).
    pub const MAX_LEN: usize = 4096;
    /// The longest path, in bytes.
    pub const MAX_PATH: usize = 255;
    /// The longest tag, in bytes.
    pub const MAX_TAG: usize = 128;

    /// Parses what people type, and normalises it: `redis` is `docker.io/library/redis`.
    pub fn parse(text: &str) -> Result<Reference, ReferenceError> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() > Reference::MAX_LEN {
            return Err(ReferenceError::TooLong { len: text.len() });
        }
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(ReferenceError::ImageId(Excerpt::of(text)));
        }
        let (domain, remainder) = split_domain(text);
        let lowercase_part = remainder.split(':').next().unwrap_or_default();
        if lowercase_part.contains(char::is_uppercase) {
            return Err(ReferenceError::Uppercase(Excerpt::of(lowercase_part)));
        }
        if !is_domain(domain) {
            return Err(ReferenceError::Domain(Excerpt::of(domain)));
        }
        let (name, digest) = cut(remainder, '@');
        let (path, tag) = cut(name, ':');
        if !path.split('/').all(is_path_component) {
            return Err(ReferenceError::Path(Excerpt::of(path)));
        }
        let path = match domain {
            DEFAULT_DOMAIN if !remainder.contains('/') => format!("{OFFICIAL}{path}"),
            _ => path.to_owned(),
        };
        if path.len() > Reference::MAX_PATH {
            return Err(ReferenceError::PathTooLong { len: path.len() });
        }
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag(Excerpt::of(tag)));
        }
        let digest = digest.map(str::parse).transpose()?;
        Ok(Reference { domain: domain.to_owned(), path, tag: tag.map(str::to_owned), digest })
    }

    /// The registry's host, with its port if one was given.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The repository within the registry.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag, if one was given.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if one was given. It wins over the tag (security.md M5).
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// `domain/path`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The full form, tag and digest as given.
    pub fn canonical(&self) -> String {
        self.to_string()
    }

    /// The short form that people read: without `docker.io/`, and without `library/` where nothing is nested in it. It never
    /// names another image: what would then be at another registry (`docker.io/r.example/a`) stays as it is.
    pub fn familiar(&self) -> String {
        let mut short = self.canonical();
        if self.domain == DEFAULT_DOMAIN {
            let is_official = self.path.strip_prefix(OFFICIAL).is_some_and(|rest| !rest.contains('/'));
            short.drain(..DEFAULT_DOMAIN.len() + 1 + if is_official { OFFICIAL.len() } else { 0 });
        }
        if Self::parse(&short).is_ok_and(|other| other != *self) { self.canonical() } else { short }
    }

    /// With the tag `latest` where there is neither tag nor digest, else unchanged.
    #[must_use]
    pub fn with_default_tag(mut self) -> Reference {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some(DEFAULT_TAG.to_owned());
        }
        self
    }

    /// The same name and tag, pinned to `digest`.
    #[must_use]
    pub fn with_digest(self, digest: Digest) -> Reference {
        Reference { digest: Some(digest), ..self }
    }

    /// The same repository under another tag, without a digest.
    pub fn with_tag(self, tag: &str) -> Result<Reference, ReferenceError> {
        if !is_tag(tag) {
            return Err(ReferenceError::Tag(Excerpt::of(tag)));
        }
        Ok(Reference { tag: Some(tag.to_owned()), digest: None, ..self })
    }
}

/// Splits a name into a domain, the default one if it names none, and the rest.
fn split_domain(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((LEGACY_DOMAIN, rest)) => (DEFAULT_DOMAIN, rest),
        Some((first, rest)) if looks_like_domain(first) => (first, rest),
        _ => (DEFAULT_DOMAIN, text),
    }
}

fn looks_like_domain(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.contains(char::is_uppercase)
}

/// `text` up to the first `separator`, and what follows it.
fn cut(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// A host name or a bracketed IPv6 address, and an optional `:port` of any length.
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rfind(']') {
        Some(end) => text.split_at(end + 1),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    (is_ipv6(host) || host.split('.').all(is_host_label))
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

/// Brackets around hexadecimal digits and colons: neither a zone nor a dotted tail.
fn is_ipv6(host: &str) -> bool {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(|address| {
        !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':')
    })
}

fn is_host_label(label: &str) -> bool {
    !label.is_empty()
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// `[a-z0-9]+` runs, joined by one `.`, one or two `_`, or any number of `-`.
fn is_path_component(component: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    // Between two words, the separators' runs; in front of the first and after the last word nothing may be.
    component.starts_with(is_word)
        && component.ends_with(is_word)
        && component.split(is_word).all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
        })
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= Reference::MAX_TAG
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.path)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        Reference::parse(text)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reference, D::Error> {
        Reference::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    #[test]
    fn a_short_form_never_names_another_registry() {
        for name in ["docker.io/aaaaaer.io/aaaaa/docker.io/librae:3", "docker.io/localhost/a:1"] {
            assert_eq!(Reference::parse(name).unwrap().familiar(), name);
        }
    }

    #[test]
    fn limits_are_inclusive() {
        let of = |path: usize, tag: usize| format!("example.com/{}:{}", "a".repeat(path), "t".repeat(tag));
        assert!(Reference::parse(&of(255, 128)).is_ok());
        assert!(matches!(Reference::parse(&of(256, 1)), Err(ReferenceError::PathTooLong { len: 256 })));
        assert!(matches!(Reference::parse(&of(1, 129)), Err(ReferenceError::Tag(_))));
        assert!(matches!(Reference::parse(&"a".repeat(4097)), Err(ReferenceError::TooLong { len: 4097 })));
        // `library/` counts.
        assert!(Reference::parse(&"a".repeat(247)).is_ok());
        assert!(Reference::parse(&"a".repeat(248)).is_err());
    }

    #[test]
    fn says_which_part_is_wrong() {
        let error = |text: &str| Reference::parse(text).unwrap_err();
        assert!(matches!(error(HEX), ReferenceError::ImageId(_)));
        assert!(matches!(error("docker/Docker"), ReferenceError::Uppercase(_)));
        assert!(matches!(error(&format!("foo@SHA256:{HEX}")), ReferenceError::Uppercase(_)));
        assert!(matches!(error("foo_bar.com/app"), ReferenceError::Domain(_)));
        assert!(matches!(error("[fe80::1%eth0]:5000/a"), ReferenceError::Domain(_)));
        assert!(matches!(error("a//b"), ReferenceError::Path(_)));
        assert!(matches!(error("a:"), ReferenceError::Tag(_)));
        assert!(matches!(error("a@"), ReferenceError::Digest(_)));
        assert!(matches!(error("a/b@sha256:../../c"), ReferenceError::Digest(_)));
        assert_eq!(
            error("a/\u{1b}[2j").to_string(),
            r"invalid reference: `a/\u{1b}[2j` is not a repository path"
        );
    }

    #[test]
    fn a_digest_is_put_beside_the_tag_and_a_tag_in_its_place() {
        let pinned = Reference::parse("redis:7").unwrap().with_digest(Digest::sha256(b"{}"));
        assert_eq!(pinned.familiar(), format!("redis:7@sha256:{HEX}"));
        assert_eq!(pinned.with_tag("8").unwrap().to_string(), "docker.io/library/redis:8");
    }

    proptest! {
        #[test]
        fn any_text_parses_or_fails(text: String, near in "[a-zA-Z0-9.:/@_\\[\\]-]{0,40}") {
            let _ = Reference::parse(&text);
            let _ = Reference::parse(&near);
        }

        #[test]
        fn both_forms_parse_back(
            domain in "(([a-z0-9]{1,4}(\\.[a-zA-Z0-9]{1,4}){0,2}|localhost|\\[[a-f0-9]{0,3}:[a-f0-9:]{0,5}\\])(:[0-9]{1,6})?/)?",
            path in "[a-z0-9]{1,3}(/[a-z0-9]{1,3}((\\.|_|__|-{1,3}|/)[a-z0-9]{1,3}){0,4})?",
            tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,9})?",
            digest in prop::option::of(any::<u64>()),
        ) {
            let digest = digest.map(|n| format!("@{}", Digest::sha256(&n.to_be_bytes()))).unwrap_or_default();
            let reference = Reference::parse(&format!("{domain}{path}{tag}{digest}")).unwrap();
            for form in [reference.canonical(), reference.familiar()] {
                prop_assert_eq!(Reference::parse(&form).unwrap(), reference.clone());
            }
        }
    }
}
