//! Shift hand-over (交接班): what is open when a shift ends, what its leader adds, and who took it on.
use base::StaffId;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::store::handover as store;

/// A hand-over.
#[derive(Debug, Clone, PartialEq)]
pub struct Handover {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub staff: Option<StaffId>,
    pub actor: String,
    pub note: String,
    /// What was open.
    pub state: Value,
    /// What the writer adds.
    pub items: Value,
    pub taken_at: Option<DateTime<Utc>>,
    pub taker: Option<String>,
}

/// Writes one down.
pub async fn add(db: &mut PgConnection, new: &Handover) -> Result<(), Error> {
    store::add(db, new).await
}

/// The newest ones.
pub async fn newest(db: &mut PgConnection, most: i64) -> Result<Vec<Handover>, Error> {
    store::newest(db, most).await
}

/// One of them.
pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Handover, Error> {
    store::find(db, id).await?.ok_or(Error::NotFound)
}

/// Takes one on; false: somebody has already. Never whoever wrote it.
pub async fn take(
    db: &mut PgConnection,
    id: Uuid,
    staff: StaffId,
    taker: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    store::take(db, id, staff, taker, now).await
}
