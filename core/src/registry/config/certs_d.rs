//! Directories of certificates, one for each host: `certs.d/<host[:port]>/{*.crt,*.cert,*.key}` (moby-cri.md §1.4).

use super::{ConfigError, paths};
use crate::{
    effect::{file::Entry, route::Identity},
    name::Excerpt,
    op::Cx,
    registry::{
        place::{Given, Place},
        registries::Environment,
    },
};

/// What a directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates {
    /// PEM files of authorities.
    pub roots: Vec<Given<String>>,
    /// Client certificates.
    pub identities: Vec<Given<Identity>>,
}

/// The certificates of a host, by the exact text of `host[:port]`, of which it may have several: from the user's directories, else from the
/// system's. The first directory that is there counts.
pub async fn read(cx: &Cx, environment: &Environment, hosts: &[&str]) -> Result<Certificates, ConfigError> {
    let roots = paths::certificate_roots(environment);
    for (root, host) in roots.iter().flat_map(|root| hosts.iter().map(move |host| (root, host))) {
        let dir = format!("{root}/{host}");
        match cx.file(dir.as_str()).await? {
            Entry::Absent => {}
            Entry::Dir(names) => return of(&dir, &names),
            Entry::File(_) => {
                let place = Place::File { path: dir, line: 0 };
                return Err(ConfigError::Invalid { place, detail: "not a directory".to_owned() });
            }
        }
    }
    Ok(Certificates::default())
}

/// What the names in a directory mean: `*.crt` are authorities, `x.cert` and `x.key` a client certificate. Half a pair is an error, other
/// names are nothing.
pub fn of(dir: &str, names: &[String]) -> Result<Certificates, ConfigError> {
    let mut found = Certificates::default();
    let place = |name: &str| Place::File { path: format!("{dir}/{name}"), line: 0 };
    let missing = |name: &str, other: &str| ConfigError::Invalid {
        place: place(name),
        detail: format!("{} is missing; authorities are called *.crt", Excerpt::of(other)),
    };
    for name in names {
        if name.ends_with(".crt") {
            found.roots.push(Given::new(format!("{dir}/{name}"), place(name)));
        } else if let Some(stem) = name.strip_suffix(".cert") {
            let key = format!("{stem}.key");
            if !names.contains(&key) {
                return Err(missing(name, &key));
            }
            let identity = Identity { certificate: format!("{dir}/{name}"), key: format!("{dir}/{key}") };
            found.identities.push(Given::new(identity, place(name)));
        } else if let Some(stem) = name.strip_suffix(".key") {
            let certificate = format!("{stem}.cert");
            if !names.contains(&certificate) {
                return Err(missing(name, &certificate));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &[&str]) -> Result<Certificates, ConfigError> {
        of("/d", &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_decide() {
        let found = read(&["a.crt", "b.cert", "b.key", "readme", "z.pem"]).unwrap();
        assert_eq!(found.roots[0].value, "/d/a.crt");
        assert_eq!(found.roots[0].place.to_string(), "/d/a.crt");
        let identity = Identity { certificate: "/d/b.cert".to_owned(), key: "/d/b.key".to_owned() };
        assert_eq!((found.roots.len(), found.identities[0].value.clone()), (1, identity));
    }

    #[test]
    fn half_a_pair_is_an_error() {
        let error = |names: &[&str]| read(names).unwrap_err().to_string();
        assert_eq!(error(&["b.cert"]), "/d/b.cert: b.key is missing; authorities are called *.crt");
        assert_eq!(error(&["b.key"]), "/d/b.key: b.cert is missing; authorities are called *.crt");
    }
}
