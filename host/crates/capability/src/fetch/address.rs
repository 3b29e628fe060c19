//! Which addresses no integration may reach, whatever name led to them.
//!
//! The tables are IANA's special-purpose registries for IPv4 and IPv6 and the multicast and reserved space beside them.
//! An address that carries another one inside (IPv4-mapped, NAT64, 6to4) is judged by what it carries.
//!
//! Nothing here resolves a name or opens a connection. A NAT64 prefix that an operator made up (RFC 6052, network-specific)
//! cannot be told from an ordinary address; a network that has one must keep private addresses out of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Why `ip` may not be dialled, or `None` where it is an ordinary public address.
pub fn forbidden(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => forbidden_v4(ip),
        IpAddr::V6(ip) => forbidden_v6(ip),
    }
}

fn forbidden_v4(ip: Ipv4Addr) -> Option<&'static str> {
    FORBIDDEN_V4.iter().find(|(range, _)| range.contains(&ip)).map(|(_, why)| *why)
}

fn forbidden_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let octets = ip.octets();
    if MAPPED.contains(&ip) || NAT64.contains(&ip) {
        let [.., a, b, c, d] = octets;
        return forbidden_v4(Ipv4Addr::new(a, b, c, d));
    }
    if SIX_TO_FOUR.contains(&ip) {
        let [_, _, a, b, c, d, ..] = octets;
        return forbidden_v4(Ipv4Addr::new(a, b, c, d));
    }
    // The registries' own entries come first, for the better reason.
    if let Some((_, why)) = FORBIDDEN_V6.iter().find(|(range, _)| range.contains(&ip)) {
        return Some(why);
    }
    // Every address of the internet is in here (RFC 4291, section 2.4 and IANA's allocations). The rest is
    // reserved, and what a network makes of it is its own affair.
    (!GLOBAL_UNICAST.contains(&ip)).then_some("outside global unicast, RFC 4291")
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

const FORBIDDEN_V4: &[(Ipv4Net, &str)] = &[
    (v4(0, 0, 0, 0, 8), "this network, RFC 791"),
    (v4(10, 0, 0, 0, 8), "private use, RFC 1918"),
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT, RFC 6598"),
    (v4(127, 0, 0, 0, 8), "loopback, RFC 1122"),
    // Public space, but inside Azure it answers as the platform's own agent endpoint.
    (v4(168, 63, 129, 16, 32), "cloud platform endpoint"),
    (v4(169, 254, 169, 254, 32), "cloud metadata, RFC 3927"),
    (v4(169, 254, 0, 0, 16), "link-local, RFC 3927"),
    (v4(172, 16, 0, 0, 12), "private use, RFC 1918"),
    (v4(192, 0, 0, 0, 24), "IETF protocol assignments, RFC 6890"),
    (v4(192, 0, 2, 0, 24), "documentation, RFC 5737"),
    (v4(192, 31, 196, 0, 24), "AS112, RFC 7535"),
    (v4(192, 52, 193, 0, 24), "automatic multicast tunnelling, RFC 7450"),
    (v4(192, 88, 99, 0, 24), "6to4 relay, RFC 7526"),
    (v4(192, 168, 0, 0, 16), "private use, RFC 1918"),
    (v4(192, 175, 48, 0, 24), "AS112, RFC 7534"),
    (v4(198, 18, 0, 0, 15), "benchmarking, RFC 2544"),
    (v4(198, 51, 100, 0, 24), "documentation, RFC 5737"),
    (v4(203, 0, 113, 0, 24), "documentation, RFC 5737"),
    (v4(224, 0, 0, 0, 4), "multicast, RFC 5771"),
    (v4(255, 255, 255, 255, 32), "limited broadcast, RFC 8190"),
    (v4(240, 0, 0, 0, 4), "reserved, RFC 1112"),
];

/// `::ffff:a.b.c.d`, RFC 4291: the kernel dials the IPv4 address.
const MAPPED: Ipv6Net = v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96);
/// `64:ff9b::a.b.c.d`, RFC 6052: a NAT64 gateway dials the IPv4 address.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// `2002:aabb:ccdd::`, RFC 3056: a 6to4 router wraps the packet for the IPv4 address.
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);
const GLOBAL_UNICAST: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

const FORBIDDEN_V6: &[(Ipv6Net, &str)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "unspecified, RFC 4291"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "loopback, RFC 4291"),
    // Deprecated, and never an address of the internet: there is no inner address worth asking about.
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), "IPv4-compatible, RFC 4291"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), "local-use NAT64, RFC 8215"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), "discard-only, RFC 6666"),
    (v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64), "dummy prefix, RFC 9780"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "Teredo, RFC 4380"),
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), "benchmarking, RFC 5180"),
    (v6([0x2001, 0x10, 0, 0, 0, 0, 0, 0], 28), "ORCHID, RFC 4843"),
    (v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28), "ORCHIDv2, RFC 7343"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "IETF protocol assignments, RFC 2928"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "documentation, RFC 3849"),
    (v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48), "AS112, RFC 7534"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "documentation, RFC 9637"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "segment routing, RFC 9602"),
    // Amazon's and others' metadata services live in here too (fd00:ec2::254).
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "unique local, RFC 4193"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local, RFC 4291"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "site-local, RFC 3879"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast, RFC 4291"),
];

#[cfg(test)]
mod tests {
    use super::{FORBIDDEN_V4, FORBIDDEN_V6, IpAddr, Ipv4Addr, forbidden};

    fn why(ip: &str) -> Option<&'static str> {
        forbidden(ip.parse().expect("is an address"))
    }

    #[test]
    fn public_addresses_are_dialled() {
        for ip in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "140.82.121.6",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001:80b::200e",
            "2001:4860:4860::8888",
            "2001:200::",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(why(ip), None, "{ip}");
        }
    }

    #[test]
    fn every_range_is_forbidden_from_its_first_address_to_its_last() {
        for (range, _) in FORBIDDEN_V4 {
            assert!(
                forbidden(range.network().into()).is_some() && forbidden(range.broadcast().into()).is_some(),
                "{range}"
            );
        }
        for (range, _) in FORBIDDEN_V6 {
            assert!(
                forbidden(range.network().into()).is_some() && forbidden(range.broadcast().into()).is_some(),
                "{range}"
            );
        }
    }

    #[test]
    fn an_address_inside_another_is_what_counts() {
        for (range, reason) in FORBIDDEN_V4 {
            let inner = range.network();
            let [a, b, c, d] = inner.octets();
            assert_eq!(forbidden(IpAddr::V6(inner.to_ipv6_mapped())), forbidden(inner.into()));
            assert_eq!(why(&format!("64:ff9b::{inner}")), forbidden(inner.into()), "{reason}");
            assert_eq!(why(&format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1")), forbidden(inner.into()), "{reason}");
            assert!(why(&format!("::{inner}")).is_some(), "{reason}");
        }
    }

    #[test]
    fn reasons_name_the_nearest_rule() {
        assert_eq!(why("169.254.169.254"), Some("cloud metadata, RFC 3927"));
        assert_eq!(why("fd00:ec2::254"), Some("unique local, RFC 4193"));
        assert_eq!(why("255.255.255.255"), Some("limited broadcast, RFC 8190"));
        assert_eq!(why("2001::1"), Some("Teredo, RFC 4380"));
        assert_eq!(why("4000::1"), Some("outside global unicast, RFC 4291"));
        assert_eq!(forbidden(Ipv4Addr::LOCALHOST.into()), Some("loopback, RFC 1122"));
    }
}
