//! For the tests of this room and of those above: a whole switchboard on loopback, without a model.
use std::fs;
use std::path::Path;
use std::sync::Arc;

use base::{Clock, Dice, Drain, Tasks};
use chrono::TimeDelta;
use db::objects::Objects;
use db::spool::Spool;
use media::{Media, level};
use org::Persons;
use queue::{Limits, Skills};
use sip::{Endpoint, ToBrowser, TrunkConfig};
use speech::Speech;
use tokio::sync::mpsc;

use crate::{Calls, Config, Hotline, Live, Recordings, Rooms};

/// A switchboard that takes calls to 12345 from this machine.
pub struct Switchboard {
    pub calls: Calls,
    pub live: Drain<Live>,
    pub spool: Spool,
    pub recordings: Recordings,
    pub sealing: Arc<db::seal::Keys>,
    /// The UDP port that trunks reach.
    pub port: u16,
    pub tasks: Tasks,
}

/// 16-bit mono at 8 kHz.
fn write_wav(path: &Path, pcm: &[i16]) {
    let data: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let size = u32::try_from(data.len()).expect("a prompt is short");
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((size + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(8000_u32.to_le_bytes());
    bytes.extend(16000_u32.to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(data);
    fs::write(path, bytes).expect("the folder can be written");
}

/// Short prompts, so that tests need not wait for sentences.
fn write_prompts(folder: &Path) {
    fs::create_dir_all(folder).expect("the folder can be made");
    let names =
        ["greeting", "sorry_no_agent", "rate_1_3", "thanks", "transferred_back", "callback_intro"];
    let digits = (0..10).map(|digit| format!("digit-{digit}"));
    let around = ["agent_number_prefix", "agent_number_suffix"];
    for name in names.iter().chain(&around).map(ToString::to_string).chain(digits) {
        write_wav(&folder.join(format!("{name}.wav")), &level::sine(300.0, 8000.0, 1600));
    }
}

/// Media on loopback.
pub fn media(
    prompts: &Path,
    ports: std::ops::RangeInclusive<u16>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    tasks: &Tasks,
) -> Media {
    let loopback = [127, 0, 0, 1].into();
    let config = media::Config {
        bind: loopback,
        public: loopback,
        browser_bind: loopback,
        ports,
        loopback: true,
        prompts: prompts.to_owned(),
    };
    Media::start(config, clock, dice, tasks).expect("media start")
}

fn trunk() -> TrunkConfig {
    TrunkConfig {
        name: TRUNK.into(),
        addresses: vec!["127.0.0.1".parse().expect("an address")],
        proxy: None,
        transport: sip::Transport::Udp,
        answer_at_once: true,
        number_from: vec![sip::NumberRule::RequestUri],
        digest: None,
        show_number: None,
        dial: Vec::new(),
    }
}

/// Opens a switchboard whose files lie in `folder`. Needs no database.
pub fn switchboard(
    folder: &Path,
    persons: Persons,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
) -> Switchboard {
    switchboard_with(folder, persons, clock, dice, |_| {})
}

/// The trunk of the switchboard, for calls to citizens.
pub const TRUNK: &str = "carrier";

/// The same with what the test sets.
pub fn switchboard_with(
    folder: &Path,
    persons: Persons,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    set: impl FnOnce(&mut Config),
) -> Switchboard {
    let tasks = Tasks::default();
    let prompts = folder.join("prompts");
    write_prompts(&prompts);
    let sip = sip::Config {
        listen: vec![([127, 0, 0, 1], 0).into()],
        trunks: vec![trunk()],
        ..sip::Config::default()
    };
    let (sip, sip_events, local) =
        Endpoint::start(sip, clock.clone(), dice.clone(), &tasks).expect("a port of this machine");
    let speech = speech::Config {
        program: None,
        socket: folder.join("speech"),
        models: folder.join("models"),
        model: "base".into(),
        opened: None,
        threads: 1,
    };
    let (speech, segments) = Speech::start(speech, &tasks, clock.clone());
    let spool =
        Spool::open(&folder.join("spool"), clock.clone()).expect("the folder can be written");
    let mut config = Config {
        hotlines: vec![Hotline {
            number: "12345".into(),
            name: "政务服务便民热线".into(),
            needs: Skills::default(),
            priority: 0,
        }],
        limits: Limits { ring: TimeDelta::seconds(3), ..Limits::default() },
        phone_grace: TimeDelta::milliseconds(200),
        roster: folder.join("roster.json"),
        ..Config::default()
    };
    set(&mut config);
    let sealing = Arc::new(db::seal::Keys::random(&*dice));
    let objects = Objects::new(folder.join("objects"), sealing.clone(), dice.clone());
    let recordings = Recordings::new(folder.join("recordings"), objects);
    let rooms = Rooms {
        recordings: recordings.clone(),
        sealing: sealing.clone(),
        sip,
        sip_events,
        media: media(&prompts, 43_000..=43_999, clock.clone(), dice.clone(), &tasks),
        speech,
        segments,
        spool: spool.clone(),
        persons,
        clock,
        dice,
        tasks: tasks.clone(),
    };
    let (calls, live) = crate::start(config, rooms);
    let port = local.udp[0].port();
    Switchboard { calls, live, spool, recordings, sealing, port, tasks }
}

/// The agent's end of a telephone that registered: what the page says, and what it is told.
pub async fn telephone(
    calls: &Calls,
    number: &str,
) -> (mpsc::Sender<String>, mpsc::Receiver<ToBrowser>) {
    let (say, heard) = mpsc::channel(64);
    let (tell, mut told) = mpsc::channel(64);
    calls.phone(number, heard, tell);
    let register = format!(
        "REGISTER sip:lianxin SIP/2.0\r\nVia: SIP/2.0/WS {number}.invalid;branch=z9hG4bKr{number}\r\n\
         Max-Forwards: 70\r\nTo: <sip:{number}@lianxin>\r\nFrom: <sip:{number}@lianxin>;tag=r\r\n\
         Call-ID: r{number}\r\nCSeq: 1 REGISTER\r\nContact: <sip:x@{number}.invalid;transport=ws>\r\n\
         Expires: 120\r\nContent-Length: 0\r\n\r\n"
    );
    say.send(register).await.expect("the switchboard listens");
    match told.recv().await {
        Some(ToBrowser::Text(text)) if text.starts_with("SIP/2.0 200") => (say, told),
        other => panic!("the telephone was not registered: {other:?}"),
    }
}
