//! Whole calls over loopback, with telephones that are a socket each.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base::{CallId, Clock, Dice, Drain, SystemClock, SystemDice, Tasks};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::rtp::Packet;
use crate::sdp::Codec;
use crate::{
    CallMedia, Closed, Config, LegName, LegSpec, Media, MediaEvent, Prompt, RATE, TapFrame, Tone,
    level, repair,
};

use crate::phone::{Phone, packed, tone};

const SECOND: usize = RATE as usize;

struct Rig {
    media: Media,
    folder: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let loopback = [127, 0, 0, 1].into();
        let config = Config {
            bind: loopback,
            public: loopback,
            browser_bind: loopback,
            ports: 42_000..=48_000,
            loopback: true,
            prompts: folder.path().to_owned(),
        };
        let (clock, dice) = (Arc::new(SystemClock::default()), Arc::new(SystemDice));
        let media = Media::start(config, clock, dice, &Tasks::default()).unwrap();
        Self { media, folder }
    }

    fn call(&self) -> (CallMedia, Drain<MediaEvent>) {
        let dice: &dyn Dice = &SystemDice;
        self.media.open_call(CallId::new(SystemClock::default().now(), dice.bytes()))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

async fn event(events: &mut Drain<MediaEvent>) -> MediaEvent {
    timeout(Duration::from_secs(10), events.next()).await.expect("an event in time").unwrap()
}

/// Waits until that event, and gives those before it.
async fn until(events: &mut Drain<MediaEvent>, wanted: &MediaEvent) -> Vec<MediaEvent> {
    let mut before = Vec::new();
    loop {
        match event(events).await {
            found if found == *wanted => return before,
            other => before.push(other),
        }
    }
}

/// Caller and agent as telephones, connected.
async fn two_phones(rig: &Rig, codecs: [Codec; 2]) -> (CallMedia, Drain<MediaEvent>, [Phone; 2]) {
    let (call, events) = rig.call();
    let mut phones = [Phone::new(codecs[0]).await, Phone::new(codecs[1]).await];
    let offer = phones[0].description();
    let answer = call.add_offered(LegName::Caller, LegSpec::TRUNK, &offer).await.unwrap();
    phones[0].answered(&answer);
    let offer = call.add_offering(LegName::Agent, LegSpec::TRUNK).await.unwrap();
    phones[1].answered(&offer);
    call.accept_answer(LegName::Agent, &phones[1].description()).await.unwrap();
    call.connect(LegName::Caller, LegName::Agent);
    (call, events, phones)
}

fn stats_of(closed: &Closed, leg: LegName) -> crate::LegStats {
    closed.stats.iter().find(|(name, _)| *name == leg).unwrap().1
}

#[tokio::test]
async fn a_law_passes_through_bit_by_bit_both_ways() {
    let rig = Rig::new();
    let (call, mut events, [mut caller, mut agent]) =
        two_phones(&rig, [Codec::Pcma, Codec::Pcma]).await;
    let (one, two) = (tone(440.0, SECOND), tone(620.0, SECOND));
    tokio::join!(caller.talk(&one), agent.talk(&two));
    agent.talk(&[0; 320]).await; // whatever is still on its way arrives
    caller.hear();
    for (phone, voice) in [(&agent, &one), (&caller, &two)] {
        let sent: Vec<Vec<u8>> = voice.chunks(160).map(|f| packed(Codec::Pcma, f)).collect();
        let from = phone.heard.iter().position(|payload| *payload == sent[1]).unwrap();
        assert_eq!(phone.heard[from..from + 45], sent[1..46]);
    }
    let ups = [event(&mut events).await, event(&mut events).await];
    assert!(ups.contains(&MediaEvent::Up { leg: LegName::Caller }));
    assert!(ups.contains(&MediaEvent::Up { leg: LegName::Agent }));
    let stats = stats_of(&call.close().await, LegName::Caller);
    assert_eq!((stats.received, stats.lost, stats.malformed, stats.refused), (50, 0, 0, 0));
    assert!(stats.sent >= 50);
}

#[tokio::test]
async fn mu_law_and_a_law_understand_each_other() {
    let rig = Rig::new();
    let (_call, _events, [mut caller, mut agent]) =
        two_phones(&rig, [Codec::Pcmu, Codec::Pcma]).await;
    let (one, two) = (tone(440.0, SECOND), tone(620.0, SECOND));
    tokio::join!(caller.talk(&one), agent.talk(&two));
    let (at_agent, at_caller) = (agent.sound(), caller.sound());
    assert!(level::share_of(&at_agent[1600..6400], 440.0) > 0.9);
    assert!(level::share_of(&at_caller[1600..6400], 620.0) > 0.9);
}

#[tokio::test]
async fn a_caller_hears_the_prompt_and_then_the_tone() {
    let rig = Rig::new();
    let (call, mut events) = rig.call();
    let mut caller = Phone::new(Codec::Pcma).await;
    let offer = caller.description();
    caller.answered(&call.add_offered(LegName::Caller, LegSpec::TRUNK, &offer).await.unwrap());
    call.tone(LegName::Caller, Tone::Waiting450);
    call.play(LegName::Caller, Prompt::new("greeting", tone(1000.0, SECOND / 2)), 7);
    caller.talk(&[0; 160]).await;
    until(&mut events, &MediaEvent::PlayDone { leg: LegName::Caller, id: 7 }).await;
    caller.hear();
    assert!(level::share_of(&caller.sound()[160..3840], 1000.0) > 0.9);
    caller.heard.clear();
    caller.talk(&[0; SECOND / 2]).await;
    assert!(level::share_of(&caller.sound(), 450.0) > 0.9);
}

#[tokio::test]
async fn keys_are_told_once_and_carried_to_the_other_party() {
    let rig = Rig::new();
    let (call, mut events, [mut caller, mut agent]) =
        two_phones(&rig, [Codec::Pcma, Codec::Pcma]).await;
    caller.talk(&[0; 480]).await;
    caller.press(5).await;
    caller.press(11).await;
    call.send_dtmf(LegName::Caller, '3');
    tokio::join!(caller.talk(&[0; SECOND]), agent.talk(&[0; SECOND]));
    drop(call.close().await);
    let mut told = Vec::new();
    while let Ok(Some(event)) = timeout(Duration::from_millis(200), events.next()).await {
        if let MediaEvent::Dtmf { leg, digit } = event {
            told.push((leg, digit));
        }
    }
    assert_eq!(told, [(LegName::Caller, '5'), (LegName::Caller, '#')]);
    let keys: Vec<u8> = agent.keys.iter().map(|key| key[0]).collect();
    assert_eq!(keys, [vec![5; 7], vec![11; 7]].concat());
    assert_eq!(caller.keys.iter().map(|key| key[0]).collect::<Vec<_>>(), [3; 7]);
}

#[tokio::test]
async fn both_voices_are_recorded_on_their_tracks_and_tapped() {
    let rig = Rig::new();
    let (call, mut events, [mut caller, mut agent]) =
        two_phones(&rig, [Codec::Pcma, Codec::Pcma]).await;
    let path = rig.file("call.wav");
    let (tap, mut tapped) = mpsc::channel::<TapFrame>(10_000);
    call.disconnect();
    call.record(path.clone());
    call.tap(tap);
    call.play(LegName::Caller, Prompt::new("greeting", tone(1000.0, SECOND / 2)), 1);
    let (one, two) = (tone(440.0, SECOND / 2), vec![0; SECOND / 2]);
    tokio::join!(caller.talk(&one), agent.talk(&two));
    until(&mut events, &MediaEvent::PlayDone { leg: LegName::Caller, id: 1 }).await;
    call.connect(LegName::Caller, LegName::Agent);
    let (one, two) = (tone(440.0, SECOND), tone(620.0, SECOND));
    tokio::join!(caller.talk(&one), agent.talk(&two));
    let recording = call.close().await.recording.unwrap();

    assert_eq!(recording.path, path);
    assert_eq!(repair(&path).unwrap().sha256, recording.sha256);
    assert!(!repair(&path).unwrap().mended);
    let samples: Vec<i16> =
        hound::WavReader::open(&path).unwrap().into_samples().map(Result::unwrap).collect();
    let track = |at: usize| samples.iter().skip(at).step_by(2).copied().collect::<Vec<i16>>();
    let (left, right) = (track(0), track(1));
    assert_eq!(left.len() as u64 * 1000 / u64::from(RATE), recording.millis);
    assert!((1400..1800).contains(&recording.millis), "{}", recording.millis);
    assert!(level::share_of(&left[1600..3200], 440.0) > 0.9);
    assert!(level::share_of(&right[800..3200], 1000.0) > 0.9, "the greeting is on the right");
    assert!(level::share_of(&right[6400..11_200], 620.0) > 0.9);
    assert!(level::share_of(&left[6400..11_200], 440.0) > 0.9);
    let played = recording.played[0];
    assert!(played.from_ms < 60 && (450..600).contains(&played.to_ms), "{played:?}");

    let mut of = [Vec::new(), Vec::new()];
    while let Ok(frame) = tapped.try_recv() {
        let track = usize::from(frame.leg == LegName::Agent);
        let at = usize::try_from(frame.at_ms).unwrap() * 8;
        let recorded = [&left, &right][track];
        if track == 0 || at > 5000 {
            assert_eq!(frame.pcm, recorded[at..at + 160], "{:?} at {at}", frame.leg);
        }
        of[track].push(frame.at_ms);
    }
    assert!(of[0].iter().all(|at| *at >= played.to_ms - 20), "no frames under the greeting");
    assert!(of[1].len() > of[0].len());
}

#[tokio::test]
async fn a_recording_is_playable_while_it_grows_and_after_a_cut() {
    let rig = Rig::new();
    let (call, _events, [mut caller, _agent]) = two_phones(&rig, [Codec::Pcma; 2]).await;
    let path = rig.file("growing.wav");
    call.record(path.clone());
    caller.talk(&tone(440.0, 3 * SECOND)).await;
    // What a kill -9 leaves behind now:
    let torn = rig.file("torn.wav");
    std::fs::copy(&path, &torn).unwrap();
    let readable = hound::WavReader::open(&torn).unwrap().duration();
    assert!(readable >= RATE, "{readable}");
    let file = std::fs::OpenOptions::new().append(true).open(&torn).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    let mended = repair(&torn).unwrap();
    assert!(mended.mended && mended.millis >= 2000, "{mended:?}");
    assert_eq!(
        u64::from(hound::WavReader::open(&torn).unwrap().duration()) * 1000 / u64::from(RATE),
        mended.millis
    );
    assert!(!repair(&torn).unwrap().mended);
    drop(call.close().await);
}

#[test]
fn what_is_no_recording_of_ours_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.wav");
    std::fs::write(&path, [7; 100]).unwrap();
    assert!(repair(&path).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), [7; 100]);
}

