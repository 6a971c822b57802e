//! The demonstration: its city, its accounts, and three months of its past.
use std::fs;
use std::io::{Read, Seek, Write};

use anyhow::Context;
use api::App;
use base::{Clock, Dice};
use org::demo::{DemoAccount, File, Files};
use sqlx::{PgConnection, PgPool};

use crate::config::Config;
use crate::privilege::Home;

/// Which of the files names people.
const PEOPLE: usize = 1;

/// The texts of `sip-config/demo/`, read while the program may still read them.
pub(crate) struct DemoFiles([(String, String); 6]);

impl DemoFiles {
    pub(crate) fn read(config: &Config) -> anyhow::Result<Self> {
        let names = [
            "demo/units.csv",
            "demo/people.csv",
            "demo/gazetteer.csv",
            "categories.csv",
            "catalogue.csv",
            "demo/knowledge.toml",
        ];
        let mut files = names.map(|name| (name.to_owned(), String::new()));
        for (name, text) in &mut files {
            let path = config.dir.join(&name);
            *text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        }
        Ok(Self(files))
    }

    /// Writes the accounts before there is a database: those of an earlier start stay as they are.
    pub(crate) fn write_accounts(&self, to: &mut fs::File, dice: &dyn Dice) -> anyhow::Result<()> {
        let (name, text) = &self.0[PEOPLE];
        let accounts = org::demo::accounts(File { name, text }, read_accounts(to)?, dice)?;
        write_accounts(to, &accounts)
    }

    /// Lays the organisation. The accounts' file is written again only where the database knows
    /// other passwords.
    pub(crate) async fn lay(
        self,
        home: &mut Home,
        db: &PgPool,
        clock: &dyn Clock,
        dice: &dyn Dice,
    ) -> anyhow::Result<()> {
        let [units, people, gazetteer, categories, catalogue, knowledge] =
            self.0.each_ref().map(|(name, text)| File { name, text });
        let files = Files { units, people, gazetteer, categories, catalogue, knowledge };
        let file = home.accounts.as_mut().context("no file for the accounts")?;
        let known = read_accounts(file)?;
        let accounts = org::demo::lay(&files, known.clone(), db, clock, dice).await?;
        if known.as_ref() == Some(&accounts) { Ok(()) } else { write_accounts(file, &accounts) }
    }
}

fn read_accounts(file: &mut fs::File) -> anyhow::Result<Option<Vec<DemoAccount>>> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text).ok())
}

fn write_accounts(file: &mut fs::File, accounts: &[DemoAccount]) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(accounts)? + "\n";
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

/// Lays the past, once: tickets, the calls they came from, and many more calls. Desks can be used
/// meanwhile.
pub(crate) async fn lay_past(app: App, hotlines: Vec<call::Hotline>, days: u16) {
    let closing = app.tasks.clone();
    let laid = tokio::select! {
        laid = try_lay_past(&app, &hotlines, days) => laid,
        () = closing.stopping() => return,
    };
    match laid {
        Ok((0, 0)) => {}
        Ok((tickets, calls)) => tracing::info!(tickets, calls, "the demonstration's past is laid"),
        Err(error) => tracing::error!("the demonstration's past is not whole: {error:#}"),
    }
}

async fn try_lay_past(
    app: &App,
    hotlines: &[call::Hotline],
    days: u16,
) -> anyhow::Result<(usize, usize)> {
    let tickets = workflow::demo::lay(&app.workflow, days).await?;
    let from_calls = workflow::demo::without_call(&mut *app.system.acquire().await?).await?;
    let from_calls: Vec<_> = from_calls.into_iter().map(from_ticket).collect();
    let db = &app.system;
    let (persons, sealing) = (&app.persons, &*app.sealing);
    let means = call::demo::Means { persons, sealing, db, clock: &*app.clock, dice: &*app.dice };
    let laid = call::demo::lay(days, hotlines, &from_calls, &means).await?;
    if let Some(calls) = &app.calls {
        laid.count(calls);
    }
    if !from_calls.is_empty() {
        // Read again, so that a start after a crash joins what the last one laid.
        let joined = call::demo::joined(db).await?;
        let mut tx = db.begin().await?;
        workflow::demo::join_calls(&mut tx, &joined).await?;
        tx.commit().await?;
    }
    Ok((tickets, laid.calls))
}

fn from_ticket(from: workflow::demo::FromCall) -> call::demo::FromTicket {
    let track = |citizen| if citizen { speech::Track::Citizen } else { speech::Track::Agent };
    call::demo::FromTicket {
        ticket: from.ticket,
        at: from.at,
        person: from.person,
        agent: from.agent.map(Into::into),
        said: from.said.into_iter().map(|(citizen, words)| (track(citizen), words)).collect(),
    }
}

/// Takes out everything that was laid, and what was done with it since. Gives the recordings that
/// nothing points at any more.
pub(crate) async fn remove(db: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    workflow::demo::remove(db).await?;
    let recordings = call::demo::remove(db).await?;
    org::demo::remove(db).await?;
    Ok(recordings)
}
