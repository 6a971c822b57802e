//! How loud, and of which frequency: for detectors and for tests that listen.
#![expect(clippy::cast_precision_loss, reason = "sound is measured, not counted")]

use std::f64::consts::TAU;

/// The level in dBov: 0 for the loudest square wave, -96 for silence.
pub fn dbov(pcm: &[i16]) -> f64 {
    let power = power(pcm);
    if power <= 0.0 { -96.0 } else { (10.0 * (power / (32768.0 * 32768.0)).log10()).max(-96.0) }
}

/// Mean square of the samples.
fn power(pcm: &[i16]) -> f64 {
    let sum: f64 = pcm.iter().map(|s| f64::from(*s) * f64::from(*s)).sum();
    sum / pcm.len().max(1) as f64
}

/// The share of the sound's power that lies at `frequency` (Goertzel), from 0 to about 1.
pub fn share_of(pcm: &[i16], frequency: f64) -> f64 {
    let step = 2.0 * (TAU * frequency / f64::from(crate::RATE)).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in pcm {
        (one, two) = (f64::from(*sample) + step * one - two, one);
    }
    let magnitude = one * one + two * two - step * one * two;
    let length = pcm.len().max(1) as f64;
    let total = power(pcm);
    if total <= 0.0 { 0.0 } else { 2.0 * magnitude / (length * length * total) }
}

/// `samples` of a pure tone at 8 kHz.
#[expect(clippy::cast_possible_truncation, reason = "an amplitude within i16")]
pub fn sine(frequency: f64, amplitude: f64, samples: usize) -> Vec<i16> {
    let step = TAU * frequency / f64::from(crate::RATE);
    (0..samples).map(|n| ((n as f64 * step).sin() * amplitude) as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_power_at_its_frequency() {
        let tone = sine(450.0, 5000.0, 400);
        assert!(share_of(&tone, 450.0) > 0.9);
        assert!(share_of(&tone, 1000.0) < 0.02);
    }

    #[test]
    fn silence_is_at_the_bottom_and_full_scale_near_the_top() {
        assert!(dbov(&[0; 160]) <= -96.0);
        assert!((dbov(&sine(1000.0, 32767.0, 800)) + 3.0).abs() < 0.1);
    }
}
