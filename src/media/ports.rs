use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};

use base::{Clock, Dice};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::UdpSocket;

use crate::Error;

/// A port rests this long, so that a late packet does not meet another call.
const REST: TimeDelta = TimeDelta::seconds(60);
/// Pairs tried before giving up.
const TRIES: usize = 60;

/// The UDP ports for media, in pairs.
pub(crate) struct Ports {
    range: RangeInclusive<u16>,
    taken: Arc<Mutex<HashMap<u16, Taken>>>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
}

#[derive(Debug, Clone, Copy)]
enum Taken {
    InUse,
    RestsUntil(DateTime<Utc>),
}

/// A pair of ports in use; goes to rest when dropped.
pub(crate) struct Lease {
    /// The even port of the pair.
    pub(crate) port: u16,
    taken: Arc<Mutex<HashMap<u16, Taken>>>,
    clock: Arc<dyn Clock>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let until = self.clock.now() + REST;
        let mut taken = self.taken.lock().expect("nobody panics with the ports");
        taken.insert(self.port, Taken::RestsUntil(until));
    }
}

impl Ports {
    pub(crate) fn new(
        range: RangeInclusive<u16>,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
    ) -> Self {
        Self { range, taken: Arc::default(), clock, dice }
    }

    /// Sockets for RTP and RTCP on a random free pair.
    pub(crate) async fn pair(&self, on: IpAddr) -> Result<(Lease, UdpSocket, UdpSocket), Error> {
        for lease in std::iter::from_fn(|| self.lease()).take(TRIES) {
            let media = UdpSocket::bind(SocketAddr::new(on, lease.port)).await;
            let control = UdpSocket::bind(SocketAddr::new(on, lease.port + 1)).await;
            if let (Ok(media), Ok(control)) = (media, control) {
                return Ok((lease, media, control));
            }
        }
        Err(Error::NoPort)
    }

    /// A random port on which nobody listens, for a library that binds by itself.
    pub(crate) async fn single(&self, on: IpAddr) -> Result<Lease, Error> {
        for lease in std::iter::from_fn(|| self.lease()).take(TRIES) {
            if UdpSocket::bind(SocketAddr::new(on, lease.port)).await.is_ok() {
                return Ok(lease);
            }
        }
        Err(Error::NoPort)
    }

    fn lease(&self) -> Option<Lease> {
        let first = self.range.start().next_multiple_of(2);
        let pairs = u64::from(self.range.end().saturating_sub(first)).div_ceil(2);
        if pairs == 0 {
            return None;
        }
        let start = self.dice.below(pairs);
        let now = self.clock.now();
        let mut taken = self.taken.lock().expect("nobody panics with the ports");
        let port = (0..pairs)
            .filter_map(|n| u16::try_from(u64::from(first) + 2 * ((start + n) % pairs)).ok())
            .find(|port| match taken.get(port) {
                None => true,
                Some(Taken::InUse) => false,
                Some(Taken::RestsUntil(until)) => *until <= now,
            })?;
        taken.insert(port, Taken::InUse);
        Some(Lease { port, taken: self.taken.clone(), clock: self.clock.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{ManualClock, SeededDice};

    #[test]
    fn a_port_is_used_once_and_rests_a_minute() {
        let clock = Arc::new(ManualClock::default());
        let ports = Ports::new(20_001..=20_005, clock.clone(), Arc::new(SeededDice::new(1)));
        let (a, b) = (ports.lease().unwrap(), ports.lease().unwrap());
        let mut both = [a.port, b.port];
        both.sort_unstable();
        assert_eq!(both, [20_002, 20_004]);
        assert!(ports.lease().is_none());
        let port = a.port;
        drop(a);
        assert!(ports.lease().is_none());
        clock.advance(TimeDelta::seconds(60));
        assert_eq!(ports.lease().unwrap().port, port);
    }
}
