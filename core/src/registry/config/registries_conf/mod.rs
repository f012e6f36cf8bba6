//! `registries.conf`, version 2, as containers-registries.conf(5) has it: mirrors, rewritten locations, blocked names, short names.

mod files;
mod name;
mod parse;

use std::collections::BTreeMap;

pub use self::{files::read, parse::parse};
use super::ConfigError;
use crate::{
    name::Reference,
    registry::place::{Given, Place},
};

/// What the files say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistriesConf {
    /// Registries that a name without one is looked for in; `None` if no file says.
    pub search: Option<Given<Vec<String>>>,
    /// Tables, by prefix.
    pub registries: BTreeMap<String, Registry>,
    /// Full names by short names; `None` takes the short name back that an earlier file gave.
    pub aliases: BTreeMap<String, Given<Option<Reference>>>,
}

/// A `[[registry]]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// What names begin with that it is for: `host[:port][/path]`, or `*.domain`.
    pub prefix: String,
    /// What stands instead of the prefix on the wire; `None` leaves it.
    pub location: Option<Given<String>>,
    /// Whether TLS need not verify, or be there.
    pub insecure: Option<Given<bool>>,
    /// Whether nothing may be fetched under these names.
    pub blocked: Option<Given<bool>>,
    /// Places to ask first, in order.
    pub mirrors: Vec<Mirror>,
    /// The table.
    pub place: Place,
}

/// A `[[registry.mirror]]` table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// What stands instead of the registry's prefix on the wire.
    pub location: Given<String>,
    /// Whether TLS need not verify, or be there.
    pub insecure: Option<Given<bool>>,
    /// Which references it is asked for.
    pub serves: Serves,
    /// The table.
    pub place: Place,
}

/// Which references a mirror is asked for (`pull-from-mirror`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serves {
    /// All.
    #[default]
    All,
    /// Those with a digest.
    Digests,
    /// Those without one.
    Tags,
}

/// A repository on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// `host[:port]`.
    pub host: String,
    /// Its path there.
    pub repository: String,
}

impl RegistriesConf {
    /// Lays a later file over earlier ones: tables replace those of the same prefix, lists replace lists, aliases replace aliases.
    pub fn merge(&mut self, later: Self) {
        self.registries.extend(later.registries);
        self.aliases.extend(later.aliases);
        if later.search.is_some() {
            self.search = later.search;
        }
    }

    /// The table for a reference: of the longest prefix that matches.
    pub fn registry(&self, reference: &Reference) -> Option<&Registry> {
        let name = reference.name();
        let matching = self.registries.values().filter(|it| name::matched(&name, &it.prefix).is_some());
        matching.max_by_key(|registry| registry.prefix.len())
    }

    /// The reference that a name without a registry stands for, by alias, or by the one registry that is searched. `None` leaves it with
    /// docker.io: also where several registries would be searched and docker.io is not the first of them, as asking one registry after
    /// another lets whoever has the name first decide.
    pub fn expand(&self, typed: &str) -> Option<Reference> {
        let (short, rest) = name::split_short(typed)?;
        if let Some(Given { value: Some(full), .. }) = self.aliases.get(short) {
            return Reference::parse(&format!("{}{rest}", full.name())).ok();
        }
        match self.search.as_ref().map(|search| search.value.as_slice()) {
            Some([only]) if only != "docker.io" => Reference::parse(&format!("{only}/{typed}")).ok(),
            _ => None,
        }
    }
}

impl Registry {
    /// The mirrors that are asked for a reference.
    pub fn mirrors_for(&self, reference: &Reference) -> impl Iterator<Item = &Mirror> {
        let is_pinned = reference.digest().is_some();
        self.mirrors.iter().filter(move |mirror| match mirror.serves {
            Serves::All => true,
            Serves::Digests => is_pinned,
            Serves::Tags => !is_pinned,
        })
    }

