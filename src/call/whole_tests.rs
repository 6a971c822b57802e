//! Whole calls in one process: a citizen's telephone over UDP, a browser's over a channel, real
//! sound both ways.
use std::sync::Arc;
use std::time::Duration;

use base::{AgentId, CallId, Clock, Dice, Drain, PhoneNumber, SystemClock, SystemDice};
use db::spool::Spool;
use media::{CallMedia, LegName, LegSpec, Media, MediaEvent, Prompt, TapFrame, level};
use org::{Keys, Persons};
use queue::{Ask, Skills};
use sip::{DialogId, Endpoint, Party, Target, ToBrowser};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::testing::{self, Switchboard, TRUNK, switchboard_with, telephone};
use crate::{
    AgentCard, CallCitizen, Calls, Desk, Entry, Errand, Error, Live, Outcome, OutcomeKind, Purpose,
    Recordings, Sound,
};

const LONG: Duration = Duration::from_secs(20);

fn tone(hertz: f64, samples: usize) -> Vec<i16> {
    level::sine(hertz, 8000.0, samples)
}

fn agent(n: u8) -> AgentCard {
    AgentCard {
        id: AgentId::new(SystemClock::default().now(), [n; 10]),
        number: format!("10{n:02}"),
        name: format!("话务员{n}"),
        skills: Skills::default(),
        answers: true,
    }
}

