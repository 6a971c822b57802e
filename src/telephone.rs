//! Wires the telephone wing: SIP, media, queue, speech, and the conductor over them.
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::{Part, Rings, State};
use base::{Clock, Dice, Drain, Tasks};
use call::{Calls, Live, Past, Patience, Recordings, Rooms};
use chrono::TimeDelta;
use db::seal::Keys;
use db::spool::Spool;
use media::Media;
use org::Persons;
use queue::{Limits, Skills};
use sip::{Endpoint, TrunkConfig};
use speech::{Model, Speech, Status};
use sqlx::PgPool;

use crate::caller_citizen;
use crate::config::Config;
use crate::rings::DemoRings;
use crate::settings::{self, Hotline, Settings};

/// The trunk that only the demonstration has: this machine.
const DEMO_TRUNK: &str = "demo";

/// How long the last records may take into the database when the house closes.
const LAST_ENTRIES: Duration = Duration::from_secs(2);

/// What the rest of the house uses of the wing.
pub(crate) struct Telephone {
    pub(crate) calls: Calls,
    pub(crate) live: Drain<Live>,
    /// What calls leave behind, on its way to the database.
    pub(crate) spool: Spool,
    /// The address that trunks reach.
    pub(crate) address: SocketAddr,
    pub(crate) parts: Vec<Part>,
    /// Every number that citizens can dial.
    pub(crate) hotlines: Vec<call::Hotline>,
    /// With `--demo`: the citizens who ring.
    pub(crate) rings: Option<Arc<dyn Rings>>,
}

/// What the wing is built on.
pub(crate) struct Ground<'a> {
    pub(crate) config: &'a Config,
    /// Where trunks send calls: bound while the program still was who started it.
    pub(crate) sockets: sip::Sockets,
    pub(crate) data: &'a Path,
    /// The folder of prompts, where it can be read.
    pub(crate) prompts: PathBuf,
    /// The folder of recorded calls, where it can be read.
    pub(crate) fixtures: PathBuf,
    pub(crate) model: Option<Model>,
    pub(crate) http: IpAddr,
    pub(crate) demo: bool,
    pub(crate) db: PgPool,
    pub(crate) persons: Persons,
    pub(crate) recordings: Recordings,
    pub(crate) sealing: Arc<Keys>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) tasks: Tasks,
}

/// Starts the wing. Nothing here needs the database.
pub(crate) async fn start(mut ground: Ground<'_>) -> anyhow::Result<Telephone> {
    let sockets = std::mem::take(&mut ground.sockets);
    let Ground { config, data, clock, dice, tasks, .. } = &ground;
    let settings = &config.settings;
    let listen = settings.sip.listen.first().context("sip.listen: no address")?.ip();
    let mut signalling = signalling(config);
    let mut conducting = conducting(config, data, ground.demo);
    if ground.demo {
        // Loopback is a trunk only in the demonstration; its citizens live at the other end.
        let proxy = ground.citizens();
        if proxy.is_some() && conducting.out_trunk.is_none() {
            conducting.out_trunk = Some(DEMO_TRUNK.to_owned());
        }
        signalling.trunks.push(demo_trunk(proxy));
    }
    let (clock_, dice_) = (clock.clone(), dice.clone());
    let (sip, sip_events, bound) = Endpoint::start_on(sockets, signalling, clock_, dice_, tasks)
        .with_context(|| format!("sip.listen {:?}", settings.sip.listen))?;
    let address = *bound.udp.first().context("sip.listen: no address")?;
    let media = media_config(settings, listen, ground.http, ground.prompts.clone());
    let media = Media::start(media, clock.clone(), dice.clone(), tasks)?;
    let (speech, segments) = if settings.speech.enabled {
        Speech::start(speech_config(&ground), tasks, clock.clone())
    } else {
        Speech::off("语音转写已停用；在设置中打开 speech.enabled 并重新启动即可恢复".to_owned())
    };
    let folder = data.join("spool");
    let (spool_clock, opened) = (clock.clone(), folder.clone());
    let spool = tokio::task::spawn_blocking(move || Spool::open(&opened, spool_clock))
        .await?
        .with_context(|| folder.display().to_string())?;
    let rooms = Rooms {
        sip,
        sip_events,
        media,
        speech: speech.clone(),
        segments,
        spool: spool.clone(),
        recordings: ground.recordings.clone(),
        sealing: ground.sealing.clone(),
        persons: ground.persons.clone(),
        clock: clock.clone(),
        dice: dice.clone(),
        tasks: tasks.clone(),
    };
    let hotlines = conducting.hotlines.clone();
    let (calls, live) = call::start(conducting.clone(), rooms);
    keep_books(&ground, &calls, &spool, conducting);
    let parts = vec![
        spool_part(spool.clone()),
        speech_part(speech),
        crate::disk::part(ground.data.to_owned()),
    ];
    let rings = ground.demo.then(|| ground.rings(address));
    Ok(Telephone { calls, live, spool, address, parts, hotlines, rings })
}

