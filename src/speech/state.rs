//! Where sentences begin and end on one track: pure, frame by frame.
use std::collections::VecDeque;

use crate::voice::Frame;

/// Frames of 16 ms since the track began.
pub(crate) type At = u64;

/// What a frame brought to light. Positions are frames; `to` is the first one outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Somebody began to speak.
    Opened { from: At },
    /// A sentence is complete.
    Closed { from: At, to: At },
    /// A long sentence was cut where it was quietest; the next one is open and begins at `to`.
    Cut { from: At, to: At },
    /// It was no speech after all.
    Discarded,
}

/// How a track is cut, in frames of 16 ms. The figures are those that suit telephone calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// Kept before the first frame with a voice.
    pub(crate) pre_roll: u64,
    /// Less voice than this is a cough.
    pub(crate) least_voice: u64,
    /// Silence that ends a sentence,
    pub(crate) end_silence: u64,
    /// and one that is still shorter than `short`.
    pub(crate) end_silence_short: u64,
    pub(crate) short: u64,
    /// Kept behind the last frame with a voice.
    pub(crate) tail: u64,
    /// From here on a sentence is cut at the next clear dip,
    pub(crate) soft_limit: u64,
    /// and here at the deepest one there is.
    pub(crate) hard_limit: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            pre_roll: 19,
            least_voice: 14,
            end_silence: 32,
            end_silence_short: 44,
            short: 125,
            tail: 13,
            soft_limit: 625,
            hard_limit: 938,
        }
    }
}

const ENTER: f32 = 0.5;
const EXIT: f32 = 0.35;
/// Quieter than this is no speech, whatever the detector says.
const QUIETEST: f32 = -50.0;
/// Speech stands this far above the track's own noise.
const ABOVE_NOISE: f32 = 6.0;
/// Frames of a dip (about 200 ms) and how far below the sentence it must lie to be a clear one.
const DIP: usize = 12;
const CLEAR: f32 = 12.0;

/// One track's cutter (断句).
#[derive(Debug)]
pub(crate) struct Segmenter {
    rules: Rules,
    now: At,
    /// Nothing before this may be used again: it belongs to an earlier sentence.
    floor: At,
    /// Which of the last four frames held a voice.
    recent: VecDeque<bool>,
    noise: Noise,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    from: At,
    voiced: u64,
    last_voice: At,
    levels: Vec<f32>,
}

