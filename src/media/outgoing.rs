use chrono::{DateTime, Utc};

/// The numbers in front of one payload that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
}

/// The stream that a leg hears: one SSRC, without jumps, whoever speaks in it. What is relayed
/// keeps its gaps and its order; what we play ourselves follows on.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) ssrc: u32,
    rate: u32,
    next_sequence: u16,
    /// Where the last payload ended, and when it went out.
    end: u32,
    at: Option<DateTime<Utc>>,
    voice: Voice,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

/// Whose payloads go out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    Nobody,
    /// Player, silence.
    Own,
    /// A relayed stream, and what is added to its numbers. `from` is the first that may go out.
    Relay {
        source: u32,
        sequence: i64,
        timestamp: i64,
        from: i64,
        highest: i64,
    },
}

impl Outgoing {
    pub(crate) fn new(ssrc: u32, sequence: u16, timestamp: u32, rate: u32) -> Self {
        Self {
            ssrc,
            rate,
            next_sequence: sequence & 0x7fff, // leave room below the wrap, for old SRTP
            end: timestamp,
            at: None,
            voice: Voice::Nobody,
            packets: 0,
            octets: 0,
        }
    }

    /// The leg's codec changed its clock.
    pub(crate) fn set_rate(&mut self, rate: u32) {
        if rate != self.rate {
            (self.rate, self.voice) = (rate, Voice::Nobody);
        }
    }

    /// Where the next payload begins when nobody spoke in between: not before the end of the
    /// last, and as much later as time has passed.
    fn now(&self, now: DateTime<Utc>) -> u32 {
        let passed = self.at.map_or(0, |at| (now - at).num_microseconds().unwrap_or(0).max(0));
        let ticks = passed * i64::from(self.rate) / 1_000_000;
        let slack = i64::from(self.rate) / 10; // 100 ms of lateness are no pause
        if ticks > slack {
            self.end.wrapping_add(u32::try_from(ticks).unwrap_or(0))
        } else {
            self.end
        }
    }

    /// Numbers for `ticks` of our own sound.
    pub(crate) fn own(&mut self, ticks: u32, now: DateTime<Utc>) -> Numbers {
        let marker = self.voice != Voice::Own;
        let timestamp = self.now(now);
        self.voice = Voice::Own;
        self.sent(timestamp, ticks, now);
        self.numbers(timestamp, marker)
    }

    /// Numbers for one packet of a key press: `start` is its timestamp, None for a new one.
    pub(crate) fn key(&mut self, start: Option<u32>, ticks: u32, now: DateTime<Utc>) -> Numbers {
        let timestamp = start.unwrap_or_else(|| self.now(now));
        self.voice = Voice::Nobody;
        self.sent(timestamp, ticks, now);
        self.numbers(timestamp, start.is_none())
    }

    /// Numbers for a payload of another stream, whose own unwrapped numbers are `sequence` and
    /// `timestamp` (in our clock rate). None when it comes too late to be fitted in.
    pub(crate) fn relay(
        &mut self,
        source: u32,
        (sequence, timestamp): (i64, i64),
        ticks: u32,
        now: DateTime<Utc>,
    ) -> Option<Numbers> {
        let far = i64::from(self.rate) * 5;
        let (marker, add_sequence, add_timestamp, from, highest) = match self.voice {
            Voice::Relay { source: same, sequence: s, timestamp: t, from, highest }
                if same == source
                    && (sequence - highest).abs() < 1000
                    && self.distance(timestamp + t).abs() < far =>
            {
                (false, s, t, from, highest)
            }
            _ => {
                let begin = i64::from(self.now(now));
                let next = i64::from(self.next_sequence);
                (true, next - sequence, begin - timestamp, sequence, sequence - 1)
            }
        };
        if sequence < from {
            return None;
        }
        let out_sequence = low_word(sequence + add_sequence);
        let out_timestamp = low_double(timestamp + add_timestamp);
        if sequence > highest {
            self.next_sequence = out_sequence.wrapping_add(1);
            self.end = out_timestamp.wrapping_add(ticks);
            self.at = Some(now);
        }
        let highest = highest.max(sequence);
        self.voice = Voice::Relay {
            source,
            sequence: add_sequence,
            timestamp: add_timestamp,
            from,
            highest,
        };
        self.packets = self.packets.wrapping_add(1);
        Some(Numbers { sequence: out_sequence, timestamp: out_timestamp, marker })
    }

