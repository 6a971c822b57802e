use base::PlaceId;
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

/// A city has some thousand places: they are looked through.
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
           where (path || ' ' || array_to_string(aliases, ' ')) ilike all ($1)
           order by name ilike any ($1) desc, length(path), path
           limit $2"#,
        &patterns,
        most,
    );
    Ok(places.fetch_all(db).await?)
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
    .await?;
    Ok(())
}