impl Segmenter {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            now: 0,
            floor: 0,
            recent: VecDeque::with_capacity(4),
            noise: Noise::default(),
            open: None,
        }
    }

    /// The next frame of the track.
    pub(crate) fn on(&mut self, frame: Frame) -> Option<Step> {
        let at = self.now;
        self.now += 1;
        let loud = frame.level > QUIETEST && frame.level > self.noise.on(frame.level) + ABOVE_NOISE;
        if self.recent.len() == 4 {
            self.recent.pop_front();
        }
        self.recent.push_back(loud && frame.voice >= ENTER);
        match &mut self.open {
            None => self.begin(at),
            Some(open) => {
                open.levels.push(frame.level);
                if loud && frame.voice >= EXIT {
                    open.voiced += 1;
                    open.last_voice = at;
                }
                self.end(at)
            }
        }
    }

    /// The track ends here.
    pub(crate) fn finish(&mut self) -> Option<Step> {
        let open = self.open.take()?;
        self.floor = self.now;
        if open.voiced < self.rules.least_voice {
            return Some(Step::Discarded);
        }
        Some(Step::Closed {
            from: open.from,
            to: self.now.min(open.last_voice + 1 + self.rules.tail),
        })
    }

    /// Whether the open sentence holds enough voice to be one.
    pub(crate) fn is_speech(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.voiced >= self.rules.least_voice)
    }

    /// Nothing before this frame will be part of a sentence that is not yet closed.
    pub(crate) fn settled(&self) -> At {
        match &self.open {
            Some(open) => open.from,
            None => self.now.saturating_sub(self.rules.pre_roll + 4).max(self.floor),
        }
    }

    fn begin(&mut self, at: At) -> Option<Step> {
        let voices = self.recent.iter().filter(|voice| **voice).count() as u64;
        if voices < 3 {
            return None;
        }
        let first = (at + 1).saturating_sub(self.recent.len() as u64);
        let from = first.saturating_sub(self.rules.pre_roll).max(self.floor);
        let levels = vec![QUIETEST; usize::try_from(at + 1 - from).expect("a pre-roll is short")];
        self.open = Some(Open { from, voiced: voices, last_voice: at, levels });
        Some(Step::Opened { from })
    }

    fn end(&mut self, at: At) -> Option<Step> {
        let rules = self.rules;
        let open = self.open.as_ref()?;
        let length = at + 1 - open.from;
        let silence = at - open.last_voice;
        let enough = if length - silence < rules.short {
            rules.end_silence_short
        } else {
            rules.end_silence
        };
        if silence >= enough {
            let (from, to) = (open.from, open.last_voice + 1 + rules.tail);
            let speech = open.voiced >= rules.least_voice;
            self.open = None;
            self.recent.clear();
            self.floor = if speech { to } else { self.floor };
            return Some(if speech { Step::Closed { from, to } } else { Step::Discarded });
        }
        if length < rules.soft_limit {
            return None;
        }
        let (cut, depth) = open.deepest_dip(usize::try_from(rules.soft_limit / 2).expect("short"));
        if depth < CLEAR && length < rules.hard_limit {
            return None;
        }
        let (from, to) = (open.from, open.from + cut as u64);
        let levels = open.levels[cut..].to_vec();
        // what follows the cut counts as voice only when some came after it
        let after = open.last_voice.saturating_sub(to);
        self.open =
            Some(Open { from: to, voiced: after, last_voice: open.last_voice.max(to), levels });
        self.floor = to;
        Some(Step::Cut { from, to })
    }
}

impl Open {
    /// The middle of the quietest 200 ms behind `after` frames, and how many dB they lie below
    /// the sentence's voice.
    fn deepest_dip(&self, after: usize) -> (usize, f32) {
        let mean = |levels: &[f32]| {
            #[expect(clippy::cast_precision_loss, reason = "a window is short")]
            let count = levels.len().max(1) as f32;
            levels.iter().sum::<f32>() / count
        };
        let last = self.levels.len().saturating_sub(DIP);
        let quietest = (after..last)
            .map(|start| (start, mean(&self.levels[start..start + DIP])))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((start, level)) = quietest else { return (self.levels.len() / 2, 0.0) };
        let mut sorted = self.levels.clone();
        sorted.sort_by(f32::total_cmp);
        (start + DIP / 2, sorted[sorted.len() * 3 / 4] - level)
    }
}

/// The track's own noise: the quietest eighth of a second of each of the last eight seconds.
#[derive(Debug)]
struct Noise {
    window: Vec<f32>,
    quietest: f32,
    seconds: VecDeque<f32>,
    frames: u32,
}

impl Default for Noise {
    fn default() -> Self {
        Self { window: Vec::new(), quietest: 0.0, seconds: VecDeque::new(), frames: 0 }
    }
}

