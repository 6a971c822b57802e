use std::collections::VecDeque;

/// The keys, by event number (RFC 4733 §3.2).
const KEYS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];
/// Events remembered against copies that come late.
const REMEMBERED: usize = 8;
/// 20 ms in timestamp units of 8 kHz.
const STEP: u16 = 160;
/// The E bit, and -10 dBm0.
const END: u8 = 0x80;
const VOLUME: u8 = 0x0a;
/// 100 ms of tone, 80 ms of pause.
const TONE_STEPS: u16 = 5;
const PAUSE_STEPS: u16 = 4;

/// Key presses out of telephone-event packets: each once, whatever is repeated.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    known: VecDeque<(u32, u32, u8)>,
}

impl Receiver {
    /// Takes a payload; a key when its first packet comes (whichever that is).
    pub(crate) fn take(&mut self, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<char> {
        let [event, _, _, _, ..] = *payload else { return None };
        let key = KEYS.get(usize::from(event))?;
        if self.known.contains(&(ssrc, timestamp, event)) {
            return None;
        }
        self.known.push_back((ssrc, timestamp, event));
        if self.known.len() > REMEMBERED {
            self.known.pop_front();
        }
        Some(*key)
    }
}

/// Key presses as telephone-event packets, one step each 20 ms.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    waiting: VecDeque<u8>,
    /// The event, and the steps done of tone and pause.
    now: Option<(u8, u16)>,
}

/// What to send in this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) payload: [u8; 4],
    /// A new event: it gets a new timestamp and the marker.
    pub(crate) first: bool,
    /// Three at the end (RFC 4733 §2.5.1.4), else one.
    pub(crate) copies: u8,
    /// How long the event has lasted, in timestamp units of 8 kHz.
    pub(crate) lasted: u16,
}

impl Sender {
    /// Queues a key; false when there is no such key.
    pub(crate) fn press(&mut self, key: char) -> bool {
        let event = KEYS.iter().position(|known| *known == key.to_ascii_uppercase());
        let event = event.and_then(|at| u8::try_from(at).ok());
        self.waiting.extend(event);
        event.is_some()
    }

    /// Whether the leg belongs to keys now and carries no voice.
    pub(crate) fn busy(&self) -> bool {
        self.now.is_some() || !self.waiting.is_empty()
    }

    /// The next 20 ms; None when nothing is to be sent. `factor` is the clock rate of the
    /// telephone-event in units of 8 kHz.
    pub(crate) fn step(&mut self, factor: u16) -> Option<Step> {
        if self.now.is_none() {
            self.now = self.waiting.pop_front().map(|event| (event, 0));
        }
        let (event, done) = self.now?;
        let done = done + 1;
        self.now = (done < TONE_STEPS + PAUSE_STEPS).then_some((event, done));
        if done > TONE_STEPS {
            return None;
        }
        let last = done == TONE_STEPS;
        let [high, low] = (done * STEP * factor).to_be_bytes();
        Some(Step {
            payload: [event, if last { END | VOLUME } else { VOLUME }, high, low],
            first: done == 1,
            copies: if last { 3 } else { 1 },
            lasted: done * STEP,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_sent_is_one_key_received() {
        let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
        assert!(sender.press('5') && sender.press('5') && sender.press('#'));
        let (mut heard, mut timestamp, mut packets) = (String::new(), 0, 0);
        while sender.busy() {
            if let Some(step) = sender.step(1) {
                timestamp += if step.first { 10_000 } else { 0 };
                for _ in 0..step.copies {
                    packets += 1;
                    heard.extend(receiver.take(1, timestamp, &step.payload));
                }
            }
        }
        assert_eq!(heard, "55#");
        assert_eq!(packets, 3 * 7);
    }

    #[test]
    fn the_end_is_sent_three_times_with_the_same_duration() {
        let mut sender = Sender::default();
        sender.press('1');
        let steps: Vec<Step> = std::iter::from_fn(|| sender.step(1)).collect();
        assert_eq!(steps.len(), 5);
        assert_eq!(steps[4].payload, [1, 0x8a, 3, 32]); // 800
        assert_eq!(steps[4].copies, 3);
        assert_eq!(steps.iter().filter(|step| step.first).count(), 1);
    }

    #[test]
    fn an_end_that_lost_its_beginning_still_counts() {
        let mut receiver = Receiver::default();
        assert_eq!(receiver.take(1, 160, &[11, 0x8a, 3, 32]), Some('#'));
        assert_eq!(receiver.take(1, 160, &[11, 0x8a, 3, 32]), None);
    }

    #[test]
    fn what_is_no_key_is_ignored() {
        let mut receiver = Receiver::default();
        assert_eq!(receiver.take(1, 1, &[16, 0, 0, 0]), None);
        assert_eq!(receiver.take(1, 1, &[1, 0, 0]), None);
        assert!(!Sender::default().press('x'));
    }
}
