//! Work that must not happen inside a transaction: a row is written by it, claimed, committed, done,
//! and deleted. A worker that dies loses its lease, and another takes the job again: a job may run
//! twice, never not at all.
mod store;

pub use store::CHECKS;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use base::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// A job to be added.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub kind: &'static str,
    pub payload: Value,
    /// Not before this.
    pub run_at: DateTime<Utc>,
    /// Jobs of one key run one after the other: a ticket's messages keep their order.
    pub order_key: Option<String>,
    /// A second job with this key is not added while the first is there.
    pub once_key: Option<String>,
}

/// A job that was claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: i64,
    pub kind: String,
    pub payload: Value,
    /// This is the n-th try.
    pub attempt: u32,
    pub created_at: DateTime<Utc>,
}

/// Why a job was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Try again after a pause that doubles each time.
    Retry(String),
    /// No retry will help: the row stays, marked, for a person to look at.
    GiveUp(String),
}

impl<E: fmt::Display> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Retry(error.to_string())
    }
}

/// Adds a job within the caller's transaction; false when one with its `once_key` is there.
pub async fn add(
    db: &mut PgConnection,
    job: &NewJob,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    store::add(db, job, now).await
}

/// How many jobs wait, and how many were given up.
pub async fn counts(db: &PgPool) -> Result<(i64, i64), sqlx::Error> {
    store::counts(&mut *db.acquire().await?).await
}

/// How jobs are worked off.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// A worker that is silent for so long has died. It speaks three times as often.
    pub lease: TimeDelta,
    /// The first pause after a failure; doubles each time.
    pub pause: TimeDelta,
    pub longest_pause: TimeDelta,
    /// Then the job is given up.
    pub attempts: u32,
    /// How often an idle worker looks for work.
    pub look_every: TimeDelta,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            lease: TimeDelta::seconds(60),
            pause: TimeDelta::seconds(5),
            longest_pause: TimeDelta::minutes(30),
            attempts: 12,
            look_every: TimeDelta::milliseconds(500),
        }
    }
}

/// A worker for some kinds of jobs; several may run at once, in one process or in many.
#[derive(Clone)]
pub struct Worker {
    db: PgPool,
    clock: Arc<dyn Clock>,
    kinds: Vec<String>,
    rules: Rules,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("kinds", &self.kinds).finish_non_exhaustive()
    }
}

impl Worker {
    pub fn new(db: PgPool, clock: Arc<dyn Clock>, kinds: &[&str], rules: Rules) -> Self {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Self { db, clock, kinds, rules }
    }

    /// Works for ever, one job at a time; while the database is away it waits for it.
    pub async fn run<F, Fut>(&self, mut handle: F)
    where
        F: FnMut(Job) -> Fut + Send,
        Fut: Future<Output = Result<(), Failure>> + Send,
    {
        let mut away = false;
        loop {
            match self.step(&mut handle).await {
                Ok(true) => {
                    away = false;
                    continue;
                }
                Ok(false) => away = false,
                Err(error) => {
                    if !std::mem::replace(&mut away, true) {
                        tracing::warn!(%error, "jobs wait for the database");
                    }
                }
            }
            self.clock.sleep_until(self.clock.now() + self.rules.look_every).await;
        }
    }

    /// Does one job that is due, if there is one.
    pub async fn step<F, Fut>(&self, handle: &mut F) -> Result<bool, sqlx::Error>
    where
        F: FnMut(Job) -> Fut + Send,
        Fut: Future<Output = Result<(), Failure>> + Send,
    {
        let now = self.clock.now();
        let mut db = self.db.acquire().await?;
        let job = store::claim(&mut db, &self.kinds, now, now + self.rules.lease).await?;
        drop(db); // nothing is held while the job runs
        let Some(job) = job else { return Ok(false) };
        let claim = (job.id, job.attempt);
        let (id, kind) = (job.id, job.kind.clone());
        let done = tokio::select! {
            done = handle(job) => done,
            () = self.keep_lease(claim) => {
                tracing::warn!(job = id, kind, "a job lost its lease and is done elsewhere");
                return Ok(true);
            }
        };
        let now = self.clock.now();
        let mut db = self.db.acquire().await?;
        match done {
            Ok(()) => store::done(&mut db, claim).await?,
            Err(Failure::Retry(why)) if claim.1 < self.rules.attempts => {
                tracing::warn!(
                    job = id,
                    kind,
                    attempt = claim.1,
                    why,
                    "a job failed; it is tried again"
                );
                store::retry(&mut db, claim, now + self.pause(claim.1), &why).await?;
            }
            Err(Failure::Retry(why) | Failure::GiveUp(why)) => {
                tracing::error!(job = id, kind, attempt = claim.1, why, "a job was given up");
                store::give_up(&mut db, claim, now, &why).await?;
            }
        }
        Ok(true)
    }

    /// Resolves when the lease is lost.
    async fn keep_lease(&self, claim: (i64, u32)) {
        loop {
            self.clock.sleep_until(self.clock.now() + self.rules.lease / 3).await;
            let until = self.clock.now() + self.rules.lease;
            let kept =
                async { store::keep_lease(&mut *self.db.acquire().await?, claim, until).await };
            match kept.await {
                Ok(true) => {}
                Ok(false) => return,
                // The database is away: nobody else can take the job either.
                Err(error) => tracing::warn!(%error, "a lease could not be kept"),
            }
        }
    }

    fn pause(&self, attempt: u32) -> TimeDelta {
        let doubled = 2_i32.checked_pow(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        self.rules
            .pause
            .checked_mul(doubled)
            .unwrap_or(self.rules.longest_pause)
            .min(self.rules.longest_pause)
    }
}

#[cfg(test)]
mod tests;
