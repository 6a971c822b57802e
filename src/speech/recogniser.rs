use crate::guard::{Doubt, doubt};
use crate::{Error, audio, script};

/// How much work a piece of sound is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A sentence still being spoken: quick, and heard again in a second.
    Partial,
    /// A finished sentence, in a call that goes on.
    Final,
    /// What was not believed at first, and recordings.
    Careful,
}

/// A model that can be put to work. Whisper today; the rest of the room does not assume it.
pub(crate) trait Engine: Send + Sync {
    /// A worker of its own for the calling thread, which is all it uses.
    fn worker(&self) -> Result<Box<dyn Recogniser>, Error>;
}

/// Hears words in 16 kHz sound.
pub(crate) trait Recogniser {
    fn hear(&mut self, sound: &[f32], effort: Effort) -> Result<String, Error>;
}

/// What was heard, if it is to be believed: tidy, and never a phantom. A finished sentence that is
/// not believed is heard once more with all care; a second doubt leaves it empty.
pub(crate) fn believe(
    recogniser: &mut dyn Recogniser,
    sound: &[f32],
    effort: Effort,
) -> Result<String, Error> {
    #[expect(clippy::cast_precision_loss, reason = "a sentence is short")]
    let seconds = sound.len() as f64 / audio::RATE as f64;
    let mut heard = |effort| -> Result<(String, Option<Doubt>), Error> {
        let text = script::tidy(&recogniser.hear(sound, effort)?);
        let doubt = doubt(&text, seconds);
        Ok((text, doubt))
    };
    let (text, first) = heard(effort)?;
    let Some(why) = first else { return Ok(text) };
    tracing::debug!(?why, seconds, "a text was not believed");
    if effort != Effort::Final {
        return Ok(String::new());
    }
    let (text, second) = heard(Effort::Careful)?;
    Ok(if second.is_none() { text } else { String::new() })
}
