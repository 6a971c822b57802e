//! Opens the house: database, rooms, port; and closes it again.
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::{App, Tls};
use base::{Clock, Dice, SystemClock, SystemDice, Tasks, out};
use call::Recordings;
use db::objects::Objects;
use org::Persons;
use sip::Sockets;
use speech::Model;

use crate::carried::Carried;
use crate::config::Config;
use crate::demo::DemoFiles;
use crate::privilege::Home;
use crate::settings::Http;
use crate::telephone::{Ground, until_closing};
use crate::{Serve, commands, database, demo, hold, mirror, paper, privilege, telephone};

/// Runs until SIGTERM or SIGINT.
pub(crate) fn serve(mut config: Config, options: &Serve) -> anyhow::Result<()> {
    if let Some(address) = options.http {
        config.settings.http.listen = address;
    }
    if let Some(address) = options.sip {
        config.settings.sip.listen = vec![address];
    }
    raise_open_files();
    let listen = config.settings.http.listen;
    let http = TcpListener::bind(listen).with_context(|| format!("http.listen {listen}"))?;
    http.set_nonblocking(true)?;
    let given = Given::read(&config, options)?;
    // Before the change of user: ports below 1024 are root's to open.
    let sip = Sockets::bind(&config.settings.sip.listen)
        .with_context(|| format!("sip.listen {:?}", config.settings.sip.listen))?;
    let dice = SystemDice;
    let accounts = given.demo.as_ref().map(|files| |to: &mut File| files.write_accounts(to, &dice));
    let fill = accounts.as_ref().map(|write| write as privilege::Fill<'_>);
    let home = privilege::settle(&options.data.data, fill)?;
    let _held = hold::take(&home.data, Duration::ZERO)?;
    let opened = database::open(&config.settings.database, &home.data)?;
    let result = commands::runtime()?.block_on(run(
        &config,
        options,
        home,
        &opened.place,
        (http, sip),
        given,
    ));
    drop(opened.cluster);
    result
}

/// What is read while the program may still read it.
struct Given {
    demo: Option<DemoFiles>,
    prompts: Carried,
    fixtures: Carried,
    web: Option<Carried>,
    model: Option<Model>,
}

impl Given {
    fn read(config: &Config, options: &Serve) -> anyhow::Result<Self> {
        let models = telephone::models_folder(config);
        let demo = &config.settings.demo;
        Ok(Self {
            demo: options.demo.then(|| DemoFiles::read(config)).transpose()?,
            prompts: Carried::read(&config.dir.join("prompts"))?,
            fixtures: Carried::read(&demo.fixtures)?,
            web: options.web.as_deref().map(Carried::read).transpose()?,
            // Not there: speech says so on the desk, and what to do.
            model: Model::find(&models, &config.settings.speech.model).ok(),
        })
    }
}

async fn run(
    config: &Config,
    options: &Serve,
    mut home: Home,
    place: &db::Place,
    (http, sip): (TcpListener, Sockets),
    given: Given,
) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let tasks = Tasks::default();
    let metrics = api::install_metrics()?;
    place.migrate().await?;
    let pool = place.pool(config.settings.database.connections);
    let keys = Arc::new(org::Keys::open(&keys_file(config, &home.data), &*dice)?);
    let persons = Persons::new(keys.clone(), clock.clone(), dice.clone());
    if let Some(files) = given.demo {
        files.lay(&mut home, &pool, &*clock, &*dice).await?;
    } else {
        warn_of_demo(&pool).await?;
    }
    let tls = tls(&config.settings.http, &http, &home)?;
    let mut app = App::new(pool.clone(), clock.clone(), dice.clone(), keys);
    let (objects, recordings) = stores(&home.data, app.sealing.clone(), dice.clone());
    let mut telephone = telephone::start(Ground {
        config,
        sockets: sip,
        data: &home.data,
        prompts: given.prompts.settle(&home.data, "prompts")?,
        fixtures: given.fixtures.settle(&home.data, "fixtures")?,
        model: given.model,
        http: http.local_addr()?.ip(),
        demo: options.demo,
        db: pool.clone(),
        persons: persons.clone(),
        recordings: recordings.clone(),
        sealing: app.sealing.clone(),
        clock: clock.clone(),
        dice: dice.clone(),
        tasks: tasks.clone(),
    })
    .await?;
    app.demo = options.demo;
    app.secure = tls.is_some();
    app.metrics = Some(metrics);
    guard(&mut app, config)?;
    app.tasks = tasks.clone();
    app.calls = Some(telephone.calls.clone());
    app.recordings = Some(recordings);
    app.objects = Some(objects);
    app.parts = std::mem::take(&mut telephone.parts).into();
    app.rings = telephone.rings.take();
    app.assets = match given.web {
        Some(web) => Arc::new(api::assets::Folder(web.settle(&home.data, "web")?)),
        None => Arc::new(api::assets::Embedded::<Console>::new()),
    };
    paper::start(&mut app, config, &home.data, &tasks)?;
    if options.demo {
        let (app, hotlines) = (app.clone(), telephone.hotlines);
        let days = config.settings.demo.days;
        tasks.spawn_passing("demo", demo::lay_past(app, hotlines, days));
    }
    mirror::keep(&tasks, clock.clone(), home.data.clone(), keys_file(config, &home.data));
    let (feeding, live) = (app.clone(), telephone.live);
    until_closing(&tasks, "live calls", api::pump_calls(feeding, live));
    let http = tokio::net::TcpListener::from_std(http)?;
    let address = http.local_addr()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    show_fingerprint(tls.as_ref());
    let stop = tasks.clone();
    let door = app.db.clone();
    let router = api::router(app);
    tasks.spawn("http", async move {
        let stopping = async move { stop.stopping().await };
        api::serve(http, router, tls, stopping).await;
    });
    out(&format!("ready http={scheme}://{address} sip={}", telephone.address));
    tokio::select! {
        () = tasks.stopping() => anyhow::bail!("an essential task has ended; see the log"),
        signal = ended_by_signal() => tracing::info!(signal = signal?, "closing"),
    }
    tasks.shut_down().await;
    telephone::close_books(&telephone.spool, pool.clone(), persons).await;
    door.close().await;
    pool.close().await;
    Ok(())
}

