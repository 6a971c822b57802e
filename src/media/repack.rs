use crate::FRAME;

/// Cuts a voice that comes in packets of any length into frames of 20 ms, for codecs that know
/// no others. A gap starts a new frame.
#[derive(Debug, Default)]
pub(crate) struct Repack {
    waiting: Vec<i16>,
    /// The timestamp of the first that waits, at 8 kHz, and the number of the next frame.
    timestamp: i64,
    sequence: i64,
}

/// A frame with its numbers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) sequence: i64,
    pub(crate) timestamp: i64,
    pub(crate) pcm: Vec<i16>,
}

impl Repack {
    /// Takes the samples of a packet, and gives the frames that are full now.
    pub(crate) fn take(&mut self, timestamp: i64, pcm: &[i16]) -> Vec<Frame> {
        let expected = self.timestamp + i64::try_from(self.waiting.len()).unwrap_or(0);
        if timestamp < expected && expected - timestamp < 8000 {
            return Vec::new(); // late: its place has gone out
        }
        if timestamp != expected {
            self.waiting.clear();
            self.timestamp = timestamp;
        }
        self.waiting.extend_from_slice(pcm);
        let mut frames = Vec::new();
        while self.waiting.len() >= FRAME {
            let pcm = self.waiting.drain(..FRAME).collect();
            frames.push(Frame { sequence: self.sequence, timestamp: self.timestamp, pcm });
            self.timestamp += i64::try_from(FRAME).expect("160");
            self.sequence += 1;
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_30_ms_become_frames_of_20_ms() {
        let mut repack = Repack::default();
        let frames: Vec<_> = (0..4).flat_map(|n| repack.take(5000 + n * 240, &[1; 240])).collect();
        assert_eq!(frames.len(), 6);
        let numbers: Vec<_> = frames.iter().map(|f| (f.sequence, f.timestamp)).collect();
        assert_eq!(numbers[0], (0, 5000));
        assert_eq!(numbers[5], (5, 5800));
    }

    #[test]
    fn a_gap_keeps_its_length_and_a_late_packet_is_dropped() {
        let mut repack = Repack::default();
        assert_eq!(repack.take(1000, &[1; 160])[0].timestamp, 1000);
        assert_eq!(repack.take(1640, &[1; 160])[0].timestamp, 1640);
        assert!(repack.take(1160, &[1; 160]).is_empty());
    }
}
