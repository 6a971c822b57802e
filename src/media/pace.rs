use chrono::{DateTime, TimeDelta, Utc};

use crate::call::Call;
use crate::timeline::Sealed;
use crate::{FRAME, LegName, MediaEvent, RATE, TapFrame};

/// When nothing was relayed for so long, silence is sent in its place.
const PATIENCE: TimeDelta = TimeDelta::milliseconds(200);
/// Ticks of 20 ms between reports: five seconds.
const REPORT_EVERY: u64 = 250;

impl Call {
    /// The 20 ms beat: what we play ourselves, what is sealed, what is due.
    pub(crate) async fn tick(&mut self) {
        let now = self.shared.clock.now();
        self.ticks += 1;
        for name in [LegName::Caller, LegName::Agent] {
            self.speak(name, now).await;
        }
        let sealed = self.timeline.as_mut().map(|timeline| timeline.seal(now)).unwrap_or_default();
        self.keep(&sealed).await;
        if self.ticks.is_multiple_of(REPORT_EVERY) {
            for leg in [&mut self.caller, &mut self.agent].into_iter().flatten() {
                leg.report(now);
            }
        }
        for leg in [LegName::Caller, LegName::Agent] {
            let due = self.leg(leg).and_then(|leg| leg.silence.due(now));
            if let Some((for_secs, receiving)) = due {
                self.events.push(MediaEvent::Silent { leg, for_secs, receiving });
            }
        }
    }

    /// What a party hears from us in this beat: a key, a prompt, a tone, or silence where the
    /// other party does not fill it.
    async fn speak(&mut self, name: LegName, now: DateTime<Utc>) {
        let connected = self.connected;
        self.mark(name);
        let Some(leg) = self.leg(name) else { return };
        let plays = leg.player.covers(connected);
        if leg.voice.is_none() || !leg.open {
            return;
        }
        if leg.keys_out.busy() {
            return leg.say_key(now).await;
        }
        let mut ended = Vec::new();
        let frame = if plays { leg.player.frame(&mut ended) } else { None };
        let relayed = connected && leg.relayed.is_some_and(|at| now - at < PATIENCE);
        match &frame {
            Some(frame) if leg.listens() => {
                let heard = leg.player.over(frame);
                leg.say(&heard, now).await;
            }
            None if leg.listens() && !relayed => leg.say(&[0; FRAME], now).await,
            _ => {}
        }
        if let (LegName::Caller, Some(frame)) = (name, &frame) {
            self.played(frame, now);
        }
        for id in ended {
            self.events.push(MediaEvent::PlayDone { leg: name, id });
        }
    }

    fn played(&mut self, frame: &[i16], now: DateTime<Utc>) {
        if let Some(timeline) = &mut self.timeline {
            timeline.played(self.played_samples, frame, now);
        }
        self.played_samples += i64::try_from(frame.len()).unwrap_or(0);
    }

    /// Records and taps what is sealed.
    pub(crate) async fn keep(&mut self, sealed: &[Sealed]) {
        for frame in sealed {
            if let Some(recorder) = &mut self.recorder
                && let Err(why) = recorder.add(frame).await
            {
                metrics::counter!("recordings_failed").increment(1);
                self.events.push(MediaEvent::RecordingFailed { why });
            }
            let at_ms = frame.at * 1000 / u64::from(RATE);
            if let Some((leg, ear)) = &self.ear {
                let pcm = match leg {
                    LegName::Caller => frame.caller.clone(),
                    LegName::Agent => frame.agent.clone(),
                };
                let dropped = ear.try_send(TapFrame { leg: *leg, at_ms, pcm }).is_err();
                self.tap_dropped += u64::from(dropped);
            }
            let Some(tap) = &self.tap else { continue };
            let (caller, agent) = frame.clear;
            let voices = [
                (LegName::Caller, &frame.caller, caller && self.caller.is_some()),
                (LegName::Agent, &frame.agent, agent && self.agent.is_some()),
            ];
            for (leg, pcm, clear) in voices {
                if clear && tap.try_send(TapFrame { leg, at_ms, pcm: pcm.clone() }).is_err() {
                    self.tap_dropped += 1;
                }
            }
        }
    }
}
