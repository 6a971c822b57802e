use chrono::{DateTime, Utc};

use crate::rtp::Packet;

/// A jump of the sequence beyond this is a restart (RFC 3550 A.1).
const MAX_DROPOUT: i64 = 3000;

/// What one packet is within its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Sequence number without wrapping.
    pub(crate) sequence: i64,
    /// Timestamp without wrapping.
    pub(crate) timestamp: i64,
    /// The packet came before.
    pub(crate) duplicate: bool,
}

/// What has been received on a leg: order, loss, jitter (RFC 3550 A.1, A.3, A.8).
#[derive(Debug, Default)]
pub(crate) struct Reception {
    stream: Option<Stream>,
    /// Of streams before this one.
    lost_before: u64,
    received: u64,
    jitter_ms: u32,
    reported: (i64, i64), // expected and arrived at the last report
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    first: i64,
    highest: i64,
    timestamp: i64,
    /// Bit n: `highest - n` has come.
    window: u64,
    arrived: i64,
    transit: Option<i64>,
    jitter: i64, // times 16, in timestamp units
}

impl Reception {
    /// Takes a packet into account. `rate` is that of its payload; `media` is false for packets
    /// that only use up sequence numbers (padding) or repeat a timestamp (telephone-event).
    pub(crate) fn take(
        &mut self,
        packet: &Packet<'_>,
        rate: u32,
        media: bool,
        now: DateTime<Utc>,
    ) -> Seen {
        let same = self.stream.as_ref().is_some_and(|stream| {
            let step =
                i64::from(packet.sequence.wrapping_sub(low_word(stream.highest)).cast_signed());
            stream.ssrc == packet.ssrc && step.abs() <= MAX_DROPOUT
        });
        if !same {
            self.restart(packet);
        }
        let stream = self.stream.as_mut().expect("restarted when there is none");
        let seen = stream.place(packet, media);
        if !seen.duplicate {
            stream.arrived += 1;
            if media {
                self.received += 1;
                stream.measure(seen.timestamp, rate, now);
                let ms = (stream.jitter / 16) * 1000 / i64::from(rate.max(1));
                self.jitter_ms = u32::try_from(ms).unwrap_or(u32::MAX);
            }
        }
        seen
    }

    fn restart(&mut self, packet: &Packet<'_>) {
        self.lost_before = self.lost();
        self.reported = (0, 0);
        let sequence = i64::from(packet.sequence) + (1 << 32);
        self.stream = Some(Stream {
            ssrc: packet.ssrc,
            first: sequence,
            highest: sequence - 1,
            timestamp: i64::from(packet.timestamp) + (1 << 40),
            window: 0,
            arrived: 0,
            transit: None,
            jitter: 0,
        });
    }

    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    pub(crate) fn jitter_ms(&self) -> u32 {
        self.jitter_ms
    }

    pub(crate) fn lost(&self) -> u64 {
        let now = self.stream.as_ref().map_or(0, |stream| stream.expected() - stream.arrived);
        self.lost_before + u64::try_from(now).unwrap_or(0)
    }

    /// A receiver report on the stream, and the start of the next interval.
    pub(crate) fn report(&mut self) -> Option<crate::rtcp::Report> {
        let stream = self.stream.as_ref()?;
        let (expected, arrived) = (stream.expected(), stream.arrived);
        let (expected_now, arrived_now) = (expected - self.reported.0, arrived - self.reported.1);
        let lost_now = (expected_now - arrived_now).max(0);
        self.reported = (expected, arrived);
        Some(crate::rtcp::Report {
            ssrc: stream.ssrc,
            fraction_lost: u8::try_from((lost_now << 8) / expected_now.max(1)).unwrap_or(255),
            lost: i32::try_from(expected - arrived).unwrap_or(i32::MAX),
            highest_sequence: low_double(stream.highest),
            jitter: u32::try_from(stream.jitter / 16).unwrap_or(u32::MAX),
            ..Default::default()
        })
    }
}

impl Stream {
    fn expected(&self) -> i64 {
        self.highest - self.first + 1
    }

