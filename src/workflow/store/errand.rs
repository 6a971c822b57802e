use base::{StaffId, TicketId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::errands::{Errand, File, Preview, Row};

pub(crate) async fn insert(
    db: &mut PgConnection,
    id: Uuid,
    kind: &str,
    staff: StaffId,
    request: &Value,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into errand (id, kind, at, staff_id, state, request) values ($1, $2, $3, $4, 'queued', $5)",
        id,
        kind,
        now,
        staff.uuid(),
        request,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn add_rows(
    db: &mut PgConnection,
    id: Uuid,
    rows: &[Preview],
) -> Result<(), Error> {
    let (mut tickets, mut numbers, mut versions) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows.iter().filter(|row| row.version > 0) {
        tickets.push(row.id.uuid());
        numbers.push(row.number.clone());
        versions.push(row.version);
    }
    sqlx::query!(
        "insert into errand_row (errand_id, position, ticket_id, number, version)
         select $1, position, ticket, number, version
         from unnest($2::uuid[], $3::text[], $4::bigint[]) with ordinality
            as rows (ticket, number, version, position)",
        id,
        &tickets,
        &numbers,
        &versions,
    )
    .execute(&mut *db)
    .await?;
    let total = i32::try_from(tickets.len()).unwrap_or(i32::MAX);
    sqlx::query!("update errand set total = $2 where id = $1", id, total).execute(db).await?;
    Ok(())
}

pub(crate) async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Errand>, Error> {
    let row = sqlx::query_as!(
        Errand,
        r#"select id, kind, at, staff_id as "staff: StaffId", state, total, done, request, why, object,
            file_name, expires_at from errand where id = $1"#,
        id,
    );
    Ok(row.fetch_optional(db).await?)
}

pub(crate) async fn rows(db: &mut PgConnection, id: Uuid) -> Result<Vec<Row>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select position, ticket_id as "ticket: TicketId", number, version, ok, error
        from errand_row where errand_id = $1 order by position"#,
        id,
    );
    Ok(rows.fetch_all(db).await?)
}

pub(crate) async fn running(db: &mut PgConnection, id: Uuid) -> Result<(), Error> {
    let begun =
        sqlx::query!("update errand set state = 'running' where id = $1 and state = 'queued'", id);
    begun.execute(db).await?;
    Ok(())
}

pub(crate) async fn progress(db: &mut PgConnection, id: Uuid, done: i32) -> Result<(), Error> {
    sqlx::query!("update errand set done = $2 where id = $1", id, done).execute(db).await?;
    Ok(())
}

/// Notes how a row went, and that it is done.
pub(crate) async fn mark(
    db: &mut PgConnection,
    id: Uuid,
    position: i32,
    error: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        "with marked as (
            update errand_row set ok = $3::text is null, error = $3
            where errand_id = $1 and position = $2 and ok is null returning 1)
         update errand set done = done + (select count(*) from marked)::int where id = $1",
        id,
        position,
        error,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn ended(
    db: &mut PgConnection,
    id: Uuid,
    state: &str,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update errand set state = $2, why = $3, ended_at = $4 where id = $1",
        id,
        state,
        why,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn file(
    db: &mut PgConnection,
    id: Uuid,
    file: &File,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update errand set state = 'done', total = $2, done = $2, object = $3, file_name = $4, sha256 = $5,
            expires_at = $6, ended_at = $7 where id = $1",
        id,
        file.rows,
        file.object,
        file.name,
        file.sha256,
        file.expires_at,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
