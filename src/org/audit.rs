//! Audit (审计): who looked at or listened to what, who changed whom. Only ever added to.
use base::{Clock, StaffId};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};

use crate::{Actor, Error, Right, Thing, can, store};

/// One thing done that must be answered for.
#[derive(Debug, Clone)]
pub struct Act {
    /// What was done, as `person_revealed`, `recording_played`, `export_made`.
    pub what: &'static str,
    /// The kind of thing, as `person`, `recording`, `staff`.
    pub thing: &'static str,
    pub thing_id: Option<String>,
    pub reason: Option<String>,
    pub details: Value,
}

impl Act {
    /// An act without reason or details yet.
    pub fn new(what: &'static str, thing: &'static str, id: impl Into<String>) -> Self {
        Self { what, thing, thing_id: Some(id.into()), reason: None, details: json!({}) }
    }

    /// With the reason that the person gave.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// With more facts. Never names, numbers or words of a citizen.
    #[must_use]
    pub fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub staff: Option<StaffId>,
    pub actor: String,
    pub what: String,
    pub thing: String,
    pub thing_id: Option<String>,
    pub reason: Option<String>,
    pub details: Value,
}

/// What became of a change over a version that somebody saw.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed<T> {
    Done(T),
    /// It is another by now: how it stands, and what was done since, the newest first.
    Meanwhile {
        now: T,
        since: Vec<Line>,
    },
}

impl<T> Changed<T> {
    /// The new one; none: somebody else was quicker.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(new) => Some(new),
            Self::Meanwhile { .. } => None,
        }
    }
}

/// What was done to a thing after it had this version.
pub(crate) async fn since(
    db: &mut PgConnection,
    thing: (&str, &str),
    version: i64,
) -> Result<Vec<Line>, Error> {
    let mut lines = store::audit::newest(db, Some(thing), None, 50).await?;
    lines.retain(|line| line.details["version"].as_i64().is_some_and(|made| made > version));
    Ok(lines)
}

/// Writes an act down, in the transaction of the act.
pub async fn write(
    db: &mut PgConnection,
    actor: &Actor,
    act: &Act,
    clock: &dyn Clock,
) -> Result<(), Error> {
    store::audit::insert(db, actor, act, clock.now()).await
}

/// The newest lines, about one thing or about all; those `before` one.
pub async fn read(
    actor: &Actor,
    thing: Option<(&str, &str)>,
    before: Option<i64>,
    most: i64,
    db: &PgPool,
) -> Result<Vec<Line>, Error> {
    can(actor, Right::ReadAudit, Thing::City)?;
    store::audit::newest(&mut *db.acquire().await?, thing, before, most).await
}
