//! One track inside the speech process: sound in, sentences out, with the work in between handed
//! to whoever hears.
use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

use crate::Error;
use crate::agreement::Agreement;
use crate::audio::{RATE, Upsampler};
use crate::recogniser::Effort;
use crate::state::{Rules, Segmenter, Step};
use crate::voice::{FRAME, Voice};
use crate::wire::Sentence;

/// An open sentence is first heard after this much sound.
const FIRST_HEARING: u64 = RATE * 8 / 10;
/// How much later than a finished sentence an open one is due.
const OPEN_WAITS: TimeDelta = TimeDelta::milliseconds(400);

pub(crate) struct Ear {
    origin_ms: u64,
    upsampler: Upsampler,
    voice: Voice,
    segmenter: Segmenter,
    /// 16 kHz sound from sample `base` on; whole frames before `heard` have been listened to.
    sound: Vec<f32>,
    base: u64,
    heard: u64,
    next_index: u32,
    open: Option<Spoken>,
    closed: VecDeque<Spoken>,
    /// A worker has a piece of it.
    busy: bool,
    ended: bool,
    told_ms: u64,
}

/// A sentence, open or closed.
struct Spoken {
    index: u32,
    from: u64,
    /// The end; of an open one, how far it was heard.
    to: u64,
    agreement: Agreement,
    shown: bool,
    /// When it was closed, or could have been heard again.
    ready: Option<DateTime<Utc>>,
}

/// A piece of work for one worker.
pub(crate) struct Work {
    pub(crate) effort: Effort,
    pub(crate) sound: Vec<f32>,
    index: u32,
    to: u64,
}

impl Ear {
    pub(crate) fn new(origin_ms: u64, next_index: u32) -> Self {
        Self {
            origin_ms,
            upsampler: Upsampler::new(),
            voice: Voice::new(),
            segmenter: Segmenter::new(Rules::default()),
            sound: Vec::new(),
            base: 0,
            heard: 0,
            next_index,
            open: None,
            closed: VecDeque::new(),
            busy: false,
            ended: false,
            told_ms: origin_ms,
        }
    }

    /// What was said next. Gives a sentence that turned out to be none, if it was shown.
    pub(crate) fn hear(&mut self, pcm: &[i16], now: DateTime<Utc>) -> Result<Vec<Sentence>, Error> {
        self.upsampler.push(pcm, &mut self.sound)?;
        Ok(self.listen(now))
    }

    /// The track ends here.
    pub(crate) fn end(&mut self, now: DateTime<Utc>) -> Result<Vec<Sentence>, Error> {
        self.upsampler.finish(&mut self.sound)?;
        let mut withdrawn = self.listen(now);
        let step = self.segmenter.finish();
        withdrawn.extend(step.and_then(|step| self.on(step, now)));
        self.ended = true;
        Ok(withdrawn)
    }

    fn listen(&mut self, now: DateTime<Utc>) -> Vec<Sentence> {
        let mut withdrawn = Vec::new();
        loop {
            let at = usize::try_from(self.heard - self.base).expect("what is held is in memory");
            let Some(frame) = self.sound.get(at..at + FRAME) else { break };
            let frame = self.voice.hear(frame);
            self.heard += FRAME as u64;
            let step = self.segmenter.on(frame);
            withdrawn.extend(step.and_then(|step| self.on(step, now)));
        }
        self.forget();
        withdrawn
    }

    fn on(&mut self, step: Step, now: DateTime<Utc>) -> Option<Sentence> {
        let samples = |frames: u64| frames * FRAME as u64;
        match step {
            Step::Opened { from } => {
                let index = self.next_index;
                self.next_index += 1;
                self.open = Some(Spoken::new(index, samples(from)));
                None
            }
            Step::Closed { from, to } => {
                let spoken =
                    self.open.take().map(|open| open.closed(samples(from), samples(to), now));
                self.closed.extend(spoken);
                None
            }
            Step::Cut { from, to } => {
                let spoken =
                    self.open.take().map(|open| open.closed(samples(from), samples(to), now));
                self.closed.extend(spoken);
                self.open = Some(Spoken::new(self.next_index, samples(to)));
                self.next_index += 1;
                None
            }
            Step::Discarded => {
                let open = self.open.take()?;
                self.next_index = open.index; // no sentence: the next one gets the number
                open.shown.then(|| self.sentence(&open, open.to, String::new(), false, 0))
            }
        }
    }

