//! The switchboard's end and the speech process together, with a recogniser that needs no model.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::{CallId, Clock, Drain, SystemClock, Tasks};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use crate::ears::Ears;
use crate::recogniser::{Effort, Engine, Recogniser, believe};
use crate::wire::{Reply, Request, pack};
use crate::{Config, Error, Model, Segment, Speech, Status, Track, Whisper, process};

/// Says a letter for each 0.1 s of sound, always the same ones, so that hearings agree.
struct Ruler;

impl Engine for Ruler {
    fn worker(&self) -> Result<Box<dyn Recogniser>, Error> {
        Ok(Box::new(Self))
    }
}

impl Recogniser for Ruler {
    fn hear(&mut self, sound: &[f32], _effort: Effort) -> Result<String, Error> {
        let letters: Vec<char> = "我家门口的路灯不亮已经三天了请问什么时候能修好".chars().collect();
        Ok((0..sound.len() / 1_600).map(|n| letters[n % letters.len()]).collect())
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../audio-fixtures").join(name)
}

/// One track of a fixture call.
fn track(name: &str, number: usize) -> Vec<i16> {
    let mut wav = hound::WavReader::open(fixture(name)).unwrap();
    let tracks = usize::from(wav.spec().channels);
    wav.samples::<i16>().map(Result::unwrap).skip(number).step_by(tracks).collect()
}

fn call() -> CallId {
    CallId::new(base::ManualClock::default().now(), [7; 10])
}

/// Ears and one worker, in simulated time: 20 ms of sound at a time.
fn overhear(tracks: &[Vec<i16>], recogniser: &mut dyn Recogniser) -> Vec<Reply> {
    let (mut ears, mut replies) = (Ears::default(), Vec::new());
    let start: DateTime<Utc> = base::ManualClock::default().now();
    let streams: Vec<u32> = (0..tracks.len()).map(|n| u32::try_from(n).unwrap()).collect();
    for &stream in &streams {
        replies.extend(
            ears.on(&Request::Open { stream, at_ms: 0, next_index: 0 }, &[], start).unwrap(),
        );
    }
    let frames = tracks.iter().map(|t| t.len().div_ceil(160)).max().unwrap();
    for frame in 0..=frames {
        let now = start + TimeDelta::milliseconds(20 * i64::try_from(frame).unwrap());
        for (&stream, pcm) in streams.iter().zip(tracks) {
            let end = pcm.len().min((frame + 1) * 160);
            let request =
                if frame == frames { Request::Close { stream } } else { Request::Audio { stream } };
            let body = pack(pcm[(frame * 160).min(end)..end].iter().copied());
            replies.extend(ears.on(&request, &body, now).unwrap());
        }
        while let Some((stream, work, told)) = ears.work(now) {
            replies.extend(told);
            let text = believe(recogniser, &work.sound, work.effort);
            replies.extend(ears.done(stream, &work, text));
        }
    }
    replies
}

#[test]
fn nothing_is_heard_in_silence_tones_and_noise() {
    let sine = |hertz: f32, n: usize| {
        #[expect(clippy::cast_precision_loss, reason = "a few seconds")]
        let turn = n as f32 * hertz / 8_000.0 * std::f32::consts::TAU;
        turn.sin()
    };
    #[expect(clippy::cast_possible_truncation, reason = "within i16")]
    let sound = |of: &dyn Fn(usize) -> f32| (0..80_000).map(|n| (of(n) * 9_000.0) as i16).collect();
    let mut noise = 12_345_u32;
    let noise: Vec<i16> = (0..80_000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from(noise >> 24).unwrap() - 128
        })
        .collect();
    let cases: [(&str, Vec<i16>); 6] = [
        ("digital silence", vec![0; 80_000]),
        ("ringback", sound(&|n| if n % 40_000 < 8_000 { sine(450.0, n) } else { 0.0 })),
        ("busy tone", sound(&|n| if n % 5_600 < 2_800 { sine(450.0, n) } else { 0.0 })),
        ("hold tone", sound(&|n| sine(450.0, n))),
        (
            "keys",
            sound(&|n| {
                if n % 1_600 < 800 { sine(852.0, n).midpoint(sine(1_336.0, n)) } else { 0.0 }
            }),
        ),
        ("a noisy line", noise),
    ];
    for (name, pcm) in cases {
        let heard: Vec<Reply> = overhear(&[pcm], &mut Ruler)
            .into_iter()
            .filter(|reply| matches!(reply, Reply::Sentence { .. }))
            .collect();
        assert_eq!(heard, [], "{name}");
    }
}

