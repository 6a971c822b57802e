use base::{CallId, PersonId};
use chrono::{DateTime, Utc};
use org::{Persons, SealedNumber};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::entry::{Entry, Outcome};
use crate::facts::{AttemptResult, Direction, Ending, Facts};

/// Puts one entry into its table. A second time it changes nothing.
pub async fn write(entry: &Entry, db: &PgPool, persons: &Persons) -> Result<(), org::Error> {
    let mut tx = db.begin().await?;
    match entry {
        Entry::Call { rev, facts, caller } => {
            call(&mut tx, *rev, facts, caller.as_ref(), persons).await?;
        }
        Entry::Event { call, seq, at, what, detail } => {
            event(&mut tx, *call, *seq, *at, what, detail).await?;
        }
        Entry::Quality { call, caller, agent } => {
            let json = serde_json::json!({ "caller": caller, "agent": agent });
            sqlx::query!("update call_record set quality = $2 where id = $1", call.uuid(), json)
                .execute(&mut *tx)
                .await?;
        }
        Entry::Recording { call, path, sha256, millis, at } => {
            sqlx::query!(
                "insert into recording (call_id, path, sha256, millis, at) values ($1, $2, $3, $4, $5)
                on conflict do nothing",
                call.uuid(),
                path,
                sha256,
                millis,
                at
            )
            .execute(&mut *tx)
            .await?;
        }
        Entry::Outcome { call, agent, outcome: given, at } => {
            outcome(&mut tx, *call, agent.uuid(), given, *at).await?;
        }
        Entry::Missed { task, call, at, due } => missed(&mut tx, *task, *call, *at, *due).await?,
        Entry::Attempt { task, call, agent, at, result } => {
            attempt(&mut tx, (*task, *call), agent.uuid(), *at, *result).await?;
        }
        Entry::Words { said, model, at } => {
            speech::store::keep(&mut tx, said, model, *at).await.map_err(|error| match error {
                speech::Error::Db(error) => org::Error::Db(error),
                other => org::Error::Corrupt(other.to_string()),
            })?;
        }
    }
    tx.commit().await?;
    Ok(())
}

async fn call(
    db: &mut PgConnection,
    rev: i64,
    facts: &Facts,
    caller: Option<&SealedNumber>,
    persons: &Persons,
) -> Result<(), org::Error> {
    let known =
        sqlx::query_scalar!("select person_id from call_record where id = $1", facts.id.uuid())
            .fetch_optional(&mut *db)
            .await?;
    let person = match (known, caller) {
        (Some(person), _) => person,
        (None, _) if facts.errand.is_some() => facts.errand.map(|errand| errand.person.uuid()),
        (None, None) => None,
        (None, Some(sealed)) => {
            let number = persons.open_number(sealed, facts.id.uuid().as_bytes())?;
            Some(persons.find_or_add(db, &number, None).await?.uuid())
        }
    };
    sqlx::query!(
        "insert into call_record (id, rev, direction, hotline, hotline_name, dialled, trunk, person_id, withheld,
            agent_id, invite_at, queued_at, answered_at, talk_ended_at, ended_at, ending, rating, callback_id, demo,
            ticket_id, purpose)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
        on conflict (id) do update set rev = excluded.rev, agent_id = excluded.agent_id,
            answered_at = excluded.answered_at, talk_ended_at = excluded.talk_ended_at,
            ended_at = excluded.ended_at, ending = excluded.ending, rating = excluded.rating
        where call_record.rev < excluded.rev",
        facts.id.uuid(),
        rev,
        facts.direction.as_str(),
        facts.hotline,
        facts.hotline_name,
        facts.dialled,
        facts.trunk,
        person,
        facts.withheld,
        facts.agent.map(base::AgentId::uuid),
        facts.invite_at,
        facts.queued_at,
        facts.answered_at,
        facts.talk_ended_at,
        facts.ended_at,
        // the end of a talk is known before the call's: it is written with the call's
        facts.ended_at.and(facts.ending).map(Ending::as_str),
        facts.rating.map(i16::from),
        facts.callback,
        facts.demo,
        facts.errand.map(|errand| errand.ticket.uuid()),
        facts.errand.map(|errand| errand.purpose.as_str()),
    )
    .execute(&mut *db)
    .await?;
    if let (Direction::In, Some(_), Some(person)) = (facts.direction, facts.answered_at, person) {
        served(db, PersonId::from_uuid(person), facts.invite_at).await?;
    }
    Ok(())
}

/// Whoever called again and was answered need not be called back.
async fn served(
    db: &mut PgConnection,
    person: PersonId,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update callback_task set done_at = $2, done_why = 'called_again'
        where person_id = $1 and done_at is null and missed_at < $2",
        person.uuid(),
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn event(
    db: &mut PgConnection,
    call: CallId,
    seq: i32,
    at: DateTime<Utc>,
    what: &str,
    detail: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into call_event (call_id, seq, at, what, detail) values ($1, $2, $3, $4, $5) on conflict do nothing",
        call.uuid(),
        seq,
        at,
        what,
        detail
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn outcome(
    db: &mut PgConnection,
    call: CallId,
    agent: Uuid,
    given: &Outcome,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into call_outcome (call_id, agent_id, kind, ticket_id, knowledge_id, note, at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        call.uuid(),
        agent,
        given.kind.as_str(),
        given.ticket.map(base::TicketId::uuid),
        given.knowledge.map(base::KnowledgeId::uuid),
        given.note,
        at
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("delete from call_draft where call_id = $1", call.uuid()).execute(db).await?;
    Ok(())
}

/// One open task a person, due when the first missed call made it due.
async fn missed(
    db: &mut PgConnection,
    task: Uuid,
    call: CallId,
    at: DateTime<Utc>,
    due: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into callback_task (id, person_id, call_id, hotline, hotline_name, missed_at, due_at, demo)
        select $1, person_id, id, hotline, hotline_name, $3, $4, demo from call_record
        where id = $2 and person_id is not null and not exists (select from callback_task where id = $1)
        on conflict (person_id) where done_at is null do update
        set tries = callback_task.tries + 1, missed_at = excluded.missed_at, call_id = excluded.call_id
        where callback_task.call_id <> excluded.call_id",
        task,
        call.uuid(),
        at,
        due
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An attempt closes its task when it was answered, or was the second real one.
async fn attempt(
    db: &mut PgConnection,
    (task, call): (Uuid, CallId),
    agent: Uuid,
    at: DateTime<Utc>,
    result: AttemptResult,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into callback_attempt (task_id, call_id, at, agent_id, result)
        select id, $2, $3, $4, $5 from callback_task where id = $1 on conflict do nothing",
        task,
        call.uuid(),
        at,
        agent,
        result.as_str()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update callback_task t set done_at = $2, done_why = case when a.answered then 'answered' else 'two_attempts' end
        from (select coalesce(bool_or(result = 'answered'), false) as answered,
                count(*) filter (where result <> 'failed') as real
            from callback_attempt where task_id = $1) a
        where t.id = $1 and t.done_at is null and (a.answered or a.real >= 2)",
        task,
        at
    )
    .execute(db)
    .await?;
    Ok(())
}