#[tokio::test]
async fn a_file_that_cannot_be_made_stops_the_recording_and_not_the_call() {
    let rig = Rig::new();
    let (call, mut events, [mut caller, mut agent]) = two_phones(&rig, [Codec::Pcma; 2]).await;
    std::fs::write(rig.file("taken.wav"), b"another's").unwrap();
    call.record(rig.file("taken.wav"));
    let voice = tone(440.0, SECOND);
    tokio::join!(caller.talk(&voice), agent.talk(&voice));
    assert!(level::share_of(&agent.sound()[1600..6400], 440.0) > 0.9);
    assert!(call.close().await.recording.is_none());
    assert_eq!(std::fs::read(rig.file("taken.wav")).unwrap(), b"another's");
    let mut failed = 0;
    while let Some(event) = events.next().await {
        failed += usize::from(matches!(event, MediaEvent::RecordingFailed { .. }));
    }
    assert!(failed >= 1);
}

#[tokio::test]
async fn garbage_and_strangers_are_counted_and_not_heard() {
    let rig = Rig::new();
    let (call, _events, [mut caller, mut agent]) = two_phones(&rig, [Codec::Pcma; 2]).await;
    caller.talk(&[0; 480]).await;
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let loud = packed(Codec::Pcma, &tone(1000.0, 160));
    for sequence in 0..20 {
        let ssrc = 5;
        let (marker, payload_type, timestamp) = (false, 8, u32::from(sequence) * 160);
        let packet = Packet { marker, payload_type, sequence, timestamp, ssrc, payload: &loud };
        stranger.send_to(&packet.write(), caller.peer.unwrap()).await.unwrap();
        caller.socket.send_to(&[0x40; 30], caller.peer.unwrap()).await.unwrap();
    }
    agent.talk(&[0; 1600]).await;
    assert!(level::dbov(&agent.sound()) < -60.0);
    let stats = stats_of(&call.close().await, LegName::Caller);
    assert_eq!((stats.malformed, stats.refused), (20, 20));
}

