use super::{Platform, normalize_architecture, normalize_os};
use crate::name::Excerpt;

const KNOWN_OS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];

const KNOWN_ARCHITECTURE: [&str; 24] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "ppc64",
    "ppc64le",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// Why a text is not a platform specifier.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PlatformError {
    /// It has a `*`.
    #[error("invalid platform `{0}`: wildcards are not supported")]
    Wildcard(Excerpt),
    /// It has more than three parts.
    #[error("invalid platform `{0}`: more than os/architecture/variant")]
    TooManyParts(Excerpt),
    /// Its first part is not `os[(version[+feature]…)]`.
    #[error("invalid platform: `{0}` is not an operating system with optional (version+feature)")]
    Os(Excerpt),
    /// An architecture or variant with other characters than letters, digits, `_`, `.` and `-`.
    #[error("invalid platform: `{0}` is not an architecture or variant")]
    Part(Excerpt),
    /// A `%` that starts no escape, or escapes of bytes that are not UTF-8.
    #[error("invalid platform: `{0}` has a malformed %-escape")]
    Escape(Excerpt),
    /// A single word that is neither an operating system nor an architecture.
    #[error("unknown operating system or architecture `{0}`")]
    Unknown(Excerpt),
}

impl Platform {
    /// Parses `os[(version[+feature]…)]`, `architecture` or `os[(…)]/architecture[/variant]` (containerd.md §9.3).
    /// What a single word leaves open is taken from `host`.
    pub fn parse(text: &str, host: &Platform) -> Result<Platform, PlatformError> {
        if text.contains('*') {
            return Err(PlatformError::Wildcard(Excerpt::of(text)));
        }
        let mut parts = text.split('/');
        let first = parts.next().unwrap_or_default();
        let mut platform = parse_os(first)?;
        let mut part = || match parts.next() {
            Some(part) if is_word(part, "_.-") => Ok(Some(part)),
            Some(part) => Err(PlatformError::Part(Excerpt::of(part))),
            None => Ok(None),
        };
        let (architecture, variant) = (part()?, part()?);
        if part()?.is_some() {
            return Err(PlatformError::TooManyParts(Excerpt::of(text)));
        }
        match architecture {
            Some(architecture) => platform.set_architecture(architecture, variant),
            None if KNOWN_OS.contains(&platform.os.as_str()) => {
                platform.set_architecture(&host.architecture, Some(&host.variant));
                if platform.architecture != "arm" || platform.variant == "v7" {
                    platform.variant.clear();
                }
            }
            None => {
                platform.set_architecture(first, None);
                if !KNOWN_ARCHITECTURE.contains(&platform.architecture.as_str()) {
                    return Err(PlatformError::Unknown(Excerpt::of(first)));
                }
                platform.os.clone_from(&host.os);
            }
        }
        Ok(platform)
    }

    /// Normalises, but for what containerd's parser keeps as it was typed: `arm` without `v7`, `arm64/v8` with it.
    fn set_architecture(&mut self, architecture: &str, variant: Option<&str>) {
        (self.architecture, self.variant) = normalize_architecture(architecture, variant.unwrap_or_default());
        match (self.architecture.as_str(), self.variant.as_str(), variant) {
            ("arm", "v7", None) => self.variant.clear(),
            ("arm64", "", Some(_)) => self.variant = "v8".to_owned(),
            _ => {}
        }
    }
}

/// Parses `os[(version[+feature]…)]`.
fn parse_os(text: &str) -> Result<Platform, PlatformError> {
    let invalid = || PlatformError::Os(Excerpt::of(text));
    let (os, options) = match text.split_once('(') {
        Some((os, options)) => (os, options.strip_suffix(')').ok_or_else(invalid)?),
        None => (text, ""),
    };
    let mut options = options.split('+');
    let version = options.next().unwrap_or_default();
    let features = options.collect::<Vec<_>>();
    let is_option = |option: &str| is_word(option, "_.%-");
    if !is_word(os, "_-")
        || !(version.is_empty() || is_option(version))
        || !features.iter().all(|feature| is_option(feature))
    {
        return Err(invalid());
    }
    Ok(Platform {
        os: normalize_os(os),
        os_version: unescape(version)?,
        os_features: features.into_iter().map(unescape).collect::<Result<_, _>>()?,
        ..Platform::default()
    })
}

