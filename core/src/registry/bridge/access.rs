//! Which registries a bridge asks, and how far it believes in them.

use std::collections::BTreeMap;

use super::{Told, asked::domain};
use crate::registry::{Registries, hostname};

/// More than any person confirms.
const CONFIRMED_MAX: usize = 1000;

/// Why a registry may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The user confirmed a name that a page came with: public addresses only, and nothing of the command line is for it.
    Confirmed,
    /// The user's files know it.
    Known,
    /// The user named it on the command line, whose options are for it.
    Named,
}

/// The registries that may be asked; everything else has to be confirmed first (security.md O4).
#[derive(Clone, Debug, Default)]
pub struct Access {
    by_registry: BTreeMap<String, Standing>,
}

impl Access {
    /// Adds a registry. A better standing than it had is kept; names that are no registries are refused.
    pub fn add(&mut self, registry: &str, standing: Standing) -> Result<(), Told> {
        let registry = domain(&key(&hostname(registry)))?;
        let confirmed = self.by_registry.values().filter(|own| **own == Standing::Confirmed).count();
        if standing == Standing::Confirmed && confirmed >= CONFIRMED_MAX {
            return Err(Told::invalid("too many registries were confirmed: start again"));
        }
        let own = self.by_registry.entry(registry).or_insert(standing);
        *own = standing.max(*own);
        Ok(())
    }

    /// How a registry is to be asked, given what the command line says.
    pub fn registries(&self, registry: &str, typed: &Registries) -> Result<Registries, Told> {
        let standing = self.by_registry.get(&key(registry)).ok_or_else(|| Told::unconfirmed(registry))?;
        if *standing == Standing::Named {
            return Ok(typed.clone());
        }
        Ok(Registries {
            plain_http: false,
            insecure: false,
            roots: Vec::new(),
            identity: None,
            login: None,
            untrusted: *standing == Standing::Confirmed,
            ..typed.clone()
        })
    }

    /// Those that may be asked, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_registry.keys().map(String::as_str)
    }
}

/// Hosts are the same in either case; Docker Hub has one name.
fn key(registry: &str) -> String {
    match registry.to_ascii_lowercase().as_str() {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        host => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::secret::Secret;

    #[test]
    fn options_are_for_what_was_named_and_a_page_gets_nothing_but_the_public() {
        let typed = Registries {
            plain_http: true,
            insecure: true,
            roots: vec!["/ca".to_owned()],
            identity: Some(("/c".to_owned(), "/k".to_owned())),
            login: Some(Secret::new("me", "hunter2")),
            mirrors: vec!["https://m.example".to_owned()],
            ..Registries::default()
        };
        let mut access = Access::default();
        access.add("r.example:5000", Standing::Named).unwrap();
        access.add("https://index.docker.io/v1/", Standing::Known).unwrap();
        access.add("page.example", Standing::Confirmed).unwrap();
        access.add("r.example:5000", Standing::Confirmed).unwrap();
        assert_eq!(access.registries("R.example:5000", &typed).unwrap(), typed);
        let stripped = Registries { mirrors: typed.mirrors.clone(), ..Registries::default() };
        assert_eq!(access.registries("docker.io", &typed).unwrap(), stripped);
        let untrusted = Registries { untrusted: true, ..stripped };
        assert_eq!(access.registries("page.example", &typed).unwrap(), untrusted);
        for other in ["r.example", "r.example:5001", "evil.example"] {
            assert_eq!(access.registries(other, &typed), Err(Told::unconfirmed(other)));
        }
        for odd in ["", "alpine", "a b.example", "r.example:port"] {
            assert!(access.add(odd, Standing::Named).is_err(), "{odd}");
        }
    }

    #[test]
    fn confirmations_are_bounded() {
        let mut access = Access::default();
        let added = (0..2000).filter(|n| access.add(&format!("r{n}.example"), Standing::Confirmed).is_ok());
        assert_eq!(added.count(), CONFIRMED_MAX);
    }
}
