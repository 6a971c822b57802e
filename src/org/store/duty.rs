use base::UnitId;
use sqlx::PgConnection;

use crate::Error;
use crate::duty::Officer;

pub(crate) async fn of_unit(db: &mut PgConnection, unit: UnitId) -> Result<Vec<Officer>, Error> {
    let rows = sqlx::query!(
        "select post, name, mobile, email, starts_at, ends_at from unit_duty where unit_id = $1
         order by starts_at nulls first, id",
        unit.uuid(),
    );
    rows.fetch_all(db)
        .await?
        .into_iter()
        .map(|row| {
            Ok(Officer {
                post: row.post.parse()?,
                name: row.name,
                mobile: row.mobile,
                email: row.email,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
            })
        })
        .collect()
}

pub(crate) async fn clear(db: &mut PgConnection, unit: UnitId) -> Result<(), Error> {
    sqlx::query!("delete from unit_duty where unit_id = $1", unit.uuid()).execute(db).await?;
    Ok(())
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    unit: UnitId,
    officer: &Officer,
    demo: bool,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into unit_duty (unit_id, post, name, mobile, email, starts_at, ends_at, demo)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        unit.uuid(),
        officer.post.as_str(),
        officer.name.trim(),
        officer.mobile,
        officer.email,
        officer.starts_at,
        officer.ends_at,
        demo,
    )
    .execute(db)
    .await?;
    Ok(())
}
