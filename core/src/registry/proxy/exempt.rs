//! `NO_PROXY`: what is asked directly.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

/// An entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exempt {
    what: What,
    /// With this port only.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Everything,
    Address(IpAddr),
    Net(IpNet),
    /// A domain, and what is below it.
    Domain(String),
    /// What is below a domain.
    Below(String),
}

impl Exempt {
    /// The entries of a list. What is none (`<local>`, `10.*`) exempts nothing: such lists are shared by programs that differ in what they
    /// understand.
    pub(super) fn list(text: &str) -> Vec<Self> {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        entries.filter(|entry| !entry.is_empty()).filter_map(Self::parse).collect()
    }

    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self { what: What::Everything, port: None });
        }
        if let Ok(net) = entry.parse() {
            return Some(Self { what: What::Net(net), port: None });
        }
        if let Ok(address) = entry.parse::<IpAddr>() {
            return Some(Self { what: What::Address(address.to_canonical()), port: None });
        }
        let (name, port) = match entry.rsplit_once(':') {
            Some((name, digits)) if !digits.contains(']') => (name, Some(digits.parse().ok()?)),
            _ => (entry, None),
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Some(Self { what: What::Address(address.to_canonical()), port });
        }
        let below = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
        let domain = below.unwrap_or(name).trim_end_matches('.');
        // As in the URLs that it is compared with: lower case, punycode.
        let Ok(Host::Domain(domain)) = Host::parse(domain) else { return None };
        let what = if below.is_some() { What::Below(domain) } else { What::Domain(domain) };
        Some(Self { what, port })
    }

    pub(super) fn covers(&self, url: &Url) -> bool {
        let is_port = self.port.is_none_or(|port| url.port_or_known_default() == Some(port));
        is_port
            && match (&self.what, address(url)) {
                (What::Everything, _) => true,
                (What::Address(mine), Some(address)) => *mine == address,
                (What::Net(net), Some(address)) => net.contains(&address),
                (What::Domain(domain), None) => domain_of(url) == domain || is_below(url, domain),
                (What::Below(domain), None) => is_below(url, domain),
                _ => false,
            }
    }
}

/// Whether a URL stays on this machine.
pub(super) fn is_local(url: &Url) -> bool {
    match address(url) {
        Some(address) => address.is_loopback(),
        None => domain_of(url) == "localhost" || is_below(url, "localhost"),
    }
}

fn address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(IpAddr::from(address).to_canonical()),
        Host::Domain(_) => None,
    }
}

fn domain_of(url: &Url) -> &str {
    url.host_str().unwrap_or_default().trim_end_matches('.')
}

fn is_below(url: &Url, domain: &str) -> bool {
    domain_of(url).strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        for (list, url, covered) in [
            ("*", "https://a.example", true),
            ("a.example", "https://a.example", true),
            ("A.Example.", "https://a.example", true),
            ("a.example", "https://b.a.example", true),
            ("a.example", "https://ba.example", false),
            (".a.example", "https://b.a.example", true),
            (".a.example", "https://a.example", false),
            ("*.a.example", "https://b.a.example", true),
            ("x, a.example:5000", "https://a.example:5000", true),
            ("a.example:5000", "https://a.example", false),
            ("a.example:443", "https://a.example", true),
            ("10.0.0.0/8 192.168.1.1", "http://192.168.1.1:5000", true),
            ("10.0.0.0/8", "http://10.200.0.1", true),
            ("10.0.0.0/8", "http://11.0.0.1", false),
            ("fd00::/8", "http://[fd00::1]:5000", true),
            ("fd00::1", "http://[fd00::1]:5000", true),
            ("[fd00::1]:5000", "http://[fd00::1]:5000", true),
            ("[fd00::1]:5000", "http://[fd00::1]", false),
            ("10.0.0.1", "http://[::ffff:10.0.0.1]", true),
            ("XN--bcher-kva.example", "https://xn--bcher-kva.example", true),
            // Names are written as they are asked for: there are no Unicode tables here (DESIGN.md, "choices").
            ("bücher.example", "https://xn--bcher-kva.example", false),
            ("10.*,<local>,a.example:x,10.0.0.0/99", "http://10.0.0.1", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(Exempt::list(list).iter().any(|entry| entry.covers(&url)), covered, "{list} {url}");
        }
    }
}
