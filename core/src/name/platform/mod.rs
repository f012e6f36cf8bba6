//! Platforms: what an image runs on (containerd.md §9.3), and which of several to choose (§9.4).

mod matcher;
mod specifier;

use std::fmt;

use oci_spec::image as oci;
use serde::{Deserialize, Serialize};

pub use matcher::Matcher;
pub use specifier::PlatformError;

/// An operating system, an architecture, and what narrows them down. A text is empty where nothing is said.
///
/// Its JSON is that of a descriptor's `platform`, members in containerd's order.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(default)]
pub struct Platform {
    /// The architecture, by Go's names: `amd64`, `arm64`, …
    pub architecture: String,
    /// The operating system, by Go's names: `linux`, `windows`, …
    pub os: String,
    /// The version of the operating system; compared on Windows only.
    #[serde(rename = "os.version", skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// What the image needs of the operating system.
    #[serde(rename = "os.features", skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    /// The variant of the architecture: `v7`, `v8`, …
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

impl Platform {
    /// A platform with just these two.
    pub fn new(os: impl Into<String>, architecture: impl Into<String>) -> Platform {
        Platform { os: os.into(), architecture: architecture.into(), ..Platform::default() }
    }

    /// The same platform under its canonical names: `macOS/x86_64` is `darwin/amd64`, `linux/arm64/v8` is
    /// `linux/arm64`. An empty operating system stays empty; [`Platform::or_os_of`] fills it in.
    #[must_use]
    pub fn normalize(&self) -> Platform {
        let (architecture, variant) = normalize_architecture(&self.architecture, &self.variant);
        let mut os_features = self.os_features.clone();
        os_features.sort();
        os_features.dedup();
        Platform {
            architecture,
            os: normalize_os(&self.os),
            os_version: self.os_version.clone(),
            os_features,
            variant,
        }
    }

    /// With the operating system of `host` where this names none, as old image configurations do.
    #[must_use]
    pub fn or_os_of(mut self, host: &Platform) -> Platform {
        if self.os.is_empty() {
            self.os.clone_from(&host.os);
        }
        self
    }

    /// `os/architecture[/variant]`, without version and features; `unknown` without an operating system.
    pub fn format(&self) -> String {
        self.join(&self.os)
    }

    /// Like [`Platform::format`], with `(version+feature…)` behind the operating system.
    pub fn format_all(&self) -> String {
        self.join(&specifier::os_with_options(self))
    }

    fn join(&self, os: &str) -> String {
        if self.os.is_empty() {
            return "unknown".to_owned();
        }
        let parts = [os, &self.architecture, &self.variant];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format_all())
    }
}

fn normalize_os(os: &str) -> String {
    match os.to_ascii_lowercase().as_str() {
        "macos" => "darwin".to_owned(),
        os => os.to_owned(),
    }
}

/// The canonical architecture and variant.
fn normalize_architecture(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_ascii_lowercase(), variant.to_ascii_lowercase());
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    (architecture.to_owned(), variant.to_owned())
}

impl From<&oci::Platform> for Platform {
    fn from(platform: &oci::Platform) -> Platform {
        Platform {
            architecture: platform.architecture().to_string(),
            os: platform.os().to_string(),
            os_version: platform.os_version().clone().unwrap_or_default(),
            os_features: platform.os_features().clone().unwrap_or_default(),
            variant: platform.variant().clone().unwrap_or_default(),
        }
    }
}

impl From<&Platform> for oci::Platform {
    fn from(platform: &Platform) -> oci::Platform {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let mut out = oci::Platform::default();
        out.set_architecture(platform.architecture.as_str().into());
        out.set_os(platform.os.as_str().into());
        out.set_os_version(some(&platform.os_version));
        out.set_os_features((!platform.os_features.is_empty()).then(|| platform.os_features.clone()));
        out.set_variant(some(&platform.variant));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let rows = [
            ("i386", "v1", "386", ""),
            ("X86_64", "", "amd64", ""),
            ("x86-64", "V1", "amd64", ""),
            ("amd64", "v2", "amd64", "v2"),
            ("aarch64", "8", "arm64", ""),
            ("arm64", "v8", "arm64", ""),
            ("arm64", "v8.0", "arm64", ""),
            ("aarch64", "9", "arm64", "v9"),
            ("arm64", "9.0", "arm64", "v9"),
            ("arm64", "v9.0", "arm64", "v9"),
            ("aarch64", "v8.1", "arm64", "v8.1"),
            ("armhf", "v6", "arm", "v7"),
            ("armel", "", "arm", "v6"),
            ("arm", "", "arm", "v7"),
            ("arm", "7", "arm", "v7"),
            ("arm", "5", "arm", "v5"),
            ("arm", "6", "arm", "v6"),
            ("arm", "8", "arm", "v8"),
            ("arm", "v4", "arm", "v4"),
            ("riscv64", "X", "riscv64", "x"),
        ];
        for (architecture, variant, want_architecture, want_variant) in rows {
            let got = normalize_architecture(architecture, variant);
            assert_eq!(
                got,
                (want_architecture.to_owned(), want_variant.to_owned()),
                "{architecture}/{variant}"
            );
        }
    }

    #[test]
    fn goes_to_the_typed_form_and_back() {
        let host = Platform::new("linux", "amd64");
        let platform = Platform::parse("windows(10.0.17763+win32k)/arm/v7", &host).unwrap();
        assert_eq!(Platform::from(&oci::Platform::from(&platform)), platform);
        assert_eq!(
            serde_json::to_string(&platform).unwrap(),
            r#"{"architecture":"arm","os":"windows","os.version":"10.0.17763","os.features":["win32k"],"variant":"v7"}"#
        );
    }

    #[test]
    fn an_unnamed_system_is_unknown_until_a_host_fills_it_in() {
        let platform = Platform::new("", "amd64");
        assert_eq!(platform.format(), "unknown");
        assert_eq!(platform.or_os_of(&Platform::new("linux", "arm64")).format(), "linux/amd64");
    }
}
