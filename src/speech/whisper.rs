//! The only file that knows Whisper. What whisper.cpp does on its own and we must not rely on
//! (voice detection, no-speech probability, abort, context between texts) is left switched off.
use std::path::Path;

use whisper_rs::{
    FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState,
};

use crate::recogniser::{Effort, Engine, Recogniser};
use crate::{Error, audio};

/// Shorter sound than this is padded by nobody and read out of bounds in places.
const SHORTEST: u64 = audio::RATE * 3 / 10;
/// The encoder's frames a second, and all it has.
const CONTEXT_RATE: u64 = 50;
const CONTEXT: u64 = 1_500;

/// A loaded model (语音模型); shared by all workers.
#[derive(Debug)]
pub struct Whisper {
    context: WhisperContext,
}

impl Whisper {
    /// Loads a ggml file.
    ///
    /// # Errors
    /// When it is missing, damaged, or knows English only; the text says what to do.
    pub fn load(path: &Path) -> Result<Self, Error> {
        whisper_rs::install_logging_hooks(); // without a backend chosen: whisper.cpp is silent
        let unreadable = |why: String| {
            Error::Model(format!("语音模型 {} {why}；请运行 ops/fetch-model", path.display()))
        };
        let mut file =
            std::fs::File::open(path).map_err(|e| unreadable(format!("打不开（{e}）")))?;
        crate::model::check(&mut file).map_err(unreadable)?;
        let mut parameters = WhisperContextParameters::default();
        // with a fitted window it would read what an earlier call left behind
        parameters.flash_attn(false);
        let context = WhisperContext::new_with_params(path, parameters)
            .map_err(|e| unreadable(format!("读不了（{e}）")))?;
        Ok(Self { context })
    }
}

impl Engine for Whisper {
    fn worker(&self) -> Result<Box<dyn Recogniser>, Error> {
        let state = self.context.create_state().map_err(|e| Error::Recogniser(e.to_string()))?;
        Ok(Box::new(Worker {
            state,
            partial: profile(Effort::Partial),
            r#final: profile(Effort::Final),
            careful: profile(Effort::Careful),
        }))
    }
}

/// The settings of one effort. Made once a worker, because whisper-rs never frees the language.
fn profile(effort: Effort) -> FullParams<'static, 'static> {
    let beam = |beam_size| SamplingStrategy::BeamSearch { beam_size, patience: -1.0 };
    let mut it = FullParams::new(match effort {
        Effort::Partial => SamplingStrategy::Greedy { best_of: 1 },
        Effort::Final => beam(3),
        Effort::Careful => beam(5),
    });
    it.set_language(Some("zh"));
    // more would wait for each other in busy loops: ten times slower on a machine with other work
    it.set_n_threads(1);
    it.set_no_context(true);
    it.set_suppress_nst(true);
    it.set_print_progress(false);
    it.set_print_realtime(false);
    it.set_print_special(false);
    it.set_print_timestamps(false);
    match effort {
        Effort::Partial | Effort::Final => {
            it.set_single_segment(true);
            it.set_no_timestamps(true);
            it.set_suppress_blank(false);
            it.set_temperature_inc(0.0);
        }
        Effort::Careful => it.set_temperature_inc(0.2),
    }
    it
}

/// One state, used by one thread, again and again.
struct Worker {
    state: WhisperState,
    partial: FullParams<'static, 'static>,
    r#final: FullParams<'static, 'static>,
    careful: FullParams<'static, 'static>,
}

impl Recogniser for Worker {
    fn hear(&mut self, sound: &[f32], effort: Effort) -> Result<String, Error> {
        let samples = sound.len() as u64;
        if samples < SHORTEST {
            return Ok(String::new());
        }
        let mut parameters = match effort {
            Effort::Partial => &self.partial,
            Effort::Final => &self.r#final,
            Effort::Careful => &self.careful,
        }
        .clone();
        if effort != Effort::Careful {
            parameters.set_audio_ctx(fitted(samples));
            // nobody says more than 12 tokens a second; a loop ends here
            let most = 8 + samples * 12 / audio::RATE;
            parameters.set_max_tokens(i32::try_from(most.min(220)).unwrap_or(220));
        }
        self.state.full(parameters, sound).map_err(|e| Error::Recogniser(e.to_string()))?;
        let mut bytes = Vec::new();
        for segment in self.state.as_iter() {
            bytes.extend(segment.to_bytes().map_err(|e| Error::Recogniser(e.to_string()))?);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// The encoder's window for a piece of sound: few distinct sizes, never so small that it loops.
fn fitted(samples: u64) -> i32 {
    let needed = (samples * CONTEXT_RATE).div_ceil(audio::RATE) + 128;
    let size = needed.next_multiple_of(64).clamp(512, CONTEXT);
    i32::try_from(size).expect("at most 1500")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_fits_the_sound() {
        assert_eq!(fitted(audio::RATE), 512);
        assert_eq!(fitted(audio::RATE * 10), 640);
        assert_eq!(fitted(audio::RATE * 30), 1_500);
    }
}
