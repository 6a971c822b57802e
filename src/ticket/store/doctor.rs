//! What `lianxin doctor` reads besides the tickets themselves.
use base::{TicketId, UnitId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::error::Error;

/// What lists and the deadlines' job see of a ticket.
pub(crate) struct Shown {
    pub due: Option<DateTime<Utc>>,
    pub unit: Option<UnitId>,
    pub fire_at: Vec<Option<DateTime<Utc>>>,
}

pub(crate) async fn ids_after(
    db: &mut PgConnection,
    after: Option<TicketId>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: TicketId" from ticket where $1::uuid is null or id > $1 order by id limit $2"#,
        after.map(TicketId::uuid),
        most,
    );
    Ok(ids.fetch_all(db).await?)
}

pub(crate) async fn shown(db: &mut PgConnection, id: TicketId) -> Result<Shown, Error> {
    let row = sqlx::query!(
        r#"
        select due_at, unit_id as "unit_id: UnitId",
            array(select fire_at from timer where ticket_id = ticket.id order by seq)
                as "fire_at!: Vec<Option<DateTime<Utc>>>"
        from ticket where id = $1
        "#,
        id.uuid(),
    );
    let row = row.fetch_one(db).await?;
    Ok(Shown { due: row.due_at, unit: row.unit_id, fire_at: row.fire_at })
}
