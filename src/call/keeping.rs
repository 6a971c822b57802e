//! The tasks beside the conductor that need the database: emptying the spool, reading who works
//! here, mending what a crash left.
use std::path::Path;
use std::sync::Arc;

use base::{AgentId, CallId, Clock};
use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use db::spool::{Failure, Record, Spool};
use org::{Persons, Role};
use sqlx::PgPool;

use crate::callbacks::local;
use crate::command::{Calls, Command, Error};
use crate::config::Config;
use crate::entry::{Entry, Outcome};
use crate::facts::AgentCard;
use crate::store;

/// How often it is read who works here.
const ROSTER_EVERY: TimeDelta = TimeDelta::seconds(10);

/// Puts one record of the spool into its tables: what [`Spool::drain`] is given. Records of other
/// rooms are refused.
pub async fn put_away(record: Record, db: &PgPool, persons: &Persons) -> Result<(), Failure> {
    if !record.key.starts_with(Entry::PREFIX) {
        return Err(Failure::Refused(format!("no room knows {:?}", record.key)));
    }
    let entry: Entry = serde_json::from_slice(&record.bytes)
        .map_err(|error| Failure::Refused(error.to_string()))?;
    store::write(&entry, db, persons).await.map_err(|error| match error {
        org::Error::Db(error) => error.into(),
        other => Failure::Refused(other.to_string()),
    })
}

/// Tells the conductor again and again who answers calls. Never ends.
pub async fn keep_roster(calls: Calls, db: PgPool, clock: Arc<dyn Clock>) {
    let mut told: Vec<AgentCard> = Vec::new();
    loop {
        match org::staff::with_role(&db, Role::Agent).await {
            Ok(staff) => {
                let agents: Vec<_> = staff.iter().map(AgentCard::from).collect();
                if agents != told {
                    calls.roster(agents.clone());
                    told = agents;
                }
            }
            Err(error) => tracing::warn!(%error, "the roster cannot be read; the last one holds"),
        }
        clock.sleep_until(clock.now() + ROSTER_EVERY).await;
    }
}

/// Once after a start, when the spool of the last run is empty: ends the calls that a crash left
/// open, mends their recordings, and tells the conductor what was before. Tries until it is done.
pub async fn recover(
    calls: Calls,
    spool: Spool,
    db: PgPool,
    config: Config,
    clock: Arc<dyn Clock>,
) {
    let started = clock.now();
    spool.drained().await;
    while let Err(error) = try_recover(&calls, &spool, &db, &config, started).await {
        tracing::warn!(%error, "what the last run left cannot be read yet");
        clock.sleep_until(clock.now() + TimeDelta::seconds(5)).await;
    }
}

async fn try_recover(
    calls: &Calls,
    spool: &Spool,
    db: &PgPool,
    config: &Config,
    started: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    for (call, invite_at) in store::unfinished(db, started).await? {
        tracing::warn!(call.id = %call, "call {call} was cut off by the end of the last run");
        if let Some(entry) = mend(&config.recordings, call, invite_at, started)
            && let Ok(bytes) = serde_json::to_vec(&entry)
        {
            spool.append(entry.key(), bytes);
        }
        store::end_unfinished(db, call, started).await?;
    }
    let midnight = local(started).date_naive().and_time(NaiveTime::MIN);
    let midnight = midnight
        .and_local_timezone(*local(started).offset())
        .single()
        .map_or(started, |at| at.to_utc());
    let today = store::today(db, midnight, started, config.answer_within).await?;
    let owed = store::owed(db, started).await?;
    calls.tell(Command::Before { today, owed });
    Ok(())
}

/// Where a call's recording lies.
pub(crate) fn recording_path(
    folder: &Path,
    call: CallId,
    invite_at: DateTime<Utc>,
) -> std::path::PathBuf {
    let day = local(invite_at).date_naive();
    folder
        .join(format!("{:04}", day.year()))
        .join(day.format("%m-%d").to_string())
        .join(format!("{call}.wav"))
}

fn mend(
    folder: &Path,
    call: CallId,
    invite_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Entry> {
    let path = recording_path(folder, call, invite_at);
    if !path.exists() {
        return None;
    }
    match media::repair(&path) {
        Ok(mended) => Some(Entry::Recording {
            call,
            path: path.to_string_lossy().into_owned(),
            sha256: mended.sha256,
            millis: i64::try_from(mended.millis).unwrap_or(i64::MAX),
            at: now,
        }),
        Err(error) => {
            tracing::error!(%error, "the recording of call {call} cannot be mended");
            None
        }
    }
}

/// What a call came to, also when the call was before the last start.
pub async fn outcome(
    calls: &Calls,
    db: &PgPool,
    call: CallId,
    agent: AgentId,
    outcome: Outcome,
) -> Result<(), Error> {
    match calls.outcome(call, agent, outcome.clone()).await {
        Err(Error::NoSuchCall) => match store::says_outcome(db, call).await? {
            None => Err(Error::NoSuchCall),
            Some((_, true)) => Err(Error::OutcomeGiven),
            Some((None, false)) => Err(Error::NotAnswered),
            Some((Some(other), false)) if other != agent => Err(Error::NotYours),
            Some((Some(_), false)) => calls.old_outcome(call, agent, outcome).await,
        },
        told => told,
    }
}
