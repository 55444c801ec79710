//! Whose request it is: the TCP peer, or what a trusted proxy says of it. A header from anybody else changes nothing.

use std::{
    convert::Infallible,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderName, request::Parts};

/// The other end of the TCP connection: the person's machine, or a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The client's address after trusted proxies were looked through. Personal data: never logged, never stored in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// What limits are counted by: an IPv4 address, or the /64 that one IPv6 subscriber owns.
    pub fn network(self) -> IpAddr {
        limit_key(self.0)
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    /// Without a socket (a request made in process) the client is this machine.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::LOCALHOST))))
    }
}

/// See [`ClientAddress::network`].
pub fn limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// A range of addresses in CIDR notation, `10.0.0.0/8`; a bare address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.prefix);
                u32::from(ours).checked_shr(shift).unwrap_or(0) == u32::from(theirs).checked_shr(shift).unwrap_or(0)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128 - u32::from(self.prefix);
                u128::from(ours).checked_shr(shift).unwrap_or(0) == u128::from(theirs).checked_shr(shift).unwrap_or(0)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = || BadNetwork(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(widest), |digits| digits.parse().map_err(|_| bad()))?;
        if prefix > widest {
            return Err(bad());
        }
        Ok(Self { address, prefix })
    }
}

/// The text that is not a network.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a network; write `10.0.0.0/8`, `2001:db8::/32` or a single address")]
pub struct BadNetwork(String);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A set of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<Network>);

impl Networks {
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// Which header the site's proxies write. Only one is read: the other could be the client's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    #[default]
    XForwardedFor,
    /// RFC 7239
    Forwarded,
}

impl ForwardedBy {
    fn header(self) -> HeaderName {
        match self {
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Self::Forwarded => http::header::FORWARDED,
        }
    }
}

/// The proxies that are believed, and how they speak.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    pub trusted: Networks,
    pub header: ForwardedBy,
}

impl Proxies {
    /// Walks the header from the right, hop by hop; the first address that is not a trusted proxy is the client.
    /// A hop that cannot be read ends the walk at the last proxy that was understood.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let mut client = peer.to_canonical();
        if self.trusted.0.is_empty() || !self.trusted.contain(client) {
            return ClientAddress(client);
        }
        for value in headers.get_all(self.header.header()).iter().rev() {
            let Ok(text) = value.to_str() else { break };
            for hop in text.rsplit(',') {
                let Some(address) = self.hop(hop.trim()) else { return ClientAddress(client) };
                client = address.to_canonical();
                if !self.trusted.contain(client) {
                    return ClientAddress(client);
                }
            }
        }
        ClientAddress(client)
    }

    /// True when the request says it was forwarded, by either header, though its peer is no trusted proxy.
    pub fn claimed_by_stranger(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        !self.trusted.contain(peer)
            && (headers.contains_key("x-forwarded-for") || headers.contains_key(http::header::FORWARDED))
    }

    fn hop(&self, hop: &str) -> Option<IpAddr> {
        match self.header {
            ForwardedBy::XForwardedFor => node_address(hop),
            ForwardedBy::Forwarded => hop
                .split(';')
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(name, _)| name.eq_ignore_ascii_case("for"))
                .and_then(|(_, node)| node_address(node.trim_matches('"'))),
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711` (RFC 7239 §6).
fn node_address(node: &str) -> Option<IpAddr> {
    node.parse()
        .ok()
        .or_else(|| node.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| node.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ForwardedBy) -> Proxies {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"].map(|text| text.parse().unwrap()).to_vec();
        Proxies { trusted: Networks(trusted), header }
    }

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (HeaderName::from_static(name), http::HeaderValue::from_static(value))).collect()
    }

    fn client(header: ForwardedBy, peer: &str, name: &'static str, values: &[&'static str]) -> String {
        proxies(header).client(peer.parse().unwrap(), &headers(name, values)).0.to_string()
    }

    #[test]
    fn the_first_untrusted_hop_from_the_right_is_the_client() {
        for (peer, values, expected) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1:443"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::7]:443"], "2001:db8::7"),
            ("10.0.0.1", &["2001:db8:1::5, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.3.3.3"], "10.3.3.3"),
            ("10.0.0.1", &["10.9.9.9"], "10.9.9.9"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
        ] {
            assert_eq!(
                client(ForwardedBy::XForwardedFor, peer, "x-forwarded-for", values),
                expected,
                "{peer} {values:?}"
            );
        }
    }

    #[test]
    fn the_other_header_is_the_clients_own_and_ignored() {
        assert_eq!(client(ForwardedBy::XForwardedFor, "10.0.0.1", "forwarded", &["for=1.1.1.1"]), "10.0.0.1");
        assert_eq!(client(ForwardedBy::Forwarded, "10.0.0.1", "x-forwarded-for", &["1.1.1.1"]), "10.0.0.1");
        assert_eq!(
            client(
                ForwardedBy::Forwarded,
                "10.0.0.1",
                "forwarded",
                &["for=1.1.1.1, proto=https;For=\"[2001:db8::7]:80\""]
            ),
            "2001:db8::7"
        );
    }

    #[test]
    fn limits_count_an_ipv6_subscriber_once() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("2001:db8:1:2:ffff::1"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn networks_are_parsed_strictly() {
        for good in ["0.0.0.0/0", "10.0.0.0/8", "192.0.2.1", "::/0", "2001:db8::/32", "::1"] {
            assert!(good.parse::<Network>().is_ok(), "{good}");
        }
        for bad in ["", "10/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "localhost", "10.0.0.0/8/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        let everyone: Network = "0.0.0.0/0".parse().unwrap();
        assert!(everyone.contains("203.0.113.9".parse().unwrap()));
        assert!(!everyone.contains("::1".parse().unwrap()));
        let ten: Network = "10.0.0.0/8".parse().unwrap();
        assert!(ten.contains("10.255.0.1".parse().unwrap()) && !ten.contains("11.0.0.1".parse().unwrap()));
    }

    proptest::proptest! {
        #[test]
        fn no_header_moves_an_untrusted_peer(value in "[ -~]{0,60}") {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", value.parse().unwrap());
            headers.insert("forwarded", value.parse().unwrap());
            let peer: IpAddr = "203.0.113.9".parse().unwrap();
            for header in [ForwardedBy::XForwardedFor, ForwardedBy::Forwarded] {
                proptest::prop_assert_eq!(proxies(header).client(peer, &headers).0, peer);
            }
        }
    }
}
