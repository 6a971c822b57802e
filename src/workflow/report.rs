//! The daily report (日报): what a day brought to the paper wing, in raw counts.
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Error;
use crate::store::report as store;

/// How many of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    pub word: String,
    pub count: i64,
}

/// A day's tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    pub accepted: i64,
    pub ended: i64,
    /// Ended that day, and late.
    pub ended_late: i64,
    /// Now: open, open and overdue, due on the day after.
    pub open: i64,
    pub late: i64,
    pub due_tomorrow: i64,
    /// Asked that day, of whom reached; and what they said.
    pub asked: i64,
    pub reached: i64,
    pub contacted: i64,
    pub solved: i64,
    pub satisfied: i64,
    pub rated: i64,
    /// Steps of oversight that day: urged, ordered.
    pub urged: i64,
    pub overseen: i64,
    pub kinds: Vec<Counted>,
    pub units: Vec<Counted>,
    /// Now, of all that are open.
    pub states: Vec<Counted>,
}

/// The day between two midnights; `tomorrow_ends` is the next. What is "now" is as of `now`.
pub async fn day(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    tomorrow_ends: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Day, Error> {
    store::day(db, from, to, tomorrow_ends, now).await
}
