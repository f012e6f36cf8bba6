//! Where a registry may send us (security.md C6): not into this machine or a private network, unless it is there itself.

use std::net::IpAddr;

use url::{Host, Url};

use crate::effect::{address, secret::Origin};

/// How near a host is, by its name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// Anywhere.
    Public,
    /// In a private network.
    Private,
    /// On this machine.
    Loopback,
    /// Link-local, unspecified, multicast: nobody's to name but the user's.
    Odd,
}

/// Checks a URL that a registry named, to redirect us there. The user named `home`, so what is as near as that is allowed.
///
/// Looks at the URL alone: a public name that resolves to a private address is for whoever opens the socket to see.
pub(super) fn check(url: &Url, home: &Origin) -> Result<(), &'static str> {
    let near = near(url)?;
    let allowed = match near {
        Nearness::Public => true,
        Nearness::Odd => false,
        near => near <= nearness_of(home),
    };
    if allowed || Origin::of(url).same_place(home) { Ok(()) } else { Err(NEAR) }
}

/// Checks a URL that a registry named, to ask for tokens there. Stricter than [`check`], as what is sent is a secret: near is only
/// the registry itself, host and port; but one on this machine may have its token server on this machine.
pub(super) fn check_realm(url: &Url, home: &Origin) -> Result<(), &'static str> {
    let allowed = match near(url)? {
        Nearness::Public => true,
        Nearness::Loopback => nearness_of(home) == Nearness::Loopback,
        Nearness::Private | Nearness::Odd => false,
    };
    if allowed || Origin::of(url).same_place(home) { Ok(()) } else { Err(NEAR) }
}

/// Whether a URL is near by its text alone.
pub(super) fn is_near(url: &Url) -> bool {
    near(url) != Ok(Nearness::Public)
}

const NEAR: &str = "is an address of this machine or of a private network";

fn near(url: &Url) -> Result<Nearness, &'static str> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name in it");
    }
    url.host().map(|host| nearness(&host.to_owned())).ok_or("has no host")
}

fn nearness_of(home: &Origin) -> Nearness {
    match Host::parse(home.host()).map_or(Nearness::Public, |host| nearness(&host)) {
        // Of what the user named, only 0.0.0.0 is of use, and it is this machine; link-local is at least private.
        Nearness::Odd => Nearness::Private,
        near => near,
    }
}

fn nearness(host: &Host<String>) -> Nearness {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            if is_local { Nearness::Loopback } else { Nearness::Public }
        }
        Host::Ipv4(ip) => of_address(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => of_address(IpAddr::V6(*ip)),
    }
}

fn of_address(address: IpAddr) -> Nearness {
    let address = address.to_canonical();
    let is_private = match address {
        IpAddr::V4(v4) => v4.is_private() || matches!(v4.octets(), [100, 64..=127, ..]),
        IpAddr::V6(v6) => v6.segments()[0] & 0xfe00 == 0xfc00,
    };
    match address {
        address if address.is_loopback() => Nearness::Loopback,
        _ if is_private => Nearness::Private,
        address if address::is_near(address) => Nearness::Odd,
        _ => Nearness::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(url: &str, home: &str) -> (bool, bool) {
        let (url, home) = (Url::parse(url).unwrap(), Origin::of(&Url::parse(home).unwrap()));
        (check(&url, &home).is_ok(), check_realm(&url, &home).is_ok())
    }

    #[test]
    fn a_public_registry_leads_only_to_public_places() {
        for url in [
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.5/",
            "https://100.64.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
            "https://localhost:6443/",
            "https://a.localhost./",
            "https://user@cdn.example/",
        ] {
            assert_eq!(both(url, "https://r.example/v2/"), (false, false), "{url}");
        }
        assert_eq!(both("https://cdn.example/x", "https://r.example/v2/"), (true, true));
    }

    #[test]
    fn a_registry_nearby_may_have_its_token_server_nearby() {
        assert_eq!(both("http://127.0.0.1:5001/token", "http://127.0.0.1:5000/v2/"), (true, true));
        assert_eq!(both("http://localhost:5001/token", "http://127.0.0.1:5000/v2/"), (true, true));
        assert_eq!(both("https://10.0.0.5:5000/token", "https://10.0.0.5:5000/v2/"), (true, true));
    }

    #[test]
    fn a_private_registry_redirects_to_private_places_and_has_its_tokens_at_home() {
        for url in ["https://10.0.0.6/x", "https://10.0.0.5:444/x", "https://[fd00::1]/x"] {
            assert_eq!(both(url, "https://10.0.0.5/v2/"), (true, false), "{url}");
        }
        for url in ["https://127.0.0.1/x", "https://169.254.169.254/x", "https://0.0.0.0/x"] {
            assert_eq!(both(url, "https://10.0.0.5/v2/"), (false, false), "{url}");
        }
        assert_eq!(both("http://169.254.169.254/", "http://127.0.0.1:5000/v2/"), (false, false));
    }
}
