//! The text of one file.

use std::collections::BTreeMap;

use super::{Mirror, RegistriesConf, Registry, Serves, name};
use crate::{
    name::Reference,
    registry::{
        config::{
            ConfigError,
            source::{Source, quoted},
            toml::{self, Item, Table},
        },
        place::Given,
    },
};

/// Reads a file; `path` is for errors. Members that we do not know are left alone. The first version of the format is refused, as half of it
/// would be lost.
pub fn parse(text: &str, path: &str) -> Result<RegistriesConf, ConfigError> {
    let source = Source::new(path, text);
    let document = toml::parse(&source)?;
    let root = Table::root(&source, &document);
    if let Some(old) = root.get("registries") {
        return Err(old.invalid(
            "this is version 1 of the format ([registries.search] …), which is not read: use [[registry]] tables",
        ));
    }
    let mut conf = RegistriesConf::default();
    if let Some(item) = root.get("unqualified-search-registries") {
        let hosts = item.array()?.iter().map(search_host).collect::<Result<_, _>>()?;
        conf.search = Some(item.given(hosts));
    }
    if let Some(mode) = root.get("short-name-mode") {
        // Lugger never asks and never tries one registry after another: all three come to the same.
        if !matches!(mode.text()?, "" | "enforcing" | "permissive" | "disabled") {
            return Err(mode.invalid("`short-name-mode` is enforcing, permissive or disabled"));
        }
    }
    for item in root.get("registry").map(|it| it.array()).transpose()?.unwrap_or_default() {
        let registry = registry(&item)?;
        if let Some(other) = conf.registries.get(&registry.prefix) {
            return Err(item.invalid(format!(
                "{} is there already, in {}",
                quoted(&registry.prefix),
                other.place
            )));
        }
        conf.registries.insert(registry.prefix.clone(), registry);
    }
    if let Some(aliases) = root.get("aliases") {
        conf.aliases = self::aliases(&aliases)?;
    }
    Ok(conf)
}

fn search_host(item: &Item<'_>) -> Result<String, ConfigError> {
    location(item)
}

fn location(item: &Item<'_>) -> Result<String, ConfigError> {
    let text = item.text()?;
    name::location(text).map_err(|why| item.invalid(format!("{}: {why}", quoted(text))))
}

fn registry(item: &Item<'_>) -> Result<Registry, ConfigError> {
    let table = item.table()?;
    let given = |name: &str| {
        let item = table.get(name).filter(|item| !matches!(item.text(), Ok("")));
        item.map(|item| Ok::<_, ConfigError>((item, item.text()?))).transpose()
    };
    let location = match given("location")? {
        Some((item, _)) => Some(item.given(location(&item)?)),
        None => None,
    };
    let prefix = match (given("prefix")?, &location) {
        (Some((item, text)), _) => prefix(&item, text)?,
        (None, Some(location)) => location.value.clone(),
        (None, None) => return Err(item.invalid("a registry needs a `prefix` or a `location`")),
    };
    let by_digest = table.get("mirror-by-digest-only").map(|item| item.boolean()).transpose()?;
    let by_digest = by_digest.is_some_and(|given| given.value);
    let mirrors = table.get("mirror").map(|it| it.array()).transpose()?.unwrap_or_default();
    Ok(Registry {
        location: location.filter(|location| location.value != prefix),
        prefix,
        insecure: table.get("insecure").map(|item| item.boolean()).transpose()?,
        blocked: table.get("blocked").map(|item| item.boolean()).transpose()?,
        mirrors: mirrors.iter().map(|item| mirror(item, by_digest)).collect::<Result<_, _>>()?,
        place: item.place(),
    })
}

fn prefix(item: &Item<'_>, text: &str) -> Result<String, ConfigError> {
    match text.strip_prefix("*.") {
        None => location(item),
        Some(domain) if !domain.contains(['/', ':']) && name::location(domain).is_ok() => Ok(text.to_owned()),
        Some(_) => {
            Err(item.invalid(format!("{}: behind `*.` there is a domain and nothing else", quoted(text))))
        }
    }
}

fn mirror(item: &Item<'_>, by_digest: bool) -> Result<Mirror, ConfigError> {
    let table = item.table()?;
    let Some(location) = table.get("location") else {
        return Err(item.invalid("a mirror needs a `location`"));
    };
    let serves = match table.get("pull-from-mirror") {
        None if by_digest => Serves::Digests,
        None => Serves::All,
        Some(item) if by_digest => {
            return Err(item.invalid("`pull-from-mirror` contradicts the registry's `mirror-by-digest-only`"));
        }
        Some(item) => serves(&item)?,
    };
    Ok(Mirror {
        location: location.given(self::location(&location)?),
        insecure: table.get("insecure").map(|item| item.boolean()).transpose()?,
        serves,
        place: item.place(),
    })
}

fn serves(item: &Item<'_>) -> Result<Serves, ConfigError> {
    match item.text()? {
        "" | "all" => Ok(Serves::All),
        "digest-only" => Ok(Serves::Digests),
        "tag-only" => Ok(Serves::Tags),
        other => Err(item.invalid(format!("{} is not all, digest-only or tag-only", quoted(other)))),
    }
}