#[test]
fn each_line_of_a_call_becomes_sentences_where_it_was_spoken() {
    let said = std::fs::read_to_string(fixture("calls/streetlight.tsv")).unwrap();
    let replies = overhear(
        &[track("calls/streetlight.wav", 0), track("calls/streetlight.wav", 1)],
        &mut Ruler,
    );
    let finals: Vec<(u32, u64, u64)> = replies
        .iter()
        .filter_map(|reply| match reply {
            Reply::Sentence { stream, sentence } if sentence.r#final => {
                Some((*stream, sentence.from_ms, sentence.to_ms))
            }
            _ => None,
        })
        .collect();
    for line in said.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a minute")]
        let ms = |n: usize| (fields[n].parse::<f64>().unwrap() * 1_000.0) as u64;
        let stream = u32::from(fields[2] == "agent");
        let covered: u64 = finals
            .iter()
            .filter(|(of, _, _)| *of == stream)
            .map(|(_, from, to)| (*to).min(ms(1)).saturating_sub((*from).max(ms(0))))
            .sum();
        assert!(
            covered * 10 > (ms(1) - ms(0)) * 7,
            "{line}: only {covered} ms of it in {finals:?}"
        );
    }
    assert_eq!(replies.iter().filter(|r| matches!(r, Reply::Closed { .. })).count(), 2);
}

/// Where `ops/fetch-model` puts the models.
#[expect(clippy::disallowed_methods, reason = "a test finds the model where it was put")]
fn models() -> PathBuf {
    let set = |name: &str| std::env::var(name).ok().map(PathBuf::from);
    let cache = || set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    set("LIANXIN_MODELS").unwrap_or_else(|| cache().expect("a home folder").join("lianxin/models"))
}

#[test]
fn words_are_shown_while_they_are_spoken_and_firm_ones_stay() {
    let model = Model::find(&models(), "base").unwrap_or_else(|error| panic!("{error}"));
    let mut whisper = Whisper::load(model.path()).unwrap().worker().unwrap();
    let replies = overhear(&[track("calls/streetlight.wav", 0)], whisper.as_mut());
    let (mut firm, mut heard, mut shown) = (String::new(), String::new(), 0);
    for reply in replies {
        let Reply::Sentence { sentence, .. } = reply else { continue };
        let now: String = sentence.text.chars().take(sentence.committed).collect();
        assert!(now.starts_with(&firm), "{firm} became {now}");
        shown += usize::from(!sentence.r#final && !sentence.text.is_empty());
        firm = if sentence.r#final { String::new() } else { now };
        if sentence.r#final {
            heard.push_str(&sentence.text);
        }
    }
    assert!(shown >= 15, "{shown} hearings of open sentences");
    let said = std::fs::read_to_string(fixture("calls/reference.tsv")).unwrap();
    let said = said.lines().find_map(|line| line.strip_prefix("streetlight.wav:1\t")).unwrap();
    let errors = crate::cer::compare(said, &heard);
    assert!(errors.rate() < 0.40, "error rate {:.3}: {heard}", errors.rate());
}

#[test]
fn firm_text_is_never_taken_back() {
    let replies = overhear(&[track("calls/heating.wav", 0)], &mut Ruler);
    let mut firm = std::collections::BTreeMap::<u32, String>::new();
    let mut partials = 0;
    for reply in replies {
        let Reply::Sentence { sentence, .. } = reply else { continue };
        let before = firm.entry(sentence.index).or_default();
        let now: String = sentence.text.chars().take(sentence.committed).collect();
        assert!(now.starts_with(before.as_str()), "{before} became {now}");
        *before = now;
        partials += usize::from(!sentence.r#final);
    }
    assert!(partials > 20, "{partials} hearings of open sentences");
}

/// A model file that only looks like one: the recogniser of these tests does not read it.
fn empty_model(folder: &Path) -> Model {
    let mut head = 0x6767_6d6c_u32.to_le_bytes().to_vec();
    head.extend(51_865_u32.to_le_bytes());
    let path = folder.join("ggml-ruler.bin");
    std::fs::write(&path, head).unwrap();
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(30_000_000).unwrap();
    Model::find(folder, "ruler").unwrap()
}

struct House {
    folder: tempfile::TempDir,
    tasks: Tasks,
    speech: Speech,
    out: Drain<Segment>,
    process: JoinSet<Result<(), Error>>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            program: None,
            socket: folder.path().join("speech.sock"),
            models: folder.path().to_owned(),
            model: "ruler".into(),
            opened: Some(empty_model(folder.path())),
            threads: 1,
        };
        let tasks = Tasks::default();
        let (speech, out) = Speech::start(config, &tasks, Arc::new(SystemClock::default()));
        let mut house = Self { folder, tasks, speech, out, process: JoinSet::new() };
        house.start();
        house
    }

    fn start(&mut self) {
        let socket = self.folder.path().join("speech.sock");
        self.process.spawn(async move {
            process::serve(&socket, Arc::new(Ruler), 1, &SystemClock::default()).await
        });
    }

    /// As `kill -9` does: nothing is said, nothing is finished.
    async fn kill(&mut self) {
        self.process.shutdown().await;
    }

    async fn finals(&mut self) -> Vec<Segment> {
        let mut finals = Vec::new();
        while let Ok(Some(segment)) = tokio::time::timeout(Duration::ZERO, self.out.next()).await {
            if segment.r#final {
                finals.push(segment);
            }
        }
        finals
    }
}

