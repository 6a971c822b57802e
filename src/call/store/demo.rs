use base::{CallId, TicketId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};

use crate::demo::History;

/// Rows sent in one statement.
const AT_ONCE: usize = 2000;

/// Whether calls were laid. They came over no trunk; those rung in the demonstration did.
pub(crate) async fn laid(db: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from call_record where demo and trunk is null) as "laid!""#
    )
    .fetch_one(db)
    .await
}

/// Writes a whole past.
pub(crate) async fn insert(db: &mut PgConnection, history: &History) -> Result<(), sqlx::Error> {
    for rows in history.calls.chunks(AT_ONCE) {
        sqlx::query!(
            "insert into call_record (id, rev, direction, hotline, hotline_name, dialled, person_id, withheld,
                agent_id, invite_at, queued_at, answered_at, talk_ended_at, ended_at, ending, rating,
                callback_id, demo)
            select id, 1, direction, hotline, hotline_name, dialled, person, withheld, agent, invite_at,
                queued_at, answered_at, talk_ended_at, ended_at, ending, rating, callback, true
            from jsonb_to_recordset($1) as row (id uuid, direction text, hotline text, hotline_name text,
                dialled text, person uuid, withheld boolean, agent uuid, invite_at timestamptz,
                queued_at timestamptz, answered_at timestamptz, talk_ended_at timestamptz,
                ended_at timestamptz, ending text, rating smallint, callback uuid)",
            json(rows)?
        )
        .execute(&mut *db)
        .await?;
    }
    for rows in history.outcomes.chunks(AT_ONCE) {
        sqlx::query!(
            "insert into call_outcome (call_id, agent_id, kind, ticket_id, note, at)
            select call, agent, kind, ticket, note, at from jsonb_to_recordset($1)
                as row (call uuid, agent uuid, kind text, ticket uuid, note text, at timestamptz)",
            json(rows)?
        )
        .execute(&mut *db)
        .await?;
    }
    sqlx::query!(
        "insert into callback_task (id, person_id, call_id, hotline, hotline_name, missed_at, due_at,
            done_at, done_why, demo)
        select row.id, person, call, hotline, hotline_name, missed_at, due_at, done_at, done_why, true
        from jsonb_to_recordset($1) as row (id uuid, person uuid, call uuid, missed_at timestamptz,
            due_at timestamptz, done_at timestamptz, done_why text)
        join call_record on call_record.id = call",
        json(&history.tasks)?
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into callback_attempt (task_id, call_id, at, agent_id, result)
        select task, call, at, agent, result from jsonb_to_recordset($1)
            as row (task uuid, call uuid, at timestamptz, agent uuid, result text)",
        json(&history.attempts)?
    )
    .execute(&mut *db)
    .await?;
    for rows in history.words.chunks(AT_ONCE) {
        sqlx::query!(
            "insert into transcript_segment (call_id, track, position, from_ms, to_ms, sealed, model, heard_at)
            select call, track, index, from_ms, to_ms, decode(words, 'hex'), model, at
            from jsonb_to_recordset($1) as row (call uuid, track text, index int, from_ms bigint,
                to_ms bigint, words text, model text, at timestamptz)",
            json(rows)?
        )
        .execute(&mut *db)
        .await?;
    }
    insert_events(db).await
}

/// Which call each ticket came from, of those laid.
pub(crate) async fn joined(db: &PgPool) -> Result<Vec<(TicketId, CallId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select o.ticket_id as "ticket!", o.call_id from call_outcome o join call_record c on c.id = o.call_id
        where c.demo and c.trunk is null and o.kind = 'ticket' and o.ticket_id is not null"#
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| (TicketId::from_uuid(row.ticket), CallId::from_uuid(row.call_id))).collect())
}

/// What happened in each, as far as its record says.
async fn insert_events(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into call_event (call_id, seq, at, what, detail)
        select c.id, row_number() over (partition by c.id order by e.step), e.at, e.what, e.detail
        from call_record c
        left join staff s on s.id = c.agent_id
        cross join lateral (values
            (1, c.invite_at, case c.direction when 'in' then 'invite' else 'call_out' end,
                case c.direction when 'in' then c.dialled else '' end),
            (2, case c.direction when 'in' then c.queued_at end, 'offered', s.number),
            (3, c.answered_at, 'connected', s.number),
            (4, case when c.rating is not null then c.ended_at end, 'key', c.rating::text),
            (5, c.ended_at, 'ended', c.ending)
        ) as e (step, at, what, detail)
        where c.demo and c.trunk is null and e.at is not null and e.detail is not null"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the demonstration's calls out; gives those that were rung, and when: they may have been
/// recorded, also where no recording is listed.
pub(crate) async fn remove(
    db: &mut PgConnection,
) -> Result<Vec<(CallId, DateTime<Utc>)>, sqlx::Error> {
    let rung = sqlx::query!(
        "select id, invite_at from call_record c where demo
            and (trunk is not null or exists (select from recording where call_id = c.id))"
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!("select remove_demo_calls()").execute(db).await?;
    Ok(rung.into_iter().map(|row| (CallId::from_uuid(row.id), row.invite_at)).collect())
}

fn json<T: Serialize>(rows: &[T]) -> Result<serde_json::Value, sqlx::Error> {
    serde_json::to_value(rows).map_err(|error| sqlx::Error::Encode(error.into()))
}
