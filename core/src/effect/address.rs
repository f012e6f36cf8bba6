//! Addresses that are near: of this machine, of a private network, or of nobody (security.md C6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a public registry may not lead to this address: loopback, private, link-local, carrier-grade NAT, multicast,
/// unspecified, and any of these as mapped IPv6.
pub fn is_near(address: IpAddr) -> bool {
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
