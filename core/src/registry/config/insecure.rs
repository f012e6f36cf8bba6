//! Registries that the user calls insecure, as the docker daemon reads them (moby-cri.md §1.3).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::registry::place::{Given, Place};

/// An entry of `insecure-registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Insecure {
    /// Exactly this `host[:port]`.
    Host(String),
    /// Addresses of this network, with any port. Only hosts that are written as addresses: nothing is looked up.
    Net(IpNet),
}

impl Insecure {
    /// Reads an entry: a network, or `host[:port]` with or without `http://` or `https://` in front of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let scheme_end = text.find("://");
        let host = match scheme_end.map(|end| text.split_at(end)) {
            None => text,
            Some((scheme, rest)) if is_http(scheme) => rest.trim_start_matches("://"),
            Some(_) => return Err("the scheme must be http or https"),
        };
        if let Ok(net) = host.parse() {
            return Ok(Self::Net(net));
        }
        if host.is_empty() || host.starts_with('-') || host.ends_with('-') {
            return Err("a name cannot be empty, nor begin or end with a hyphen");
        }
        if host.contains(|c: char| !(c.is_alphanumeric() || "-._:[]".contains(c))) {
            return Err("neither host[:port] nor a network");
        }
        match port(host) {
            Some(digits) if digits.parse::<u16>().is_err() => Err("not a port"),
            _ => Ok(Self::Host(host.to_owned())),
        }
    }

    fn holds(&self, host: &str) -> bool {
        match self {
            Self::Host(name) => name == host,
            Self::Net(net) => address(host).is_some_and(|address| net.contains(&address)),
        }
    }
}

/// Where a host is called insecure, if it is.
pub(super) fn find<'a>(entries: &'a [Given<Insecure>], host: &str) -> Option<&'a Place> {
    entries.iter().find(|entry| entry.value.holds(host)).map(|entry| &entry.place)
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// What stands behind the colon that separates host and port; none in a bare IPv6 address.
pub(super) fn port(host: &str) -> Option<&str> {
    match host.rsplit_once(']') {
        Some((_, after)) => after.strip_prefix(':'),
        None if host.matches(':').count() == 1 => host.split_once(':').map(|(_, port)| port),
        None => None,
    }
}

/// The address that a host is written as.
fn address(host: &str) -> Option<IpAddr> {
    let name = match port(host) {
        Some(port) => host.get(..host.len() - port.len() - 1)?,
        None => host,
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_are_exact_and_networks_hold_addresses() {
        for (entry, host, holds) in [
            ("foo", "foo", true),
            ("foo", "foo:5000", false),
            ("foo:5000", "foo", false),
            ("HTTP://foo:5000", "foo:5000", true),
            ("10.0.0.0/8", "10.1.2.3:5000", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.0.0.0/8", "ten.example", false),
            ("102.10.8.1/24", "102.10.8.77", true),
            ("fe80::/64", "[fe80::1]:5000", true),
            ("10.0.0.0/8", "[::ffff:10.0.0.1]", true),
            ("::1", "::1", true),
        ] {
            assert_eq!(Insecure::parse(entry).unwrap().holds(host), holds, "{entry} {host}");
        }
    }

    #[test]
    fn what_is_neither_is_refused() {
        for entry in
            ["", "ftp://foo", "-foo", "foo-", "foo:99999", "foo:x", "[fe80::]/64", "10.0.0.0/99", "a b"]
        {
            assert!(Insecure::parse(entry).is_err(), "{entry}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, near in "(http://)?[a-f0-9.:/\\[\\]-]{0,24}", host in "[a-f0-9.:\\[\\]é]{0,20}") {
            for text in [text, near] {
                if let Ok(entry) = Insecure::parse(&text) {
                    entry.holds(&host);
                }
            }
        }
    }
}
