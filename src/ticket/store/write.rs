//! Writing a ticket: the row, what changed of its legs and limits, the event.
use base::{StaffId, TicketId};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;

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
        &life.against.iter().map(|against| against.post.unit.uuid()).collect::<Vec<_>>(),
        value(&life.side),
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
    save_many(db, &[(before, after, events)], now).await
}

/// Tickets after their steps, by one statement however many there are.
pub(crate) async fn save_many(
    db: &mut PgConnection,
    all: &[(&Ticket, &Ticket, &[Event])],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (mut tickets, mut legs, mut timers, mut told) = (vec![], vec![], vec![], vec![]);
    for (before, after, events) in all {
        let of = |mut row: Value| {
            row["ticket_id"] = json!(after.id);
            row
        };
        tickets.push(ticket_row(after, now));
        let changed = after.life.legs.iter().enumerate();
        let changed = changed.filter(|(i, leg)| before.life.legs.get(*i) != Some(leg));
        legs.extend(changed.map(|(i, leg)| of(leg_row(i, leg))));
        let changed = after.life.timers.iter().enumerate();
        // without an event it is about the rows themselves: all are written
        let changed = changed
            .filter(|(i, timer)| events.is_empty() || before.life.timers.get(*i) != Some(timer));
        timers.extend(changed.map(|(_, timer)| of(timer_row(timer))));
        told.extend(events.iter().map(|event| of(event_row(event))));
    }
    sqlx::query_file!("store/save.sql", rows(tickets), rows(legs), rows(timers), rows(told))
        .execute(db)
        .await?;
    Ok(())
}

/// What a step may change of a ticket's row.
fn ticket_row(ticket: &Ticket, now: DateTime<Utc>) -> Value {
    let life = &ticket.life;
    let mut row = json!({
        "id": ticket.id,
        "version": ticket.version,
        "events": ticket.events,
        "chain": format!("\\x{}", hex::encode(&ticket.chain)),
        "profile": ticket.profile,
        "profile_version": ticket.profile_version,
        "state": life.stage.word(),
        "since": ticket.since,
        "cycle": life.cycle,
        "unit_id": life.lead().map(|leg| leg.unit.unit),
        "promise_at": life.promise,
        "due_at": life.due(),
        "provisional": life.timers.iter().any(|timer| timer.is_running() && timer.provisional),
        "was_late": life.was_late(now),
        "returns": life.returns,
        "corrections": life.corrections,
        "extensions": life.extensions,
        "extension_days": life.extension_days,
        "urges": life.urges,
        "misses": life.misses,
        "last_miss": life.last_miss,
        "dispatchers": life.dispatchers,
        "reviewers": life.reviewers,
        "followers": life.followers,
        "extension": life.extension,
        "ending": life.ending,
        "ended_at": life.ended_at,
        "side": life.side,
        "asks": life.side.asks(),
        "oversight": life.side.oversight(),
        "mass": life.side.mass,
        "withdrawn": life.side.is_withdrawn(),
        "self_reported": life.side.has_self_reported(),
        "merged_into": life.side.parent,
        "merged_children": i16::try_from(life.side.children.len()).unwrap_or(i16::MAX),
        "kind": life.kind,
        "urgency": life.urgency,
        "category_id": ticket.request.category,
        "place_id": ticket.request.place,
        "wants_reply": ticket.request.wants_reply,
        "sealed": ticket.request.sealed,
    });
    row["rating_doubted"] = life.side.is_rating_doubted().into(); // the macro takes no more than those
    row
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
            not_true, call_id, source, doubted)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
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
        rating.page.map(|page| page.source.to_vec()),
        rating.page.is_some_and(|page| page.doubted),
    )
    .execute(db)
    .await?;
    Ok(())
}

fn value<T: serde::Serialize>(of: &T) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}
