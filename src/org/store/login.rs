use base::{StaffId, UnitId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::staff;
use crate::{Error, Staff};

pub(crate) struct Row {
    pub(crate) staff: Staff,
    pub(crate) seen_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
}

/// A sign-in with whose it is: every request asks, so it is one statement.
pub(crate) async fn find(db: &mut PgConnection, token: &[u8]) -> Result<Option<Row>, Error> {
    let row = sqlx::query_file!("store/login.sql", token).fetch_optional(db).await?;
    let Some(row) = row else { return Ok(None) };
    let staff = staff::Row {
        id: row.id,
        number: row.number,
        name: row.name,
        display_name: row.display_name,
        skills: row.skills,
        disabled: row.disabled,
        demo: row.demo,
        version: row.version,
        unit_id: row.unit_id,
        unit_path: row.unit_path,
        unit_name: row.unit_name,
        unit_level: row.unit_level,
        unit_kind: row.unit_kind,
        roles: row.roles,
    };
    Ok(Some(Row { staff: staff.try_into()?, seen_at: row.seen_at, ends_at: row.ends_at }))
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    token: &[u8],
    staff: StaffId,
    address: &str,
    now: DateTime<Utc>,
    ends: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into login (token_hash, staff_id, created_at, seen_at, ends_at, address)
         values ($1, $2, $3, $3, $4, $5)",
        token,
        staff.uuid(),
        now,
        ends,
        address,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn seen(
    db: &mut PgConnection,
    token: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!("update login set seen_at = $2 where token_hash = $1", token, now)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn delete(db: &mut PgConnection, token: &[u8]) -> Result<(), Error> {
    sqlx::query!("delete from login where token_hash = $1", token).execute(db).await?;
    Ok(())
}

/// Sign-ins that are over.
pub(crate) async fn sweep(
    db: &mut PgConnection,
    idle_since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!("delete from login where ends_at <= $2 or seen_at <= $1", idle_since, now)
        .execute(db)
        .await?;
    Ok(())
}

/// All of one person but `keep`.
pub(crate) async fn delete_all(
    db: &mut PgConnection,
    staff: StaffId,
    keep: &[u8],
) -> Result<(), Error> {
    sqlx::query!("delete from login where staff_id = $1 and token_hash <> $2", staff.uuid(), keep)
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn insert_invitation(
    db: &mut PgConnection,
    token: &[u8],
    staff: StaffId,
    now: DateTime<Utc>,
    ends: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into invitation (token_hash, staff_id, created_at, ends_at) values ($1, $2, $3, $4)",
        token,
        staff.uuid(),
        now,
        ends,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses an invitation up, if it is still good.
pub(crate) async fn use_invitation(
    db: &mut PgConnection,
    token: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<StaffId>, Error> {
    let staff = sqlx::query_scalar!(
        r#"update invitation set used_at = $2
           where token_hash = $1 and used_at is null and ends_at > $2 returning staff_id as "staff: StaffId""#,
        token,
        now,
    );
    Ok(staff.fetch_optional(db).await?)
}