impl Ground<'_> {
    /// Where the demonstration's citizens are called; without a recording of one, nowhere.
    fn citizens(&self) -> Option<SocketAddr> {
        let file = self.fixtures.join("streetlight.wav");
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let citizens =
            caller_citizen::live(listen, &file, self.clock.clone(), self.dice.clone(), &self.tasks);
        if let Err(error) = &citizens {
            tracing::warn!("nobody can be called in the demonstration: {error:#}");
        }
        citizens.ok()
    }

    fn rings(&self, via: SocketAddr) -> Arc<dyn Rings> {
        let via = match via.ip() {
            ip if ip.is_unspecified() => SocketAddr::from(([127, 0, 0, 1], via.port())),
            _ => via,
        };
        Arc::new(DemoRings {
            fixtures: self.fixtures.clone(),
            via,
            main_number: self.config.settings.call.main_number.clone(),
            clock: self.clock.clone(),
            dice: self.dice.clone(),
            tasks: self.tasks.clone(),
        })
    }
}

/// The tasks that bring what calls leave behind into the database.
fn keep_books(ground: &Ground<'_>, calls: &Calls, spool: &Spool, conducting: call::Config) {
    let tasks = &ground.tasks;
    let (db, persons, draining) = (ground.db.clone(), ground.persons.clone(), spool.clone());
    until_closing(tasks, "spool", async move {
        draining.drain(async |record| call::put_away(record, &db, &persons).await).await;
    });
    let (calls_, db, clock) = (calls.clone(), ground.db.clone(), ground.clock.clone());
    until_closing(tasks, "roster", call::keep_roster(calls_, db, clock));
    let past = Past {
        spool: spool.clone(),
        recordings: ground.recordings.clone(),
        db: ground.db.clone(),
        config: conducting,
        clock: ground.clock.clone(),
    };
    until_closing(tasks, "recovery", call::recover(calls.clone(), past));
}

/// Brings over how the last calls ended, once all is quiet. What the database does not take in time
/// comes at the next start.
pub(crate) async fn close_books(spool: &Spool, db: PgPool, persons: Persons) {
    let drain = spool.drain(async |record| call::put_away(record, &db, &persons).await);
    let drained = async {
        tokio::select! {
            () = drain => {}
            () = spool.drained() => {}
        }
    };
    if tokio::time::timeout(LAST_ENTRIES, drained).await.is_err() {
        tracing::warn!(waiting = spool.waiting(), "records wait in the spool for the next start");
    }
}

/// A task that is cut off when the house closes.
pub(crate) fn until_closing(
    tasks: &Tasks,
    name: &'static str,
    work: impl Future<Output = ()> + Send + 'static,
) {
    let closing = tasks.clone();
    tasks.spawn(name, async move {
        tokio::select! {
            () = work => {}
            () = closing.stopping() => {}
        }
    });
}

fn signalling(config: &Config) -> sip::Config {
    let settings = &config.settings.sip;
    sip::Config {
        listen: settings.listen.clone(),
        advertise: Some(settings.public_host.clone()).filter(|host| !host.is_empty()),
        domain: settings.domain.clone(),
        trunks: config.trunks.clone(),
        calls_at_most: settings.calls_at_most,
        ..sip::Config::default()
    }
}

fn demo_trunk(proxy: Option<SocketAddr>) -> TrunkConfig {
    let loopback = ["127.0.0.0/8", "::1/128"].map(|net| net.parse().expect("a network"));
    TrunkConfig {
        name: DEMO_TRUNK.to_owned(),
        addresses: loopback.to_vec(),
        proxy,
        transport: sip::Transport::Udp,
        answer_at_once: true,
        number_from: vec![sip::NumberRule::RequestUri],
        digest: None,
        show_number: None,
        dial: Vec::new(),
    }
}

