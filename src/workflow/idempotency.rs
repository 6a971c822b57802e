//! Requests that were asked before, and what they were answered; kept for a day.
use base::StaffId;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::Error;
use crate::store::idempotency as store;

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::days(1);

/// A request with a key.
#[derive(Debug, Clone)]
pub struct Asked {
    pub staff: StaffId,
    pub key: String,
    /// Of its path and body.
    pub sha256: [u8; 32],
}

/// What it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Vec<u8>,
}

/// Who is to answer a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Whoever asked: nobody has done it.
    Yours,
    /// Somebody is doing it now.
    Running,
    /// The key belongs to another request.
    Other,
    Answered(Answer),
}

/// Takes a request on. One that has not been answered for `patience` is taken over.
pub async fn claim(
    db: &PgPool,
    asked: &Asked,
    now: DateTime<Utc>,
    patience: TimeDelta,
) -> Result<Claim, Error> {
    let db = &mut *db.acquire().await?;
    store::forget_before(db, now - KEPT).await?;
    store::claim(db, asked, now, now - patience).await
}

/// Keeps the answer.
pub async fn answered(db: &PgPool, asked: &Asked, answer: &Answer) -> Result<(), Error> {
    store::answered(&mut *db.acquire().await?, asked, answer).await
}

/// Nothing was done: the key is free again.
pub async fn forget(db: &PgPool, asked: &Asked) -> Result<(), Error> {
    store::forget(&mut *db.acquire().await?, asked).await
}
