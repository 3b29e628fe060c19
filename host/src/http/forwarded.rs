//! Reads the client's address from `Forwarded` (RFC 7239) and `X-Forwarded-For`. Only headers of trusted proxies count, because
//! anybody can send them.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header::FORWARDED};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

pub(super) fn is_trusted(address: IpAddr, proxies: &[IpNet]) -> bool {
    let address = address.to_canonical();
    proxies.iter().any(|network| network.contains(&address))
}

/// The client of a request from a trusted proxy: the last address that is not a trusted proxy. None if the headers name no
/// client, or contradict each other: a proxy that writes one header passes on the other one as the client sent it.
pub(super) fn client(headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let find = |name: &HeaderName, address: fn(&str) -> Option<IpAddr>| {
        let hops = headers.get_all(name).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        let hops: Vec<&[u8]> = hops.collect();
        // From the last hop, which the trusted proxy wrote. Behind a hop that is no address, nothing can be trusted.
        for hop in hops.iter().rev() {
            let hop = std::str::from_utf8(hop).ok().and_then(address)?;
            if !is_trusted(hop, proxies) {
                return Some(hop);
            }
        }
        None
    };
    match (headers.contains_key(FORWARDED), headers.contains_key(X_FORWARDED_FOR)) {
        (true, false) => find(&FORWARDED, node_of_element),
        (false, true) => find(&X_FORWARDED_FOR, node),
        (true, true) => find(&FORWARDED, node_of_element).filter(|found| Some(*found) == find(&X_FORWARDED_FOR, node)),
        (false, false) => None,
    }
}

/// The address in the `for` of a forwarded-element: `for="[2001:db8::1]:4711";proto=https`.
fn node_of_element(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    node(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// An address with or without a port (RFC 7239, section 6). Some proxies write IPv6 addresses without brackets.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(headers: &[(&str, &str)]) -> Option<String> {
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        client(&map, &proxies).map(|address| address.to_string())
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_is_the_client() {
        for (headers, expected) in [
            (&[("x-forwarded-for", "192.0.2.1")][..], Some("192.0.2.1")),
            (&[("x-forwarded-for", "198.51.100.9, 192.0.2.1, 10.1.1.1")], Some("192.0.2.1")),
            (&[("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.1:80")], Some("192.0.2.1")),
            (&[("x-forwarded-for", "[2001:db8::1]:443")], Some("2001:db8::1")),
            (&[("x-forwarded-for", "2001:db8::1")], Some("2001:db8::1")),
            (&[("forwarded", "for=198.51.100.9, For=\"[2001:db8::1]:4711\";proto=https")], Some("2001:db8::1")),
            (&[("forwarded", "proto=http;for=192.0.2.1;by=10.0.0.1")], Some("192.0.2.1")),
            (&[("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "192.0.2.1")], Some("192.0.2.1")),
            // A client added the one that the proxy does not write.
            (&[("forwarded", "for=198.51.100.9"), ("x-forwarded-for", "192.0.2.1")], None),
            (&[("forwarded", "for=unknown")], None),
            (&[("forwarded", "for=_hidden, for=\"")], None),
            (&[("x-forwarded-for", "192.0.2.1, what")], None),
            (&[("x-forwarded-for", "")], None),
            (&[("x-forwarded-for", "10.0.0.1, 10.0.0.2")], None),
            (&[], None),
        ] {
            assert_eq!(found(headers).as_deref(), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_mapped_address_is_trusted_as_its_ipv4_address() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        assert!(is_trusted("::ffff:10.0.0.1".parse().unwrap(), &proxies));
        assert!(!is_trusted("::ffff:11.0.0.1".parse().unwrap(), &proxies));
    }
}
