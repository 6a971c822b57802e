//! The tasks beside the conductor that need the database: emptying the spool, reading who works
//! here, mending what a crash left.
use std::sync::Arc;
use std::time::Duration;

use base::{AgentId, CallId, Clock};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use db::spool::{Failure, Record, Spool};
use org::{Persons, Role};
use sqlx::PgPool;

use crate::act::seal_away;
use crate::callbacks::{due, local};
use crate::command::{Calls, Command, Error};
use crate::config::Config;
use crate::entry::{Entry, Outcome};
use crate::facts::{AgentCard, AttemptResult, Direction, Ending};
use crate::recordings::Recordings;
use crate::store;

/// How often it is read who works here.
const ROSTER_EVERY: TimeDelta = TimeDelta::seconds(10);

/// Who has a telephone here: agents, and whoever calls a ticket's citizen.
pub const CALLERS: [Role; 6] =
    [Role::Agent, Role::Supervisor, Role::FollowUp, Role::Clerk, Role::Leader, Role::Hub];

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
        match org::staff::with_any_role(&db, &CALLERS).await {
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

/// How often it is looked for recordings that could not be sealed when they were closed.
const SEAL_EVERY: TimeDelta = TimeDelta::hours(1);
/// Nobody writes to such a recording any more: a call's is written to each second.
const UNTOUCHED: Duration = Duration::from_hours(12);

/// What mends the past is built on.
#[derive(Clone)]
pub struct Past {
    pub spool: Spool,
    pub recordings: Recordings,
    pub db: PgPool,
    pub config: Config,
    pub clock: Arc<dyn Clock>,
}

/// After a start, when the spool of the last run is empty: ends the calls that a crash left open,
/// mends and seals their recordings, and tells the conductor what was before. Tries until it is
/// done; then seals what could not be sealed in time, again and again. Never ends.
pub async fn recover(calls: Calls, past: Past) {
    let started = past.clock.now();
    let mut left = past.left(Duration::ZERO).await;
    past.spool.drained().await;
    while let Err(error) = past.recover(&calls, &left, started).await {
        tracing::warn!(%error, "what the last run left cannot be read yet");
        past.clock.sleep_until(past.clock.now() + TimeDelta::seconds(5)).await;
    }
    loop {
        past.clock.sleep_until(past.clock.now() + SEAL_EVERY).await;
        left = past.left(UNTOUCHED).await;
        if let Err(error) = past.mend(&left).await {
            tracing::warn!(%error, "recordings wait to be sealed");
        }
    }
}

impl Past {
    async fn recover(
        &self,
        calls: &Calls,
        left: &[(CallId, String)],
        started: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let cut = store::unfinished(&self.db, started).await?;
        for call in &cut {
            tracing::warn!(call.id = %call.id, "call {} was cut off by the end of the last run", call.id);
            for entry in ends(call, started) {
                self.keep(&entry);
            }
        }
        self.spool.flushed().await;
        for call in &cut {
            store::end_unfinished(&self.db, call.id, started).await?;
        }
        self.mend(left).await?;
        let midnight = local(started).date_naive().and_time(NaiveTime::MIN);
        let midnight = midnight
            .and_local_timezone(*local(started).offset())
            .single()
            .map_or(started, |at| at.to_utc());
        let within = self.config.answer_within;
        let today = store::today(&self.db, midnight, started, within).await?;
        let owed = store::owed(&self.db, started).await?;
        calls.tell(Command::Before { today, owed });
        Ok(())
    }

    /// Plain recordings, and whose they are.
    async fn left(&self, untouched: Duration) -> Vec<(CallId, String)> {
        let recordings = self.recordings.clone();
        let left = tokio::task::spawn_blocking(move || recordings.left(untouched)).await;
        left.map_err(std::io::Error::other).flatten().unwrap_or_else(|error| {
            tracing::error!(%error, "the folder of recordings cannot be read");
            Vec::new()
        })
    }

    /// Makes plain recordings whole, lists and seals them. One whose call nobody knows is only
    /// sealed.
    async fn mend(&self, left: &[(CallId, String)]) -> Result<(), sqlx::Error> {
        let calls: Vec<_> = left.iter().map(|(call, _)| *call).collect();
        let known = store::known(&self.db, &calls).await?;
        for (call, name) in left {
            let plain = self.recordings.plain(name);
            let mended = tokio::task::spawn_blocking(move || media::repair(&plain)).await;
            match mended.map_err(std::io::Error::other).flatten() {
                Ok(mended) if known.contains(call) => self.keep(&Entry::Recording {
                    call: *call,
                    path: name.clone(),
                    sha256: mended.sha256,
                    millis: i64::try_from(mended.millis).unwrap_or(i64::MAX),
                    at: self.clock.now(),
                }),
                Ok(_) => tracing::warn!("recording {name} belongs to no call that is known"),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    tracing::error!(%error, "the recording of call {call} cannot be mended");
                }
            }
            seal_away(*call, self.recordings.clone(), name.clone()).await;
        }
        Ok(())
    }

    fn keep(&self, entry: &Entry) {
        match serde_json::to_vec(entry) {
            Ok(bytes) => self.spool.append(entry.key(), bytes),
            Err(error) => tracing::error!(%error, "an entry cannot be written"),
        }
    }
}

/// What is kept of the end of a call that a crash cut off, as if the house had closed in good order:
/// whoever called is called back, and an attempt to call somebody back has its result.
fn ends(call: &store::Cut, at: DateTime<Utc>) -> Vec<Entry> {
    let detail = Ending::Stopped.as_str().to_owned();
    let what = "ended".to_owned();
    let mut entries = vec![Entry::Event { call: call.id, seq: call.next_seq, at, what, detail }];
    if call.direction == Direction::In {
        let (task, due) = (call.id.uuid(), due(at));
        entries.push(Entry::Missed { task, call: call.id, at, due });
    }
    if let (Some(task), Some(agent)) = (call.callback, call.agent) {
        let failed = AttemptResult::Failed;
        let result = if call.answered { AttemptResult::Answered } else { failed };
        entries.push(Entry::Attempt { task, call: call.id, agent, at, result });
    }
    entries
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
