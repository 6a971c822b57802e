use media::{TapFrame, level};

/// The tone that sounds while a caller waits.
const HOLD_TONE: f64 = 450.0;
/// Quieter than this is nothing.
const QUIET_DBOV: f64 = -48.0;
/// A beat of the tone is at least so long; speech has shorter stretches at its pitch.
const BEAT_MS: u64 = 200;
/// The tone is gone when it has been gone for so long.
const GONE_MS: u64 = 500;
/// Whoever speaks then, as the voice that tells the agent's number, is heard to the end: a pause
/// of so long, or so long in all.
const POLITE_MS: u64 = 500;
const PATIENCE_MS: u64 = 5000;
/// Without a tone: the greeting was heard for so long at least, and then there was a pause.
const GREETING_MS: u64 = 1000;
const PAUSE_MS: u64 = 1500;
/// Without anything to hear, and at the latest.
const NOTHING_MS: u64 = 5000;
const LATEST_MS: u64 = 20_000;
/// Length of a frame.
const FRAME_MS: u64 = 20;

/// Hears when an agent has come on: the hold tone has been gone for half a second, and nobody
/// speaks. Where an agent was free at once there is no tone; then the talk begins in the pause
/// after the greeting.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    /// How long the tone has sounded without a break.
    beat_ms: u64,
    /// When a beat of the tone was last heard.
    tone_at: Option<u64>,
    sound_ms: u64,
    sound_at: u64,
    talks: bool,
}

impl Ear {
    /// Takes what was heard; whether the talk begins with it. Says so once.
    pub(crate) fn begins(&mut self, frame: &TapFrame) -> bool {
        if self.talks {
            return false;
        }
        let now = frame.at_ms;
        let loud = level::dbov(&frame.pcm) > QUIET_DBOV;
        let tone = loud && level::share_of(&frame.pcm, HOLD_TONE) > 0.5;
        self.beat_ms = if tone { self.beat_ms + FRAME_MS } else { 0 };
        if self.beat_ms >= BEAT_MS {
            self.tone_at = Some(now);
        }
        if loud {
            self.sound_ms += FRAME_MS;
            self.sound_at = now;
        }
        self.talks = match self.tone_at {
            Some(tone_at) if now - tone_at >= GONE_MS + PATIENCE_MS => true,
            Some(tone_at) => now - tone_at >= GONE_MS && now - self.sound_at >= POLITE_MS,
            None if self.sound_ms == 0 => now >= NOTHING_MS,
            None if now >= LATEST_MS => true,
            None => self.sound_ms >= GREETING_MS && now - self.sound_at >= PAUSE_MS,
        };
        self.talks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::LegName;

    /// When the talk begins in these stretches of (frequency, ms), in milliseconds.
    fn begins(stretches: &[(f64, usize)]) -> Option<u64> {
        let pcm: Vec<i16> = stretches
            .iter()
            .flat_map(|(frequency, ms)| level::sine(*frequency, 3000.0, ms * 8))
            .collect();
        let mut ear = Ear::default();
        pcm.chunks(160).zip(0u64..).find_map(|(pcm, n)| {
            let frame = TapFrame { leg: LegName::Agent, at_ms: n * 20, pcm: pcm.to_vec() };
            ear.begins(&frame).then_some(frame.at_ms)
        })
    }

    const SILENCE: f64 = 0.0;

    #[test]
    fn talk_begins_half_a_second_after_the_tone() {
        let heard = [(700.0, 4000), (450.0, 6000), (SILENCE, 3000)];
        let at = begins(&heard).unwrap();
        assert!((10_480..=10_520).contains(&at), "{at}");
    }

    #[test]
    fn the_voice_that_tells_the_agents_number_is_heard_to_the_end() {
        let heard = [(700.0, 4000), (450.0, 6000), (300.0, 3000), (SILENCE, 2000)];
        let at = begins(&heard).unwrap();
        assert!((13_480..=13_520).contains(&at), "{at}");
    }

    #[test]
    fn an_agent_who_never_pauses_is_interrupted() {
        let at = begins(&[(450.0, 6000), (300.0, 30_000)]).unwrap();
        assert!((11_480..=11_520).contains(&at), "{at}");
    }

    #[test]
    fn a_pause_in_the_greeting_does_not_count_when_a_tone_follows() {
        let heard = [(700.0, 3000), (SILENCE, 800), (700.0, 2000), (450.0, 1000), (SILENCE, 900)];
        let at = begins(&heard).unwrap();
        assert!((7280..=7320).contains(&at), "{at}");
    }

    #[test]
    fn without_a_tone_talk_begins_in_the_pause_after_the_greeting() {
        let at = begins(&[(700.0, 6000), (SILENCE, 3000)]).unwrap();
        assert!((7460..=7520).contains(&at), "{at}");
    }

    #[test]
    fn where_nothing_is_heard_or_nobody_stops_talking_it_begins_some_time() {
        assert_eq!(begins(&[(SILENCE, 9000)]), Some(5000));
        assert_eq!(begins(&[(700.0, 30_000)]), Some(20_000));
    }

    #[test]
    fn it_does_not_begin_while_the_tone_sounds() {
        assert_eq!(begins(&[(700.0, 4000), (450.0, 60_000)]), None);
    }
}