fn aliases(item: &Item<'_>) -> Result<BTreeMap<String, Given<Option<Reference>>>, ConfigError> {
    let mut aliases = BTreeMap::new();
    for alias in item.table()?.items() {
        let short = alias.name();
        if name::split_short(short).is_none_or(|(name, rest)| name.is_empty() || !rest.is_empty()) {
            return Err(alias.invalid(format!("{} is not a short name", quoted(short))));
        }
        let full = match alias.text()? {
            "" => None,
            text => Some(
                full_name(text)
                    .ok_or_else(|| alias.invalid(format!("{} is not registry/repository", quoted(text))))?,
            ),
        };
        aliases.insert(short.to_owned(), alias.given(full));
    }
    Ok(aliases)
}

/// A name with its registry, without tag and digest.
fn full_name(text: &str) -> Option<Reference> {
    let has_registry = name::split_short(text).is_none();
    let reference = Reference::parse(text).ok()?;
    (has_registry && reference.tag().is_none() && reference.digest().is_none()).then_some(reference)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::registry::place::Place;

    #[test]
    fn every_value_has_its_line() {
        let text = "[[registry]]\nprefix = 'a.example'\nlocation = 'b.example/'\ninsecure = true\nblocked = false\n\n[[registry.mirror]]\nlocation = 'm:5000/x'\ninsecure = true\n";
        let conf = parse(text, "/r.conf").unwrap();
        let registry = &conf.registries["a.example"];
        let location = registry.location.as_ref().unwrap();
        assert_eq!(
            (location.value.as_str(), location.place.to_string()),
            ("b.example", "/r.conf:3".to_owned())
        );
        assert_eq!(registry.insecure.as_ref().unwrap().place.to_string(), "/r.conf:4");
        assert_eq!(registry.mirrors[0].place.to_string(), "/r.conf:7");
        assert_eq!(registry.mirrors[0].location.value, "m:5000/x");
    }

    #[test]
    fn what_is_wrong_stops_with_its_line() {
        for (text, line, part) in [
            ("[registries.search]\nregistries = ['docker.io']", 1, "version 1"),
            ("\n[[registry]]\ninsecure = true", 2, "needs a `prefix`"),
            ("[[registry]]\nlocation = 'https://a.example'", 2, "a scheme"),
            ("[[registry]]\nlocation = 'a.example/x:1'", 2, "tag or digest"),
            ("[[registry]]\nlocation = 'a.example/X'", 2, "not the path"),
            ("[[registry]]\nlocation = '/x'", 2, "a host"),
            ("[[registry]]\nprefix = '*.a.example/x'", 2, "behind `*.`"),
            ("[registry]\nlocation = 'a'", 1, "an array"),
            ("[[registry]]\nlocation = 'a'\nblocked = 'no'", 3, "true or false"),
            ("[[registry]]\nlocation = 'a'\n[[registry]]\nlocation = 'a/'", 3, "there already, in f:1"),
            ("[[registry]]\nlocation = 'a'\n[[registry.mirror]]\ninsecure = true", 3, "a `location`"),
            (
                "[[registry]]\nlocation = 'a'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = 'm'\npull-from-mirror = 'all'",
                6,
                "contradicts",
            ),
            (
                "[[registry]]\nlocation = 'a'\n[[registry.mirror]]\nlocation = 'm'\npull-from-mirror = 'some'",
                5,
                "`some` is not",
            ),
            ("unqualified-search-registries = [\n'https://x']", 2, "a scheme"),
            ("short-name-mode = 'x'", 1, "enforcing"),
            ("[aliases]\n'a.example/x' = 'b.example/x'", 2, "not a short name"),
            ("[aliases]\nx = 'y'", 2, "registry/repository"),
            ("[aliases]\nx = 'b.example/y:1'", 2, "registry/repository"),
        ] {
            let error = parse(text, "f").unwrap_err().to_string();
            assert!(error.starts_with(&format!("f:{line}: ")) && error.contains(part), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_with_its_line(
            text: String,
            near in near(),
            name in "[a-z.]{1,8}(:[0-9]{1,5})?/[a-z/]{1,8}",
        ) {
            for text in [text, near] {
                match parse(&text, "f") {
                    Ok(conf) => {
                        conf.expand(&name);
                        if let Ok(reference) = Reference::parse(&name)
                            && let Some(registry) = conf.registry(&reference)
                        {
                            let _ = registry.on_the_wire(registry.location.as_ref(), &reference);
                        }
                    }
                    Err(error) => {
                        let is_placed = matches!(&error, ConfigError::Invalid { place: Place::File { line, .. }, .. } if *line > 0);
                        prop_assert!(is_placed, "{error}");
                    }
                }
            }
        }
    }

    fn near() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            Just("[[registry]]".to_owned()),
            Just("[[registry.mirror]]".to_owned()),
            Just("[aliases]".to_owned()),
            Just("blocked = true".to_owned()),
            "(location|prefix|x) = '[*a-z.:/]{0,8}'",
        ];
        prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
    }
}