    /// When its next work was due, and when it could begin; `None` without work, or while a worker
    /// has a piece of it. `interval_ms`: how often open sentences are heard, if they are.
    pub(crate) fn due(
        &mut self,
        interval_ms: Option<u64>,
        now: DateTime<Utc>,
    ) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if self.busy {
            return None;
        }
        if let Some(closed) = self.closed.front() {
            let ready = closed.ready.unwrap_or(now);
            return Some((ready, ready));
        }
        let heard = self.heard;
        let interval = interval_ms? * RATE / 1_000;
        let speech = self.segmenter.is_speech();
        let open = self.open.as_mut()?;
        if !speech || heard < open.from + FIRST_HEARING || heard < open.to + interval {
            return None;
        }
        let ready = *open.ready.get_or_insert(now);
        Some((ready + OPEN_WAITS, ready))
    }

    /// Takes the work that is due.
    pub(crate) fn take(&mut self) -> Option<Work> {
        let heard = self.heard;
        let (effort, index, from, to) = match (self.closed.front(), &mut self.open) {
            (Some(closed), _) => (Effort::Final, closed.index, closed.from, closed.to),
            (None, Some(open)) => {
                open.ready = None;
                open.to = heard;
                (Effort::Partial, open.index, open.from, heard)
            }
            (None, None) => return None,
        };
        self.busy = true;
        let end = self.base + self.sound.len() as u64;
        let sound = self.slice(from.max(self.base), to.min(end)).unwrap_or_default().to_vec();
        Some(Work { effort, sound, index, to })
    }

    /// A worker is done with a piece of work.
    pub(crate) fn done(&mut self, work: &Work, text: &str) -> Option<Sentence> {
        self.busy = false;
        if work.effort != Effort::Partial {
            let closed = self.closed.pop_front()?;
            let text = closed.agreement.finish(text);
            let committed = text.chars().count();
            let sentence = self.sentence(&closed, closed.to, text, true, committed);
            self.forget();
            return Some(sentence);
        }
        // closed or withdrawn meanwhile: what comes next says it better
        let mut open = self.open.take_if(|open| open.index == work.index)?;
        let sentence = (!text.is_empty()).then(|| {
            let (text, committed) = open.agreement.update(text);
            open.shown = true;
            self.sentence(&open, work.to, text, false, committed)
        });
        self.open = Some(open);
        sentence
    }

    /// A worker could not do it: an open sentence is heard again anyway, a closed one is given up.
    pub(crate) fn failed(&mut self, work: &Work) -> Option<Sentence> {
        self.done(work, "")
    }

    /// Whether everything that was said is out.
    pub(crate) fn finished(&self) -> bool {
        self.ended && !self.busy && self.closed.is_empty()
    }

    /// Nothing before this is needed any more, when that has moved on by a second or at a
    /// sentence's end (`anyway`).
    pub(crate) fn settled(&mut self, anyway: bool) -> Option<u64> {
        let to_ms = self.ms(self.needed());
        if to_ms <= self.told_ms || (!anyway && to_ms < self.told_ms + 1_000) {
            return None;
        }
        self.told_ms = to_ms;
        Some(to_ms)
    }

    fn needed(&self) -> u64 {
        let cut = self.segmenter.settled() * FRAME as u64;
        self.closed.front().map_or(cut, |closed| closed.from.min(cut))
    }

    fn forget(&mut self) {
        let needed = self.needed();
        let done = usize::try_from(needed.saturating_sub(self.base)).unwrap_or(usize::MAX);
        // in steps of a quarter second, not with each frame
        if done > 4_000 {
            self.sound.drain(..done.min(self.sound.len()));
            self.base = needed;
        }
    }

    fn slice(&self, from: u64, to: u64) -> Option<&[f32]> {
        let index = |at: u64| usize::try_from(at.checked_sub(self.base)?).ok();
        self.sound.get(index(from)?..index(to)?)
    }

    fn ms(&self, sample: u64) -> u64 {
        self.origin_ms + sample * 1_000 / RATE
    }

    fn sentence(
        &self,
        of: &Spoken,
        to: u64,
        text: String,
        is_final: bool,
        committed: usize,
    ) -> Sentence {
        Sentence {
            index: of.index,
            from_ms: self.ms(of.from),
            to_ms: self.ms(to),
            text,
            r#final: is_final,
            committed,
        }
    }
}

impl Spoken {
    fn new(index: u32, from: u64) -> Self {
        Self { index, from, to: from, agreement: Agreement::default(), shown: false, ready: None }
    }

    fn closed(self, from: u64, to: u64, now: DateTime<Utc>) -> Self {
        Self { from, to, ready: Some(now), ..self }
    }
}