fn is_word(text: &str, also: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

fn unescape(text: &str) -> Result<String, PlatformError> {
    let invalid = || PlatformError::Escape(Excerpt::of(text));
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2).ok_or_else(invalid)?;
        bytes.extend(hex::decode(escape).map_err(|_| invalid())?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| invalid())
}

/// The operating system with its version and features, in the form that [`Platform::parse`] reads.
pub(super) fn os_with_options(platform: &Platform) -> String {
    let mut features = platform.os_features.iter().filter(|feature| !feature.is_empty()).collect::<Vec<_>>();
    features.sort();
    features.dedup();
    if platform.os_version.is_empty() && features.is_empty() {
        return platform.os.clone();
    }
    let features = features.into_iter().map(|feature| format!("+{}", escape(feature))).collect::<String>();
    format!("{}({}{features})", platform.os, escape(&platform.os_version))
}

/// Escapes what would end or split an option.
fn escape(text: &str) -> String {
    let escape = |c: char| match c {
        '%' | '+' | '(' | ')' | '/' => format!("%{:02X}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Platform, PlatformError> {
        Platform::parse(text, &Platform::new("linux", "amd64"))
    }

    #[test]
    fn says_which_part_is_wrong() {
        assert!(matches!(parse("linux/*"), Err(PlatformError::Wildcard(_))));
        assert!(matches!(parse("linux/arm/v7/x"), Err(PlatformError::TooManyParts(_))));
        assert!(matches!(parse(""), Err(PlatformError::Os(_))));
        assert!(matches!(parse("linux(+a)b"), Err(PlatformError::Os(_))));
        assert!(matches!(parse("linux(1)(2)"), Err(PlatformError::Os(_))));
        assert!(matches!(parse("linux/"), Err(PlatformError::Part(_))));
        assert!(matches!(parse("linux(%2)"), Err(PlatformError::Escape(_))));
        assert!(matches!(parse("linux(%FF)"), Err(PlatformError::Escape(_))));
        assert!(matches!(parse("beos"), Err(PlatformError::Unknown(_))));
    }

    #[test]
    fn a_word_is_completed_by_the_host() {
        let arm = Platform { variant: "v6".to_owned(), ..Platform::new("freebsd", "arm") };
        assert_eq!(Platform::parse("linux", &arm).unwrap().format(), "linux/arm/v6");
        assert_eq!(Platform::parse("amd64", &arm).unwrap().format(), "freebsd/amd64");
        let arm64 = Platform { variant: "v8".to_owned(), ..Platform::new("linux", "arm64") };
        assert_eq!(Platform::parse("linux", &arm64).unwrap().format(), "linux/arm64");
    }

    proptest! {
        #[test]
        fn any_text_parses_or_fails(text: String, near in "[a-z0-9+%()/.]{0,20}") {
            let _ = parse(&text);
            let _ = parse(&near);
        }

        #[test]
        fn the_full_form_parses_back(
            os in "[a-z0-9]{1,5}",
            version in "[a-z0-9.%+()/]{0,5}",
            features in prop::collection::vec("[a-z%+()/]{1,3}", 0..3),
            architecture in prop::sample::select(vec!["amd64", "arm", "arm64", "386", "s390x", "other"]),
            variant in "(v[2-9])?",
        ) {
            let platform = Platform { os, architecture: architecture.to_owned(), os_version: version,
                os_features: features, variant }.normalize();
            let back = parse(&platform.format_all()).unwrap();
            prop_assert_eq!(back.normalize(), platform);
        }
    }
}
