//! Prefixes, locations and short names as text.

use url::Url;

use super::Wire;
use crate::name::Reference;

/// Where in `domain/path` a prefix ends that matches it. It matches whole components: `a.example` neither `a.example:5000` nor `a.examples`.
pub(super) fn matched(name: &str, prefix: &str) -> Option<usize> {
    if let Some(domain) = prefix.strip_prefix('*') {
        // Any host below the domain, with any port: the host ends where the port or the path begins.
        let host_end = name.find([':', '/']).unwrap_or(name.len());
        let host = name.get(..host_end)?;
        return (host.ends_with(domain) && host.len() > domain.len()).then_some(host_end);
    }
    let rest = name.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(prefix.len())
}

/// A prefix or location as it may stand in a file: `host[:port][/path]`, slashes at the end left out.
pub(super) fn location(text: &str) -> Result<String, &'static str> {
    if text.contains("://") {
        return Err("a scheme has no place here");
    }
    let text = text.trim_end_matches('/');
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    if !is_host(host) {
        return Err("does not begin with a host");
    }
    if path.contains(['@', ':']) {
        return Err("a tag or digest has no place here");
    }
    if !path.is_empty() && Reference::parse(&format!("x.invalid/{path}")).is_err() {
        return Err("not the path of a repository");
    }
    Ok(text.to_owned())
}

fn is_host(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    !host.is_empty() && host.chars().all(plain) && Url::parse(&format!("https://{host}/")).is_ok()
}

/// A rewritten name, taken apart.
pub(super) fn wire(name: &str) -> Result<Wire, &'static str> {
    let Some((host, path)) = name.split_once('/') else { return Err("leaves no repository") };
    let repository = match host {
        "docker.io" if !path.contains('/') => format!("library/{path}"),
        _ => path.to_owned(),
    };
    if !is_host(host) || Reference::parse(&format!("x.invalid/{repository}")).is_err() {
        return Err("leads to what is no repository");
    }
    Ok(Wire { host: host.to_owned(), repository })
}

/// A typed name without a registry, and its tag and digest; `None` for one with a registry.
pub(super) fn split_short(typed: &str) -> Option<(&str, &str)> {
    let first = typed.split_once('/').map(|(first, _)| first);
    let has_registry = |first: &str| {
        first == "localhost" || first.contains(['.', ':']) || first.chars().any(char::is_uppercase)
    };
    if first.is_some_and(has_registry) {
        return None;
    }
    Some(typed.split_at(typed.find([':', '@']).unwrap_or(typed.len())))
}
