//! The commands that are not the program itself: each looks, says and ends.
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use base::{Clock, Dice, SystemClock, SystemDice, out};
use org::staff::NewStaff;
use sqlx::PgPool;
use tracing_subscriber::EnvFilter;
use workflow::Workflow;

use crate::config::Config;
use crate::{NewUser, Transcribe, app, config, database, demo, hold, layers, privilege, telephone};

/// Logs go to standard error: readable on a terminal, JSON elsewhere. `LIANXIN_LOG` filters them.
pub(crate) fn start_logging() {
    // rsipstack prints whole messages with their Authorization at info; the WebRTC crates warn about
    // every browser.
    let quiet = "info,rsipstack=warn,sqlx=warn,webrtc=error,rtc=error,rtc_dtls=error,rtc_ice=error";
    let filter = layers::log_filter().unwrap_or_else(|| quiet.to_owned());
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.with_target(false).init();
    } else {
        log.json().init();
    }
}

/// The configuration, or every mistake in it.
pub(crate) fn configuration(dir: &Path) -> anyhow::Result<Config> {
    config::load(dir).map_err(|mistakes| {
        let lines: Vec<_> = mistakes.iter().map(|mistake| format!("\n  {mistake}")).collect();
        anyhow::anyhow!("配置有误 (mistakes in the configuration):{}", lines.concat())
    })
}