    fn distance(&self, timestamp: i64) -> i64 {
        i64::from(low_double(timestamp).wrapping_sub(self.end).cast_signed())
    }

    fn sent(&mut self, timestamp: u32, ticks: u32, now: DateTime<Utc>) {
        self.end = timestamp.wrapping_add(ticks);
        self.at = Some(now);
    }

    fn numbers(&mut self, timestamp: u32, marker: bool) -> Numbers {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        Numbers { sequence, timestamp, marker }
    }

    /// The timestamp of this moment, for sender reports.
    pub(crate) fn timestamp_at(&self, now: DateTime<Utc>) -> u32 {
        let passed = self.at.map_or(0, |at| (now - at).num_microseconds().unwrap_or(0).max(0));
        let ticks = passed * i64::from(self.rate) / 1_000_000;
        self.end.wrapping_add(u32::try_from(ticks).unwrap_or(0))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the low bits are meant"
)]
fn low_word(value: i64) -> u16 {
    value as u16
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the low bits are meant"
)]
fn low_double(value: i64) -> u32 {
    value as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Clock, ManualClock};
    use chrono::TimeDelta;

    fn stream() -> (Outgoing, ManualClock) {
        (Outgoing::new(1, 100, u32::MAX - 100, 8000), ManualClock::default())
    }

    #[test]
    fn what_we_play_runs_on_without_jumps_across_the_wrap() {
        let (mut out, clock) = stream();
        let first = out.own(160, clock.now());
        clock.advance(TimeDelta::milliseconds(33)); // a late tick is no pause
        let second = out.own(160, clock.now());
        assert_eq!((first.sequence, first.marker), (100, true));
        assert_eq!((second.sequence, second.marker), (101, false));
        assert_eq!(second.timestamp, first.timestamp.wrapping_add(160));
    }

    #[test]
    fn a_pause_is_time_that_passes() {
        let (mut out, clock) = stream();
        let first = out.own(160, clock.now());
        clock.advance(TimeDelta::seconds(2));
        assert_eq!(out.own(160, clock.now()).timestamp, first.timestamp.wrapping_add(160 + 16_000));
    }

    #[test]
    fn relayed_packets_keep_gaps_and_order() {
        let (mut out, clock) = stream();
        out.own(160, clock.now());
        let mut relay = |n: i64| {
            out.relay(9, (n, n * 160), 160, clock.now()).map(|x| (x.sequence, x.timestamp))
        };
        let (s, t) = relay(5000).unwrap();
        assert_eq!(s, 101);
        assert_eq!(relay(5003), Some((s + 3, t.wrapping_add(480))));
        assert_eq!(relay(5001), Some((s + 1, t.wrapping_add(160))));
        assert_eq!(relay(4999), None);
        assert_eq!(out.own(160, clock.now()).sequence, 105);
    }

    #[test]
    fn another_source_follows_on_with_a_marker() {
        let (mut out, clock) = stream();
        let first = out.relay(9, (1, 160), 160, clock.now()).unwrap();
        let second = out.relay(8, (70_000, 5), 160, clock.now()).unwrap();
        assert!(second.marker);
        assert_eq!(second.sequence, first.sequence + 1);
        assert_eq!(second.timestamp, first.timestamp.wrapping_add(160));
    }

    #[test]
    fn the_packets_of_a_key_share_their_timestamp() {
        let (mut out, clock) = stream();
        let first = out.key(None, 160, clock.now());
        let second = out.key(Some(first.timestamp), 320, clock.now());
        assert!(first.marker && !second.marker);
        assert_eq!((second.timestamp, second.sequence), (first.timestamp, first.sequence + 1));
        assert_eq!(out.own(160, clock.now()).timestamp, first.timestamp.wrapping_add(320));
    }
}
