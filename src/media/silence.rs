use chrono::{DateTime, Utc};

/// When silence is reported, in seconds.
const REPORTED: [u32; 4] = [10, 30, 60, 120];
/// What is louder is a voice.
const QUIET_DBOV: f64 = -50.0;

/// Notices a party that is not heard (单通、静音).
#[derive(Debug, Default)]
pub(crate) struct Silence {
    since: Option<DateTime<Utc>>,
    packet: Option<DateTime<Utc>>,
    told: usize,
}

impl Silence {
    /// Starts to listen, or stops.
    pub(crate) fn listen(&mut self, from: Option<DateTime<Utc>>) {
        *self = Self { since: from, packet: self.packet, told: 0 };
    }

    /// A packet came, so loud.
    pub(crate) fn heard(&mut self, dbov: f64, now: DateTime<Utc>) {
        self.packet = Some(now);
        if dbov > QUIET_DBOV && self.since.is_some() {
            self.since = Some(now);
            self.told = 0;
        }
    }

    /// The seconds of silence that are due to be told, and whether packets still come.
    pub(crate) fn due(&mut self, now: DateTime<Utc>) -> Option<(u32, bool)> {
        let quiet = (now - self.since?).num_seconds();
        let next = *REPORTED.get(self.told)?;
        if quiet < i64::from(next) {
            return None;
        }
        self.told += 1;
        let receiving = self.packet.is_some_and(|at| (now - at).num_seconds() < 2);
        Some((next, receiving))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Clock, ManualClock};
    use chrono::TimeDelta;

    #[test]
    fn silence_is_told_once_at_each_mark_and_a_voice_starts_again() {
        let (clock, mut silence) = (ManualClock::default(), Silence::default());
        let after = |seconds, voice: Option<f64>, silence: &mut Silence| {
            clock.advance(TimeDelta::seconds(seconds));
            if let Some(dbov) = voice {
                silence.heard(dbov, clock.now());
            }
            silence.due(clock.now())
        };
        assert_eq!(after(100, None, &mut silence), None); // not connected
        silence.listen(Some(ManualClock::default().now() + TimeDelta::seconds(100)));
        assert_eq!(after(9, Some(-80.0), &mut silence), None);
        assert_eq!(after(1, Some(-80.0), &mut silence), Some((10, true)));
        assert_eq!(after(1, Some(-80.0), &mut silence), None);
        assert_eq!(after(19, None, &mut silence), Some((30, false)));
        assert_eq!(after(1, Some(-20.0), &mut silence), None);
        assert_eq!(after(10, None, &mut silence), Some((10, false)));
    }
}
