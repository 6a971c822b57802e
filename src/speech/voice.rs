use earshot::Detector;

use crate::audio::level;

/// Samples of one frame at 16 kHz: 16 ms.
pub(crate) const FRAME: usize = 256;

/// What is known of 16 ms of sound before any word is looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    /// How sure the detector is that somebody speaks, 0 to 1.
    pub(crate) voice: f32,
    /// Loudness in dBFS.
    pub(crate) level: f32,
}

/// Listens to one track for voices (语音活动检测). Tones of the network are no voices, whatever the
/// detector says.
pub(crate) struct Voice {
    detector: Box<Detector>,
    tonal: u32,
}

/// Dial, ringback and busy tone, then the rows and columns of a keypad, in Hz.
const TONES: [f32; 9] = [450.0, 697.0, 770.0, 852.0, 941.0, 1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// Frames of nothing but tones in a row before they count: a vowel passes through them.
const STEADY: u32 = 2;

impl Voice {
    pub(crate) fn new() -> Self {
        Self { detector: Detector::default_boxed(), tonal: 0 }
    }

    /// `samples` are [`FRAME`] samples.
    pub(crate) fn hear(&mut self, samples: &[f32]) -> Frame {
        let level = level(samples);
        let clipped: [f32; FRAME] = std::array::from_fn(|n| samples[n].clamp(-1.0, 1.0));
        let voice = self.detector.predict_f32(&clipped);
        self.tonal = if level > -60.0 && tone_share(&clipped) > 0.9 { self.tonal + 1 } else { 0 };
        Frame { voice: if self.tonal >= STEADY { 0.0 } else { voice }, level }
    }
}

/// The share of the frame's energy that lies in the two strongest of the network's tones.
#[expect(clippy::cast_precision_loss, reason = "a frame is short")]
fn tone_share(samples: &[f32; FRAME]) -> f32 {
    let total: f32 = samples.iter().map(|s| s * s).sum();
    let mut powers = TONES.map(|hertz| {
        // Goertzel: one bin of a Fourier transform, at any frequency
        let turn = 2.0 * (hertz / 16_000.0 * std::f32::consts::TAU).cos();
        let (last, before) = samples
            .iter()
            .fold((0.0_f32, 0.0_f32), |(last, before), s| (s + turn * last - before, last));
        (last * last + before * before - turn * last * before) * 2.0 / FRAME as f32
    });
    powers.sort_by(f32::total_cmp);
    (powers[8] + if powers[7] > powers[8] * 0.1 { powers[7] } else { 0.0 }) / (total + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most_voice(seconds: f32, sound: impl Fn(f32) -> f32) -> f32 {
        let mut voice = Voice::new();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "short")]
        let frames = (seconds * 62.5) as u16;
        (0..frames)
            .map(|f| {
                let samples: Vec<f32> = (0..256_u16)
                    .map(|n| sound((f32::from(f) * 256.0 + f32::from(n)) / 16_000.0))
                    .collect();
                (f, voice.hear(&samples).voice)
            })
            .filter(|(f, _)| *f > 10)
            .map(|(_, voice)| voice)
            .fold(0.0, f32::max)
    }

    #[test]
    fn the_tones_of_the_network_are_no_voice() {
        let sine = |hertz: f32, t: f32| 0.3 * (t * hertz * std::f32::consts::TAU).sin();
        assert!(most_voice(2.0, |t| sine(450.0, t)) < 0.35, "ringback");
        assert!(most_voice(2.0, |t| sine(852.0, t) + sine(1_336.0, t)) < 0.35, "a key");
    }

    #[test]
    fn silence_is_no_voice() {
        assert!(most_voice(2.0, |_| 0.0) < 0.35);
    }
}