    fn place(&mut self, packet: &Packet<'_>, media: bool) -> Seen {
        let step = i64::from(packet.sequence.wrapping_sub(low_word(self.highest)).cast_signed());
        let sequence = self.highest + step;
        let ticks = packet.timestamp.wrapping_sub(low_double(self.timestamp)).cast_signed();
        let timestamp = self.timestamp + i64::from(ticks);
        let duplicate = if step > 0 {
            self.window = if step >= 64 { 1 } else { self.window << step | 1 };
            self.highest = sequence;
            if media {
                self.timestamp = timestamp;
            }
            false
        } else {
            let bit = 1u64.checked_shl(u32::try_from(-step).unwrap_or(u32::MAX)).unwrap_or(0);
            let known = bit == 0 || self.window & bit != 0; // too late to tell counts as known
            self.window |= bit;
            self.first = self.first.min(sequence);
            known
        };
        Seen { sequence, timestamp, duplicate }
    }

    fn measure(&mut self, timestamp: i64, rate: u32, now: DateTime<Utc>) {
        let arrival = i128::from(now.timestamp_micros()) * i128::from(rate) / 1_000_000;
        let transit = i64::try_from(arrival - i128::from(timestamp)).unwrap_or(0);
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit - before).abs();
            if difference < 5 * i64::from(rate) {
                self.jitter += difference - ((self.jitter + 8) >> 4);
            }
        }
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

    fn packet(sequence: u16, timestamp: u32, ssrc: u32) -> Packet<'static> {
        Packet { marker: false, payload_type: 8, sequence, timestamp, ssrc, payload: &[0] }
    }

    #[test]
    fn order_and_gaps_across_the_wrap_are_counted_right() {
        let (mut reception, now) = (Reception::default(), ManualClock::default().now());
        for sequence in [65_533, 65_534, 0, 65_535, 3, 1] {
            reception.take(&packet(sequence, 0, 1), 8000, true, now);
        }
        assert_eq!(reception.received(), 6);
        assert_eq!(reception.lost(), 1); // 2 is missing
    }

    #[test]
    fn a_duplicate_is_counted_once() {
        let (mut reception, now) = (Reception::default(), ManualClock::default().now());
        assert!(!reception.take(&packet(5, 0, 1), 8000, true, now).duplicate);
        assert!(reception.take(&packet(5, 0, 1), 8000, true, now).duplicate);
        assert_eq!((reception.received(), reception.lost()), (1, 0));
    }

    #[test]
    fn padding_is_neither_received_nor_lost() {
        let (mut reception, now) = (Reception::default(), ManualClock::default().now());
        reception.take(&packet(5, 0, 1), 8000, true, now);
        reception.take(&packet(6, 0, 1), 8000, false, now);
        reception.take(&packet(7, 160, 1), 8000, true, now);
        assert_eq!((reception.received(), reception.lost()), (2, 0));
    }

    #[test]
    fn another_source_is_no_loss() {
        let (mut reception, now) = (Reception::default(), ManualClock::default().now());
        for (sequence, ssrc) in [(5, 1), (7, 1), (40_000, 2), (40_001, 2), (100, 2)] {
            reception.take(&packet(sequence, 0, ssrc), 8000, true, now);
        }
        assert_eq!(reception.lost(), 1);
    }

    #[test]
    fn even_arrival_has_no_jitter_and_uneven_arrival_some() {
        let (clock, mut reception) = (ManualClock::default(), Reception::default());
        for n in 0..100 {
            clock.advance(TimeDelta::milliseconds(20));
            reception.take(&packet(n, u32::from(n) * 160, 1), 8000, true, clock.now());
        }
        assert_eq!(reception.jitter_ms(), 0);
        for n in 100..200 {
            clock.advance(TimeDelta::milliseconds(if n % 2 == 0 { 10 } else { 30 }));
            reception.take(&packet(n, u32::from(n) * 160, 1), 8000, true, clock.now());
        }
        assert!((8..=10).contains(&reception.jitter_ms()), "{}", reception.jitter_ms());
    }

    #[test]
    fn a_report_tells_the_loss_of_its_interval() {
        let (mut reception, now) = (Reception::default(), ManualClock::default().now());
        for sequence in [0, 1, 2, 3] {
            reception.take(&packet(sequence, 0, 1), 8000, true, now);
        }
        assert_eq!(reception.report().unwrap().fraction_lost, 0);
        for sequence in [4, 7] {
            reception.take(&packet(sequence, 0, 1), 8000, true, now);
        }
        let report = reception.report().unwrap();
        assert_eq!((report.fraction_lost, report.lost), (128, 2));
    }
}
