//! Trees of hosts.toml files: which directory is for a registry (containerd.md §2.2).

use super::{
    ConfigError,
    certs_d::{self, Certificates},
    hosts_toml::{self, Host},
    insecure, paths,
    source::text,
};
use crate::{
    effect::file::Entry,
    op::Cx,
    registry::{place::Place, registries::Environment},
};

/// What the trees say about a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    #[default]
    Nothing,
    /// Where its content is, in order.
    Hosts(Vec<Host>),
    /// How the registry itself is trusted: a directory without hosts.toml is one of docker's, for certificates.
    Certificates(Certificates),
}

/// Looks for a registry's directory: its own in any tree, in the order of the trees, before `_default` in any. (containerd lets the `_default`
/// of one tree hide the registry's own directory in the next.)
pub async fn read(
    cx: &Cx,
    environment: &Environment,
    given: &[String],
    domain: &str,
) -> Result<Found, ConfigError> {
    let mut trees = Vec::new();
    for root in paths::hosts_roots(environment, given) {
        match cx.file(root.as_str()).await? {
            Entry::Dir(names) => trees.push((root, names)),
            Entry::Absent if given.is_empty() => {}
            Entry::Absent | Entry::File(_) => {
                let place = if given.is_empty() { directory(root) } else { Place::Option("--hosts-dir") };
                return Err(ConfigError::Invalid { place, detail: "not a directory".to_owned() });
            }
        }
    }
    for wanted in [names(domain), vec!["_default".to_owned()]] {
        for (root, names) in &trees {
            if let Some(name) = wanted.iter().find(|name| names.contains(name)) {
                return open(cx, format!("{root}/{name}")).await;
            }
        }
    }
    Ok(Found::Nothing)
}

async fn open(cx: &Cx, dir: String) -> Result<Found, ConfigError> {
    const FILE: &str = "hosts.toml";
    let wrong =
        |detail: &str| ConfigError::Invalid { place: directory(dir.clone()), detail: detail.to_owned() };
    let Entry::Dir(names) = cx.file(dir.as_str()).await? else { return Err(wrong("not a directory")) };
    if !names.iter().any(|name| name == FILE) {
        return certs_d::of(&dir, &names).map(Found::Certificates);
    }
    let path = format!("{dir}/{FILE}");
    match cx.file(path.as_str()).await? {
        Entry::File(bytes) => hosts_toml::parse(text(&path, &bytes)?, &path).map(Found::Hosts),
        Entry::Absent | Entry::Dir(_) => Err(wrong("its hosts.toml is no file")),
    }
}

fn directory(path: String) -> Place {
    Place::File { path, line: 0 }
}

/// What its directory may be called: `host_port_` for file systems that know no colons, and `host:port`.
fn names(domain: &str) -> Vec<String> {
    let spelt = insecure::port(domain).and_then(|port| {
        let host = domain.strip_suffix(port)?.strip_suffix(':')?;
        Some(format!("{host}_{port}_"))
    });
    spelt.into_iter().chain([domain.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_called_by_host_and_port() {
        assert_eq!(names("r.example:5000"), ["r.example_5000_", "r.example:5000"]);
        assert_eq!(names("[::1]:5000"), ["[::1]_5000_", "[::1]:5000"]);
        assert_eq!(names("[::1]"), ["[::1]"]);
        assert_eq!(names("docker.io"), ["docker.io"]);
    }
}
