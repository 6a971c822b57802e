use base::{StaffId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::attachments::{Attachment, Purpose};

struct Row {
    id: Uuid,
    ticket: TicketId,
    at: DateTime<Utc>,
    staff: Option<StaffId>,
    actor: String,
    unit: Option<UnitId>,
    purpose: String,
    name: String,
    kind: String,
    bytes: i64,
    sha256: Vec<u8>,
    sent_sha256: Vec<u8>,
    object: String,
}

impl From<Row> for Attachment {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            ticket: row.ticket,
            at: row.at,
            staff: row.staff,
            actor: row.actor,
            unit: row.unit,
            // a word that the table's check lets through
            purpose: Purpose::from_word(&row.purpose).unwrap_or(Purpose::Request),
            name: row.name,
            kind: row.kind,
            bytes: row.bytes,
            sha256: row.sha256,
            sent_sha256: row.sent_sha256,
            object: row.object,
        }
    }
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    new: &Attachment,
    key: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into attachment (id, ticket_id, at, staff_id, actor, unit_id, purpose, name, type, bytes,
            sha256, sent_sha256, object, key)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        new.id,
        new.ticket.uuid(),
        new.at,
        new.staff.map(StaffId::uuid),
        new.actor,
        new.unit.map(UnitId::uuid),
        new.purpose.word(),
        new.name,
        new.kind,
        new.bytes,
        new.sha256,
        new.sent_sha256,
        new.object,
        key,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn count(db: &mut PgConnection, ticket: TicketId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from attachment where ticket_id = $1"#,
        ticket.uuid()
    );
    Ok(count.fetch_one(db).await?)
}

pub(crate) async fn of_ticket(
    db: &mut PgConnection,
    ticket: TicketId,
) -> Result<Vec<Attachment>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, ticket_id as "ticket: TicketId", at, staff_id as "staff: StaffId", actor,
            unit_id as "unit: UnitId", purpose, name, type as kind, bytes, sha256, sent_sha256, object
        from attachment where ticket_id = $1 order by at, id"#,
        ticket.uuid(),
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Attachment::from).collect())
}

pub(crate) async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Attachment>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, ticket_id as "ticket: TicketId", at, staff_id as "staff: StaffId", actor,
            unit_id as "unit: UnitId", purpose, name, type as kind, bytes, sha256, sent_sha256, object
        from attachment where id = $1"#,
        id,
    );
    Ok(row.fetch_optional(db).await?.map(Attachment::from))
}

pub(crate) async fn by_key(
    db: &mut PgConnection,
    staff: StaffId,
    key: &str,
) -> Result<Option<Attachment>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, ticket_id as "ticket: TicketId", at, staff_id as "staff: StaffId", actor,
            unit_id as "unit: UnitId", purpose, name, type as kind, bytes, sha256, sent_sha256, object
        from attachment where staff_id = $1 and key = $2"#,
        staff.uuid(),
        key,
    );
    Ok(row.fetch_optional(db).await?.map(Attachment::from))
}
