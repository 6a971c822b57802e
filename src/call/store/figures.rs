use std::collections::{HashMap, HashSet};

use base::{AgentId, CallId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::facts::Direction;
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

/// A call that a crash left without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) id: CallId,
    pub(crate) direction: Direction,
    pub(crate) agent: Option<AgentId>,
    pub(crate) callback: Option<Uuid>,
    pub(crate) answered: bool,
    /// The number of the next line of its history.
    pub(crate) next_seq: i32,
}

/// Calls of before that have no end.
pub(crate) async fn unfinished(
    db: &PgPool,
    before: DateTime<Utc>,
) -> Result<Vec<Cut>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, direction, agent_id, callback_id, answered_at is not null as "answered!",
            (select coalesce(max(seq), 0) + 1 from call_event where call_id = c.id) as "next_seq!"
        from call_record c where invite_at < $1 and ended_at is null order by invite_at"#,
        before
    )
    .fetch_all(db)
    .await?;
    let cut =
        |direction: &str| direction.parse().map_err(|e: String| sqlx::Error::Decode(e.into()));
    rows.into_iter()
        .map(|row| {
            Ok(Cut {
                id: CallId::from_uuid(row.id),
                direction: cut(&row.direction)?,
                agent: row.agent_id.map(AgentId::from_uuid),
                callback: row.callback_id,
                answered: row.answered,
                next_seq: row.next_seq,
            })
        })
        .collect()
}

/// Which of these calls are listed.
pub(crate) async fn known(db: &PgPool, calls: &[CallId]) -> Result<HashSet<CallId>, sqlx::Error> {
    let ids: Vec<Uuid> = calls.iter().map(|call| call.uuid()).collect();
    let rows = sqlx::query_scalar!("select id from call_record where id = any($1)", &ids)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(CallId::from_uuid).collect())
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

/// Calls of citizens in a span of time, in raw counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub offered: u32,
    pub answered: u32,
    pub abandoned: u32,
    /// Answered in time.
    pub within: u32,
}

/// The calls that began in this span; `within` is how soon an answer is in time.
pub async fn figures(
    db: &PgPool,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    within: TimeDelta,
) -> Result<Figures, sqlx::Error> {
    let span = today(db, from, to, within).await?;
    let Today { offered, answered, abandoned, within, .. } = span;
    Ok(Figures { offered, answered, abandoned, within })
}
