use std::collections::VecDeque;

/// Samples in a millisecond.
const MS: i64 = 8;
/// An anchor that is further off than this is set anew at once when packets come too early, or
/// after two seconds in which even the quickest packet was off by [`DRIFT`].
const EARLY: i64 = 60 * MS;
const DRIFT: i64 = 20 * MS;
/// So late is no packet: its timestamps jumped.
const JUMPED: i64 = 2000 * MS;
/// Packets in a drift window: two seconds.
const WINDOW: u32 = 100;
/// A new source within this of the end of the last one continues it.
const JOIN: i64 = 60 * MS;

/// One track of a recording that is still open at its end: samples placed by their RTP
/// timestamps against the recorder's clock, silence where nothing came.
#[derive(Debug, Default)]
pub(crate) struct Track {
    open: VecDeque<i16>,
    /// The position of the first open sample.
    start: i64,
    /// The end of what was placed last.
    end: i64,
    anchor: Option<Anchor>,
    /// Samples that came when their place was sealed already.
    pub(crate) late: u64,
}

/// Ties a source's timestamps to positions.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    source: u32,
    timestamp: i64,
    position: i64,
    least: i64,
    seen: u32,
}

impl Track {
    /// Places the samples of a packet. `timestamp` is unwrapped and at 8 kHz, `arrival` the
    /// position of the moment at which it came.
    pub(crate) fn place(&mut self, source: u32, timestamp: i64, pcm: &[i16], arrival: i64) {
        let position = self.position(source, timestamp, arrival);
        let length = i64::try_from(pcm.len()).unwrap_or(0);
        let skip = (self.start - position).clamp(0, length);
        self.late += skip.unsigned_abs();
        let from = usize::try_from(position + skip - self.start).unwrap_or(0);
        let pcm = &pcm[usize::try_from(skip).unwrap_or(0)..];
        if self.open.len() < from + pcm.len() {
            self.open.resize(from + pcm.len(), 0);
        }
        for (place, sample) in self.open.range_mut(from..).zip(pcm) {
            *place = *sample;
        }
        self.end = self.end.max(position + length);
    }

    fn position(&mut self, source: u32, timestamp: i64, arrival: i64) -> i64 {
        if let Some(anchor) = self.anchor.as_mut().filter(|anchor| anchor.source == source) {
            let position = anchor.position + timestamp - anchor.timestamp;
            let delay = arrival - position;
            anchor.least = anchor.least.min(delay);
            anchor.seen += 1;
            let drifted = anchor.seen >= WINDOW && anchor.least.abs() > DRIFT;
            if (-EARLY..JUMPED).contains(&delay) && !drifted {
                if anchor.seen >= WINDOW {
                    (anchor.seen, anchor.least) = (0, i64::MAX);
                }
                return position;
            }
            if drifted {
                // Keep the usual delay of this source; only what it drifted by is corrected.
                let position = position + anchor.least;
                self.anchor = Some(Anchor::new(source, timestamp, position));
                return position;
            }
        }
        let joins = self.end > arrival && self.end - arrival <= JOIN && self.anchor.is_some();
        let position = if joins { self.end } else { arrival };
        self.anchor = Some(Anchor::new(source, timestamp, position));
        position
    }

    /// The source paused (hold): the next packet is placed by its arrival.
    pub(crate) fn pause(&mut self) {
        self.anchor = None;
    }

    /// Seals `samples` of the beginning and gives them away.
    pub(crate) fn seal(&mut self, samples: usize) -> Vec<i16> {
        let there = samples.min(self.open.len());
        let mut sealed: Vec<i16> = self.open.drain(..there).collect();
        sealed.resize(samples, 0);
        self.start += i64::try_from(samples).unwrap_or(0);
        sealed
    }
}

impl Anchor {
    fn new(source: u32, timestamp: i64, position: i64) -> Self {
        Self { source, timestamp, position, least: i64::MAX, seen: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places packet `n` of a source as it comes, `delay` samples late.
    fn packet(track: &mut Track, source: u32, n: i64, delay: i64) {
        let value = i16::try_from(n).unwrap();
        track.place(source, 1_000_000 + n * 160, &[value; 160], n * 160 + delay);
    }

    fn values(track: &mut Track, frames: usize) -> Vec<i16> {
        track.seal(frames * 160).chunks(160).map(|frame| frame[80]).collect()
    }

    #[test]
    fn a_gap_is_silence_and_order_is_restored() {
        let mut track = Track::default();
        for n in [1, 2, 5, 4] {
            packet(&mut track, 1, n, 0);
        }
        assert_eq!(values(&mut track, 6), [0, 1, 2, 0, 4, 5]);
    }

    #[test]
    fn jitter_moves_nothing() {
        let mut track = Track::default();
        for (n, delay) in [(1, 0), (2, 400), (3, 240), (4, 80), (5, 0)] {
            packet(&mut track, 1, n, delay);
        }
        assert_eq!(values(&mut track, 6), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn another_source_is_anchored_by_its_arrival() {
        let mut track = Track::default();
        packet(&mut track, 1, 1, 0);
        track.place(2, 77, &[9; 160], 5 * 160);
        assert_eq!(values(&mut track, 6), [0, 1, 0, 0, 0, 9]);
    }

    #[test]
    fn another_source_that_comes_at_once_does_not_cover_the_last() {
        let mut track = Track::default();
        packet(&mut track, 1, 1, 0);
        track.place(2, 77, &[9; 160], 200);
        assert_eq!(values(&mut track, 4), [0, 1, 9, 0]);
    }

    #[test]
    fn a_jump_of_timestamps_is_no_hole_of_an_hour() {
        let mut track = Track::default();
        packet(&mut track, 1, 1, 0);
        track.place(1, 900_000_000, &[7; 160], 320);
        track.place(1, 5, &[8; 160], 480);
        assert_eq!(values(&mut track, 4), [0, 1, 7, 8]);
    }

    #[test]
    fn what_is_sealed_stays_and_lateness_is_counted() {
        let mut track = Track::default();
        for n in [0, 1, 3] {
            packet(&mut track, 1, n, 0);
        }
        assert_eq!(values(&mut track, 3), [0, 1, 0]);
        packet(&mut track, 1, 2, 160);
        assert_eq!(track.late, 160);
        assert_eq!(values(&mut track, 1), [3]);
    }

    #[test]
    fn after_an_hour_of_a_slow_crystal_the_end_is_within_40_ms() {
        let mut track = Track::default();
        let mut last = 0;
        for n in 0..180_000i64 {
            let arrival = n * 160 + n * 160 / 10_000; // 100 ppm slow
            track.place(1, n * 160, &[1; 160], arrival);
            last = arrival;
            if track.open.len() > 1600 {
                track.seal(800);
            }
        }
        assert!((track.end - 160 - last).abs() <= 40 * MS, "{} {last}", track.end);
    }
}