/// The house with two agents, and the street outside it.
struct World {
    calls: Calls,
    live: Drain<Live>,
    spool: Spool,
    recordings: Recordings,
    port: u16,
    street: Media,
    citizen: Endpoint,
    citizen_events: Drain<sip::Event>,
    agents: Vec<AgentCard>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(set: impl FnOnce(&mut crate::Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let dice: Arc<dyn Dice> = Arc::new(SystemDice);
        let persons = Persons::new(Arc::new(Keys::random(&*dice)), clock.clone(), dice.clone());
        let Switchboard { calls, live, spool, recordings, port, tasks, .. } =
            switchboard_with(folder.path(), persons, clock.clone(), dice.clone(), set);
        let agents = vec![agent(27), agent(28)];
        calls.roster(agents.clone());
        let config =
            sip::Config { listen: vec![([127, 0, 0, 1], 0).into()], ..sip::Config::default() };
        let (citizen, citizen_events, _) =
            Endpoint::start(config, clock.clone(), dice.clone(), &tasks).unwrap();
        let street = testing::media(folder.path(), 44_000..=44_999, clock, dice, &tasks);
        Self {
            calls,
            live,
            spool,
            recordings,
            port,
            street,
            citizen,
            citizen_events,
            agents,
            folder,
        }
    }

    /// A browser that is registered and whose agent is ready.
    async fn browser(&self, which: usize) -> Browser {
        let card = &self.agents[which];
        let (say, told) = telephone(&self.calls, &card.number).await;
        let browser = Browser { say, told, number: card.number.clone(), invite: String::new() };
        for _ in 0..100 {
            match self.calls.presence(card.id, Ask::Ready).await {
                Ok(_) => return browser,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("the telephone was not registered");
    }

    /// A call to 12345, with the citizen's sound.
    async fn dial(&mut self) -> Citizen {
        let dice: &dyn Dice = &SystemDice;
        let id = CallId::new(SystemClock::default().now(), dice.bytes());
        let (media, events) = self.street.open_call(id);
        let offer = media.add_offering(LegName::Caller, LegSpec::TRUNK).await.unwrap();
        let target = Target::Uri(format!("sip:12345@127.0.0.1:{}", self.port));
        let dialog = self.citizen.call(target, Party::new("13800000001"), offer, Vec::new());
        let (tap, frames) = mpsc::channel(1000);
        media.tap(tap);
        Citizen { dialog: Some(dialog), media, _events: events, frames }
    }

    async fn answered(&mut self, citizen: &Citizen) {
        loop {
            match timeout(LONG, self.citizen_events.next()).await.unwrap().unwrap() {
                sip::Event::Answered { dialog, sdp } if Some(dialog) == citizen.dialog => {
                    return citizen.media.accept_answer(LegName::Caller, &sdp).await.unwrap();
                }
                sip::Event::Progress { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// How the citizen's call ends.
    async fn ends(&mut self) -> sip::Event {
        loop {
            let event = timeout(LONG, self.citizen_events.next()).await.unwrap().unwrap();
            if matches!(event, sip::Event::Ended { .. } | sip::Event::Failed { .. }) {
                return event;
            }
        }
    }

    /// The desk as soon as it looks like that.
    async fn desk_when(&self, which: usize, like: impl Fn(&Desk) -> bool) -> Desk {
        for _ in 0..500 {
            let desk = self.calls.desk(self.agents[which].id).await.unwrap();
            if like(&desk) {
                return desk;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{:?}", self.calls.desk(self.agents[which].id).await);
    }

    /// All that was kept so far.
    async fn kept(&self) -> Vec<Entry> {
        self.spool.flushed().await;
        let (found, mut all) = mpsc::unbounded_channel();
        let spool = self.spool.clone();
        let drain = async {
            spool
                .drain(|record| {
                    found.send(serde_json::from_slice(&record.bytes).unwrap()).unwrap();
                    async { Ok(()) }
                })
                .await;
        };
        tokio::select! { () = drain => {}, () = self.spool.drained() => {} }
        let mut entries = Vec::new();
        while let Ok(entry) = all.try_recv() {
            entries.push(entry);
        }
        entries
    }
}

/// A line with sound: the citizen's, or that of an agent's browser.
struct Citizen {
    dialog: Option<DialogId>,
    media: CallMedia,
    _events: Drain<MediaEvent>,
    frames: mpsc::Receiver<TapFrame>,
}

/// A page with a telephone: as much of `JsSIP` as a call needs.
struct Browser {
    say: mpsc::Sender<String>,
    told: mpsc::Receiver<ToBrowser>,
    number: String,
    invite: String,
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find(|line| {
        line.to_ascii_lowercase().starts_with(&format!("{}:", name.to_ascii_lowercase()))
    });
    line.and_then(|line| line.split_once(':')).map_or("", |(_, value)| value.trim())
}

impl Browser {
    async fn send(&self, message: String) {
        self.say.send(message).await.unwrap();
    }

    async fn hears(&mut self) -> String {
        match timeout(LONG, self.told.recv()).await.expect("in time") {
            Some(ToBrowser::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    /// The next request of this method; BYE and CANCEL on the way are confirmed.
    async fn request(&mut self, method: &str) -> String {
        loop {
            let text = self.hears().await;
            if text.starts_with("BYE") || text.starts_with("CANCEL") {
                self.reply(&text, "200 OK", "").await;
            }
            if text.starts_with(method) {
                return text;
            }
        }
    }

    async fn reply(&self, request: &str, line: &str, body: &str) {
        let to = header(request, "To");
        let to =
            if to.contains("tag=") { to.to_owned() } else { format!("{to};tag=js{}", self.number) };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let (via, from) = (header(request, "Via"), header(request, "From"));
        let (call, cseq) = (header(request, "Call-ID"), header(request, "CSeq"));
        let length = body.len();
        let contact = format!("<sip:x@{}.invalid;transport=ws>", self.number);
        self.send(format!(
            "SIP/2.0 {line}\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n\
             Contact: {contact}\r\n{kind}Content-Length: {length}\r\n\r\n{body}"
        ))
        .await;
    }

    /// Takes the call that rings, with the agent's sound.
    async fn answer(&mut self, street: &Media) -> Citizen {
        self.invite = self.request("INVITE").await;
        let (_, offer) = self.invite.split_once("\r\n\r\n").unwrap();
        let dice: &dyn Dice = &SystemDice;
        let (media, events) =
            street.open_call(CallId::new(SystemClock::default().now(), dice.bytes()));
        let answer = media.add_offered(LegName::Caller, LegSpec::BROWSER, offer).await.unwrap();
        self.reply(&self.invite, "180 Ringing", "").await;
        self.reply(&self.invite, "200 OK", &answer).await;
        self.request("ACK").await;
        let (tap, frames) = mpsc::channel(1000);
        media.tap(tap);
        Citizen { dialog: None, media, _events: events, frames }
    }

    async fn hang_up(&self) {
        let (from, to) = (header(&self.invite, "To"), header(&self.invite, "From"));
        let contact = header(&self.invite, "Contact");
        let target = contact.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0;
        let (call, number) = (header(&self.invite, "Call-ID"), &self.number);
        self.send(format!(
            "BYE {target} SIP/2.0\r\nVia: SIP/2.0/WS {number}.invalid;branch=z9hG4bKbye{number}\r\nMax-Forwards: 70\r\n\
             From: {from};tag=js{number}\r\nTo: {to}\r\nCall-ID: {call}\r\nCSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n"
        ))
        .await;
    }
}

/// Whether so many samples in a row are this tone.
async fn hears(from: &mut mpsc::Receiver<TapFrame>, hertz: f64, least: usize) -> bool {
    let mut sound: Vec<i16> = Vec::new();
    let listen = async {
        while let Some(frame) = from.recv().await {
            sound.extend(frame.pcm);
            let newest = &sound[sound.len().saturating_sub(least)..];
            if newest.len() >= least && level::share_of(newest, hertz) > 0.8 {
                return;
            }
        }
    };
    timeout(LONG, listen).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_citizen_and_an_agent_hear_each_other_and_all_of_it_is_kept() {
    let mut world = World::new();
    let mut browser = world.browser(0).await;
    let mut citizen = world.dial().await;
    world.answered(&citizen).await;
    let mut agent = browser.answer(&world.street).await;
    assert_eq!(header(&browser.invite, "X-Hotline"), "12345");
    let desk = world
        .desk_when(0, |desk| desk.call.as_ref().is_some_and(|call| call.answered_at.is_some()))
        .await;
    let call = desk.call.unwrap();
    assert_eq!((call.phase, call.outcome_needed), ("talking", true));
    assert_eq!(call.caller_number.as_deref(), Some("13800000001"));

    // both ways
    agent.media.play(LegName::Caller, Prompt::new("agent", tone(620.0, 16_000)), 1);
    assert!(hears(&mut citizen.frames, 620.0, 4000).await, "the citizen hears the agent");
    citizen.media.play(LegName::Caller, Prompt::new("citizen", tone(440.0, 16_000)), 1);
    assert!(hears(&mut agent.frames, 440.0, 4000).await, "the agent hears the citizen");

    // the agent hangs up, the citizen rates by key and is thanked
    browser.hang_up().await;
    let desk = world.desk_when(0, |desk| desk.presence.state == "wrap_up").await;
    assert_eq!(desk.owes, Some(call.id));
    let refused = world.calls.presence(world.agents[0].id, Ask::Ready).await;
    assert!(matches!(refused, Err(Error::Refused(queue::Refused::OutcomeMissing(_)))));
    tokio::time::sleep(Duration::from_millis(500)).await;
    citizen.media.send_dtmf(LegName::Caller, '1');
    assert!(matches!(world.ends().await, sip::Event::Ended { by: sip::EndedBy::Remote, .. }));

    // one call, one outcome
    let outcome = || Outcome {
        kind: OutcomeKind::ProgressTold,
        ticket: None,
        knowledge: None,
        note: String::new(),
    };
    let me = world.agents[0].id;
    world.calls.outcome(call.id, me, outcome()).await.unwrap();
    assert!(world.calls.outcome(call.id, me, outcome()).await.is_err());
    world.calls.presence(me, Ask::Ready).await.unwrap();

    for _ in 0..100 {
        if world.calls.agent_of(call.id).await.is_err() {
            break; // its recording is closed
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let kept = world.kept().await;
    let recording = kept.iter().find_map(|entry| match entry {
        Entry::Recording { path, millis, .. } => Some((path.clone(), *millis)),
        _ => None,
    });
    let (path, millis) = recording.expect("a recording");
    assert!(millis > 2000, "{millis}");
    let mut sealed = world.recordings.open(&path).unwrap();
    for _ in 0..100 {
        if matches!(sealed, Some(Sound::Sealed(_))) {
            break; // it was plain while the call went on
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        sealed = world.recordings.open(&path).unwrap();
    }
    let mut sealed = sealed.expect("a recording");
    assert_eq!(sealed.read(0..4).unwrap(), b"RIFF");
    assert!(matches!(sealed, Sound::Sealed(_)));
    assert!(!world.folder.path().join("recordings").join(&path).exists());
    let last = kept.iter().rev().find_map(|entry| match entry {
        Entry::Call { facts, caller, .. } => Some((facts.clone(), caller.is_some())),
        _ => None,
    });
    let (facts, sealed) = last.unwrap();
    assert_eq!((facts.rating, facts.ending), (Some(1), Some(crate::Ending::AgentHungUp)));
    assert!(sealed && facts.answered_at.is_some() && facts.ended_at.is_some());
    let outcomes = kept.iter().filter(|entry| matches!(entry, Entry::Outcome { .. }));
    assert_eq!(outcomes.count(), 1);
    let text = serde_json::to_string(&kept).unwrap();
    assert!(!text.contains("13800000001"), "a number stands in the spool unsealed");
    let number: PhoneNumber = "13800000001".parse().unwrap();
    assert_eq!(number.masked(), "138****0001");
    assert!(timeout(LONG, world.live.next()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_whose_agent_lost_the_browser_is_answered_by_the_next() {
    let mut world = World::new();
    let mut first = world.browser(0).await;
    let citizen = world.dial().await;
    world.answered(&citizen).await;
    let gone = first.answer(&world.street).await;
    let talks = |desk: &Desk| desk.owes.is_some() && desk.presence.state == "talking";
    world.desk_when(0, talks).await;
    drop((first, gone));
    let mut second = world.browser(1).await;
    let _agent = second.answer(&world.street).await;
    let desk = world.desk_when(1, talks).await;
    assert!(desk.call.unwrap().outcome_needed);
    let desk = world.desk_when(0, |desk| desk.owes.is_none()).await;
    assert_eq!((desk.presence.state, desk.call), ("not_ready", None));
    world.citizen.hang_up(citizen.dialog.unwrap(), "");
    world.desk_when(1, |desk| desk.presence.state == "wrap_up").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_nobody_takes_goes_on_and_one_that_the_caller_leaves_is_withdrawn() {
    let mut world = World::new();
    let mut first = world.browser(0).await;
    let mut second = world.browser(1).await;
    let citizen = world.dial().await;
    world.answered(&citizen).await;
    first.request("INVITE").await;
    second.request("INVITE").await; // after three seconds of ringing
    world.desk_when(0, |desk| desk.presence.why.as_deref() == Some("未应答")).await;
    world.citizen.hang_up(citizen.dialog.unwrap(), "");
    world.desk_when(1, |desk| desk.presence.state == "ready").await;
    let kept = world.kept().await;
    assert!(kept.iter().any(|entry| matches!(entry, Entry::Missed { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nobody_at_work_the_caller_hears_so_and_is_to_be_called_back() {
    let mut world = World::new();
    let citizen = world.dial().await;
    world.answered(&citizen).await;
    assert!(matches!(world.ends().await, sip::Event::Ended { by: sip::EndedBy::Remote, .. }));
    assert!(world.kept().await.iter().any(|entry| matches!(entry, Entry::Missed { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_none_of_ours_is_not_found() {
    let mut world = World::new();
    let target = Target::Uri(format!("sip:110@127.0.0.1:{}", world.port));
    let (media, _events) =
        world.street.open_call(CallId::new(SystemClock::default().now(), [9; 10]));
    let offer = media.add_offering(LegName::Caller, LegSpec::TRUNK).await.unwrap();
    world.citizen.call(target, Party::new("13800000001"), offer, Vec::new());
    assert!(matches!(world.ends().await, sip::Event::Failed { status: 404, .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_citizen_is_called_about_a_ticket_and_the_browser_learns_no_number() {
    let mut world = World::with(|config| config.out_trunk = Some(TRUNK.to_owned()));
    let clerk = AgentCard { answers: false, ..world.agents[0].clone() };
    world.agents[0] = clerk.clone();
    world.calls.roster(world.agents.clone());
    let (say, told) = telephone(&world.calls, &clerk.number).await;
    let mut browser = Browser { say, told, number: clerk.number.clone(), invite: String::new() };
    world.desk_when(0, |desk| desk.phone.registered).await;
    assert!(world.calls.presence(clerk.id, Ask::Ready).await.is_err(), "takes no calls");
    let now = SystemClock::default().now();
    let errand = Errand {
        ticket: base::TicketId::new(now, [1; 10]),
        person: base::PersonId::new(now, [2; 10]),
        purpose: Purpose::Contact,
    };
    let to = CallCitizen { errand, number: "13800000001".parse().unwrap() };
    let call = world.calls.call_citizen(clerk.id, to).await.unwrap();
    let invite = browser.request("INVITE").await;
    assert!(!invite.contains("13800000001"), "{invite}");
    assert_eq!(header(&invite, "X-Call-Id"), call.to_string());
    let desk = world.calls.desk(clerk.id).await.unwrap();
    let shown = desk.call.unwrap();
    assert_eq!((shown.caller_number, shown.ticket_id), (None, Some(errand.ticket)));
    assert_eq!(world.calls.number_of(call, clerk.id).await.unwrap(), None);
    assert!(world.calls.floor().await.unwrap().agents.iter().all(|at| at.id != clerk.id));
    browser.reply(&invite, "486 Busy Here", "").await;
    world.desk_when(0, |desk| desk.presence.state == "signed_out").await;
    let kept = world.kept().await;
    let about = kept.iter().find_map(|entry| match entry {
        Entry::Call { facts, .. } => facts.errand,
        _ => None,
    });
    assert_eq!(about, Some(errand));
    assert!(!serde_json::to_string(&kept).unwrap().contains("13800000001"));
}

/// When a tenth of a second holds this tone, also under something else that sounds.
async fn speaks(
    from: &mut mpsc::Receiver<TapFrame>,
    hertz: f64,
    clock: &SystemClock,
) -> chrono::DateTime<chrono::Utc> {
    let mut sound: Vec<i16> = Vec::new();
    while let Some(frame) = from.recv().await {
        sound.extend(frame.pcm);
        let newest = &sound[sound.len().saturating_sub(800)..];
        if newest.len() == 800 && level::share_of(newest, hertz) > 0.4 {
            return clock.now();
        }
    }
    panic!("the line was closed");
}

/// With the agent's number as it is shipped: nobody waits for its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_click_to_two_way_audio_it_takes_no_two_and_a_half_seconds() {
    let mut world = World::new();
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sip-config/prompts");
    for file in std::fs::read_dir(shipped).unwrap().flatten().map(|entry| entry.path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("agent_number") || name.starts_with("digit") {
            std::fs::copy(&file, world.folder.path().join("prompts").join(name)).unwrap();
        }
    }
    let mut browser = world.browser(0).await;
    let citizen = world.dial().await;
    world.answered(&citizen).await;
    // the greeting is over: what is left is the way from the click on
    tokio::time::sleep(Duration::from_millis(600)).await;
    let clock = SystemClock::default();
    let clicked = clock.now();
    let agent = browser.answer(&world.street).await;
    agent.media.play(LegName::Caller, Prompt::new("agent", tone(620.0, 160_000)), 1);
    citizen.media.play(LegName::Caller, Prompt::new("citizen", tone(440.0, 160_000)), 1);
    // who plays something is not tapped, but can be heard
    let (to_citizen, mut at_citizen) = mpsc::channel(1000);
    let (to_agent, mut at_agent) = mpsc::channel(1000);
    citizen.media.hear(LegName::Caller, to_citizen);
    agent.media.hear(LegName::Caller, to_agent);
    let (there, back) = tokio::join!(
        timeout(LONG, speaks(&mut at_citizen, 620.0, &clock)),
        timeout(LONG, speaks(&mut at_agent, 440.0, &clock))
    );
    let (there, back) = (there.expect("the citizen hears"), back.expect("the agent hears"));
    let took = (there.max(back) - clicked).num_milliseconds();
    eprintln!("click → both hear each other: {took} ms");
    assert!(took < 2500, "{took} ms");
}
