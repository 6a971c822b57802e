//! Reply templates (答复模板), by category and unit, and the filters that people keep for
//! themselves (常用筛选).
use base::{CategoryId, StaffId, UnitId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::store::template as store;

/// A text to begin a reply with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub id: Uuid,
    pub title: String,
    pub text: String,
    /// None: for all.
    pub category: Option<CategoryId>,
    pub unit: Option<UnitId>,
    pub version: i64,
    pub changed_at: DateTime<Utc>,
    pub changed_by: String,
}

/// Those that fit a category and a unit; without them, all.
pub async fn list(
    db: &mut PgConnection,
    category: Option<CategoryId>,
    unit: Option<UnitId>,
) -> Result<Vec<Template>, Error> {
    store::list(db, category, unit).await
}

/// One of them.
pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Template, Error> {
    store::find(db, id).await?.ok_or(Error::NotFound)
}

/// Keeps a new one.
pub async fn add(db: &mut PgConnection, template: &Template) -> Result<(), Error> {
    store::add(db, template).await
}

/// Writes it anew over the version that was seen; false: it is another by now.
pub async fn change(db: &mut PgConnection, template: &Template, seen: i64) -> Result<bool, Error> {
    store::change(db, template, seen).await
}

/// Takes it out of the lists.
pub async fn remove(db: &mut PgConnection, id: Uuid, seen: i64) -> Result<bool, Error> {
    store::remove(db, id, seen).await
}

/// A filter that somebody keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedFilter {
    pub id: Uuid,
    pub staff: StaffId,
    pub list: String,
    pub name: String,
    pub query: Value,
    pub version: i64,
}

/// A person's filters.
pub async fn filters(db: &mut PgConnection, staff: StaffId) -> Result<Vec<SavedFilter>, Error> {
    store::filters(db, staff).await
}

/// Keeps a filter; false: there is one of this name.
pub async fn add_filter(
    db: &mut PgConnection,
    filter: &SavedFilter,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    store::add_filter(db, filter, now).await
}

/// Writes a filter anew over the version that was seen; false: it is another by now.
pub async fn change_filter(
    db: &mut PgConnection,
    filter: &SavedFilter,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    store::change_filter(db, filter, now).await
}

/// Forgets a filter.
pub async fn remove_filter(db: &mut PgConnection, staff: StaffId, id: Uuid) -> Result<bool, Error> {
    store::remove_filter(db, staff, id).await
}
