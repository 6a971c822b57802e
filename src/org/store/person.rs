use base::PersonId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Error;
use crate::keys::Sealed;

pub(crate) async fn by_lookup(
    db: &mut PgConnection,
    lookup: &[u8],
) -> Result<Vec<PersonId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"select person.id as "id: PersonId" from person_number join person on person.id = person_id
           where lookup = $1 order by changed_at desc, person.id desc"#,
        lookup,
    );
    Ok(ids.fetch_all(db).await?)
}

/// One at a time adds a person of this number.
pub(crate) async fn lock(db: &mut PgConnection, lookup: &[u8; 32]) -> Result<(), Error> {
    let head = lookup.first_chunk().expect("32 bytes begin with 8");
    let key = i64::from_le_bytes(*head);
    sqlx::query!("select pg_advisory_xact_lock($1)", key).execute(db).await?;
    Ok(())
}

pub(crate) async fn find(db: &mut PgConnection, id: PersonId) -> Result<Option<Sealed>, Error> {
    let row = sqlx::query_as!(
        Sealed,
        "select sealed as bytes, key_id from person where id = $1",
        id.uuid()
    );
    Ok(row.fetch_optional(db).await?)
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    id: PersonId,
    sealed: &Sealed,
    demo: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into person (id, sealed, key_id, demo, created_at, changed_at) values ($1, $2, $3, $4, $5, $5)",
        id.uuid(),
        sealed.bytes,
        sealed.key_id,
        demo,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn update(
    db: &mut PgConnection,
    id: PersonId,
    sealed: &Sealed,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update person set sealed = $2, key_id = $3, changed_at = $4 where id = $1",
        id.uuid(),
        sealed.bytes,
        sealed.key_id,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn insert_number(
    db: &mut PgConnection,
    lookup: &[u8],
    person: PersonId,
    key_id: &str,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into person_number (lookup, person_id, key_id) values ($1, $2, $3)",
        lookup,
        person.uuid(),
        key_id,
    )
    .execute(db)
    .await?;
    Ok(())
}
