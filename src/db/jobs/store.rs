use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Job, NewJob};
use crate::checks::Check;

/// What must hold of the jobs.
pub const CHECKS: &[Check] = &[
    Check {
        name: "jobs_given_up",
        what: "没有放弃的后台任务 (no job was given up)",
        advice: "查看日志中该任务的原因，排除后重新发起 (see the reason in the log, and start it again)",
        sql:
            "select count(*), (select kind || ' ' || id || ': ' || coalesce(last_error, '') from job
                where given_up_at is not null order by id limit 1)
              from job where given_up_at is not null and $1::timestamptz is not null",
    },
    Check {
        name: "jobs_waiting",
        what: "没有久等的后台任务 (no job has waited for an hour)",
        advice: "程序运行时任务应在数秒内完成：查看日志 (a running program does it within seconds: see the log)",
        sql: "select count(*), min(kind || ' ' || id) from job where given_up_at is null
                and run_at < $1::timestamptz - interval '1 hour'
                and (leased_until is null or leased_until < $1::timestamptz)",
    },
];

/// A job and the number of its claim.
type Claim = (i64, u32);

pub(super) async fn add(
    db: &mut PgConnection,
    job: &NewJob,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let added = sqlx::query!(
        "insert into job (kind, order_key, once_key, payload, created_at, run_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (once_key) do nothing",
        job.kind,
        job.order_key,
        job.once_key,
        job.payload,
        now,
        job.run_at,
    );
    Ok(added.execute(db).await?.rows_affected() == 1)
}

pub(super) async fn counts(db: &mut PgConnection) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) filter (where given_up_at is null) as "waiting!",
                  count(*) filter (where given_up_at is not null) as "given_up!" from job"#
    );
    let row = row.fetch_one(db).await?;
    Ok((row.waiting, row.given_up))
}

/// Takes the job that has waited longest, unless an older one of its order key is still there.
pub(super) async fn claim(
    db: &mut PgConnection,
    kinds: &[String],
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Job>, sqlx::Error> {
    let row = sqlx::query!(
        r#"update job set leased_until = $3, attempts = attempts + 1
           where id = (
               select j.id from job j
               where j.kind = any($1) and j.given_up_at is null and j.run_at <= $2
                 and (j.leased_until is null or j.leased_until <= $2)
                 and not exists (
                     select from job older
                     where older.order_key = j.order_key and older.given_up_at is null
                       and older.id < j.id)
               order by j.run_at, j.id
               limit 1
               for update skip locked)
           returning id, kind, payload, attempts, created_at"#,
        kinds,
        now,
        until,
    );
    Ok(row.fetch_optional(db).await?.map(|row| Job {
        id: row.id,
        kind: row.kind,
        payload: row.payload,
        attempt: row.attempts.unsigned_abs(),
        created_at: row.created_at,
    }))
}

/// False when somebody else has claimed the job since.
pub(super) async fn keep_lease(
    db: &mut PgConnection,
    claim: Claim,
    until: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let kept = sqlx::query!(
        "update job set leased_until = $3 where id = $1 and attempts = $2 and leased_until is not null",
        claim.0,
        claim.1.cast_signed(),
        until,
    );
    Ok(kept.execute(db).await?.rows_affected() == 1)
}

pub(super) async fn done(db: &mut PgConnection, claim: Claim) -> Result<(), sqlx::Error> {
    let done = sqlx::query!(
        "delete from job where id = $1 and attempts = $2",
        claim.0,
        claim.1.cast_signed()
    );
    done.execute(db).await.map(drop)
}

pub(super) async fn retry(
    db: &mut PgConnection,
    claim: Claim,
    at: DateTime<Utc>,
    why: &str,
) -> Result<(), sqlx::Error> {
    let retry = sqlx::query!(
        "update job set leased_until = null, run_at = $3, last_error = $4
         where id = $1 and attempts = $2",
        claim.0,
        claim.1.cast_signed(),
        at,
        why,
    );
    retry.execute(db).await.map(drop)
}

pub(super) async fn give_up(
    db: &mut PgConnection,
    claim: Claim,
    now: DateTime<Utc>,
    why: &str,
) -> Result<(), sqlx::Error> {
    let given_up = sqlx::query!(
        "update job set leased_until = null, given_up_at = $3, last_error = $4
         where id = $1 and attempts = $2",
        claim.0,
        claim.1.cast_signed(),
        now,
        why,
    );
    given_up.execute(db).await.map(drop)
}
