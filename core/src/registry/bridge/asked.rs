//! A question that came over the bridge: read by the grammar of names, or refused.

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::Told;
use crate::name::{Digest, Excerpt, Reference};

/// What is asked over the bridge. Nothing else of a request ever reaches a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The manifest or index of a reference with a tag or digest.
    Manifest(Reference),
    /// A blob of a repository.
    Blob {
        /// The repository.
        repository: Reference,
        /// Its digest.
        digest: Digest,
        /// Its size, as its descriptor says.
        size: u64,
    },
    /// A page of the tags of a repository.
    Tags {
        /// The repository.
        repository: Reference,
        /// At most so many.
        n: Option<usize>,
        /// Those after this one.
        last: Option<String>,
    },
    /// The user's word that a registry may be asked.
    Allow(String),
    /// What answers here.
    About,
}

impl Asked {
    /// Reads what comes after `/api/v1/`, and the query. Every key at most once, and no other than those that the question has.
    pub fn parse(what: &str, query: &str) -> Result<Self, Told> {
        let mut pairs = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if pairs.insert(key.to_string(), value.into_owned()).is_some() {
                return Err(Told::invalid(format!("{} is there twice", Excerpt::of(&key))));
            }
        }
        let mut pairs = Pairs(pairs);
        let asked = match what {
            "manifest" => {
                let (repository, reference) = (pairs.repository()?, pairs.must("reference")?);
                Self::Manifest(match reference.contains(':') {
                    true => repository.with_digest(digest(&reference)?),
                    false => repository.with_tag(&reference).map_err(|why| Told::invalid(why.to_string()))?,
                })
            }
            "blob" => Self::Blob {
                repository: pairs.repository()?,
                digest: digest(&pairs.must("digest")?)?,
                size: number("size", &pairs.must("size")?)?,
            },
            "tags" => Self::Tags {
                repository: pairs.repository()?,
                n: pairs.0.remove("n").map(|n| number("n", &n)).transpose()?,
                last: pairs.0.remove("last"),
            },
            "allow" => Self::Allow(domain(&pairs.must("registry")?)?),
            "about" => Self::About,
            _ => return Err(Told::unknown()),
        };
        match pairs.0.keys().next() {
            Some(odd) => Err(Told::invalid(format!("nothing is called {} here", Excerpt::of(odd)))),
            None => Ok(asked),
        }
    }

    /// The registry that it is about, if it is about one.
    pub fn registry(&self) -> Option<&str> {
        match self {
            Self::Manifest(reference) => Some(reference.domain()),
            Self::Blob { repository, .. } | Self::Tags { repository, .. } => Some(repository.domain()),
            Self::Allow(registry) => Some(registry),
            Self::About => None,
        }
    }
}

struct Pairs(BTreeMap<String, String>);

impl Pairs {
    fn must(&mut self, key: &str) -> Result<String, Told> {
        self.0.remove(key).ok_or_else(|| Told::invalid(format!("{key} is missing")))
    }

    /// A name in full: what is short here would be another name elsewhere.
    fn repository(&mut self) -> Result<Reference, Told> {
        let text = self.must("ref")?;
        let reference = Reference::parse(&text).map_err(|why| Told::invalid(why.to_string()))?;
        match reference.canonical() == text && reference.name() == text {
            true => Ok(reference),
            false => Err(Told::invalid(format!("{} is no full name of a repository", Excerpt::of(&text)))),
        }
    }
}

fn digest(text: &str) -> Result<Digest, Told> {
    text.parse().map_err(|why| Told::invalid(format!("{}: {why}", Excerpt::of(text))))
}

pub(super) fn number<N: std::str::FromStr>(key: &str, text: &str) -> Result<N, Told> {
    // `+7` is a number to Rust, and to no URL that we make.
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| plain);
    number.ok_or_else(|| Told::invalid(format!("{key} is not a number")))
}

