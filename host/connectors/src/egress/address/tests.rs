//! The table: every way we know to write an address that must not be reached, and neighbours that may.

use std::net::IpAddr;

use url::{Host, Url};

use super::{AllowList, allowed};

/// Hosts as partners could write them in a URL; the URL standard turns each into an address.
pub(in crate::egress) const CLOSED: &[&str] = &[
    // Loopback, in every spelling of IPv4.
    "127.0.0.1",
    "127.0.0.2",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "017700000001",
    "0177.0.0.1",
    "0177.1",
    "127.0.0.1.",
    "0x7F000001",
    "127.0x0.0.1",
    "127.00.00.01",
    "%31%32%37.0.0.1",
    "127.0.0.1%2e",
    "%30x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0000.0000.0001",
    "127.0.0x1",
    "127.0.257",
    "１２７．１",
    "127｡0｡0｡1",
    "0X7F.1.",
    "１２７.0.0.1",
    "127。0。0。1",
    "①②⑦.0.0.1",
    // This network.
    "0.0.0.0",
    "0",
    "0x0",
    "0.1.2.3",
    "0.255.255.255",
    // Private.
    "10.0.0.1",
    "10.255.255.255",
    "167772161",
    "0xa000001",
    "012.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "0xac100001",
    "192.168.0.1",
    "192.168.255.255",
    "192.168.1",
    "0xc0a80001",
    "3232235521",
    "0xC0.0xA8.1",
    "192.0xa80001",
    "2886729729",
    "10.1",
    "0300.0250.0.1",
    // Link-local and the metadata services of clouds.
    "169.254.169.254",
    "169.254.0.1",
    "169.254.170.2",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "169.254.43518",
    "169.16689662",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    // Carrier-grade NAT.
    "100.64.0.1",
    "100.127.255.255",
    "100.64.1",
    // Documentation, benchmarking, assignments, relays.
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.255",
    "198.18.0.1",
    "198.19.255.255",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.0.170",
    "192.88.99.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.175.48.1",
    // Multicast, reserved, broadcast.
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "250.1.2.3",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    // IPv6: loopback, unspecified, link-local, unique local, site-local, multicast.
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[fe80::1]",
    "[febf::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fd00:ec2::254]",
    "[fdff:ffff::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[FE80::A]",
    // IPv4 inside IPv6: mapped, compatible, translated.
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:100.64.0.1]",
    "[::ffff:198.18.0.1]",
    "[::ffff:255.255.255.255]",
    "[::ffff:0.0.0.0]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::FFFF:192.168.0.1]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::10.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:0:7f00:1]",
    "[::8.8.8.8]",
    // NAT64, 6to4, Teredo.
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b::10.0.0.1]",
    "[64:FF9B::6440:1]",
    "[64:ff9b:1:7f00:0:100::]",
    "[2002:c0a8:101::1]",
    "[2002:6440:1::]",
    "[64:ff9b:1::1]",
    "[64:ff9b:1:ffff::a00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2002:a00:1::1]",
    "[2002:808:808::1]",
    "[2001::1]",
    "[2001:0:53aa:64c::]",
    "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    // Documentation, benchmarking, ORCHID, discard, segment routing, assignments, unassigned.
    "[2001:db8::1]",
    "[2001:db8:ffff::1]",
    "[3fff::1]",
    "[3fff:fff::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:1::1]",
    "[2001:1ff::1]",
    "[100::1]",
    "[100:0:0:1::1]",
    "[5f00::1]",
    "[2620:4f:8000::1]",
    "[4000::1]",
    "[8000::1]",
    "[1::1]",
    "[200::1]",
];

pub(in crate::egress) const OPEN: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "134744072",
    "0x08080808",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "191.255.255.255",
    "192.0.1.1",
    "192.0.3.1",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "203.0.112.1",
    "203.0.114.1",
    "223.255.255.255",
    "[::ffff:8.8.8.8]",
    "[2606:4700::1111]",
    "[2a00:1450::1]",
    "[2001:200::1]",
    "[2001:4860:4860::8888]",
    "[2003::1]",
    "[2001:db7::1]",
    "[2001:db9::1]",
    "[2620:4f:7fff::1]",
    "[3ffe::1]",
    "[3fff:1000::1]",
];

fn address(host: &str) -> IpAddr {
    let url = Url::parse(&format!("https://{host}/")).unwrap_or_else(|error| panic!("{host}: {error}"));
    match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        other => panic!("{host} is read as {other:?}, so it would go to the resolver"),
    }
}

#[test]
fn closed_addresses_are_denied_in_every_spelling() {
    assert!(CLOSED.len() + OPEN.len() >= 150);
    let passed: Vec<_> = CLOSED.iter().filter(|host| allowed(address(host), &AllowList::default())).collect();
    assert!(passed.is_empty(), "these were let through: {passed:?}");
}

#[test]
fn public_neighbours_of_closed_networks_are_reached() {
    let denied: Vec<_> = OPEN.iter().filter(|host| !allowed(address(host), &AllowList::default())).collect();
    assert!(denied.is_empty(), "these were denied: {denied:?}");
}

#[test]
fn what_is_allowed_is_reached_in_every_spelling_and_nothing_beside_it() {
    let allow = AllowList::of(&["127.0.0.0/8".to_owned(), "fd00::/8".to_owned()]).expect("both are networks");
    for host in ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "[fd12::1]"] {
        assert!(allowed(address(host), &allow), "{host}");
    }
    for host in ["10.0.0.1", "[::1]", "[fc00::1]", "[64:ff9b::127.0.0.1]"] {
        assert!(!allowed(address(host), &allow), "{host}");
    }
}
