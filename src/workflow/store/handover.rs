use base::StaffId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::handover::Handover;

pub(crate) async fn add(db: &mut PgConnection, new: &Handover) -> Result<(), Error> {
    sqlx::query!(
        "insert into handover (id, at, staff_id, actor, note, state, items) values ($1, $2, $3, $4, $5, $6, $7)",
        new.id,
        new.at,
        new.staff.map(StaffId::uuid),
        new.actor,
        new.note,
        new.state,
        new.items,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn newest(db: &mut PgConnection, most: i64) -> Result<Vec<Handover>, Error> {
    let rows = sqlx::query_as!(
        Handover,
        r#"select id, at, staff_id as "staff: StaffId", actor, note, state, items, taken_at, taker
        from handover order by at desc, id desc limit $1"#,
        most,
    );
    Ok(rows.fetch_all(db).await?)
}

pub(crate) async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Handover>, Error> {
    let row = sqlx::query_as!(
        Handover,
        r#"select id, at, staff_id as "staff: StaffId", actor, note, state, items, taken_at, taker
        from handover where id = $1"#,
        id,
    );
    Ok(row.fetch_optional(db).await?)
}

pub(crate) async fn take(
    db: &mut PgConnection,
    id: Uuid,
    staff: StaffId,
    taker: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let update = sqlx::query!(
        "update handover set taken_at = $4, taken_by = $2, taker = $3
         where id = $1 and taken_at is null and staff_id is distinct from $2",
        id,
        staff.uuid(),
        taker,
        now,
    );
    Ok(update.execute(db).await?.rows_affected() == 1)
}
