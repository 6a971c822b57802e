//! The sound of one track whose words are not final yet. The switchboard keeps it, so that a speech
//! process that dies takes nothing with it. Pure.
use std::collections::VecDeque;

use crate::wire::{Request, Stream, pack};

/// Samples a millisecond on the line.
const PER_MS: u64 = 8;
/// Ten minutes: more than any backlog, and a bound for one that never shrinks.
const MOST: usize = 10 * 60 * 8_000;
/// A second a frame, when there is much to send.
const FRAME: usize = 8_000;

#[derive(Debug)]
pub(crate) struct Held {
    stream: Stream,
    pcm: VecDeque<i16>,
    /// Samples since the recording began: of the first one held, and of the next one to send.
    base: u64,
    sent: u64,
    next_index: u32,
    opened: bool,
    ended: bool,
    end_sent: bool,
}

impl Held {
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            pcm: VecDeque::new(),
            base: 0,
            sent: 0,
            next_index: 0,
            opened: false,
            ended: false,
            end_sent: false,
        }
    }

    /// Sound that begins at `at_ms`. Gaps are silence, and what was there before is not heard twice.
    /// Whether sound had to be let go to make room.
    pub(crate) fn push(&mut self, at_ms: u64, pcm: &[i16]) -> bool {
        let at = at_ms * PER_MS;
        if self.pcm.is_empty() && !self.opened {
            self.base = self.base.max(at);
            self.sent = self.base;
        }
        let end = self.base + self.pcm.len() as u64;
        let gap = usize::try_from(at.saturating_sub(end)).unwrap_or(usize::MAX);
        let skip = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(pcm.len());
        if gap.saturating_add(self.pcm.len()) + pcm.len() > MOST {
            // begin anew where we are: what lies behind is lost
            self.pcm.clear();
            (self.base, self.sent, self.opened) = (at, at, false);
            self.pcm.extend(pcm);
            return true;
        }
        self.pcm.extend(std::iter::repeat_n(0, gap));
        self.pcm.extend(&pcm[skip..]);
        false
    }

    /// Nothing more will be said.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// A sentence is final; its sound, and what lies before it, is not needed any more.
    pub(crate) fn settle(&mut self, to_ms: u64) {
        let to = (to_ms * PER_MS).clamp(self.base, self.sent);
        let count = usize::try_from(to - self.base).expect("no more than is held");
        self.pcm.drain(..count);
        self.base = to;
    }

    pub(crate) fn numbered(&mut self, index: u32) {
        self.next_index = self.next_index.max(index + 1);
    }

    /// A new process knows nothing: everything held is sent again.
    pub(crate) fn restart(&mut self) {
        self.sent = self.base;
        self.opened = false;
        self.end_sent = false;
    }

    /// Seconds of sound that were sent and are not settled.
    pub(crate) fn unsettled_secs(&self) -> u64 {
        (self.sent - self.base) / (PER_MS * 1_000)
    }

    /// The next frame to send, if there is one.
    pub(crate) fn next(&mut self) -> Option<(Request, Vec<u8>)> {
        let stream = self.stream;
        let from = usize::try_from(self.sent - self.base).expect("no more than is held");
        if !self.opened && (from < self.pcm.len() || self.ended) {
            self.opened = true;
            // the next whole millisecond; a settled position is one already
            let at_ms = self.base.div_ceil(PER_MS);
            return Some((
                Request::Open { stream, at_ms, next_index: self.next_index },
                Vec::new(),
            ));
        }
        if from < self.pcm.len() {
            let to = self.pcm.len().min(from + FRAME);
            self.sent = self.base + to as u64;
            return Some((Request::Audio { stream }, pack(self.pcm.range(from..to).copied())));
        }
        if self.ended && !self.end_sent {
            self.end_sent = true;
            return Some((Request::Close { stream }, Vec::new()));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::unpack;
    use proptest::prelude::*;

    fn drain(held: &mut Held) -> (Option<u64>, Vec<i16>, bool) {
        let (mut at, mut sound, mut closed) = (None, Vec::new(), false);
        while let Some((request, body)) = held.next() {
            match request {
                Request::Open { at_ms, .. } => at = Some(at_ms),
                Request::Audio { .. } => sound.extend(unpack(&body)),
                Request::Close { .. } => closed = true,
            }
        }
        (at, sound, closed)
    }

    #[test]
    fn a_gap_is_silence_and_an_overlap_is_heard_once() {
        let mut held = Held::new(1);
        held.push(1_000, &[1; 80]);
        held.push(1_015, &[2; 80]); // 5 ms missing
        held.push(1_020, &[3; 80]); // 5 ms again
        let (at, sound, _) = drain(&mut held);
        assert_eq!((at, sound.len()), (Some(1_000), 80 + 40 + 80 + 40));
        assert_eq!((sound[79], sound[80], sound[120], sound[200]), (1, 0, 2, 3));
    }

    #[test]
    fn after_a_restart_what_is_not_settled_is_sent_again() {
        let mut held = Held::new(1);
        held.push(0, &(0..16_000).map(|n| i16::try_from(n).unwrap()).collect::<Vec<_>>());
        drain(&mut held);
        held.numbered(4);
        held.settle(500);
        held.end();
        held.restart();
        assert_eq!(held.next().unwrap().0, Request::Open { stream: 1, at_ms: 500, next_index: 5 });
        let (_, sound, closed) = drain(&mut held);
        assert_eq!((sound.len(), sound[0], closed), (12_000, 4_000, true));
    }

    #[test]
    fn a_backlog_has_a_bound() {
        let mut held = Held::new(1);
        let minute = vec![0; 60 * 8_000];
        let lost: Vec<bool> = (0..12).map(|n| held.push(n * 60_000, &minute)).collect();
        assert_eq!(lost.iter().filter(|lost| **lost).count(), 1);
    }

    proptest! {
        #[test]
        fn nothing_unsettled_is_ever_lost(
            steps in proptest::collection::vec((1_usize..400, 0_u64..3_000, any::<bool>()), 1..40)
        ) {
            let mut held = Held::new(1);
            let (mut said, mut settled) = (0_u64, 0_u64);
            for (count, settle, restart) in steps {
                held.push(said / 8, &vec![7; count * 8]);
                said += count as u64 * 8;
                if restart { held.restart(); }
                while held.next().is_some() {}
                held.settle(settle);
                settled = settled.max((settle * 8).min(said));
            }
            held.restart();
            let (at, sound, _) = drain(&mut held);
            prop_assert_eq!(sound.len() as u64, said - settled);
            if said > settled { prop_assert_eq!(at, Some(settled / 8)); }
        }
    }
}
