//! Real words from real inference: Whisper *base* over the recordings in `audio-fixtures/`.
#![expect(clippy::unwrap_used, reason = "a test")]
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::{CallId, Clock, SystemClock, Tasks};
use speech::cer::{Errors, compare};
use speech::{Config, Model, Speech, Status, Track, Whisper, transcribe_file};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../audio-fixtures")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test finds the model where ops/fetch-model put it"
)]
fn models() -> PathBuf {
    let set = |name: &str| std::env::var(name).ok().map(PathBuf::from);
    set("LIANXIN_MODELS").unwrap_or_else(|| {
        set("XDG_CACHE_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".cache")))
            .expect("a home folder")
            .join("lianxin/models")
    })
}

fn base() -> Model {
    Model::find(&models(), "base")
        .unwrap_or_else(|error| panic!("{error} (then run the tests again)"))
}

/// File (or `file:track`) → what is said there.
fn reference(set: &str) -> BTreeMap<String, String> {
    std::fs::read_to_string(fixtures().join(set).join("reference.tsv"))
        .unwrap()
        .lines()
        .map(|line| {
            let mut fields = line.split('\t');
            (fields.next().unwrap().to_owned(), fields.next().unwrap().to_owned())
        })
        .collect()
}

/// Errors over a set, or every `nth` file of it.
fn errors(set: &str, nth: usize) -> Errors {
    let whisper = Whisper::load(base().path()).unwrap();
    let said = reference(set);
    let files: std::collections::BTreeSet<&str> =
        said.keys().map(|name| name.split(':').next().unwrap()).collect();
    files
        .into_iter()
        .step_by(nth)
        .flat_map(|file| {
            let tracks = transcribe_file(&whisper, &fixtures().join(set).join(file)).unwrap();
            let many = tracks.len() > 1;
            tracks
                .iter()
                .map(|track| {
                    let name =
                        if many { format!("{file}:{}", track.track) } else { file.to_owned() };
                    compare(&said[&name], &track.text())
                })
                .collect::<Vec<_>>()
        })
        .sum()
}

#[test]
fn sentences_are_understood() {
    let errors = errors("sentences", 3);
    assert!(
        errors.rate() < 0.32,
        "error rate {:.3} of {} characters",
        errors.rate(),
        errors.characters
    );
}

#[test]
fn whole_calls_are_understood() {
    let errors = errors("calls", 2);
    assert!(
        errors.rate() < 0.28,
        "error rate {:.3} of {} characters",
        errors.rate(),
        errors.characters
    );
}

fn config(folder: &Path, socket: &str) -> Config {
    let program = std::env::current_exe().unwrap();
    let examples = program.parent().unwrap().parent().unwrap().join("examples");
    Config {
        program: Some(examples.join("speech_process")),
        socket: folder.join(socket),
        models: models(),
        model: "base".into(),
        opened: Some(base()),
        threads: 2,
    }
}

fn tracks(call: &str) -> [Vec<i16>; 2] {
    let mut wav = hound::WavReader::open(fixtures().join("calls").join(call)).unwrap();
    let samples: Vec<i16> = wav.samples::<i16>().map(Result::unwrap).collect();
    [0, 1].map(|track| samples.iter().skip(track).step_by(2).copied().collect())
}

/// The process ids of what was started for `socket`.
fn processes(socket: &Path) -> Vec<i32> {
    let socket = socket.to_str().unwrap().to_owned();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid: &i32| {
            std::fs::read_to_string(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.contains(&socket))
        })
        .collect()
}

/// A call as it happens, with the process killed in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_call_is_understood_although_the_process_is_killed_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "live.sock");
    let socket = config.socket.clone();
    let clock = SystemClock::default();
    let tasks = Tasks::default();
    let (speech, mut out) = Speech::start(config, &tasks, Arc::new(clock));
    let call = CallId::new(clock.now(), [1; 10]);
    while !matches!(speech.status(), Status::Ready { .. }) {
        clock.sleep_until(clock.now() + Duration::from_millis(20)).await;
    }
    let [citizen, agent] = tracks("question.wav");
    let half = citizen.len() / 480 / 2;
    let mut next = clock.now();
    for (n, (left, right)) in citizen.chunks(480).zip(agent.chunks(480)).enumerate() {
        speech.audio(call, Track::Citizen, n as u64 * 60, left);
        speech.audio(call, Track::Agent, n as u64 * 60, right);
        if n == half {
            for pid in processes(&socket) {
                let status = std::process::Command::new("kill")
                    .args(["-9", &pid.to_string()])
                    .status()
                    .unwrap();
                assert!(status.success());
            }
        }
        next += Duration::from_millis(60);
        clock.sleep_until(next).await;
    }
    speech.finish(call).await;
    tasks.shut_down().await;
    drop(speech); // the last one who could say more
    let mut texts = BTreeMap::<Track, String>::new();
    while let Some(segment) = out.next().await {
        if segment.r#final {
            texts.entry(segment.track).or_default().push_str(&segment.text);
        }
    }
    let said = reference("calls");
    let errors: Errors = [(Track::Citizen, "question.wav:1"), (Track::Agent, "question.wav:2")]
        .into_iter()
        .map(|(track, name)| compare(&said[name], &texts[&track]))
        .sum();
    assert!(errors.rate() < 0.40, "error rate {:.3}: {texts:?}", errors.rate());
}
