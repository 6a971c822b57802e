//! Tickets found by other tickets: parents and children, the same citizen's matters, what is to be filed.
use base::{CallId, CategoryId, PersonId, TicketId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::beside::Relative;
use crate::error::Error;
use crate::request::Ticket;
use crate::state::Stage;

pub(crate) async fn relatives(
    db: &mut PgConnection,
    ticket: &Ticket,
) -> Result<(Option<Relative>, Vec<Relative>), Error> {
    let side = &ticket.life.side;
    if side.parent.is_none() && side.children.is_empty() {
        return Ok((None, Vec::new()));
    }
    let mut wanted: Vec<_> = side.children.iter().map(|id| id.uuid()).collect();
    wanted.extend(side.parent.map(TicketId::uuid));
    let rows = sqlx::query!(
        r#"select id as "id: TicketId", number, state from ticket where id = any($1) order by number"#,
        &wanted,
    );
    let mut parent = None;
    let mut children = Vec::new();
    for row in rows.fetch_all(db).await? {
        let stage = Stage::from_word(&row.state).ok_or(Error::Corrupt(row.id))?;
        let relative = Relative { id: row.id, number: row.number, stage };
        if Some(row.id) == side.parent { parent = Some(relative) } else { children.push(relative) }
    }
    Ok((parent, children))
}

/// Ended tickets of one citizen, of one category, since a moment; the newest first.
pub(crate) async fn ended_alike(
    db: &mut PgConnection,
    person: PersonId,
    category: Option<CategoryId>,
    since: DateTime<Utc>,
) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: TicketId" from ticket
        where person_id = $1 and category_id = $2 and ended_at >= $3
            and ending ->> 'how' in ('answered', 'final')
        order by accepted_at desc limit 5
        "#,
        person.uuid(),
        category.map(CategoryId::uuid),
        since,
    );
    Ok(ids.fetch_all(db).await?)
}

/// Ended before a moment and not yet filed; locked, and those that others hold are left to them.
pub(crate) async fn to_file(
    db: &mut PgConnection,
    ended_before: DateTime<Utc>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: TicketId" from ticket
        where ended_at <= $1 and state <> 'archived'
        order by ended_at, id limit $2 for update skip locked
        "#,
        ended_before,
        most,
    );
    Ok(ids.fetch_all(db).await?)
}

pub(crate) async fn is_call(db: &mut PgConnection, call: CallId) -> Result<bool, Error> {
    let there = sqlx::query_scalar!(
        r#"select exists (select from call_record where id = $1) as "there!""#,
        call.uuid(),
    );
    Ok(there.fetch_one(db).await?)
}

pub(crate) async fn is_citizens_call(
    db: &mut PgConnection,
    ticket: &Ticket,
    call: CallId,
) -> Result<bool, Error> {
    let own = ticket.request.call == Some(call);
    let there = sqlx::query_scalar!(
        r#"select exists (select from call_record where id = $1 and (person_id = $2 or ticket_id = $4 or $3))
            as "there!""#,
        call.uuid(),
        ticket.request.person.map(PersonId::uuid),
        own,
        ticket.id.uuid(),
    );
    Ok(there.fetch_one(db).await?)
}

pub(crate) async fn is_attached(
    db: &mut PgConnection,
    ticket: &Ticket,
    attachment: Uuid,
) -> Result<bool, Error> {
    let there = sqlx::query_scalar(
        "select exists (select from attachment where id = $1 and ticket_id = $2)",
    )
    .bind(attachment)
    .bind(ticket.id.uuid());
    Ok(there.fetch_one(db).await?)
}
