use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::audit::{Act, Line};
use crate::{Actor, Error};

pub(crate) async fn insert(
    db: &mut PgConnection,
    actor: &Actor,
    act: &Act,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into audit_event (at, staff_id, actor, act, thing, thing_id, reason, details)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        now,
        actor.staff.map(base::StaffId::uuid),
        actor.name,
        act.what,
        act.thing,
        act.thing_id,
        act.reason,
        act.details,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn newest(
    db: &mut PgConnection,
    about: Option<(&str, &str)>,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Line>, Error> {
    let (thing, id) = about.unzip();
    let lines = sqlx::query_as!(
        Line,
        r#"select id, at, staff_id as "staff: _", actor, act as what, thing, thing_id, reason, details
           from audit_event
           where ($1::text is null or (thing = $1 and thing_id = $2)) and ($3::bigint is null or id < $3)
           order by id desc limit $4"#,
        thing,
        id,
        before,
        most,
    )
    .fetch_all(db)
    .await?;
    Ok(lines)
}