pub(crate) fn check_config(dir: &Path) -> ExitCode {
    match config::load(dir) {
        Ok(config) => {
            let settings = toml::to_string(&config.settings).unwrap_or_default();
            out(&format!("# {}\n{settings}", config.dir.display()));
            for (name, queue) in &config.queues {
                out(&format!("# queues/{name}.toml: {} {}", queue.name, queue.skills.join(";")));
            }
            for trunk in &config.trunks {
                out(&format!("# trunks/{}.toml: {} addresses", trunk.name, trunk.addresses.len()));
            }
            out(&format!("# hotlines.csv: {} lines", config.hotlines.len()));
            for rules in config.book.all() {
                out(&format!("# flow: {}", rules.label()));
            }
            out(&format!("# flow in force: {}", config.book.in_force().label()));
            let (models, speech) = (telephone::models_folder(&config), &config.settings.speech);
            if speech.enabled
                && let Err(error) = speech::Model::find(&models, &speech.model)
            {
                // Calls and tickets work without words.
                eprintln!("警告 (warning): speech.model: {error}");
            }
            out("# 配置正确 (no mistakes)");
            ExitCode::SUCCESS
        }
        Err(mistakes) => {
            for mistake in &mistakes {
                eprintln!("{mistake}");
            }
            eprintln!("{} 处错误 (mistakes)", mistakes.len());
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn check_sla(file: &Path) -> anyhow::Result<ExitCode> {
    let right = ticket::check_file(file, &mut out)?;
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what the configured model hears.
pub(crate) fn transcribe(config: &Config, what: &Transcribe) -> anyhow::Result<()> {
    let folder = telephone::models_folder(config);
    let model = speech::Model::find(&folder, &config.settings.speech.model)?;
    let threads = telephone::speech_threads(&config.settings.speech).max(2);
    speech::transcribe::run(&what.files, what.format, model.path(), threads, &mut out)?;
    Ok(())
}

pub(crate) fn migrate(config: &Config, data: &Path) -> anyhow::Result<()> {
    let home = privilege::settle(data, None)?;
    let opened = database::open_beside(&config.settings.database, &home.data)?;
    let new = runtime()?.block_on(opened.place.migrate())?;
    out(&format!(
        "数据库已是最新,新执行 {new} 个迁移 (the database is up to date, {new} migrations were new)"
    ));
    Ok(())
}

pub(crate) fn add_user(config: &Config, new: &NewUser) -> anyhow::Result<()> {
    let roles = new.roles.iter().map(|role| {
        role.parse().map_err(|_| anyhow::anyhow!("没有角色 {role:?} (there is no such role)"))
    });
    let staff = NewStaff {
        name: new.name.clone(),
        display_name: new.display_name.clone().unwrap_or_else(|| new.name.clone()),
        roles: roles.collect::<anyhow::Result<_>>()?,
        ..NewStaff::default()
    };
    let address = match config.settings.http.public_address.as_str() {
        "" => format!("http://{}", config.settings.http.listen),
        address => address.trim_end_matches('/').to_owned(),
    };
    with_database(config, &new.data.data, async |db, clock, dice| {
        let (_, token) = org::staff::invite(&staff, &db, clock, dice).await?;
        out(&format!("{address}/invitation#{}", token.as_str()));
        Ok(())
    })
}

/// How long a program that was asked to end may take.
const CLOSING: Duration = Duration::from_secs(20);

/// Takes the demonstration out of a house that is closed: what its last run left in the spool goes
/// with it, and the voices of those who tried it.
pub(crate) fn remove_demo(config: &Config, data: &Path) -> anyhow::Result<()> {
    let home = privilege::settle(data, None)?;
    let _held = hold::take(&home.data, CLOSING)?;
    let opened = database::open(&config.settings.database, &home.data)?;
    runtime()?.block_on(async {
        opened.place.migrate().await?;
        let db = opened.place.pool(2);
        let (clock, dice): (Arc<dyn Clock>, Arc<dyn Dice>) =
            (Arc::new(SystemClock::default()), Arc::new(SystemDice));
        let keys = Arc::new(org::Keys::open(&app::keys_file(config, &home.data), &*dice)?);
        let (_, recordings) = app::stores(&home.data, Arc::new(keys.sealing()), dice.clone());
        let persons = org::Persons::new(keys, clock.clone(), dice);
        let spool = db::spool::Spool::open(&home.data.join("spool"), clock)?;
        telephone::close_books(&spool, db.clone(), persons).await;
        let mut tx = db.begin().await?;
        let voices = demo::remove(&mut tx).await?;
        tx.commit().await?;
        for name in &voices {
            recordings.delete(name)?;
        }
        db.close().await;
        anyhow::Ok(())
    })?;
    gone(&data.join("demo-accounts.json"))?;
    out("演示数据已删除 (the demonstration's data is gone)");
    Ok(())
}

/// Deletes a file that may be gone already.
fn gone(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            bail!("{}: {error}", file.display())
        }
        _ => Ok(()),
    }
}

pub(crate) fn with_database(
    config: &Config,
    data: &Path,
    act: impl AsyncFnOnce(PgPool, &dyn Clock, &dyn Dice) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let home = privilege::settle(data, None)?;
    let opened = database::open_beside(&config.settings.database, &home.data)?;
    runtime()?.block_on(async {
        opened.place.migrate().await?;
        let db = opened.place.pool(2);
        let done = act(db.clone(), &SystemClock::default(), &SystemDice).await;
        db.close().await;
        done
    })
}

/// The same with a conductor of tickets that tells people what it does, as the program's own would.
pub(crate) fn with_workflow(
    config: &Config,
    data: &Path,
    act: impl AsyncFnOnce(&Workflow) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let home = privilege::settle(data, None)?;
    let opened = database::open_beside(&config.settings.database, &home.data)?;
    runtime()?.block_on(async {
        opened.place.migrate().await?;
        let db = opened.place.pool(2);
        let (clock, dice): (Arc<dyn Clock>, Arc<dyn Dice>) =
            (Arc::new(SystemClock::default()), Arc::new(SystemDice));
        let keys = Arc::new(org::Keys::open(&app::keys_file(config, &home.data), &*dice)?);
        let persons = org::Persons::new(keys, clock.clone(), dice.clone());
        let templates = notice::Templates::load(&config.dir.join("notices"))?;
        let notices = notice::Notices::new(templates, dice.clone(), true);
        let book = config.book.clone();
        let workflow = Workflow::new(db.clone(), clock, dice, persons, book, notices);
        let done = act(&workflow).await;
        db.close().await;
        done
    })
}

/// The document that the running program serves, without running it.
pub(crate) fn openapi() -> anyhow::Result<()> {
    out(&api::description()?);
    Ok(())
}

pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("tokio")
}