/// The registry of a name, as references have it.
pub(super) fn domain(text: &str) -> Result<String, Told> {
    let reference = Reference::parse(&format!("{text}/a")).ok();
    let is_whole = |it: &Reference| it.domain() == text && it.tag().is_none() && it.digest().is_none();
    match reference.filter(is_whole) {
        Some(reference) => Ok(reference.domain().to_owned()),
        None => Err(Told::invalid(format!("{} is no registry", Excerpt::of(text)))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::{
        super::super::item::Item,
        super::{Bridge, Told},
        *,
    };

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(text: &str) -> Result<Asked, Told> {
        let (what, query) = text.split_once('?').unwrap_or((text, ""));
        Asked::parse(what, query)
    }

    #[test]
    fn what_one_end_says_the_other_understands() {
        let bridge =
            Bridge { url: Url::parse("http://127.0.0.1:7777/api/v1/").unwrap(), token: "t".to_owned() };
        let digest: Digest = format!("sha256:{HEX}").parse().unwrap();
        for name in ["alpine", "r.example:5000/a/b__c", "[::1]:5000/a", "localhost/x"] {
            let reference = Reference::parse(name).unwrap();
            let endpoint = bridge.endpoint(&reference);
            let pinned = reference.clone().with_digest(digest.clone());
            let tagged = reference.clone().with_tag("v1.0_x-y").unwrap();
            let blob = Asked::Blob { repository: reference.clone(), digest: digest.clone(), size: 7 };
            for (item, asked) in [
                (Item::Manifest("v1.0_x-y"), Asked::Manifest(tagged)),
                (Item::Manifest(&digest.to_string()), Asked::Manifest(pinned)),
                (Item::Blob(&digest, 7), blob),
                (Item::Tags, Asked::Tags { repository: reference.clone(), n: None, last: None }),
            ] {
                let url = endpoint.url(item);
                let what = url.path().strip_prefix("/api/v1/").unwrap();
                assert_eq!(Asked::parse(what, url.query().unwrap()), Ok(asked), "{url}");
            }
        }
    }

    #[test]
    fn nothing_but_names_gets_through() {
        for odd in [
            "manifest?ref=alpine&reference=1",
            "manifest?ref=r.example/a:x&reference=1",
            "manifest?ref=r.example/a",
            "manifest?ref=r.example/a&reference=..%2f..%2fsecret",
            "manifest?ref=r.example/a&reference=a%0d%0ab",
            "manifest?ref=r.example/a&reference=1&reference=2",
            "manifest?ref=r.example/a&reference=1&url=http://169.254.169.254/",
            "manifest?ref=r.example/../a&reference=1",
            "manifest?ref=r.example/%2e%2e/a&reference=1",
            "manifest?ref=user@r.example/a&reference=1",
            "manifest?ref=http://r.example/a&reference=1",
            "manifest?ref=r.example/a&reference=sha256:00",
            "blob?ref=r.example/a&digest=x&size=1",
            &format!("blob?ref=r.example/a&digest=sha256:{HEX}&size=-1"),
            &format!("blob?ref=r.example/a&digest=sha256:{HEX}&size=%2b1"),
            "tags?ref=r.example/a&n=many",
            "allow?registry=r.example/a",
            "allow?registry=alpine",
            "allow?registry=",
            "allow?registry=user@r.example",
            "about?x=y",
        ] {
            assert_eq!(parse(odd).map_err(|told| told.status), Err(400), "{odd}");
        }
        for unknown in
            ["", "fetch?url=http://r.example", "manifest/?ref=r.example/a&reference=1", "../v1/about"]
        {
            assert_eq!(parse(unknown).map_err(|told| told.status), Err(404), "{unknown}");
        }
        assert_eq!(parse("allow?registry=r.example:5000"), Ok(Asked::Allow("r.example:5000".to_owned())));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_is_read_or_refused(what in "(manifest|blob|tags|allow|[a-z/.]{0,8})", query in "[ -~]{0,60}") {
            if let Ok(Asked::Manifest(reference)) = Asked::parse(&what, &query) {
                prop_assert!(Reference::parse(&reference.canonical()).is_ok());
            }
        }
    }
}
