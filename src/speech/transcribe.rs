//! Recordings to text: whole files, with all care and no hurry.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use serde::Serialize;

use crate::audio::{RATE, resample_all};
use crate::recogniser::{Effort, Engine, Recogniser, believe};
use crate::state::{Rules, Segmenter, Step};
use crate::voice::{FRAME, Voice};
use crate::whisper::Whisper;
use crate::{Error, script};

/// How transcripts are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// The text; of a two-track file, each track on a line of its own.
    #[default]
    Txt,
    /// `file<TAB>text`; of a two-track file `file:1` (left) and `file:2` (right).
    Tsv,
    /// One object a track and line, with times.
    Json,
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "txt" => Ok(Self::Txt),
            "tsv" => Ok(Self::Tsv),
            "json" => Ok(Self::Json),
            other => Err(format!("unknown format '{other}': txt, tsv or json")),
        }
    }
}

/// What was said on one track of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// 1 left, 2 right.
    pub track: usize,
    pub passages: Vec<Passage>,
}

/// Some sentences of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passage {
    pub from_ms: u64,
    pub to_ms: u64,
    pub text: String,
}

impl Heard {
    /// All of it in one line.
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.passages.iter().map(|passage| passage.text.as_str()).collect();
        script::tidy(&texts.join(" "))
    }
}

