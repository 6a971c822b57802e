//! The commands about profiles and clocks: what is known, moving open tickets, proving the clocks.
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use base::out;
use clap::{Args, Subcommand};
use ticket::{Number, Recomputed, Ticket};
use workflow::recompute::{Rebuilt, Which, rebuild};

use crate::config::Config;
use crate::{Data, commands};

#[derive(Debug, Subcommand)]
pub(crate) enum FlowCommand {
    /// Print every profile and version, and how many open tickets began with it
    List(Data),
    /// Move open tickets to another profile or version: one event a ticket, with old and new dues
    Migrate(Migrate),
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// What they began with, such as siping@1
    #[arg(long, value_name = "PROFILE@VERSION")]
    from: String,
    /// What they go on with
    #[arg(long, value_name = "PROFILE@VERSION")]
    to: String,
    /// Only print what would move
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SlaCommand {
    /// Compute the rows of a file (calendar, start, target, pauses, due) and compare
    Check { file: PathBuf },
    /// Recompute the clocks of open tickets from their history, and print what differs
    Rebuild(Rebuild),
}

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// Only this ticket, open or ended
    #[arg(long, value_name = "NUMBER")]
    ticket: Option<String>,
    /// Put right what differs, with an event
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    data: Data,
}

pub(crate) fn flow(config: &Config, command: &FlowCommand) -> anyhow::Result<ExitCode> {
    match command {
        FlowCommand::List(data) => list(config, &data.data)?,
        FlowCommand::Migrate(migrate) => self::migrate(config, migrate)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(config: &Config, data: &Path) -> anyhow::Result<()> {
    let book = &config.book;
    commands::with_database(config, data, async |db, _, _| {
        let open = ticket::open_profiles(&mut *db.acquire().await?).await?;
        let in_force = book.in_force().label();
        for rules in book.all() {
            let label = rules.label();
            let count = open.iter().find(|(name, version, _)| format!("{name}@{version}") == label);
            let count = count.map_or(0, |(_, _, count)| *count);
            let mark = if label == in_force { "\t新工单使用 (in force)" } else { "" };
            out(&format!("{label}\t{count} 件在办 (open){mark}"));
        }
        for (name, version, count) in &open {
            if book.of(name, *version).is_none() {
                out(&format!(
                    "{name}@{version}\t{count} 件在办 (open)\t配置中没有 (not in the configuration)"
                ));
            }
        }
        for calendar in book.calendars() {
            out(&format!("{}\t已知至 (known until) {}", calendar.name(), calendar.known_until()));
        }
        Ok(())
    })
}

fn migrate(config: &Config, what: &Migrate) -> anyhow::Result<()> {
    let (name, version) = profile(&what.from)?;
    let (to, to_version) = profile(&what.to)?;
    let Some(rules) = config.book.of(&to, to_version) else {
        let known: Vec<_> = config.book.all().map(|rules| rules.label()).collect();
        bail!("没有流程 {} (no such profile); {}", what.to, known.join(", "));
    };
    let which = Which { from: None, migrate: Some((name, version, rules)) };
    let why = format!("流程由 {} 换为 {}", what.from, what.to);
    commands::with_workflow(config, &what.data.data, async |workflow| {
        let write = !what.dry_run;
        let mut tell = |ticket: &Ticket, moved: &[Recomputed]| say(ticket, moved);
        let done = workflow.recount(&which, &why, write, &mut tell).await?;
        let word = if write { "已换 (moved)" } else { "将换 (would move)" };
        out(&format!(
            "{word} {} 件 (tickets), {} 个期限变动 (dues), {} 个立即超期 (late at once)",
            done.tickets, done.dues, done.late_at_once
        ));
        Ok(())
    })
}

fn say(ticket: &Ticket, moved: &[Recomputed]) {
    out(&format!("{}", ticket.number));
    for moved in moved {
        let after =
            moved.after.map_or_else(|| "停 (stopped)".to_owned(), |after| after.to_rfc3339());
        let late = if moved.late_at_once { "\t立即超期 (late at once)" } else { "" };
        out(&format!("\t{}\t{} → {after}{late}", moved.name.label(), moved.before.to_rfc3339()));
    }
}

fn profile(text: &str) -> anyhow::Result<(String, i32)> {
    let parts =
        text.split_once('@').and_then(|(name, version)| Some((name, version.parse().ok()?)));
    let (name, version) = parts
        .with_context(|| format!("{text:?} 不是流程,应如 siping@1 (is no PROFILE@VERSION)"))?;
    Ok((name.to_owned(), version))
}

pub(crate) fn rebuild_clocks(config: &Config, what: &Rebuild) -> anyhow::Result<ExitCode> {
    let number = what.ticket.as_deref().map(str::parse::<Number>).transpose();
    let number = number.map_err(|_| anyhow::anyhow!("不是工单编号 (is no ticket's number)"))?;
    let mut found = Rebuilt::default();
    commands::with_database(config, &what.data.data, async |db, clock, _| {
        let mut tell = |ticket: &Ticket, drift: &[ticket::Drift]| {
            for (told, row) in drift {
                let shown =
                    row.as_ref().map_or_else(|| "–".to_owned(), |row| row.due_at.to_rfc3339());
                out(&format!(
                    "{}\t{}\t{shown}\t应为 (has to be) {}",
                    ticket.number,
                    told.name.label(),
                    told.due_at.to_rfc3339()
                ));
            }
        };
        found = rebuild(&db, &config.book, number, clock.now(), what.fix, &mut tell).await?;
        Ok(())
    })?;
    let Rebuilt { tickets, clocks, drifted, silent } = found;
    out(&format!(
        "{tickets} 件 (tickets), {clocks} 个计时 (clocks), {drifted} 个不符 (drift), {silent} 件无法重建 (histories of before)"
    ));
    Ok(if drifted == 0 || what.fix { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
