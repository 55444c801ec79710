//! Which addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the public internet only.
    Public,
    /// Loopback too: the demo and development, where the portals live beside the service.
    LoopbackToo,
    /// Private networks too, by an operator's decision: a ministry's portals on the state network.
    PrivateToo,
}

impl Reach {
    pub fn permits(self, ip: IpAddr) -> bool {
        let ip = match ip {
            IpAddr::V6(v6) => embedded_v4(v6).map_or(IpAddr::V6(v6), IpAddr::V4),
            v4 @ IpAddr::V4(_) => v4,
        };
        if ip.is_loopback() {
            return self == Self::LoopbackToo;
        }
        match ip {
            IpAddr::V4(v4) => !is_never_v4(v4) && (self == Self::PrivateToo || !is_private_v4(v4)),
            IpAddr::V6(v6) => !is_never_v6(v6) && (self == Self::PrivateToo || !is_private_v6(v6)),
        }
    }
}

/// `localhost` and everything under it (RFC 6761 §6.3).
pub(super) fn is_loopback_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost")
        || name.len() > 10 && name.get(name.len() - 10..).is_some_and(|end| end.eq_ignore_ascii_case(".localhost"))
}

/// The IPv4 address inside an IPv4-mapped, NAT64 (RFC 6052), or 6to4 (RFC 3056) address: other spellings of the same target.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xFFFF, high, low] | [0x64, 0xFF9B, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(join(high, low))
        }
        _ => None,
    }
}

/// Not a destination for anybody: unspecified, link-local (cloud metadata lives there), multicast, broadcast, reserved.
fn is_never_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    a == 0
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a >= 240
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && ip.octets()[2] == 0)
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    ip.is_private() || (a == 100 && (64..128).contains(&b))
}

fn is_never_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    ip.is_unspecified()
        || ip.is_multicast()
        || (first & 0xFFC0) == 0xFE80
        || (first == 0x2001 && ip.segments()[1] == 0xDB8)
        || (first == 0x100 && ip.segments()[1] == 0)
        // Other ways to write an IPv4 address, which lead there through a translator of the local network or of nobody's:
        // RFC 8215, Teredo (RFC 4380), IPv4-compatible (RFC 4291 §2.5.5.1).
        || (first == 0x64 && ip.segments()[1] == 0xFF9B)
        || (first == 0x2001 && ip.segments()[1] == 0)
        || matches!(ip.segments(), [0, 0, 0, 0, 0, 0, _, _])
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    (first & 0xFE00) == 0xFC00 || (first & 0xFFC0) == 0xFEC0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_addresses_are_refused_in_every_spelling() {
        let refused = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2001:db8::1",
            "64:ff9b:1::7f00:1",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
            "::7f00:1",
            "::a00:1",
        ];
        for text in refused {
            assert!(!Reach::Public.permits(text.parse().unwrap()), "{text}");
        }
        for text in ["8.8.8.8", "1.1.1.1", "113.160.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"] {
            assert!(Reach::Public.permits(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn loopback_and_private_are_allowed_only_where_said() {
        let [loopback, private, metadata] =
            ["127.0.0.1", "10.0.0.1", "169.254.169.254"].map(|text| text.parse::<IpAddr>().unwrap());
        assert!(Reach::LoopbackToo.permits(loopback) && !Reach::PrivateToo.permits(loopback));
        assert!(Reach::PrivateToo.permits(private) && !Reach::LoopbackToo.permits(private));
        assert!(!Reach::PrivateToo.permits(metadata) && !Reach::LoopbackToo.permits(metadata));
    }

    #[test]
    fn only_localhost_and_names_under_it_are_loopback_names() {
        for name in ["localhost", "LOCALHOST", "dvcqg.localhost", "a.b.localhost.", "localhost."] {
            assert!(is_loopback_name(name), "{name}");
        }
        for name in ["localhost.example", "xlocalhost", ".localhos", "notlocalhost", "", "đlocalhost"] {
            assert!(!is_loopback_name(name), "{name}");
        }
    }
}
