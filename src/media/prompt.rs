use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::{Error, RATE, wav};

/// A sample below this is silence.
const SILENT: u16 = 400;
/// What is left of the silence at each end: 20 ms.
const BREATH: usize = 160;

/// Something recorded that can be played (提示音). Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt {
    name: Arc<str>,
    pcm: Arc<[i16]>,
}

impl std::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Prompt({}, {} ms)", self.name, self.millis())
    }
}

impl Prompt {
    /// A prompt out of 8 kHz samples.
    pub fn new(name: &str, pcm: Vec<i16>) -> Self {
        Self { name: name.into(), pcm: pcm.into() }
    }

    /// Reads a WAV file of 8 kHz and 16 bit; of one with two tracks the left.
    ///
    /// # Errors
    /// When it cannot be read or has another form.
    pub fn from_wav(path: &Path) -> Result<Self, Error> {
        let bad = |why: String| Error::Prompt { path: path.to_owned(), why };
        let (rate, pcm) = wav::read_left(path).map_err(|why| bad(why.to_string()))?;
        if rate != RATE {
            return Err(bad(format!("{rate} samples a second, not {RATE}")));
        }
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self::new(&name.unwrap_or_default(), pcm))
    }

    /// Several prompts one after the other, as one.
    #[must_use]
    pub fn joined(name: &str, parts: &[Self]) -> Self {
        Self::new(name, parts.iter().flat_map(|part| part.pcm.iter().copied()).collect())
    }

    /// The same without the silence around it: for parts that are said in one breath.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        let loud = |sample: &i16| sample.unsigned_abs() > SILENT;
        let (Some(first), Some(last)) =
            (self.pcm.iter().position(loud), self.pcm.iter().rposition(loud))
        else {
            return self.clone();
        };
        let (from, to) = (first.saturating_sub(BREATH), (last + BREATH).min(self.pcm.len()));
        Self::new(&self.name, self.pcm[from..to].to_vec())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn pcm(&self) -> &[i16] {
        &self.pcm
    }

    pub fn millis(&self) -> u64 {
        self.pcm.len() as u64 * 1000 / u64::from(RATE)
    }
}

/// The folder of prompts, read as they are asked for.
pub(crate) struct Prompts {
    folder: PathBuf,
    read: Mutex<HashMap<String, Prompt>>,
}

impl Prompts {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, read: Mutex::default() }
    }

    pub(crate) fn get(&self, name: &str) -> Result<Prompt, Error> {
        let path = self.folder.join(format!("{name}.wav"));
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        if !name.chars().all(plain) {
            return Err(Error::Prompt { path, why: "not a name of a prompt".to_owned() });
        }
        let mut read = self.read.lock().expect("nobody panics with the prompts");
        if let Some(prompt) = read.get(name) {
            return Ok(prompt.clone());
        }
        let prompt = Prompt::from_wav(&path)?;
        read.insert(name.to_owned(), prompt.clone());
        Ok(prompt)
    }
}
