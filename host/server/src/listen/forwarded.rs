//! Who really asks, behind proxies: `Forwarded` and `X-Forwarded-For` are believed from configured proxies only, and only
//! as far back as these vouch for.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The client's address: the peer, or, where the peer is a trusted proxy, the last address in its header that is not one.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !trusted(&peer) {
        return peer;
    }
    let hops = if headers.contains_key("forwarded") { forwarded(headers) } else { forwarded_for(headers) };
    let mut client = peer;
    for hop in hops.iter().rev() {
        // What cannot be read was not written by a proxy of ours: who wrote it is the best known address.
        let Some(address) = hop else { break };
        client = *address;
        if !trusted(address) {
            break;
        }
    }
    client
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).flat_map(|value| value.split(','))
}

/// `X-Forwarded-For: client, proxy, proxy`.
fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    values(headers, "x-forwarded-for").map(node).collect()
}

/// `Forwarded: for=client;proto=https, for="[2001:db8::1]:47011"` (RFC 7239).
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let of_element = |element: &str| {
        let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
        let mut named = pairs.filter(|(key, _)| key.trim().eq_ignore_ascii_case("for"));
        named.next().and_then(|(_, value)| node(value))
    };
    values(headers, "forwarded").map(of_element).collect()
}

/// An address with or without port, brackets and quotes.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|it| it.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    //! Headers of honest proxies and of clients that pretend to be some.

    use http::{HeaderName, HeaderValue};

    use super::*;

    const PROXIES: [&str; 2] = ["10.0.0.0/8", "fd00::/8"];

    fn from(peer: &str, header: (&str, &str)) -> String {
        let name: HeaderName = header.0.parse().expect("a name");
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_str(header.1).expect("a value"))]);
        let proxies: Vec<IpNet> = PROXIES.iter().map(|it| it.parse().expect("a network")).collect();
        client(peer.parse().expect("an address"), &headers, &proxies).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_vouch_for_is_believed() {
        let cases = [
            ("198.51.100.9", ("x-forwarded-for", "127.0.0.1"), "198.51.100.9"),
            ("198.51.100.9", ("forwarded", "for=127.0.0.1"), "198.51.100.9"),
            ("10.0.0.1", ("x-forwarded-for", "203.0.113.7"), "203.0.113.7"),
            ("10.0.0.1", ("x-forwarded-for", "127.0.0.1, 203.0.113.7"), "203.0.113.7"),
            ("10.0.0.1", ("x-forwarded-for", "203.0.113.7, 10.2.2.2"), "203.0.113.7"),
            ("10.0.0.1", ("x-forwarded-for", "203.0.113.7:4711"), "203.0.113.7"),
            ("10.0.0.1", ("x-forwarded-for", "nonsense, 203.0.113.7"), "203.0.113.7"),
            ("10.0.0.1", ("x-forwarded-for", "203.0.113.7, nonsense"), "10.0.0.1"),
            ("10.0.0.1", ("x-forwarded-for", ""), "10.0.0.1"),
            ("10.0.0.1", ("x-forwarded-for", "10.9.9.9"), "10.9.9.9"),
            ("::ffff:10.0.0.1", ("x-forwarded-for", "::ffff:203.0.113.7"), "203.0.113.7"),
            ("10.0.0.1", ("forwarded", "for=203.0.113.7;proto=https;by=10.0.0.1"), "203.0.113.7"),
            ("10.0.0.1", ("forwarded", "For=\"[2001:db8::17]:4711\""), "2001:db8::17"),
            ("fd00::1", ("forwarded", "for=\"[2001:db8::17]\", for=10.0.0.2"), "2001:db8::17"),
            ("10.0.0.1", ("forwarded", "for=unknown"), "10.0.0.1"),
            ("10.0.0.1", ("forwarded", "for=_hidden, for=203.0.113.7"), "203.0.113.7"),
            ("10.0.0.1", ("forwarded", "proto=https"), "10.0.0.1"),
        ];
        for (peer, header, expected) in cases {
            assert_eq!(from(peer, header), expected, "{peer} with {header:?}");
        }
    }
}