#[tokio::test]
async fn a_held_party_is_not_sent_anything_and_comes_back() {
    let rig = Rig::new();
    let (call, _events, [mut caller, mut agent]) = two_phones(&rig, [Codec::Pcma; 2]).await;
    agent.talk(&tone(620.0, 800)).await;
    let hold = format!("{}a=inactive\r\n", caller.description());
    let answer = call.update_offered(LegName::Caller, &hold).await.unwrap();
    assert!(answer.contains("a=inactive"));
    caller.hear();
    caller.heard.clear();
    agent.talk(&tone(620.0, 1600)).await;
    caller.hear();
    assert_eq!(caller.heard.len(), 0);
    let back = caller.description().replace("o=- 1 1", "o=- 1 2");
    let answer = call.update_offered(LegName::Caller, &back).await.unwrap();
    assert!(answer.contains("a=sendrecv"));
    assert!(call.update_offered(LegName::Caller, "garbage").await.is_err());
    agent.talk(&tone(620.0, 1600)).await;
    caller.hear();
    assert!(!caller.heard.is_empty());
}

/// A browser is played by the room itself: its own call, which answers our offer.
async fn browser_call(opus: bool) {
    let rig = Rig::new();
    let spec = LegSpec::Browser { opus };
    let (server, mut server_events) = rig.call();
    let (browser, mut browser_events) = rig.call();
    let mut caller = Phone::new(Codec::Pcma).await;
    let offer = caller.description();
    let answer = server.add_offered(LegName::Caller, LegSpec::TRUNK, &offer).await.unwrap();
    caller.answered(&answer);
    let offer = server.add_offering(LegName::Agent, spec).await.unwrap();
    let answer = browser.add_offered(LegName::Caller, spec, &offer).await.unwrap();
    server.accept_answer(LegName::Agent, &answer).await.unwrap();
    server.connect(LegName::Caller, LegName::Agent);
    let path = rig.file("browser.wav");
    browser.record(path.clone());
    browser.play(LegName::Caller, Prompt::new("agent", tone(620.0, 4 * SECOND)), 1);
    until(&mut server_events, &MediaEvent::Up { leg: LegName::Agent }).await;
    caller.talk(&tone(440.0, SECOND)).await; // the path is up; what follows is measured
    caller.hear();
    caller.heard.clear();
    caller.talk(&tone(440.0, SECOND)).await;
    caller.hear();
    let sound = caller.sound();
    assert!(sound.len() > SECOND * 8 / 10, "{}", sound.len());
    assert!(level::share_of(&sound[800..SECOND / 2], 620.0) > 0.8);
    browser.send_dtmf(LegName::Caller, '9');
    until(&mut server_events, &MediaEvent::Dtmf { leg: LegName::Agent, digit: '9' }).await;
    until(&mut browser_events, &MediaEvent::Up { leg: LegName::Caller }).await;
    let closed = server.close().await;
    let stats = stats_of(&closed, LegName::Agent);
    assert!(stats.received > 50 && stats.sent > 50, "{stats:?}");
    let recording = browser.close().await.recording.unwrap();
    let left: Vec<i16> = hound::WavReader::open(recording.path)
        .unwrap()
        .into_samples()
        .step_by(2)
        .map(Result::unwrap)
        .collect();
    let voice: Vec<i16> = left.into_iter().skip_while(|s| s.abs() < 500).take(SECOND).collect();
    assert!(level::share_of(&voice[800..6400], 440.0) > 0.8);
}

#[tokio::test]
async fn a_browser_and_a_telephone_hear_each_other() {
    browser_call(false).await;
}

#[tokio::test]
async fn a_browser_with_opus_and_a_telephone_hear_each_other() {
    browser_call(true).await;
}
