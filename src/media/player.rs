#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a tone is computed as a wave"
)]

use std::collections::VecDeque;
use std::f64::consts::TAU;

use crate::{FRAME, Prompt, RATE, Tone, level};

/// What is played on one leg: prompts one after the other, and below them a tone.
#[derive(Debug, Default)]
pub(crate) struct Player {
    waiting: VecDeque<(Prompt, u32)>,
    /// Samples played of the first prompt.
    at: usize,
    tone: Option<Tone>,
    /// Samples played of the tone.
    phase: u64,
    /// The other party's voice, to be heard over a prompt.
    voice: VecDeque<i16>,
    /// How much softer the prompt is for it, from 0 to 1.
    ducked: f64,
}

/// The other party's voice that may wait: 80 ms, for packets that come together.
const VOICE_WAITS: usize = 4 * FRAME;
/// What is left of a prompt while somebody speaks over it.
const UNDER_A_VOICE: f64 = 0.3;
/// Softer than this is nobody speaking.
const SPOKEN_DBOV: f64 = -45.0;
/// How fast a prompt gives way, a sample: within some 20 ms.
const GIVES_WAY: f64 = 0.01;

impl Player {
    pub(crate) fn play(&mut self, prompt: Prompt, id: u32) {
        self.waiting.push_back((prompt, id));
    }

    pub(crate) fn tone(&mut self, tone: Tone) {
        let tone = (tone != Tone::Off).then_some(tone);
        if tone != self.tone {
            (self.tone, self.phase) = (tone, 0);
        }
    }

    pub(crate) fn stop(&mut self) {
        *self = Self::default();
    }

    /// Takes what the other party says while a prompt plays.
    pub(crate) fn hear(&mut self, voice: &[i16]) {
        self.voice.extend(voice);
        let late = self.voice.len().saturating_sub(VOICE_WAITS);
        self.voice.drain(..late);
    }

    /// What is heard of a frame of ours: the other party's voice over it, and it softer meanwhile.
    pub(crate) fn over(&mut self, frame: &[i16]) -> Vec<i16> {
        if self.voice.is_empty() && self.ducked < GIVES_WAY {
            return frame.to_vec();
        }
        let count = self.voice.len().min(frame.len());
        let mut voice: Vec<i16> = self.voice.drain(..count).collect();
        voice.resize(frame.len(), 0);
        let spoken = f64::from(u8::from(level::dbov(&voice) > SPOKEN_DBOV));
        let mix = |(ours, theirs): (&i16, &i16)| {
            self.ducked += (spoken - self.ducked) * GIVES_WAY;
            let ours = f64::from(*ours) * (1.0 - self.ducked * (1.0 - UNDER_A_VOICE));
            (ours as i16).saturating_add(*theirs)
        };
        frame.iter().zip(&voice).map(mix).collect()
    }

    /// Whether anything of ours sounds now: a prompt, or a tone where nobody is connected.
    pub(crate) fn covers(&self, connected: bool) -> bool {
        self.plays_prompt() || (self.tone.is_some() && !connected)
    }

