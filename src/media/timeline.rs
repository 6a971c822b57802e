use chrono::{DateTime, Utc};

use crate::spans::Spans;
use crate::track::Track;
use crate::{FRAME, LegName, RATE};

/// How long a packet may be late and still find its place, in samples: 200 ms.
const HOLD: i64 = 1600;

/// The time of a recording: what each party said, what the caller was played, and where.
/// Positions are samples since `zero`.
#[derive(Debug)]
pub(crate) struct Timeline {
    zero: DateTime<Utc>,
    sealed: i64,
    caller: Track,
    agent: Track,
    played: Track,
    played_to_caller: Spans,
    /// Where a party waited under something that we played: no talk.
    caller_waits: Spans,
    agent_waits: Spans,
}

/// 20 ms that will not change any more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Where they begin, in samples.
    pub(crate) at: u64,
    pub(crate) caller: Vec<i16>,
    pub(crate) agent: Vec<i16>,
    /// What the caller was played.
    pub(crate) played: Vec<i16>,
    /// Whether the caller's, the agent's frame is talk: not that of someone who waits.
    pub(crate) clear: (bool, bool),
}

impl Timeline {
    pub(crate) fn new(zero: DateTime<Utc>) -> Self {
        Self {
            zero,
            sealed: 0,
            caller: Track::default(),
            agent: Track::default(),
            played: Track::default(),
            played_to_caller: Spans::default(),
            caller_waits: Spans::default(),
            agent_waits: Spans::default(),
        }
    }

    fn position(&self, now: DateTime<Utc>) -> i64 {
        (now - self.zero).num_microseconds().unwrap_or(0) * i64::from(RATE) / 1_000_000
    }

    fn track(&mut self, leg: LegName) -> &mut Track {
        match leg {
            LegName::Caller => &mut self.caller,
            LegName::Agent => &mut self.agent,
        }
    }

    /// A party's packet.
    pub(crate) fn heard(
        &mut self,
        leg: LegName,
        source: u32,
        timestamp: i64,
        pcm: &[i16],
        now: DateTime<Utc>,
    ) {
        let arrival = self.position(now);
        self.track(leg).place(source, timestamp, pcm, arrival);
    }

    /// The leg paused or changed: its next packet is placed by its arrival.
    pub(crate) fn pause(&mut self, leg: LegName) {
        self.track(leg).pause();
    }

    /// What the caller was just played; `timestamp` counts its samples.
    pub(crate) fn played(&mut self, timestamp: i64, pcm: &[i16], now: DateTime<Utc>) {
        let arrival = self.position(now);
        self.played.place(0, timestamp, pcm, arrival);
    }

    /// Says whether something of ours sounds on that leg, and whether the leg is connected.
    pub(crate) fn playing(&mut self, leg: LegName, on: bool, connected: bool, now: DateTime<Utc>) {
        let at = u64::try_from(self.position(now)).unwrap_or(0);
        match leg {
            LegName::Caller => {
                self.played_to_caller.set(on, at);
                self.caller_waits.set(on && !connected, at);
            }
            LegName::Agent => self.agent_waits.set(on && !connected, at),
        }
    }

    /// Seals what is old enough by now.
    pub(crate) fn seal(&mut self, now: DateTime<Utc>) -> Vec<Sealed> {
        self.seal_to(self.position(now) - HOLD)
    }

    /// Seals everything: the recording ends now.
    pub(crate) fn seal_all(&mut self, now: DateTime<Utc>) -> Vec<Sealed> {
        let frame = i64::try_from(FRAME).expect("160");
        self.seal_to(self.position(now) + frame - 1)
    }

    fn seal_to(&mut self, end: i64) -> Vec<Sealed> {
        let frame = i64::try_from(FRAME).expect("160");
        let mut sealed = Vec::new();
        while self.sealed + frame <= end {
            let at = u64::try_from(self.sealed).unwrap_or(0);
            sealed.push(Sealed {
                at,
                caller: self.caller.seal(FRAME),
                agent: self.agent.seal(FRAME),
                played: self.played.seal(FRAME),
                clear: (clear(&self.caller_waits, at), clear(&self.agent_waits, at)),
            });
            self.sealed += frame;
        }
        sealed
    }

    /// The samples that are sealed.
    pub(crate) fn sealed(&self) -> u64 {
        u64::try_from(self.sealed).unwrap_or(0)
    }

    /// Where the caller was played something.
    pub(crate) fn played_spans(&self) -> Vec<crate::Span> {
        self.played_to_caller.until(self.sealed())
    }
}

fn clear(spans: &Spans, at: u64) -> bool {
    !spans.contain(at) && !spans.contain(at + FRAME as u64 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Clock, ManualClock};
    use chrono::TimeDelta;

    #[test]
    fn both_tracks_run_with_the_clock_and_frames_are_sealed_once() {
        let clock = ManualClock::default();
        let mut timeline = Timeline::new(clock.now());
        let mut sealed = Vec::new();
        for n in 0..50i16 {
            clock.advance(TimeDelta::milliseconds(20));
            timeline.heard(LegName::Caller, 1, i64::from(n) * 160, &[n; 160], clock.now());
            if n >= 10 {
                timeline.heard(LegName::Agent, 2, i64::from(n) * 160, &[-n; 160], clock.now());
            }
            sealed.extend(timeline.seal(clock.now()));
        }
        sealed.extend(timeline.seal_all(clock.now()));
        assert_eq!(sealed.len(), 50);
        let at: Vec<u64> = sealed.iter().map(|frame| frame.at).collect();
        assert_eq!(at, (0..50).map(|n| n * 160).collect::<Vec<_>>());
        assert_eq!((sealed[30].caller[0], sealed[30].agent[0]), (29, -29));
        assert_eq!(sealed[5].agent[0], 0);
    }

    #[test]
    fn frames_under_a_prompt_are_marked() {
        let clock = ManualClock::default();
        let mut timeline = Timeline::new(clock.now());
        timeline.playing(LegName::Caller, true, false, clock.now());
        clock.advance(TimeDelta::milliseconds(100));
        timeline.playing(LegName::Caller, false, false, clock.now());
        clock.advance(TimeDelta::milliseconds(100));
        let clear: Vec<_> =
            timeline.seal_all(clock.now()).iter().map(|frame| frame.clear).collect();
        assert_eq!(clear[..5], [(false, true); 5]);
        assert_eq!(clear[5..], [(true, true); 5]);
        assert_eq!(timeline.played_spans(), [crate::Span { from_ms: 0, to_ms: 100 }]);
    }
}
