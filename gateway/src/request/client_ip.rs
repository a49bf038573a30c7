//! The address of the caller.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// The address of the caller, if it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClientIp(pub Option<IpAddr>);

impl ClientIp {
    /// The peer's address. Behind trusted proxies it is the nearest address in `X-Forwarded-For` that is not a trusted
    /// proxy.
    pub fn of(peer: Option<SocketAddr>, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> Self {
        let peer = peer.map(|peer| peer.ip().to_canonical());
        let is_trusted = |ip: &IpAddr| trusted_proxies.contains(ip);
        if !peer.as_ref().is_some_and(is_trusted) {
            return Self(peer);
        }
        let values = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
        let chain: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut nearest_first = chain.into_iter().rev().map_while(|ip| ip.parse::<IpAddr>().ok());
        Self(nearest_first.find(|ip| !is_trusted(ip)).or(peer))
    }
}

/// The network that an address is counted under: a single IPv4 address, or the /64 of an IPv6 address, since a host
/// chooses the other 64 bits itself (RFC 4291, 2.5.1, RFC 8981).
pub(crate) fn network_of(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

/// As the server recorded it.
impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(peer: &str, forwarded: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().unwrap());
        let trusted = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        ClientIp::of(Some(SocketAddr::new(peer.parse().unwrap(), 1)), &headers, &trusted)
            .0
            .unwrap()
            .to_string()
    }

    #[test]
    fn only_a_trusted_proxy_may_name_the_caller() {
        assert_eq!(ip("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(ip("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(ip("10.0.0.1", "garbage"), "10.0.0.1");
        assert_eq!(ip("::ffff:203.0.113.9", ""), "203.0.113.9");
    }

    #[test]
    fn the_addresses_that_one_subscriber_has_are_one_network() {
        let network = |ip: &str| network_of(ip.parse().unwrap()).to_string();
        assert_eq!(network("203.0.113.9"), "203.0.113.9");
        assert_eq!(network("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(network("2001:db8:1:2:aaaa:bbbb:cccc:dddd"), "2001:db8:1:2::");
    }
}