fn say(speech: &Speech, pcm: &[i16], from: usize) {
    for (n, frame) in pcm.chunks(160).enumerate() {
        speech.audio(call(), Track::Citizen, (from + n * 160) as u64 / 8, frame);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_takes_no_final_text_with_it() {
    let pcm = track("calls/heating.wav", 0);
    let mut house = House::new();
    say(&house.speech, &pcm, 0);
    house.speech.finish(call()).await;
    let undisturbed = house.finals().await;
    assert!(undisturbed.len() >= 5, "{undisturbed:?}");

    let (cut, second) = (pcm.len() / 3, pcm.len() * 2 / 3);
    say(&house.speech, &pcm[..cut], 0);
    house.kill().await;
    say(&house.speech, &pcm[cut..second], cut);
    house.start();
    // it has sent something before it dies again
    let first = loop {
        let segment = house.out.next().await.unwrap();
        if segment.r#final {
            break segment;
        }
    };
    house.kill().await;
    say(&house.speech, &pcm[second..], second);
    house.start();
    house.speech.finish(call()).await;
    let mut disturbed = vec![first];
    disturbed.extend(house.finals().await);

    let places = |finals: &[Segment]| -> Vec<(u32, u64)> {
        finals.iter().map(|s| (s.index, s.from_ms.midpoint(s.to_ms) / 500)).collect()
    };
    assert_eq!(disturbed.len(), undisturbed.len(), "{disturbed:#?}");
    for (got, wanted) in places(&disturbed).iter().zip(places(&undisturbed)) {
        assert!(
            got.0 == wanted.0 && got.1.abs_diff(wanted.1) <= 1,
            "{got:?} instead of {wanted:?}"
        );
    }
    house.tasks.shut_down().await;
}

#[tokio::test]
async fn without_a_model_calls_go_on_and_the_status_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        program: None,
        socket: folder.path().join("speech.sock"),
        models: folder.path().to_owned(),
        model: "base".into(),
        opened: None,
        threads: 1,
    };
    let tasks = Tasks::default();
    let (speech, _out) = Speech::start(config, &tasks, Arc::new(SystemClock::default()));
    while speech.status() == Status::Restarting {
        tokio::task::yield_now().await;
    }
    let Status::NoModel { what_to_do } = speech.status() else { panic!("{:?}", speech.status()) };
    assert!(what_to_do.contains("ops/fetch-model base"), "{what_to_do}");
    say(&speech, &vec![0; 16_000], 0);
    speech.finish(call()).await;
    tasks.shut_down().await;
}

#[tokio::test]
async fn speech_that_is_switched_off_says_so_and_keeps_no_call_waiting() {
    let (speech, _out) = Speech::off("switched off".to_owned());
    assert_eq!(speech.status(), Status::NoModel { what_to_do: "switched off".to_owned() });
    say(&speech, &vec![0; 16_000], 0);
    speech.finish(call()).await;
}

#[tokio::test]
async fn a_stored_transcript_is_read_back_in_order_and_kept_once() {
    let pool = db::testing::database().await;
    let mut conn = pool.acquire().await.unwrap();
    let segment = |track, index, from_ms, text: &str| Segment {
        call: call(),
        track,
        index,
        from_ms,
        to_ms: from_ms + 900,
        text: text.into(),
        r#final: true,
        committed: text.chars().count(),
    };
    let said = [
        segment(Track::Agent, 0, 0, "您好"),
        segment(Track::Citizen, 0, 1_000, "我要投诉"),
        segment(Track::Agent, 1, 2_000, "请讲"),
    ];
    let now = base::ManualClock::default().now();
    let dice = base::SeededDice::new(1);
    let keys = db::seal::Keys::random(&dice);
    for segment in said.iter().rev().chain(&said) {
        let sealed = crate::Sealed::of(segment, &keys, &dice).unwrap();
        crate::store::keep(&mut conn, &sealed, "base", now).await.unwrap();
    }
    assert_eq!(crate::store::of_call(&mut conn, call(), &keys).await.unwrap(), said);
}

#[test]
fn a_sentence_that_is_still_open_is_not_sealed() {
    let dice = base::SeededDice::new(1);
    let open = Segment {
        call: call(),
        track: Track::Agent,
        index: 2,
        from_ms: 3_000,
        to_ms: 3_900,
        text: "还在说".into(),
        r#final: false,
        committed: 0,
    };
    assert!(crate::Sealed::of(&open, &db::seal::Keys::random(&dice), &dice).is_none());
}
