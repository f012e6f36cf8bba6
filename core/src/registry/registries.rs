//! What the user says about registries, and where the rest of it is read.

#[cfg(feature = "files")]
use std::collections::BTreeMap;

use super::bridge::Bridge;
use crate::effect::secret::Secret;

/// What decides how registries are reached, before any file is read: the options, and the environment that says where files are.
///
/// The default reads no file and no variable: what a program that embeds this gets unless it asks for more.
/// Without the feature `files` there is nothing but what a browser can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registries {
    /// Speak plain http to the reference's own registry (`--plain-http`).
    pub plain_http: bool,
    /// Take any certificate of the reference's own registry, and plain http if it speaks no TLS (`--insecure`).
    #[cfg(feature = "files")]
    pub insecure: bool,
    /// Mirrors to ask first, in order: URLs as in hosts.toml (`--mirror`).
    #[cfg(feature = "files")]
    pub mirrors: Vec<String>,
    /// PEM files of authorities to trust beside the system's, for the reference's own registry (`--ca`).
    #[cfg(feature = "files")]
    pub roots: Vec<String>,
    /// PEM file of a client certificate for the reference's own registry, and of its key (`--cert`, `--key`).
    #[cfg(feature = "files")]
    pub identity: Option<(String, String)>,
    /// Trees of hosts.toml files that are looked into instead of the usual ones (`--hosts-dir`).
    #[cfg(feature = "files")]
    pub hosts_dirs: Vec<String>,
    /// Fetch blobs also from the URLs that their descriptors name, when no endpoint has them (`--foreign-urls`). Without
    /// credentials, and never from a private network for a public registry.
    pub foreign_urls: bool,
    /// Whom the reference's own registry is to take us for, whatever the files say (`--creds`); no mirror gets to see it. With `insecure` that
    /// may be in plain text.
    pub login: Option<Secret>,
    /// The file of credentials that is read instead of the usual ones (`--authfile`).
    #[cfg(feature = "files")]
    pub auth_file: Option<String>,
    /// A native core that asks for us: then nothing else here is of use.
    pub bridge: Option<Box<Bridge>>,
    /// The reference's registry was not named by the user: it is asked at public addresses alone, by TLS. What the user's
    /// settings say to ask instead of it is the user's.
    pub untrusted: bool,
    /// The environment; `None`: no file and no variable is read at all.
    #[cfg(feature = "files")]
    pub environment: Option<Environment>,
}

/// The variables of the environment that matter, by name: see [`Environment::NAMES`].
#[cfg(feature = "files")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

#[cfg(feature = "files")]
impl Environment {
    /// The variables that are looked at; a host passes on these and no other.
    pub const NAMES: [&str; 17] = [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_RUNTIME_DIR",
        "LUGGER_CONFIG",
        "DOCKER_CONFIG",
        "DOCKER_AUTH_CONFIG",
        "REGISTRY_AUTH_FILE",
        "CONTAINERS_REGISTRIES_CONF",
        "CONTAINERS_REGISTRIES_CONF_DIR",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ];

    /// These variables; others than [`Environment::NAMES`] and empty ones are left out.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let matters =
            |(name, value): &(String, String)| Self::NAMES.contains(&name.as_str()) && !value.is_empty();
        Self(variables.into_iter().filter(matters).collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
