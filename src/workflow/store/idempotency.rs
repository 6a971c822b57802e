use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Error;
use crate::idempotency::{Answer, Asked, Claim};

pub(crate) async fn claim(
    db: &mut PgConnection,
    asked: &Asked,
    now: DateTime<Utc>,
    died_before: DateTime<Utc>,
) -> Result<Claim, Error> {
    let taken = sqlx::query!(
        "insert into idempotency (staff_id, key, asked_sha256, at) values ($1, $2, $3, $4)
         on conflict (staff_id, key) do update set at = excluded.at
            where idempotency.status is null and idempotency.at < $5
                and idempotency.asked_sha256 = excluded.asked_sha256",
        asked.staff.uuid(),
        asked.key,
        &asked.sha256,
        now,
        died_before,
    );
    if taken.execute(&mut *db).await?.rows_affected() == 1 {
        return Ok(Claim::Yours);
    }
    let row = sqlx::query!(
        "select asked_sha256, status, etag, body from idempotency where staff_id = $1 and key = $2",
        asked.staff.uuid(),
        asked.key,
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(Claim::Running) };
    if row.asked_sha256 != asked.sha256 {
        return Ok(Claim::Other);
    }
    Ok(match row.status {
        None => Claim::Running,
        Some(status) => Claim::Answered(Answer {
            status: u16::try_from(status).unwrap_or(200),
            etag: row.etag,
            body: row.body.unwrap_or_default(),
        }),
    })
}

pub(crate) async fn answered(
    db: &mut PgConnection,
    asked: &Asked,
    answer: &Answer,
) -> Result<(), Error> {
    sqlx::query!(
        "update idempotency set status = $3, etag = $4, body = $5 where staff_id = $1 and key = $2",
        asked.staff.uuid(),
        asked.key,
        i32::from(answer.status),
        answer.etag,
        answer.body,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn forget(db: &mut PgConnection, asked: &Asked) -> Result<(), Error> {
    sqlx::query!(
        "delete from idempotency where staff_id = $1 and key = $2 and status is null",
        asked.staff.uuid(),
        asked.key,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn forget_before(db: &mut PgConnection, at: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("delete from idempotency where at < $1", at).execute(db).await?;
    Ok(())
}
