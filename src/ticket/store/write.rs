//! Writing a ticket: the row, what changed of its legs and limits, the event.
use base::{LegId, StaffId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;
use crate::history::{Event, kept};
use crate::leg::Leg;
use crate::outcome::Rating;
use crate::request::Ticket;
use crate::timer::Timer;

/// A new ticket with its limits. Its first event follows in the same transaction.
pub(crate) async fn insert(db: &mut PgConnection, ticket: &Ticket) -> Result<(), Error> {
    let Ticket { request, life, .. } = ticket;
    sqlx::query_file!(
        "store/insert.sql",
        ticket.id.uuid(),
        ticket.number.to_string(),
        ticket.number.digits(),
        ticket.query_code,
        ticket.key,
        ticket.version,
        request.title,
        request.content,
        life.kind.word(),
        life.urgency.word(),
        request.category.map(base::CategoryId::uuid),
        request.place.map(base::PlaceId::uuid),
        request.address,
        request.person.map(base::PersonId::uuid),
        life.reachable,
        request.sealed,
        request.wants_reply,
        request.channel.word(),
        request.source,
        request.outside_number,
        request.outside_due,
        request.call.map(base::CallId::uuid),
        ticket.accepted_by.map(StaffId::uuid),
        ticket.profile,
        ticket.profile_version,
        i16::from(life.draw),
        life.stage.word(),
        ticket.since,
        life.cycle,
        life.accepted_at,
        life.promise,
        ticket.demo,
        life.ending.as_ref().map(json),
        life.ended_at,
        ticket.events,
        ticket.chain,
        life.due(),
        life.timers.iter().any(|timer| timer.is_running() && timer.provisional),
    )
    .execute(&mut *db)
    .await?;
    let new: Vec<&Timer> = life.timers.iter().collect();
    save_timers(db, ticket.id, &new).await
}

/// The ticket after a step: the row, and those legs and limits that changed.
pub(crate) async fn save(
    db: &mut PgConnection,
    before: &Ticket,
    after: &Ticket,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let life = &after.life;
    sqlx::query_file!(
        "store/save.sql",
        after.id.uuid(),
        after.version,
        after.events,
        after.chain,
        life.stage.word(),
        after.since,
        life.cycle,
        life.lead().map(|leg| leg.unit.unit.uuid()),
        life.promise,
        life.due(),
        life.timers.iter().any(|timer| timer.is_running() && timer.provisional),
        life.was_late(now),
        life.returns,
        life.corrections,
        life.extensions,
        life.extension_days,
        life.urges,
        life.misses,
        life.last_miss,
        &uuids(&life.dispatchers),
        &uuids(&life.reviewers),
        &uuids(&life.followers),
        life.extension.as_ref().map(json),
        life.ending.as_ref().map(json),
        life.ended_at,
    )
    .execute(&mut *db)
    .await?;
    let changed = |i: usize, leg: &Leg| before.life.legs.get(i) != Some(leg);
    for (i, leg) in life.legs.iter().enumerate().filter(|(i, leg)| changed(*i, leg)) {
        save_leg(db, after.id, i, leg).await?;
    }
    let moved: Vec<&Timer> = life
        .timers
        .iter()
        .enumerate()
        .filter(|(i, timer)| before.life.timers.get(*i) != Some(timer))
        .map(|(_, timer)| timer)
        .collect();
    save_timers(db, after.id, &moved).await
}

async fn save_leg(
    db: &mut PgConnection,
    ticket: TicketId,
    i: usize,
    leg: &Leg,
) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into handling_leg (id, ticket_id, position, unit_id, lead, parent_id, cycle, state,
            dispatched_at, dispatched_by, sign_due, signed_at, auto_signed, return_due, return_asked,
            binding, due_at, replied_at, ended_at, reply)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        on conflict (id) do update set state = excluded.state, signed_at = excluded.signed_at,
            auto_signed = excluded.auto_signed, return_asked = excluded.return_asked,
            due_at = excluded.due_at, replied_at = excluded.replied_at, ended_at = excluded.ended_at,
            reply = excluded.reply
        ",
        leg.id.uuid(),
        ticket.uuid(),
        i16::try_from(i).unwrap_or(i16::MAX),
        leg.unit.unit.uuid(),
        leg.lead,
        leg.parent.map(LegId::uuid),
        leg.cycle,
        leg.state.word(),
        leg.dispatched_at,
        leg.dispatched_by.map(StaffId::uuid),
        leg.sign_due,
        leg.signed_at,
        leg.auto_signed,
        leg.return_due,
        leg.return_asked,
        leg.binding,
        leg.due_at,
        leg.replied_at,
        leg.ended_at,
        leg.reply.as_ref().map(json),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// All of them by one statement.
async fn save_timers(
    db: &mut PgConnection,
    ticket: TicketId,
    timers: &[&Timer],
) -> Result<(), Error> {
    if timers.is_empty() {
        return Ok(());
    }
    let all = |time: fn(&Timer) -> Option<DateTime<Utc>>| -> Vec<Option<DateTime<Utc>>> {
        timers.iter().map(|timer| time(timer)).collect()
    };
    let seq: Vec<i16> = timers.iter().map(|timer| timer.seq).collect();
    let names: Vec<String> = timers.iter().map(|timer| timer.name.word().to_owned()).collect();
    let legs: Vec<Option<Uuid>> = timers.iter().map(|timer| timer.leg.map(LegId::uuid)).collect();
    let cycles: Vec<i16> = timers.iter().map(|timer| timer.cycle).collect();
    let runs: Vec<String> = timers.iter().map(|timer| timer.runs.word().to_owned()).collect();
    let started: Vec<DateTime<Utc>> = timers.iter().map(|timer| timer.started_at).collect();
    let due: Vec<DateTime<Utc>> = timers.iter().map(|timer| timer.due_at).collect();
    let provisional: Vec<bool> = timers.iter().map(|timer| timer.provisional).collect();
    sqlx::query_file!(
        "store/save_timers.sql",
        ticket.uuid(),
        &seq,
        &names,
        &legs as &[Option<Uuid>],
        &cycles,
        &runs,
        &started,
        &due,
        &provisional,
        &all(|timer| timer.warn_at) as &[Option<DateTime<Utc>>],
        &all(|timer| timer.late_at) as &[Option<DateTime<Utc>>],
        &all(|timer| timer.met_at) as &[Option<DateTime<Utc>>],
        &all(|timer| timer.stopped_at) as &[Option<DateTime<Utc>>],
        &all(Timer::fire_at) as &[Option<DateTime<Utc>>],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds an event to the history.
pub(crate) async fn add_event(db: &mut PgConnection, event: &Event) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_history (ticket_id, seq, at, staff_id, actor, unit_id, unit_name, action, reason,
            note, from_state, to_state, version, leg_id, details, change, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        event.ticket.uuid(),
        event.seq,
        event.at,
        event.staff.map(StaffId::uuid),
        event.actor,
        event.unit.map(UnitId::uuid),
        event.unit_name,
        event.action,
        event.reason,
        event.note,
        event.from.map(crate::state::Stage::word),
        event.to.word(),
        event.version,
        event.leg.map(LegId::uuid),
        event.details,
        event.change,
        event.hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds what the citizen said.
pub(crate) async fn add_rating(
    db: &mut PgConnection,
    ticket: TicketId,
    rating: &Rating,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into rating (ticket_id, at, cycle, staff_id, reached, contacted, solved, satisfaction, words,
            not_true, call_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ticket.uuid(),
        kept(rating.at),
        rating.cycle,
        rating.by.map(StaffId::uuid),
        rating.reached,
        rating.contacted,
        rating.solved.map(crate::kind::Solved::word),
        rating.satisfaction.map(crate::kind::Satisfaction::word),
        rating.words,
        rating.not_true,
        rating.call_id.map(base::CallId::uuid),
    )
    .execute(db)
    .await?;
    Ok(())
}

fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn uuids(ids: &[StaffId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