fn media_config(settings: &Settings, sip: IpAddr, http: IpAddr, prompts: PathBuf) -> media::Config {
    let bind = settings.media.address.unwrap_or(sip);
    let (first, last) = settings.media.rtp_ports;
    media::Config {
        bind,
        public: settings.media.public_address.unwrap_or(bind),
        browser_bind: settings.media.browser_address.unwrap_or(http),
        ports: first..=last,
        loopback: http.is_loopback(),
        prompts,
    }
}

fn speech_config(ground: &Ground<'_>) -> speech::Config {
    let settings = &ground.config.settings.speech;
    speech::Config {
        // The running image itself, wherever its file lies and whoever may look there.
        program: Some(PathBuf::from("/proc/self/exe")),
        socket: ground.data.join("speech.sock"),
        models: models_folder(ground.config),
        model: settings.model.clone(),
        opened: ground.model.clone(),
        threads: speech_threads(settings),
    }
}

/// Threads for one inference: as set, or what calls leave over.
pub(crate) fn speech_threads(settings: &settings::Speech) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match settings.threads {
        0 => (cores - 1).clamp(1, 4),
        threads => threads.into(),
    }
}

/// `models`, or the folder that `ops/fetch-model` fills.
pub(crate) fn models_folder(config: &Config) -> PathBuf {
    match config.settings.models.as_str() {
        "" => crate::layers::cache_folder().join("lianxin/models"),
        folder => folder.into(),
    }
}

fn conducting(config: &Config, data: &Path, demo: bool) -> call::Config {
    let settings = &config.settings.call;
    let secs = |secs: u32| TimeDelta::seconds(secs.into());
    let mut hotlines: Vec<_> = config.hotlines.iter().map(|line| hotline(config, line)).collect();
    hotlines.push(call::Hotline {
        number: settings.main_number.clone(),
        name: settings.main_name.clone(),
        needs: queue_skills(config, &settings.main_queue, &[]),
        priority: queue_priority(config, &settings.main_queue),
    });
    call::Config {
        hotlines,
        area_code: settings.area_code.clone(),
        limits: Limits {
            ring: secs(settings.ring_secs),
            wrap_up: secs(settings.wrap_up_secs),
            phone_lost: secs(settings.phone_lost_secs),
        },
        patience: Patience {
            rating: secs(settings.rating_secs),
            agent: secs(settings.callback_agent_secs),
            citizen: secs(settings.callback_citizen_secs),
            ..Patience::default()
        },
        answer_within: secs(settings.answer_within_secs),
        phone_grace: secs(settings.phone_grace_secs),
        roster: data.join("roster.json"),
        out_trunk: Some(settings.out_trunk.clone()).filter(|trunk| !trunk.is_empty()),
        opus: settings.opus,
        demo,
        prompts: call::PromptNames {
            greeting: settings.greeting.clone(),
            callback_greeting: settings.callback_greeting.clone(),
            ..call::PromptNames::default()
        },
    }
}

fn hotline(config: &Config, line: &Hotline) -> call::Hotline {
    call::Hotline {
        number: line.number.clone(),
        name: line.name.clone(),
        needs: queue_skills(config, &line.queue, &line.skills),
        priority: queue_priority(config, &line.queue),
    }
}

fn queue_skills(config: &Config, queue: &str, more: &[String]) -> Skills {
    let own = config.queues.get(queue).map(|queue| queue.skills.as_slice()).unwrap_or_default();
    own.iter().chain(more).cloned().collect()
}

fn queue_priority(config: &Config, queue: &str) -> u8 {
    config.queues.get(queue).map_or(0, |queue| queue.priority)
}

fn spool_part(spool: Spool) -> Part {
    Part::new("spool", move || {
        if spool.healthy() {
            return State::Up;
        }
        let why = match spool.refused() {
            0 => format!("磁盘不接收通话记录，{} 条暂存在内存中", spool.waiting()),
            refused => format!("{refused} 条通话记录无法入库，已另存于数据目录 spool/refused"),
        };
        State::Degraded { why }
    })
}

fn speech_part(speech: Speech) -> Part {
    Part::new("speech", move || match speech.status() {
        Status::Ready { .. } => State::Up,
        Status::Restarting => State::Degraded { why: "the speech process is starting".to_owned() },
        Status::NoModel { what_to_do } => State::Degraded { why: what_to_do },
    })
}
