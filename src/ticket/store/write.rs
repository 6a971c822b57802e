//! Writing a ticket: the row, what changed of its legs and limits, the event.
use base::{StaffId, TicketId};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;
use crate::history::{Event, kept};
use crate::leg::Leg;
use crate::outcome::Rating;
use crate::request::Ticket;
use crate::timer::Timer;

/// A new ticket with its limits and its first event.
pub(crate) async fn insert(
    db: &mut PgConnection,
    ticket: &Ticket,
    event: &Event,
) -> Result<(), Error> {
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
        life.ending.as_ref().map(value),
        life.ended_at,
        ticket.events,
        ticket.chain,
        life.due(),
        life.timers.iter().any(|timer| timer.is_running() && timer.provisional),
        rows(life.timers.iter().map(timer_row)),
        rows([event_row(event)]),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The ticket after a step: the row, those legs and limits that changed, and the events that tell of it.
pub(crate) async fn save(
    db: &mut PgConnection,
    before: &Ticket,
    after: &Ticket,
    events: &[Event],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let life = &after.life;
    let legs = life.legs.iter().enumerate();
    let legs = legs.filter(|(i, leg)| before.life.legs.get(*i) != Some(leg));
    let timers = life.timers.iter().enumerate();
    let timers = timers.filter(|(i, timer)| before.life.timers.get(*i) != Some(timer));
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
        life.extension.as_ref().map(value),
        life.ending.as_ref().map(value),
        life.ended_at,
        rows(legs.map(|(i, leg)| leg_row(i, leg))),
        rows(timers.map(|(_, timer)| timer_row(timer))),
        rows(events.iter().map(event_row)),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The rows of one table as one parameter: `jsonb_populate_recordset` reads them by column.
fn rows(all: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(all.into_iter().collect())
}

fn leg_row(i: usize, leg: &Leg) -> Value {
    json!({
        "id": leg.id,
        "position": i16::try_from(i).unwrap_or(i16::MAX),
        "unit_id": leg.unit.unit,
        "lead": leg.lead,
        "parent_id": leg.parent,
        "cycle": leg.cycle,
        "state": leg.state.word(),
        "dispatched_at": leg.dispatched_at,
        "dispatched_by": leg.dispatched_by,
        "sign_due": leg.sign_due,
        "signed_at": leg.signed_at,
        "auto_signed": leg.auto_signed,
        "return_due": leg.return_due,
        "return_asked": leg.return_asked,
        "binding": leg.binding,
        "due_at": leg.due_at,
        "replied_at": leg.replied_at,
        "ended_at": leg.ended_at,
        "reply": leg.reply,
    })
}

fn timer_row(timer: &Timer) -> Value {
    json!({
        "seq": timer.seq,
        "name": timer.name.word(),
        "leg_id": timer.leg,
        "cycle": timer.cycle,
        "runs": timer.runs.word(),
        "started_at": timer.started_at,
        "due_at": timer.due_at,
        "provisional": timer.provisional,
        "warns": timer.warns,
        "late_at": timer.late_at,
        "met_at": timer.met_at,
        "stopped_at": timer.stopped_at,
        "fire_at": timer.fire_at(),
        "counted": timer.count,
    })
}

fn event_row(event: &Event) -> Value {
    json!({
        "seq": event.seq,
        "at": event.at,
        "staff_id": event.staff,
        "actor": event.actor,
        "unit_id": event.unit,
        "unit_name": event.unit_name,
        "action": event.action,
        "reason": event.reason,
        "note": event.note,
        "from_state": event.from.map(crate::state::Stage::word),
        "to_state": event.to.word(),
        "version": event.version,
        "leg_id": event.leg,
        "details": event.details,
        "change": event.change,
        "hash": format!("\\x{}", hex::encode(&event.hash)),
    })
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

fn value<T: serde::Serialize>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn uuids(ids: &[StaffId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
