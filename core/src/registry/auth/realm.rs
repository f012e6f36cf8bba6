//! Realms: where a registry says that tokens are to be had, which is not a thing to believe (security.md C3).

use url::Url;

use crate::{
    effect::{http::Shown, secret::Origin},
    name::Excerpt,
    registry::guard,
};

/// Why nothing is asked of a realm, with or without credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RealmError {
    /// There is none.
    #[error("it has no realm")]
    Missing,
    /// It is no URL.
    #[error("its realm {0} is no URL: {1}")]
    NoUrl(Excerpt, url::ParseError),
    /// It leads where a registry may not lead.
    #[error("its realm {0} {1}")]
    Unsafe(String, &'static str),
}

/// The realm of a registry's challenge, if it is as safe as the registry itself: https unless the registry speaks plain http,
/// no user name in it, and no address of this machine or a private network unless the registry is there, too.
pub fn check(realm: &str, registry: &Origin) -> Result<Url, RealmError> {
    if realm.is_empty() {
        return Err(RealmError::Missing);
    }
    let url = Url::parse(realm).map_err(|error| RealmError::NoUrl(Excerpt::of(realm), error))?;
    let refuse = |why| Err(RealmError::Unsafe(Shown(&url).to_string(), why));
    match (url.scheme(), registry.scheme()) {
        ("https", _) | ("http", "http") => {}
        _ => return refuse("is not https"),
    }
    match guard::check_realm(&url, registry) {
        Ok(()) => Ok(url),
        Err(why) => refuse(why),
    }
}

/// Whether the user's credentials for a registry may go to a realm: on the registry's own host, in the same registrable domain,
/// or known to belong to it. Elsewhere only an anonymous token is asked for.
pub fn trusts(registry: &Origin, realm: &Origin) -> bool {
    const PAIRS: [(&str, &str); 1] = [("registry-1.docker.io", "auth.docker.io")];
    let (registry, realm) = (registry.host(), realm.host());
    registry == realm || PAIRS.contains(&(registry, realm)) || same_domain(registry, realm)
}

/// Whether somebody who can register one of the names also owns the other (the public suffix list).
#[cfg(feature = "public-suffix")]
fn same_domain(registry: &str, realm: &str) -> bool {
    let is_address = |host: &str| !matches!(url::Host::parse(host), Ok(url::Host::Domain(_)));
    if is_address(registry) || is_address(realm) {
        return false;
    }
    let own = psl::domain_str(registry.trim_end_matches('.'));
    own.is_some() && own == psl::domain_str(realm.trim_end_matches('.'))
}

/// Without the public suffix list: whether the realm is a parent of the registry, of at least two labels.
#[cfg(not(feature = "public-suffix"))]
fn same_domain(registry: &str, realm: &str) -> bool {
    let is_name = matches!(url::Host::parse(registry), Ok(url::Host::Domain(_)));
    is_name && realm.contains('.') && registry.strip_suffix(realm).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(registry: &str, realm: &str) -> bool {
        let origin = |host: &str| Origin::of(&Url::parse(&format!("https://{host}/")).unwrap());
        trusts(&origin(registry), &origin(realm))
    }

    #[test]
    fn credentials_go_where_the_registry_belongs() {
        for (registry, realm) in [
            ("registry-1.docker.io", "auth.docker.io"),
            ("ghcr.io", "ghcr.io"),
            ("127.0.0.1:5000", "127.0.0.1:5001"),
            ("registry.gitlab.com", "gitlab.com"),
            ("registry.example.co.uk", "example.co.uk"),
        ] {
            assert!(trusted(registry, realm), "{registry} {realm}");
        }
        for (registry, realm) in [
            ("registry.example.com", "example.net"),
            ("registry.example.com", "badexample.com"),
            ("registry.example.com", "registry.example.com.evil.net"),
            ("registry.example.com", "com"),
            ("a.github.io", "b.github.io"),
            ("10.0.0.1", "0.0.1"),
            ("8.8.8.8", "9.9.8.8"),
            ("ghcr.io", "ghrc.io"),
            ("registry", "auth"),
        ] {
            assert!(!trusted(registry, realm), "{registry} {realm}");
        }
    }

    #[test]
    #[cfg(feature = "public-suffix")]
    fn siblings_of_one_registrable_domain_are_one() {
        assert!(trusted("registry.example.com", "auth.example.com"));
        assert!(trusted("r.example.co.uk", "auth.example.co.uk"));
        assert!(!trusted("r.example.co.uk", "auth.other.co.uk"));
    }
}
