//! Where a registry may send us (security.md C6): not into this machine or a private network, unless it is there itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::effect::secret::Origin;

/// Checks a URL that a registry named. The user named `home`, so what is as near as that is allowed.
///
/// Looks at the URL alone: a public name that resolves to a private address is for whoever opens the socket to see.
pub(super) fn check(url: &Url, home: &Origin) -> Result<(), &'static str> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name in it");
    }
    let home_host = Host::parse(home.host()).ok();
    match url.host() {
        None => Err("has no host"),
        Some(host) if is_near(&host.to_owned()) && !home_host.is_some_and(|home| is_near(&home)) => {
            Err("is an address of this machine or of a private network")
        }
        Some(_) => Ok(()),
    }
}

fn is_near(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => near(IpAddr::V4(*address)),
        Host::Ipv6(address) => near(IpAddr::V6(*address)),
    }
}

fn near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => near_v4(v4),
        IpAddr::V6(v6) => near_v6(v6),
    }
}

fn near_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b); // carrier-grade NAT
    address.is_private() || address.is_loopback() || address.is_link_local() || shared || a == 0 || a >= 224
}

fn near_v6(address: Ipv6Addr) -> bool {
    if let Some(v4) = address.to_ipv4_mapped() {
        return near_v4(v4);
    }
    let unique_local = address.segments()[0] & 0xfe00 == 0xfc00;
    let link_local = address.segments()[0] & 0xffc0 == 0xfe80;
    address.is_loopback() || address.is_unspecified() || address.is_multicast() || unique_local || link_local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(url: &str, home: &str) -> bool {
        check(&Url::parse(url).unwrap(), &Origin::of(&Url::parse(home).unwrap())).is_ok()
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
            assert!(!allowed(url, "https://r.example/v2/"), "{url}");
        }
        assert!(allowed("https://cdn.example/x", "https://r.example/v2/"));
    }

    #[test]
    fn a_registry_nearby_may_have_its_token_server_nearby() {
        assert!(allowed("http://127.0.0.1:5001/token", "http://127.0.0.1:5000/v2/"));
        assert!(allowed("https://10.0.0.6/token", "https://10.0.0.5/v2/"));
    }
}
