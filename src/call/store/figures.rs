use std::collections::HashMap;

use base::{AgentId, CallId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::figures::Today;

/// Answered calls without an outcome (一通一结), of the last two days.
pub(crate) async fn owed(
    db: &PgPool,
    now: DateTime<Utc>,
) -> Result<Vec<(AgentId, CallId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select c.id, c.agent_id as "agent_id!" from call_record c
        where c.answered_at is not null and c.agent_id is not null and c.ended_at is not null
            and c.invite_at > $1::timestamptz - interval '2 days'
            and not exists (select from call_outcome o where o.call_id = c.id)
        order by c.invite_at desc"#,
        now
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (AgentId::from_uuid(row.agent_id), CallId::from_uuid(row.id)))
        .collect())
}

/// The figures from `midnight` on of calls that began before `now`.
pub(crate) async fn today(
    db: &PgPool,
    midnight: DateTime<Utc>,
    now: DateTime<Utc>,
    within: TimeDelta,
) -> Result<Today, sqlx::Error> {
    let within = within.as_seconds_f64();
    let all = sqlx::query!(
        r#"select count(*) as "offered!",
            count(*) filter (where answered_at is not null) as "answered!",
            count(*) filter (where answered_at is null and ending in ('abandoned', 'nobody_at_work', 'stopped')) as "abandoned!",
            count(*) filter (where answered_at - invite_at <= make_interval(secs => $3)) as "within!",
            coalesce(sum(extract(epoch from answered_at - invite_at)), 0)::float8 as "waited!"
        from call_record where direction = 'in' and invite_at >= $1 and invite_at < $2"#,
        midnight,
        now,
        within
    )
    .fetch_one(db)
    .await?;
    let each = sqlx::query!(
        r#"select agent_id as "agent_id!", count(*) as "answered!",
            coalesce(sum(extract(epoch from coalesce(talk_ended_at, ended_at) - answered_at)), 0)::float8 as "talked!"
        from call_record
        where agent_id is not null and answered_at is not null and invite_at >= $1 and invite_at < $2
        group by agent_id"#,
        midnight,
        now
    )
    .fetch_all(db)
    .await?;
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let agents: HashMap<_, _> = each
        .into_iter()
        .map(|row| (AgentId::from_uuid(row.agent_id), (count(row.answered), seconds(row.talked))))
        .collect();
    Ok(Today {
        offered: count(all.offered),
        answered: count(all.answered),
        abandoned: count(all.abandoned),
        within: count(all.within),
        waited: seconds(all.waited),
        agents,
        ..Today::default()
    })
}

fn seconds(seconds: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "a day's seconds in milliseconds fit")]
    let millis = (seconds * 1000.0) as i64;
    TimeDelta::milliseconds(millis)
}

/// Calls that a crash left without an end, and those that were cut off when the house closed before
/// their recording was listed.
pub(crate) async fn unfinished(
    db: &PgPool,
    before: DateTime<Utc>,
) -> Result<Vec<(CallId, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, invite_at from call_record where invite_at < $1 and (ended_at is null
            or (ending = 'stopped' and answered_at is not null and invite_at > $1 - interval '7 days'
                and not exists (select from recording where call_id = call_record.id)))",
        before
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (CallId::from_uuid(row.id), row.invite_at)).collect())
}

/// Gives such a call its end.
pub(crate) async fn end_unfinished(
    db: &PgPool,
    call: CallId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update call_record set ended_at = greatest($2, invite_at), ending = 'stopped', rev = rev + 1,
            talk_ended_at = case when answered_at is null then null else coalesce(talk_ended_at, $2) end
        where id = $1 and ended_at is null",
        call.uuid(),
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Clock, ManualClock};

    #[tokio::test]
    async fn calls_cut_off_before_their_recording_was_listed_are_found_until_it_is() {
        let db = db::testing::database().await;
        let now = ManualClock::default().now();
        let lay = "insert into call_record (id, rev, direction, hotline, hotline_name, dialled, invite_at, answered_at, \
             ended_at, ending) select gen_random_uuid(), 1, 'in', '12345', '热线', '12345', $1, answered, ended, ending \
             from (values ($1, null, null), ($1, $1, 'stopped'), (null, $1, 'stopped'), ($1, $1, 'caller_hung_up')) \
             as call (answered, ended, ending)";
        sqlx::query(lay).bind(now - TimeDelta::minutes(1)).execute(&db).await.unwrap();
        assert_eq!(unfinished(&db, now).await.unwrap().len(), 2);
        let list = "insert into recording select id, id::text, repeat('0', 64), 1, $1 from call_record where ending = 'stopped'";
        sqlx::query(list).bind(now).execute(&db).await.unwrap();
        assert_eq!(unfinished(&db, now).await.unwrap().len(), 1);
        assert!(unfinished(&db, now - TimeDelta::hours(1)).await.unwrap().is_empty());
    }
}
