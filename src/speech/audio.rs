use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler};

use crate::Error;

/// Samples a second of what the recogniser hears.
pub(crate) const RATE: u64 = 16_000;
/// Samples a second on the line.
pub(crate) const LINE_RATE: u64 = 8_000;
const CHUNK: usize = 160;

/// The line's 8 kHz as 16 kHz, one continuous stream for a whole leg: an edge at each segment
/// would be heard as a click, and clicks become words.
pub(crate) struct Upsampler {
    resampler: Fft<f32>,
    waiting: Vec<f32>,
    /// What the filter still holds back at the start; dropped, so that positions stay true.
    delay: usize,
}

impl Upsampler {
    pub(crate) fn new() -> Self {
        let resampler = Fft::new(line_rate(), rate(), CHUNK, 1, FixedSync::Input)
            .expect("two fixed rates and one channel");
        let delay = resampler.output_delay();
        Self { resampler, waiting: Vec::new(), delay }
    }

    /// Appends to `out` what is ready; the rest comes with the next frames.
    pub(crate) fn push(&mut self, pcm: &[i16], out: &mut Vec<f32>) -> Result<(), Error> {
        self.waiting.extend(pcm.iter().map(|&sample| f32::from(sample) / 32_768.0));
        let mut used = 0;
        while self.waiting.len() - used >= CHUNK {
            self.step(used, out)?;
            used += CHUNK;
        }
        self.waiting.drain(..used);
        Ok(())
    }

    fn step(&mut self, from: usize, out: &mut Vec<f32>) -> Result<(), Error> {
        let input = SequentialSlice::new(&self.waiting[from..from + CHUNK], 1, CHUNK)
            .expect("the slice has this length");
        let frame =
            self.resampler.process(&input, None).map_err(|e| Error::Resample(e.to_string()))?;
        let frame = frame.take_data();
        let skip = self.delay.min(frame.len());
        self.delay -= skip;
        out.extend_from_slice(&frame[skip..]);
        Ok(())
    }

    /// The end of the stream: what the filter and the last frame still held.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), Error> {
        self.push(&[0; CHUNK * 2], out)
    }
}

/// A whole recording of any rate as 16 kHz.
pub(crate) fn resample_all(samples: &[f32], from: u32) -> Result<Vec<f32>, Error> {
    let from = from as usize;
    if from == rate() || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let failed = |e: &dyn std::fmt::Display| Error::Resample(e.to_string());
    let mut resampler = Fft::new(from, rate(), 1024, 1, FixedSync::Both).map_err(|e| failed(&e))?;
    let input = SequentialSlice::new(samples, 1, samples.len()).map_err(|e| failed(&e))?;
    let out = resampler.process_all(&input, samples.len(), None).map_err(|e| failed(&e))?;
    Ok(out.take_data())
}

/// Loudness in dBFS; digital silence is -120.
#[expect(clippy::cast_precision_loss, reason = "frames are short")]
pub(crate) fn level(samples: &[f32]) -> f32 {
    let power: f32 = samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32;
    10.0 * (power + 1e-12).log10()
}

fn rate() -> usize {
    usize::try_from(RATE).expect("a small number")
}

fn line_rate() -> usize {
    usize::try_from(LINE_RATE).expect("a small number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: f32, seconds: f32, hertz: f32) -> Vec<f32> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a short tone")]
        let count = (rate * seconds) as u16;
        (0..count)
            .map(|n| 0.5 * (f32::from(n) * hertz / rate * std::f32::consts::TAU).sin())
            .collect()
    }

    #[test]
    fn a_tone_keeps_its_place_and_its_loudness() {
        #[expect(clippy::cast_possible_truncation, reason = "within i16")]
        let line: Vec<i16> =
            tone(8_000.0, 1.0, 1_000.0).iter().map(|s| (s * 32_767.0) as i16).collect();
        let (mut upsampler, mut out) = (Upsampler::new(), Vec::new());
        for frame in line.chunks(133) {
            upsampler.push(frame, &mut out).unwrap();
        }
        upsampler.finish(&mut out).unwrap();
        let wanted = tone(16_000.0, 1.0, 1_000.0);
        for (n, (got, wanted)) in out.iter().zip(&wanted).enumerate().skip(800).take(14_000) {
            assert!((got - wanted).abs() < 0.02, "sample {n}: {got} instead of {wanted}");
        }
    }

    #[test]
    fn a_recording_of_another_rate_keeps_its_length() {
        let out = resample_all(&tone(44_100.0, 0.5, 440.0), 44_100).unwrap();
        assert!(out.len().abs_diff(8_000) <= 2, "{}", out.len());
    }

    #[test]
    fn silence_is_very_quiet() {
        assert!(level(&[0.0; 256]) < -100.0);
        assert!((level(&tone(16_000.0, 0.1, 440.0)) + 9.03).abs() < 0.1);
    }
}
