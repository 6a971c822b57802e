//! Who really asks: the peer, or whom a proxy of ours says it asks for.
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use crate::App;
use crate::serve::Peer;

const FORWARDED: &str = "x-forwarded-for";

/// The proxies in front of this server (反向代理). Nobody else is believed about whom a request is
/// for.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Addresses or networks: `10.0.0.5`, `10.0.0.0/24`.
    ///
    /// # Errors
    /// Names the first that is neither.
    pub fn read<T: AsRef<str>>(texts: &[T]) -> Result<Self, String> {
        let one = |text: &T| {
            let text = text.as_ref();
            let alone = text.parse::<IpAddr>().map(IpNet::from);
            alone.or_else(|_| text.parse()).map_err(|_| {
                format!("{text:?} 不是地址或网段 (is neither an address nor a network)")
            })
        };
        Ok(Self(texts.iter().map(one).collect::<Result<_, _>>()?))
    }

    fn include(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The last address that is none of ours: whatever stands before it, anybody can write.
    fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.include(peer) {
            return peer;
        }
        let said = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok());
        let said: Vec<_> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut source = peer;
        for text in said.into_iter().rev() {
            let Ok(address) = text.parse() else { break };
            source = address;
            if !self.include(address) {
                break;
            }
        }
        source
    }
}

/// Where a request comes from. Without a network (tests) it is this machine.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

impl FromRequestParts<App> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.0.ip());
        Ok(Self(app.proxies.source(peer, &parts.headers)))
    }
}

/// Whether a request was made on this machine, for nobody else: a proxy that is not ours may stand
/// between.
pub(crate) fn is_local(Address(address): Address, headers: &HeaderMap) -> bool {
    address.to_canonical().is_loopback() && !headers.contains_key(FORWARDED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(proxies: &[&str], peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        Proxies::read(proxies).unwrap().source(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_proxy_of_ours_is_believed_about_whom_it_asks_for() {
        let proxies = ["10.0.0.5", "10.1.0.0/16"];
        assert_eq!(source(&proxies, "10.0.0.5", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(source(&proxies, "10.0.0.6", &["203.0.113.7"]), "10.0.0.6");
        assert_eq!(source(&[], "127.0.0.1", &["203.0.113.7"]), "127.0.0.1");
        assert_eq!(source(&proxies, "::ffff:10.0.0.5", &["203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn what_a_client_wrote_before_the_proxy_does_not_count() {
        let proxies = ["10.0.0.5", "10.1.0.0/16"];
        let through_two = ["198.51.100.1, 203.0.113.7", "10.1.2.3"];
        assert_eq!(source(&proxies, "10.0.0.5", &through_two), "203.0.113.7");
        assert_eq!(source(&proxies, "10.0.0.5", &["203.0.113.7, nonsense"]), "10.0.0.5");
    }

    #[test]
    fn a_proxy_that_is_no_address_is_named() {
        let wrong = Proxies::read(&["10.0.0.300"]).unwrap_err();
        assert!(wrong.contains("10.0.0.300"), "{wrong}");
    }
}