fn show_fingerprint(tls: Option<&api::Tls>) {
    if let Some(tls) = tls {
        eprintln!("lianxin: 证书指纹 (certificate's SHA-256): {}", tls.fingerprint);
    }
}

/// Whom the door believes, and where it may call.
fn guard(app: &mut App, config: &Config) -> anyhow::Result<()> {
    let hosts = config.settings.webhooks.hosts.clone();
    app.reach = workflow::webhooks::Reach { hosts, loopback: app.demo };
    let settings = &config.settings.http;
    app.metrics_token = settings.metrics_token.reveal().into();
    let proxies = api::Proxies::read(&settings.trusted_proxies).map_err(anyhow::Error::msg);
    app.proxies = proxies.context("http.trusted_proxies")?;
    Ok(())
}

/// A call holds three sockets and a file, and a browser one more: the 1024 of a login shell are too few.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, ?limit, "the limit of open files stays as it is");
    }
}

/// The demonstration's accounts open a real hotline to whoever kept their passwords.
async fn warn_of_demo(db: &sqlx::PgPool) -> anyhow::Result<()> {
    let administrators = org::staff::with_role(db, org::Role::Administrator).await?;
    if administrators.iter().any(|staff| staff.demo) {
        eprintln!(
            "lianxin: 演示账号仍可登录，正式使用前请停止程序并运行 lianxin demo remove \
             (accounts of the demonstration still open this hotline)"
        );
    }
    Ok(())
}

/// The console's files, built into the program; `web/dist` must be there when it is compiled, or
/// the console says how to build it.
#[derive(rust_embed::RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Console;

/// What is sealed in the data folder, and where recordings lie until they are.
pub(crate) fn stores(
    data: &Path,
    sealing: Arc<db::seal::Keys>,
    dice: Arc<dyn Dice>,
) -> (Objects, Recordings) {
    let objects = Objects::new(data.join("objects"), sealing, dice);
    (objects.clone(), Recordings::new(data.join("recordings"), objects))
}

pub(crate) fn keys_file(config: &Config, data: &Path) -> std::path::PathBuf {
    match config.settings.keys_file.as_str() {
        "" => data.join("keys"),
        path => path.into(),
    }
}

/// Plain on loopback, unless a certificate is named; TLS anywhere else.
fn tls(settings: &Http, http: &TcpListener, home: &Home) -> anyhow::Result<Option<Tls>> {
    if !settings.certificate.is_empty() {
        let files = Tls::from_files(settings.certificate.as_ref(), settings.private_key.as_ref());
        return Ok(Some(files?));
    }
    let address = http.local_addr()?.ip();
    if address.is_loopback() {
        return Ok(None);
    }
    Ok(Some(Tls::self_signed(&home.data, &[address])?))
}

async fn ended_by_signal() -> std::io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}
