//! Which addresses partners may point us at: public ones, and those that the installation allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::allow_list::AllowList;

/// Not reachable from the public internet, or not a single host, or another way to write such an address.
const CLOSED_V4: &[(Ipv4Addr, u8, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network, 0.0.0.0/8"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private, 10.0.0.0/8"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT, 100.64.0.0/10"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback, 127.0.0.0/8"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "a cloud's host, 168.63.129.16"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local and cloud metadata, 169.254.0.0/16"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private, 172.16.0.0/12"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments, 192.0.0.0/24"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation, 192.0.2.0/24"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "AS112, 192.31.196.0/24"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "AMT, 192.52.193.0/24"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relays, 192.88.99.0/24"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private, 192.168.0.0/16"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "AS112, 192.175.48.0/24"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking, 198.18.0.0/15"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation, 198.51.100.0/24"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation, 203.0.113.0/24"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast, 224.0.0.0/4"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved or broadcast, 240.0.0.0/4"),
];

/// The only open part of IPv6.
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Closed parts of `2000::/3`, and names for what lies outside of it, where everything is closed.
const CLOSED_V6: &[(Ipv6Addr, u8, &str)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "Teredo, 2001::/32"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments, 2001::/23"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation, 2001:db8::/32"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4, 2002::/16"),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, "AS112, 2620:4f:8000::/48"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation, 3fff::/20"),
    (Ipv6Addr::LOCALHOST, 128, "loopback, ::1"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 96, "unspecified or IPv4-compatible, ::/96"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "NAT64, 64:ff9b::/96"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "local NAT64, 64:ff9b:1::/48"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique local, fc00::/7"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local, fe80::/10"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local, fec0::/10"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast, ff00::/8"),
];

const NOT_GLOBAL: &str = "outside of IPv6's global addresses, 2000::/3";

/// Whether a connection to the address may be made. An IPv4 address written as IPv6 is judged as what it is.
pub fn allowed(address: IpAddr, allow: &AllowList) -> bool {
    closed(address, allow).is_none()
}

/// The closed network that the address belongs to, unless the installation allows the address.
pub(super) fn closed(address: IpAddr, allow: &AllowList) -> Option<&'static str> {
    let address = address.to_canonical();
    if allow.has_address(address) {
        return None;
    }
    match address {
        IpAddr::V4(address) => closed_v4(address),
        IpAddr::V6(address) => closed_v6(address),
    }
}

fn closed_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |net: Ipv4Addr, length: u8| {
        let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
        address.to_bits() & mask == net.to_bits()
    };
    CLOSED_V4.iter().find(|(net, length, _)| inside(*net, *length)).map(|(_, _, name)| *name)
}

fn closed_v6(address: Ipv6Addr) -> Option<&'static str> {
    let inside = |net: Ipv6Addr, length: u8| {
        let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        address.to_bits() & mask == net.to_bits()
    };
    let named = CLOSED_V6.iter().find(|(net, length, _)| inside(*net, *length)).map(|(_, _, name)| *name);
    named.or_else(|| (!inside(GLOBAL_V6.0, GLOBAL_V6.1)).then_some(NOT_GLOBAL))
}

#[cfg(test)]
pub(super) mod tests;