impl Noise {
    /// Takes a frame's level; gives the noise floor as known so far, never above -35 dBFS: what is
    /// louder for eight seconds is a voice that does not breathe.
    fn on(&mut self, level: f32) -> f32 {
        self.window.push(level);
        if self.window.len() == 8 {
            let mean = self.window.iter().sum::<f32>() / 8.0;
            self.quietest = self.quietest.min(mean);
            self.window.clear();
        }
        self.frames += 1;
        if self.frames == 63 {
            self.frames = 0;
            self.seconds.push_back(std::mem::replace(&mut self.quietest, 0.0));
            if self.seconds.len() > 8 {
                self.seconds.pop_front();
            }
        }
        self.seconds.iter().copied().fold(f32::INFINITY, f32::min).clamp(-100.0, -35.0)
            - if self.seconds.is_empty() { 65.0 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VOICE: Frame = Frame { voice: 0.9, level: -20.0 };
    const SILENCE: Frame = Frame { voice: 0.1, level: -70.0 };

    fn run(segmenter: &mut Segmenter, frames: &[(Frame, usize)]) -> Vec<Step> {
        frames
            .iter()
            .flat_map(|(frame, count)| std::iter::repeat_n(*frame, *count))
            .filter_map(|frame| segmenter.on(frame))
            .collect()
    }

    #[test]
    fn a_sentence_keeps_a_breath_before_and_behind() {
        let mut segmenter = Segmenter::new(Rules::default());
        let steps = run(&mut segmenter, &[(SILENCE, 100), (VOICE, 200), (SILENCE, 60)]);
        assert_eq!(steps, [Step::Opened { from: 80 }, Step::Closed { from: 80, to: 313 }]);
    }

    #[test]
    fn a_short_pause_does_not_end_a_sentence() {
        let mut segmenter = Segmenter::new(Rules::default());
        let steps = run(
            &mut segmenter,
            &[(SILENCE, 100), (VOICE, 200), (SILENCE, 20), (VOICE, 100), (SILENCE, 60)],
        );
        assert_eq!(steps.len(), 2, "{steps:?}");
    }

    #[test]
    fn a_cough_is_no_sentence() {
        let mut segmenter = Segmenter::new(Rules::default());
        let steps = run(&mut segmenter, &[(SILENCE, 100), (VOICE, 8), (SILENCE, 60)]);
        assert_eq!(steps, [Step::Opened { from: 80 }, Step::Discarded]);
    }

    #[test]
    fn what_is_quieter_than_the_line_is_no_voice() {
        let whisper = Frame { voice: 0.9, level: -55.0 };
        assert_eq!(run(&mut Segmenter::new(Rules::default()), &[(whisper, 500)]), []);
    }

    #[test]
    fn a_speech_without_a_pause_is_cut_at_its_dip() {
        let dip = Frame { voice: 0.9, level: -45.0 };
        let mut segmenter = Segmenter::new(Rules::default());
        let steps = run(
            &mut segmenter,
            &[(SILENCE, 100), (VOICE, 400), (dip, 14), (VOICE, 400), (SILENCE, 60)],
        );
        let Some(Step::Cut { from: 80, to }) = steps.get(1).copied() else { panic!("{steps:?}") };
        assert!((500..514).contains(&to), "{to}");
        assert!(matches!(steps[2], Step::Closed { from, .. } if from == to));
    }

    #[test]
    fn the_end_of_the_track_ends_the_sentence() {
        let mut segmenter = Segmenter::new(Rules::default());
        run(&mut segmenter, &[(SILENCE, 100), (VOICE, 100)]);
        assert_eq!(segmenter.finish(), Some(Step::Closed { from: 80, to: 200 }));
        assert_eq!(segmenter.finish(), None);
    }

    proptest! {
        #[test]
        fn sentences_never_overlap_and_are_never_too_long(
            runs in proptest::collection::vec((0.0_f32..1.0, -80.0_f32..-5.0, 1_usize..400), 1..30)
        ) {
            let mut segmenter = Segmenter::new(Rules::default());
            let mut steps = Vec::new();
            let mut settled = 0;
            for (voice, level, count) in runs {
                for _ in 0..count {
                    steps.extend(segmenter.on(Frame { voice, level }));
                    prop_assert!(segmenter.settled() >= settled, "what was settled stays so");
                    settled = segmenter.settled();
                }
            }
            steps.extend(segmenter.finish());
            let mut end = 0;
            for step in steps {
                if let Step::Closed { from, to } | Step::Cut { from, to } = step {
                    prop_assert!(from >= end, "{from} lies before {end}");
                    prop_assert!(to > from && to - from <= Rules::default().hard_limit + 13);
                    end = to;
                }
            }
        }
    }
}
