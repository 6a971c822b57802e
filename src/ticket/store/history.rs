//! Reading a history.
use base::{LegId, StaffId, TicketId, UnitId};
use sqlx::PgConnection;

use crate::error::Error;
use crate::history::Event;
use crate::state::Stage;

/// All events of a ticket, the oldest first.
pub(crate) async fn events(db: &mut PgConnection, ticket: TicketId) -> Result<Vec<Event>, Error> {
    events_after(db, ticket, 0).await
}

/// The events since a ticket had this version.
pub(crate) async fn events_after(
    db: &mut PgConnection,
    ticket: TicketId,
    version: i64,
) -> Result<Vec<Event>, Error> {
    let rows = sqlx::query!(
        r#"
        select seq, at, staff_id as "staff: StaffId", actor, unit_id as "unit: UnitId", unit_name, action,
            reason, note, from_state, to_state, version, leg_id as "leg: LegId", details, change, hash
        from ticket_history where ticket_id = $1 and version > $2 order by seq
        "#,
        ticket.uuid(),
        version,
    );
    rows.fetch_all(db)
        .await?
        .into_iter()
        .map(|row| {
            Ok(Event {
                ticket,
                seq: row.seq,
                at: row.at,
                staff: row.staff,
                actor: row.actor,
                unit: row.unit,
                unit_name: row.unit_name,
                action: row.action,
                reason: row.reason,
                note: row.note,
                from: row.from_state.as_deref().and_then(Stage::from_word),
                to: Stage::from_word(&row.to_state).ok_or(Error::Corrupt(ticket))?,
                version: row.version,
                leg: row.leg,
                details: row.details,
                change: row.change,
                hash: row.hash,
            })
        })
        .collect()
}
