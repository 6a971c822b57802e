use base::PlaceId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::staff::like;
use crate::Error;
use crate::place::Place;

pub(crate) async fn all(db: &mut PgConnection) -> Result<Vec<Place>, Error> {
    let places = sqlx::query_as!(
        Place,
        r#"select id as "id: _", parent_id as "parent: _", name, kind, path, aliases from place order by id"#
    );
    Ok(places.fetch_all(db).await?)
}

pub(crate) async fn find(db: &mut PgConnection, id: PlaceId) -> Result<Option<Place>, Error> {
    let place = sqlx::query_as!(
        Place,
        r#"select id as "id: _", parent_id as "parent: _", name, kind, path, aliases from place where id = $1"#,
        id.uuid(),
    );
    Ok(place.fetch_optional(db).await?)
}

/// By pairs of characters, then by the words themselves; a single character is looked through.
pub(crate) async fn search(
    db: &mut PgConnection,
    words: &[String],
    most: i64,
) -> Result<Vec<Place>, Error> {
    let patterns: Vec<String> = words.iter().map(|word| like(word)).collect();
    let places = sqlx::query_as!(
        Place,
        r#"select id as "id: _", parent_id as "parent: _", name, kind, path, aliases
           from place
           where grams(place_words(path, aliases)) @>
                   (select coalesce(array_agg(gram), '{}') from unnest($1::text[]) word, unnest(grams(word)) gram)
               and place_words(path, aliases) ilike all ($2) and withdrawn_at is null
           order by name ilike any ($2) desc, length(path), path
           limit $3"#,
        words,
        &patterns,
        most,
    );
    Ok(places.fetch_all(db).await?)
}

/// One at a time changes the tree.
pub(crate) async fn lock(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('place'))").execute(db).await?;
    Ok(())
}

pub(crate) async fn at_path(db: &mut PgConnection, path: &str) -> Result<Option<Place>, Error> {
    let place = sqlx::query_as!(
        Place,
        r#"select id as "id: _", parent_id as "parent: _", name, kind, path, aliases from place
           where path = $1 or name = $1 order by (path = $1) desc, length(path) limit 1"#,
        path,
    );
    Ok(place.fetch_optional(db).await?)
}

pub(crate) async fn update(
    db: &mut PgConnection,
    before: &Place,
    place: &Place,
    withdrawn: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sqlx::query!(
        "update place set parent_id = $2, name = $3, kind = $4, path = $5, aliases = $6, withdrawn_at = $7
         where id = $1",
        place.id.uuid(),
        place.parent.map(PlaceId::uuid),
        place.name,
        place.kind,
        place.path,
        &place.aliases,
        withdrawn,
    )
    .execute(&mut *db)
    .await
    .map_err(|error| Error::or_taken(error, || format!("地点“{}”已存在", place.path)))?;
    if before.path != place.path {
        sqlx::query!(
            "update place set path = $2 || substr(path, length($1) + 1) where starts_with(path, $1 || ' ')",
            before.path,
            place.path,
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

pub(crate) async fn insert(db: &mut PgConnection, place: &Place, demo: bool) -> Result<(), Error> {
    sqlx::query!(
        "insert into place (id, parent_id, name, kind, path, aliases, demo) values ($1, $2, $3, $4, $5, $6, $7)",
        place.id.uuid(),
        place.parent.map(PlaceId::uuid),
        place.name,
        place.kind,
        place.path,
        &place.aliases,
        demo,
    )
    .execute(db)
    .await
    .map_err(|error| Error::or_taken(error, || format!("地点“{}”已存在", place.path)))?;
    Ok(())
}
