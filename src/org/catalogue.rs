//! The dispatch catalogue (派单目录): which units handle what where, and what may not be pushed down to
//! streets and townships (基层禁派清单). A whole version is written at a time, in force from a day on.
use base::{CategoryId, Clock, PlaceId, UnitId};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::knowledge::today;
use crate::{Actor, Error, Right, Thing, can, store};

/// What the catalogue says of a unit for a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It handles this; also where no catalogue is in force.
    Listed,
    /// The catalogue names others: a reason is asked for.
    NotListed,
    /// It may not be sent this (基层禁派); the rule says why.
    Forbidden { rule: String },
}

/// A version of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub version: i32,
    /// The first day on which it holds.
    pub valid_from: NaiveDate,
    pub note: String,
    pub written_at: DateTime<Utc>,
    pub written_by: String,
}

/// Which units handle a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub category: CategoryId,
    /// In this district only; anywhere without one.
    pub district: Option<PlaceId>,
    /// The first is the usual one.
    pub units: Vec<UnitId>,
}

/// What may not be sent to the grass roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Also for what stands below it.
    pub category: CategoryId,
    pub rule: String,
}

/// What a version says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    pub entries: Vec<Entry>,
    pub bans: Vec<Ban>,
}

/// Asks the catalogue that is in force at `at`.
pub async fn check(
    db: &mut PgConnection,
    category: CategoryId,
    unit: UnitId,
    at: DateTime<Utc>,
) -> Result<Answer, Error> {
    let found = store::catalogue::check(db, category, unit, today(at)).await?;
    Ok(match found {
        None => Answer::Listed, // no catalogue, or no such unit: the step says so in its own words
        Some((Some(rule), _)) => Answer::Forbidden { rule },
        Some((None, true)) => Answer::Listed,
        Some((None, false)) => Answer::NotListed,
    })
}

/// The units that the catalogue names for a category, those of the place's own district first.
pub async fn candidates(
    db: &mut PgConnection,
    category: CategoryId,
    place: Option<PlaceId>,
    at: DateTime<Utc>,
) -> Result<Vec<UnitId>, Error> {
    store::catalogue::candidates(db, category, place, today(at)).await
}

/// A version and what it says; without a number the one in force.
pub async fn read(
    version: Option<i32>,
    db: &PgPool,
    clock: &dyn Clock,
) -> Result<Option<(Version, Content)>, Error> {
    let db = &mut *db.acquire().await?;
    let Some(found) = store::catalogue::version(db, version, today(clock.now())).await? else {
        return Ok(None);
    };
    let content = store::catalogue::content(db, found.version).await?;
    Ok(Some((found, content)))
}

/// All versions, the newest first.
pub async fn versions(db: &PgPool) -> Result<Vec<Version>, Error> {
    store::catalogue::versions(&mut *db.acquire().await?).await
}

/// Writes a new version, in force from a day on that is not over.
pub async fn write(
    actor: &Actor,
    valid_from: NaiveDate,
    note: &str,
    content: &Content,
    db: &PgPool,
    clock: &dyn Clock,
) -> Result<Version, Error> {
    can(actor, Right::EditCatalogue, Thing::City)?;
    if valid_from < today(clock.now()) {
        return Err(Error::Invalid("派单目录不能从过去的日期起生效".to_owned()));
    }
    let mut tx = db.begin().await?;
    let version = lay(&mut tx, actor, valid_from, note, false, clock).await?;
    for entry in &content.entries {
        store::catalogue::add_entry(&mut tx, version.version, entry).await?;
    }
    for ban in &content.bans {
        store::catalogue::add_ban(&mut tx, version.version, ban).await?;
    }
    let act = Act::new("catalogue_written", "catalogue", version.version.to_string()).with(
        json!({ "valid_from": valid_from, "entries": content.entries.len(), "bans": content.bans.len() }),
    );
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(version)
}

/// An empty version, to be filled in the same transaction.
pub(crate) async fn lay(
    db: &mut PgConnection,
    actor: &Actor,
    valid_from: NaiveDate,
    note: &str,
    demo: bool,
    clock: &dyn Clock,
) -> Result<Version, Error> {
    let note = note.trim();
    if note.chars().count() > 400 {
        return Err(Error::Invalid("版本说明不能超过400个字".to_owned()));
    }
    let version = Version {
        version: store::catalogue::next(db).await?,
        valid_from,
        note: note.to_owned(),
        written_at: clock.now(),
        written_by: actor.name.clone(),
    };
    store::catalogue::insert(db, &version, demo).await?;
    Ok(version)
}
