use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the endpoint is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Addresses to listen on, each by UDP and TCP. Port 0: the system chooses.
    pub listen: Vec<SocketAddr>,
    /// Host others reach us by, when it is not the address listened on (behind NAT).
    pub advertise: Option<String>,
    /// The domain of our agents' addresses: `sip:1027@lianxin`.
    pub domain: String,
    /// `User-Agent` and `Server`.
    pub product: String,
    pub trunks: Vec<TrunkConfig>,
    /// Calls held at one time; more are refused with 503.
    pub calls_at_most: usize,
    pub timers: Timers,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 5060))],
            advertise: None,
            domain: "lianxin".into(),
            product: "Lianxin".into(),
            trunks: Vec::new(),
            calls_at_most: 5000,
            timers: Timers::default(),
        }
    }
}

/// T1, T2 and T4 (RFC 3261 table 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    pub t1: Duration,
    pub t2: Duration,
    pub t4: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self { t1: millis(500), t2: millis(4000), t4: millis(5000) }
    }
}

/// A line to a carrier or a switch (中继). What comes from none of its addresses gets silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkConfig {
    pub name: String,
    /// Sources that may call in: `10.1.2.3` or `10.1.2.0/24`.
    #[serde(default)]
    pub addresses: Vec<Network>,
    /// Where our calls over this trunk go; without it the trunk only takes calls.
    #[serde(default)]
    pub proxy: Option<SocketAddr>,
    #[serde(default)]
    pub transport: Transport,
    /// Answer (200) before the call queues, so that it survives what an early dialog does not.
    #[serde(default)]
    pub answer_at_once: bool,
    /// Where the dialled number stands; the first rule that finds one wins.
    #[serde(default = "request_uri_only")]
    pub number_from: Vec<NumberRule>,
    /// For carriers that challenge us.
    #[serde(default)]
    pub digest: Option<Credentials>,
    /// The number shown to those we call.
    #[serde(default)]
    pub show_number: Option<String>,
    /// Rewriting of numbers we dial: the first whose beginning fits applies.
    #[serde(default)]
    pub dial: Vec<Rewrite>,
}

fn request_uri_only() -> Vec<NumberRule> {
    vec![NumberRule::RequestUri]
}

/// How messages travel to a trunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    #[default]
    Udp,
    Tcp,
}

/// Where to look for the number the citizen dialled first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NumberRule {
    /// The oldest entry by index (RFC 7044).
    #[serde(rename = "history-info")]
    HistoryInfo,
    /// The last entry: Diversion is newest first (RFC 5806).
    #[serde(rename = "diversion:last")]
    DiversionLast,
    #[serde(rename = "p-called-party")]
    CalledParty,
    #[serde(rename = "to")]
    To,
    #[serde(rename = "ruri")]
    RequestUri,
}

/// One rewriting of a dialled number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// The beginning it applies to; empty applies to all.
    pub starts_with: String,
    /// What stands there instead.
    pub put: String,
}

/// Name and password agreed with a carrier.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub user: String,
    pub password: String,
    /// Challenge their calls too, with the same name and password.
    #[serde(default)]
    pub challenge: bool,
}

impl Credentials {
    /// For answering challenges only.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into(), challenge: false }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials {{ user: {:?} }}", self.user)
    }
}

/// An address or a range of addresses: `10.1.2.3`, `10.1.2.0/24`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    pub fn contains(self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                u32::from(ours) & mask == u32::from(ip) & mask
            }
            (IpAddr::V6(ours), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                u128::from(ours) & mask == u128::from(ip) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("{text:?} is neither an address nor address/prefix");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| refuse())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.trim().parse().map_err(|_| refuse())?,
            None => longest,
        };
        if prefix > longest { Err(refuse()) } else { Ok(Self { address, prefix }) }
    }
}

impl TryFrom<String> for Network {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        format!("{}/{}", network.address, network.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_addresses_and_no_others() {
        let within =
            |net: &str, ip: &str| net.parse::<Network>().unwrap().contains(ip.parse().unwrap());
        assert!(within("10.1.2.0/24", "10.1.2.255"));
        assert!(within("10.1.2.0/24", "::ffff:10.1.2.7"));
        assert!(!within("10.1.2.0/24", "10.1.3.0"));
        assert!(within("10.1.2.3", "10.1.2.3"));
        assert!(!within("10.1.2.3", "10.1.2.4"));
        assert!(within("0.0.0.0/0", "9.9.9.9"));
        assert!(within("fd00::/8", "fd12::1"));
        assert!("10.1.2.0/33".parse::<Network>().is_err());
        assert!("carrier.example".parse::<Network>().is_err());
    }

    #[test]
    fn a_password_is_not_printed() {
        let secret = Credentials::new("hotline", "12345");
        assert_eq!(format!("{secret:?}"), "Credentials { user: \"hotline\" }");
    }
}