/// Prints what the model hears in each file, in their order, as soon as it is known. `threads` files
/// are heard at a time, each by one thread: several on one sentence would wait for each other.
///
/// # Errors
/// When the model cannot be loaded, or after the last file, when one of them could not be read.
pub fn run(
    files: &[PathBuf],
    format: Format,
    model: &Path,
    threads: usize,
    print: &mut dyn FnMut(&str),
) -> Result<(), Error> {
    let whisper = Whisper::load(model)?;
    let next = AtomicUsize::new(0);
    let (tell, told) = mpsc::channel();
    let mut waiting = BTreeMap::new();
    let mut printed = 0;
    let mut first_error = None;
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, files.len().max(1)) {
            let (tell, whisper, next) = (tell.clone(), &whisper, &next);
            scope.spawn(move || {
                while let Some((n, file)) = {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    files.get(n).map(|file| (n, file))
                } {
                    if tell.send((n, transcribe_file(whisper, file))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for (n, heard) in told {
            waiting.insert(n, heard);
            while let Some(heard) = waiting.remove(&printed) {
                match heard {
                    Ok(tracks) => {
                        for track in &tracks {
                            print(&line(&files[printed], track, tracks.len(), format));
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, "not transcribed");
                        first_error.get_or_insert(error);
                    }
                }
                printed += 1;
            }
        }
    });
    first_error.map_or(Ok(()), Err)
}

fn line(file: &Path, heard: &Heard, tracks: usize, format: Format) -> String {
    let text = heard.text();
    let name = if tracks == 1 {
        file.display().to_string()
    } else {
        format!("{}:{}", file.display(), heard.track)
    };
    match format {
        Format::Txt if tracks == 1 => text,
        Format::Txt => format!("{}: {text}", heard.track),
        Format::Tsv => format!("{name}\t{text}"),
        Format::Json => serde_json::json!({
            "file": file, "track": heard.track, "text": text, "passages": heard.passages,
        })
        .to_string(),
    }
}

/// What is said on each track of a WAV file.
///
/// # Errors
/// When it is no WAV file of one or two tracks, or the recogniser fails.
pub fn transcribe_file(whisper: &Whisper, wav: &Path) -> Result<Vec<Heard>, Error> {
    let tracks = read(wav)?;
    let mut recogniser = whisper.worker()?;
    tracks
        .iter()
        .enumerate()
        .map(|(n, sound)| {
            Ok(Heard { track: n + 1, passages: transcribe(recogniser.as_mut(), sound)? })
        })
        .collect()
}

/// The tracks of a WAV file at 16 kHz.
fn read(path: &Path) -> Result<Vec<Vec<f32>>, Error> {
    let wrong = |why: String| Error::File { path: path.to_owned(), why };
    let mut wav = hound::WavReader::open(path).map_err(|e| wrong(e.to_string()))?;
    let spec = wav.spec();
    if !(1..=2).contains(&spec.channels) {
        return Err(wrong(format!("{} tracks; one or two can be transcribed", spec.channels)));
    }
    let samples: Result<Vec<f32>, hound::Error> = match spec.sample_format {
        hound::SampleFormat::Float => wav.samples::<f32>().collect(),
        hound::SampleFormat::Int => {
            #[expect(clippy::cast_precision_loss, reason = "sound has less than 24 bits")]
            let full = (1_u64 << (spec.bits_per_sample - 1)) as f32;
            #[expect(clippy::cast_precision_loss, reason = "sound has less than 24 bits")]
            wav.samples::<i32>().map(|s| s.map(|s| s as f32 / full)).collect()
        }
    };
    let samples = samples.map_err(|e| wrong(e.to_string()))?;
    let tracks = usize::from(spec.channels);
    (0..tracks)
        .map(|track| {
            let one: Vec<f32> = samples.iter().skip(track).step_by(tracks).copied().collect();
            resample_all(&one, spec.sample_rate)
        })
        .collect()
}

/// The recogniser's own window is 30 s; a passage stays below it.
const LONGEST: usize = 28 * 16_000;
/// Kept around each sentence: a first syllable is quiet, and a pause is punctuation.
const MARGIN: usize = 16_000 * 4 / 10;

fn transcribe(recogniser: &mut dyn Recogniser, sound: &[f32]) -> Result<Vec<Passage>, Error> {
    pack(&widen(&sentences(sound), sound.len()))
        .into_iter()
        .map(|window| {
            let text = believe(recogniser, &window.sound(sound), Effort::Careful)?;
            let ms = |sample: usize| sample as u64 * 1_000 / RATE;
            Ok(Passage { from_ms: ms(window.from()), to_ms: ms(window.to()), text })
        })
        .filter(|passage| !matches!(passage, Ok(passage) if passage.text.is_empty()))
        .collect()
}

/// Where somebody speaks, in samples.
fn sentences(sound: &[f32]) -> Vec<(usize, usize)> {
    let (mut voice, mut segmenter) = (Voice::new(), Segmenter::new(Rules::default()));
    let mut steps: Vec<Step> =
        sound.chunks_exact(FRAME).filter_map(|frame| segmenter.on(voice.hear(frame))).collect();
    steps.extend(segmenter.finish());
    let sample = |frame: u64| usize::try_from(frame).expect("it lies in memory") * FRAME;
    steps
        .into_iter()
        .filter_map(|step| match step {
            Step::Closed { from, to } | Step::Cut { from, to } => Some((sample(from), sample(to))),
            Step::Opened { .. } | Step::Discarded => None,
        })
        .collect()
}

/// Sentences with a margin, as far as that is not another sentence's.
fn widen(sentences: &[(usize, usize)], end: usize) -> Vec<(usize, usize)> {
    let middle = |n: usize| usize::midpoint(sentences[n].1, sentences[n + 1].0);
    (0..sentences.len())
        .map(|n| {
            let before = if n == 0 { 0 } else { middle(n - 1) };
            let after = if n + 1 == sentences.len() { end } else { middle(n) };
            let (from, to) = sentences[n];
            (from.saturating_sub(MARGIN).max(before), (to + MARGIN).min(after))
        })
        .collect()
}

/// Neighbouring sentences that are heard together: one window costs the same full or empty, and
/// words are understood better among others.
#[derive(Debug, Default, PartialEq, Eq)]
struct Window(Vec<(usize, usize)>);

impl Window {
    fn from(&self) -> usize {
        self.0.first().map_or(0, |part| part.0)
    }

    fn to(&self) -> usize {
        self.0.last().map_or(0, |part| part.1)
    }

    fn length(&self) -> usize {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    /// The sentences one behind the other; the long silences between them are left out.
    fn sound(&self, of: &[f32]) -> Vec<f32> {
        self.0.iter().flat_map(|&(from, to)| &of[from..to.min(of.len())]).copied().collect()
    }
}

fn pack(sentences: &[(usize, usize)]) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    for &(from, to) in sentences {
        match windows.last_mut() {
            Some(window) if window.length() + to - from <= LONGEST => window.0.push((from, to)),
            _ => windows.push(Window(vec![(from, to)])),
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_window_as_long_as_it_has_room() {
        let second = 16_000;
        let windows =
            pack(&[(0, 10 * second), (12 * second, 22 * second), (30 * second, 40 * second)]);
        assert_eq!(windows.iter().map(|w| w.0.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(
            (windows[0].from(), windows[0].to(), windows[0].length()),
            (0, 22 * second, 20 * second)
        );
    }

    #[test]
    fn a_margin_is_shared_with_the_neighbour() {
        let second = 16_000;
        assert_eq!(
            widen(&[(second, 2 * second), (2 * second + 200, 3 * second)], 3 * second + 100),
            [(second - MARGIN, 2 * second + 100), (2 * second + 100, 3 * second + 100)]
        );
    }

    #[test]
    fn each_format_names_the_track() {
        let heard = Heard {
            track: 2,
            passages: vec![Passage { from_ms: 0, to_ms: 900, text: "您好".into() }],
        };
        let file = Path::new("a.wav");
        assert_eq!(line(file, &heard, 2, Format::Tsv), "a.wav:2\t您好");
        assert_eq!(line(file, &heard, 1, Format::Tsv), "a.wav\t您好");
        assert_eq!(line(file, &heard, 2, Format::Txt), "2: 您好");
        assert!(line(file, &heard, 2, Format::Json).contains(r#""from_ms":0"#));
    }

    #[test]
    fn a_file_that_is_no_recording_is_named() {
        let error = read(Path::new("Cargo.toml")).unwrap_err().to_string();
        assert!(error.starts_with("Cargo.toml: "), "{error}");
    }
}