    /// Where a reference of this table is, with `location` for the prefix; `None` leaves it where it is.
    pub fn on_the_wire(
        &self,
        location: Option<&Given<String>>,
        reference: &Reference,
    ) -> Result<Wire, ConfigError> {
        let name = reference.name();
        let rest = name::matched(&name, &self.prefix).and_then(|end| name.get(end..));
        let (rewritten, place) = match (location, rest) {
            (Some(location), Some(rest)) => (format!("{}{rest}", location.value), &location.place),
            _ => (name, &self.place),
        };
        name::wire(&rewritten)
            .map_err(|detail| ConfigError::Invalid { place: place.clone(), detail: detail.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf(text: &str) -> RegistriesConf {
        parse(text, "/r.conf").unwrap()
    }

    fn reference(text: &str) -> Reference {
        Reference::parse(text).unwrap()
    }

    #[test]
    fn the_longest_prefix_wins() {
        let conf = conf(
            "[[registry]]\nprefix = '*.example.com'\n[[registry]]\nlocation = 'a.example.com'\n[[registry]]\nlocation = 'a.example.com/team'\n",
        );
        let prefix = |name: &str| conf.registry(&reference(name)).map(|it| it.prefix.as_str());
        assert_eq!(prefix("a.example.com/team/app"), Some("a.example.com/team"));
        assert_eq!(prefix("a.example.com/teams"), Some("a.example.com"));
        assert_eq!(prefix("b.c.example.com/x"), Some("*.example.com"));
        assert_eq!(prefix("b.example.com:5000/x"), Some("*.example.com"));
        assert_eq!(prefix("a.example.com:5000/team/app"), Some("*.example.com"));
        assert_eq!(prefix("example.com/x"), None);
        assert_eq!(prefix("alpine"), None);
    }

    #[test]
    fn locations_replace_the_prefix() {
        let wire = |text: &str, name: &str| {
            let conf = conf(text);
            let registry = conf.registry(&reference(name)).unwrap();
            registry
                .on_the_wire(registry.location.as_ref(), &reference(name))
                .map(|it| format!("{} {}", it.host, it.repository))
        };
        let rewritten = "[[registry]]\nprefix = 'a.example/foo'\nlocation = 'b.example:5000/bar/baz'";
        assert_eq!(wire(rewritten, "a.example/foo/x"), Ok("b.example:5000 bar/baz/x".to_owned()));
        assert_eq!(wire(rewritten, "a.example/foo"), Ok("b.example:5000 bar/baz".to_owned()));
        let wild = "[[registry]]\nprefix = '*.example.com'\nlocation = 'm.example'";
        assert_eq!(wire(wild, "a.example.com/x"), Ok("m.example x".to_owned()));
        assert_eq!(
            wire("[[registry]]\nprefix = '*.example.com'", "a.example.com/x"),
            Ok("a.example.com x".to_owned())
        );
        let hub = "[[registry]]\nprefix = 'a.example'\nlocation = 'docker.io'";
        assert_eq!(wire(hub, "a.example/x"), Ok("docker.io library/x".to_owned()));
        let whole = "[[registry]]\nprefix = 'a.example/x'\nlocation = 'b.example'";
        assert_eq!(wire(whole, "a.example/x").unwrap_err().to_string(), "/r.conf:3: leaves no repository");
    }

    #[test]
    fn mirrors_are_asked_for_what_they_serve() {
        let conf = conf(
            "[[registry]]\nlocation = 'a.example'\n[[registry.mirror]]\nlocation = 'all'\n[[registry.mirror]]\nlocation = 'digests'\npull-from-mirror = 'digest-only'\n[[registry.mirror]]\nlocation = 'tags'\npull-from-mirror = 'tag-only'\n",
        );
        let asked = |name: &str| {
            let reference = reference(name);
            let registry = conf.registry(&reference).unwrap();
            registry.mirrors_for(&reference).map(|it| it.location.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(asked("a.example/x"), ["all", "tags"]);
        assert_eq!(asked(&format!("a.example/x@sha256:{}", "0".repeat(64))), ["all", "digests"]);
    }

    #[test]
    fn short_names_stand_for_full_ones() {
        let mut conf = conf(
            "unqualified-search-registries = ['r.example']\n[aliases]\nfedora = 'registry.example/fedora'\n'ubi8/ubi' = 'r2.example/u'\n",
        );
        let expand = |conf: &RegistriesConf, typed: &str| conf.expand(typed).map(|it| it.to_string());
        assert_eq!(expand(&conf, "fedora"), Some("registry.example/fedora".to_owned()));
        assert_eq!(expand(&conf, "fedora:40"), Some("registry.example/fedora:40".to_owned()));
        assert_eq!(expand(&conf, "ubi8/ubi:1"), Some("r2.example/u:1".to_owned()));
        assert_eq!(expand(&conf, "alpine:3"), Some("r.example/alpine:3".to_owned()));
        assert_eq!(expand(&conf, "docker.io/fedora"), None);
        assert_eq!(expand(&conf, "localhost/fedora"), None);
        conf.merge(
            parse("unqualified-search-registries = ['docker.io', 'r.example']\n[aliases]\nfedora = ''", "/z")
                .unwrap(),
        );
        assert_eq!((expand(&conf, "fedora"), expand(&conf, "alpine")), (None, None));
        conf.merge(parse("unqualified-search-registries = ['a.example', 'docker.io']", "/z").unwrap());
        assert_eq!(expand(&conf, "alpine"), None);
    }
}
