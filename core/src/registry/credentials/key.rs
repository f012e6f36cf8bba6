//! The keys under which credentials are kept, and which of them mean one registry.

/// The key of Docker Hub, by an accident of history the URL of its long gone index.
pub(super) const HUB_KEY: &str = "https://index.docker.io/v1/";
/// How we name Docker Hub.
pub(super) const HUB: &str = "docker.io";

/// The `host[:port]` of a key or of what a user typed: a bare one, one with a path, or a URL.
pub fn hostname(key: &str) -> String {
    let rest = key.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        // Not a URL with a host: whatever stands before the first slash.
        return key.split('/').next().unwrap_or_default().to_owned();
    }
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) && (!authority.starts_with('[') || host.ends_with(']')) => {
            (host, port)
        }
        _ => (authority, ""),
    };
    let host = bare(host);
    match port {
        "" => host.to_owned(),
        port if host.contains(':') => format!("[{host}]:{port}"),
        port => format!("{host}:{port}"),
    }
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// The name under which a registry's credentials are looked up: Docker Hub's has several spellings.
pub(super) fn account(host: &str) -> String {
    match bare(host).to_ascii_lowercase().as_str() {
        "index.docker.io" => HUB.to_owned(),
        host => host.to_owned(),
    }
}

/// The key under which credentials of an account are stored, and by which helpers are asked for them.
pub(super) fn server(account: &str) -> &str {
    if account == HUB { HUB_KEY } else { account }
}

/// How well a key fits; the greatest counts, so that the order of a file does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Another name of the registry's host.
    Alias,
    /// A URL of the registry.
    Url,
    /// The registry itself.
    Host,
    /// So many leading components of the repository's path.
    Path(usize),
}

/// Whether a key is for this account and repository: the exact `host[:port]`, as a URL too, or leading components of the path.
pub(super) fn fit(key: &str, wanted: &str, repository: &str) -> Option<Fit> {
    if key.contains("://") {
        return fit_host(&hostname(key), wanted, Fit::Url);
    }
    let (host, path) = key.split_once('/').unwrap_or((key, ""));
    match path.trim_end_matches('/') {
        "" => fit_host(host, wanted, Fit::Host),
        // The URL of a registry that has lost its scheme.
        "v1" | "v2" => fit_host(host, wanted, Fit::Url),
        path => {
            let rest = repository.strip_prefix(path)?;
            fit_host(host, wanted, Fit::Host)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| Fit::Path(path.split('/').count()))
        }
    }
}

/// Like [`fit`], for the keys of `.dockercfg`, where every path is that of a URL.
pub(super) fn fit_legacy(key: &str, wanted: &str) -> Option<Fit> {
    fit_host(&hostname(key), wanted, Fit::Url)
}

fn fit_host(host: &str, wanted: &str, how: Fit) -> Option<Fit> {
    if bare(host).eq_ignore_ascii_case(wanted) {
        return Some(how);
    }
    // A key of the registry's own endpoint means Hub, too; that a reference names the endpoint does not.
    let means_hub = wanted == HUB && (account(host) == HUB || host == "registry-1.docker.io");
    means_hub.then(|| how.min(if how == Fit::Host { Fit::Alias } else { Fit::Url }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_by_whole_components() {
        let fits = |key, repository| fit(key, "r.example", repository);
        assert_eq!(fits("r.example", "a/b"), Some(Fit::Host));
        assert_eq!(fits("R.example/", "a/b"), Some(Fit::Host));
        assert_eq!(fits("https://r.example/v2/", "a/b"), Some(Fit::Url));
        assert_eq!(fits("r.example/a", "a/b"), Some(Fit::Path(1)));
        assert_eq!(fits("r.example/a/b", "a/b"), Some(Fit::Path(2)));
        for other in
            ["r.example:443", "example", "x.r.example", "r.example.evil", "r.example/aa", "r.example/a/b/c"]
        {
            assert_eq!(fits(other, "a/b"), None, "{other}");
        }
        assert_eq!(fits("r.example/a", "ab"), None);
        assert_eq!(fit("https://index.docker.io/v1/", "docker.io", "library/a"), Some(Fit::Url));
        assert_eq!(fit("https://index.docker.io/v1/", "registry-1.docker.io", "library/a"), None);
    }
}