    /// Whether a prompt plays: it covers everything else.
    pub(crate) fn plays_prompt(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next 20 ms, or None when nothing is to be played. Prompts that ended in it are told.
    pub(crate) fn frame(&mut self, ended: &mut Vec<u32>) -> Option<Vec<i16>> {
        if self.plays_prompt() {
            return Some(self.prompt_frame(ended));
        }
        let tone = self.tone?;
        let frame = (0..FRAME as u64).map(|n| sample(tone, self.phase + n)).collect();
        self.phase += FRAME as u64;
        Some(frame)
    }

    fn prompt_frame(&mut self, ended: &mut Vec<u32>) -> Vec<i16> {
        let mut frame = Vec::with_capacity(FRAME);
        while let Some((prompt, id)) = self.waiting.front() {
            let rest = &prompt.pcm()[self.at.min(prompt.pcm().len())..];
            let taken = rest.len().min(FRAME - frame.len());
            frame.extend_from_slice(&rest[..taken]);
            self.at += taken;
            if self.at < prompt.pcm().len() {
                break;
            }
            ended.push(*id);
            self.waiting.pop_front();
            self.at = 0;
        }
        frame.resize(FRAME, 0);
        frame
    }
}

/// Samples over which a tone rises, falls and changes its level, so that it does not click.
const RAMP: f64 = 40.0;

fn sample(tone: Tone, phase: u64) -> i16 {
    let rate = u64::from(RATE);
    // (on, period, amplitude while on, amplitude between)
    let (on, period, loud, soft) = match tone {
        // The tone never leaves wholly: between the beats it stays as a murmur, so that the
        // caller knows that the line lives and a listening machine that the call still waits.
        Tone::Waiting450 => (rate, 5 * rate, 2400.0, 480.0),
        Tone::Ringback450 => (rate, 5 * rate, 6000.0, 0.0),
        Tone::Busy450 => (rate * 35 / 100, rate * 70 / 100, 6000.0, 0.0),
        Tone::Off => return 0,
    };
    let at = phase % period;
    let amplitude = if at < on {
        let edge = (at.min(on - at) as f64 / RAMP).min(1.0);
        soft + (loud - soft) * edge
    } else {
        soft
    };
    ((phase as f64 * 450.0 * TAU / f64::from(RATE)).sin() * amplitude) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level;

    #[test]
    fn prompts_follow_each_other_without_a_gap_and_tell_their_end() {
        let mut player = Player::default();
        player.play(Prompt::new("a", vec![1; 200]), 1);
        player.play(Prompt::new("b", vec![2; 100]), 2);
        let mut ended = Vec::new();
        let first = player.frame(&mut ended).unwrap();
        assert!(ended.is_empty());
        let second = player.frame(&mut ended).unwrap();
        assert_eq!(ended, [1, 2]);
        assert_eq!([first, second].concat(), [vec![1; 200], vec![2; 100], vec![0; 20]].concat());
        assert_eq!(player.frame(&mut ended), None);
    }

    #[test]
    fn a_voice_is_heard_over_a_prompt_which_gives_way_and_comes_back() {
        let mut player = Player::default();
        let (prompt, voice) = (level::sine(300.0, 8000.0, 4000), level::sine(1000.0, 8000.0, 1600));
        player.play(Prompt::new("a", prompt), 1);
        let mut heard = Vec::new();
        for n in 0..25 {
            if n < 10 {
                player.hear(&voice[n * FRAME..(n + 1) * FRAME]);
            }
            let frame = player.frame(&mut Vec::new()).unwrap();
            heard.push(player.over(&frame));
        }
        let (with, without) = (heard[4..10].concat(), heard[15..].concat());
        assert!(level::share_of(&with, 1000.0) > 0.7, "{}", level::share_of(&with, 1000.0));
        assert!(level::share_of(&with, 300.0) > 0.02);
        assert!(level::share_of(&without, 300.0) > 0.9);
    }

    #[test]
    fn the_waiting_tone_lies_at_450_hz_in_every_half_second() {
        let mut player = Player::default();
        player.tone(Tone::Waiting450);
        let sound: Vec<i16> =
            (0..500).flat_map(|_| player.frame(&mut Vec::new()).unwrap()).collect();
        for half in sound.chunks(4000) {
            assert!(level::share_of(half, 450.0) > 0.5 && level::dbov(half) > -45.0);
        }
    }

    #[test]
    fn the_tone_waits_below_a_prompt() {
        let mut player = Player::default();
        player.tone(Tone::Busy450);
        player.play(Prompt::new("a", vec![9; 160]), 1);
        assert_eq!(player.frame(&mut Vec::new()).unwrap(), [9; 160]);
        assert!(level::share_of(&player.frame(&mut Vec::new()).unwrap(), 450.0) > 0.8);
        player.stop();
        assert!(!player.covers(false) && player.frame(&mut Vec::new()).is_none());
    }
}
