//! The demonstration's tickets.
use base::{CallId, PersonId, StaffId, TicketId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::error::Error;

pub(crate) async fn has_demo(db: &mut PgConnection) -> Result<bool, Error> {
    let there = sqlx::query_scalar!(r#"select exists (select from ticket where demo) as "there!""#);
    Ok(there.fetch_one(db).await?)
}

/// A request of the demonstration that came by telephone.
#[derive(Debug, Clone)]
pub struct ByPhone {
    pub id: TicketId,
    pub accepted_at: DateTime<Utc>,
    pub person: Option<PersonId>,
    /// Who wrote it down.
    pub accepted_by: Option<StaffId>,
    pub content: String,
    pub address: String,
}

pub(crate) async fn without_call(db: &mut PgConnection) -> Result<Vec<ByPhone>, Error> {
    let rows = sqlx::query_as!(
        ByPhone,
        r#"
        select id as "id: TicketId", accepted_at, person_id as "person: PersonId", content, address,
            (select staff_id from ticket_history where ticket_id = ticket.id order by seq limit 1)
                as "accepted_by: StaffId"
        from ticket where demo and channel = 'phone' and call_id is null order by accepted_at
        "#,
    );
    Ok(rows.fetch_all(db).await?)
}

pub(crate) async fn join_call(
    db: &mut PgConnection,
    id: TicketId,
    call: CallId,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket set call_id = $2 where id = $1 and demo and call_id is null",
        id.uuid(),
        call.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the demonstration's tickets out; how many there were.
pub(crate) async fn remove_demo(db: &mut PgConnection) -> Result<i64, Error> {
    let gone = sqlx::query_scalar!("select remove_demo_tickets()").fetch_one(db).await?;
    Ok(gone.unwrap_or_default())
}
