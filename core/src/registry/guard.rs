//! Where a registry may send us (security.md C6): not into this machine or a private network, unless it is there itself.

use std::net::IpAddr;

use url::{Host, Url};

use crate::effect::{address, secret::Origin};

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
        Host::Ipv4(ip) => address::is_near(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => address::is_near(IpAddr::V6(*ip)),
    }
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
