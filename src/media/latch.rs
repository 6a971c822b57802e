use std::net::SocketAddr;

use chrono::{DateTime, TimeDelta, Utc};

/// How long a better source may still take over from the first one.
const LEARN: TimeDelta = TimeDelta::seconds(3);
/// Packets in a row that an address other than the expected one must show.
const RUN: u8 = 3;

/// Whose packets a leg takes, and where its own go (symmetric RTP without RTP bleed):
/// the address of the SDP at once; another port of the same IP (any address behind NAT) after
/// three packets in a row of one source; nobody else from then on, until signalling says so.
#[derive(Debug)]
pub(crate) struct Latch {
    expected: Option<SocketAddr>,
    behind_nat: bool,
    latched: Option<SocketAddr>,
    /// When learning ends: three seconds after the first acceptable packet.
    until: Option<DateTime<Utc>>,
    candidate: Option<Candidate>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    run: u8,
}

impl Latch {
    pub(crate) fn new(behind_nat: bool) -> Self {
        Self { expected: None, behind_nat, latched: None, until: None, candidate: None }
    }

    /// Signalling named the peer's address (none: held without one). The same address again
    /// leaves everything as it is.
    pub(crate) fn expect(&mut self, peer: Option<SocketAddr>) {
        if peer.is_some() && peer != self.expected {
            *self = Self { expected: peer, ..Self::new(self.behind_nat) };
        }
    }

    /// Where our packets go.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.latched.or(self.expected)
    }

    #[cfg(test)]
    fn is_latched(&self) -> bool {
        self.latched.is_some()
    }

    /// Whether a valid RTP packet from there is taken.
    pub(crate) fn accept(
        &mut self,
        from: SocketAddr,
        ssrc: u32,
        sequence: u16,
        now: DateTime<Utc>,
    ) -> bool {
        let Some(expected) = self.expected else { return false };
        if self.latched == Some(from) {
            return true;
        }
        let learning = self.latched.is_none() || self.until.is_some_and(|until| now < until);
        let eligible = self.behind_nat || from.ip() == expected.ip();
        if !learning || !eligible {
            return false;
        }
        self.until.get_or_insert(now + LEARN);
        if from == expected {
            self.latched = Some(from);
            return true;
        }
        if self.latched == Some(expected)
            || self.latched.is_some_and(|at| self.rank(at) >= self.rank(from))
        {
            return false;
        }
        let run = match self.candidate {
            Some(candidate)
                if (candidate.from, candidate.ssrc) == (from, ssrc)
                    && sequence == candidate.sequence.wrapping_add(1) =>
            {
                candidate.run + 1
            }
            _ => 1,
        };
        self.candidate = Some(Candidate { from, ssrc, sequence, run });
        if run < RUN {
            return false;
        }
        self.latched = Some(from);
        self.candidate = None;
        true
    }

    fn rank(&self, from: SocketAddr) -> u8 {
        match self.expected {
            Some(expected) if from == expected => 3,
            Some(expected) if from.ip() == expected.ip() => 2,
            Some(expected) if from.port() == expected.port() => 1,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Clock, ManualClock};

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    struct Rig {
        latch: Latch,
        clock: ManualClock,
    }

    impl Rig {
        fn new(behind_nat: bool) -> Self {
            let mut latch = Latch::new(behind_nat);
            latch.expect(Some(at("192.0.2.1:4000")));
            Self { latch, clock: ManualClock::default() }
        }

        /// Whether the last of three packets in a row is taken.
        fn three(&mut self, from: &str) -> bool {
            (0..3).map(|n| self.latch.accept(at(from), 1, n, self.clock.now())).last().unwrap()
        }
    }

    #[test]
    fn the_address_of_the_sdp_is_taken_at_once_and_then_alone() {
        let mut rig = Rig::new(true);
        assert!(rig.latch.accept(at("192.0.2.1:4000"), 1, 9, rig.clock.now()));
        assert!(!rig.three("192.0.2.1:5000"));
        assert!(!rig.three("198.51.100.7:4000"));
    }

    #[test]
    fn another_port_of_the_trunk_needs_three_in_a_row() {
        let mut rig = Rig::new(false);
        let from = at("192.0.2.1:5000");
        for (sequence, taken) in [(1, false), (2, false), (4, false), (5, false), (6, true)] {
            assert_eq!(rig.latch.accept(from, 1, sequence, rig.clock.now()), taken, "{sequence}");
        }
        assert_eq!(rig.latch.peer(), Some(from));
    }

    #[test]
    fn a_trunk_never_speaks_from_another_address() {
        let mut rig = Rig::new(false);
        assert!(!rig.three("198.51.100.7:4000"));
        assert_eq!(rig.latch.peer(), Some(at("192.0.2.1:4000")));
    }

    #[test]
    fn a_phone_behind_nat_may() {
        let mut rig = Rig::new(true);
        assert!(rig.three("198.51.100.7:61000"));
    }

    #[test]
    fn the_right_address_takes_over_while_learning_and_not_later() {
        let mut rig = Rig::new(false);
        assert!(rig.three("192.0.2.1:5000"));
        rig.clock.advance(TimeDelta::seconds(1));
        assert!(rig.latch.accept(at("192.0.2.1:4000"), 1, 0, rig.clock.now()));

        let mut late = Rig::new(false);
        assert!(late.three("192.0.2.1:5000"));
        late.clock.advance(TimeDelta::seconds(4));
        assert!(!late.latch.accept(at("192.0.2.1:4000"), 1, 0, late.clock.now()));
        assert!(late.latch.accept(at("192.0.2.1:5000"), 1, 0, late.clock.now()));
    }

    #[test]
    fn a_new_address_in_signalling_starts_again_and_the_same_does_not() {
        let mut rig = Rig::new(false);
        assert!(rig.three("192.0.2.1:5000"));
        rig.latch.expect(Some(at("192.0.2.1:4000")));
        assert!(rig.latch.is_latched());
        rig.latch.expect(Some(at("192.0.2.9:4000")));
        assert!(!rig.latch.is_latched());
        assert!(rig.three("192.0.2.9:4000"));
    }

    #[test]
    fn nobody_is_taken_before_signalling_named_a_peer() {
        let clock = ManualClock::default();
        assert!(!Latch::new(true).accept(at("192.0.2.1:4000"), 1, 0, clock.now()));
    }
}
