use base::PersonId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Error;
use crate::keys::Sealed;

/// Everyone known with a number, the one changed last first.
pub(crate) async fn by_lookup(
    db: &mut PgConnection,
    lookup: &[u8],
) -> Result<Vec<(PersonId, Sealed)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id!: PersonId", sealed as "sealed!", key_id as "key_id!" from persons_by_number($1)"#,
        lookup,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| (row.id, Sealed { bytes: row.sealed, key_id: row.key_id })).collect())
}

/// One person of each sealing key in use.
pub(crate) async fn one_of_each_key(
    db: &mut PgConnection,
) -> Result<Vec<(PersonId, String)>, Error> {
    let rows = sqlx::query!(
        r#"select distinct on (key_id) id as "id: PersonId", key_id from person order by key_id, id"#
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, row.key_id)).collect())
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

/// A new person, and by what number (its keyed hash and the hash's key) they are found.
pub(crate) async fn insert(
    db: &mut PgConnection,
    id: PersonId,
    sealed: &Sealed,
    number: Option<(&[u8], &str)>,
    demo: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (lookup, lookup_key) = number.unzip();
    sqlx::query!(
        "with added as (
            insert into person (id, sealed, key_id, demo, created_at, changed_at)
            values ($1, $2, $3, $4, $5, $5)
        )
        insert into person_number (lookup, person_id, key_id)
        select $6, $1, $7 where $6::bytea is not null",
        id.uuid(),
        sealed.bytes,
        sealed.key_id,
        demo,
        now,
        lookup,
        lookup_key,
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
