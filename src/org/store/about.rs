use base::{CategoryId, PersonId, PlaceId};
use sqlx::PgConnection;

use crate::keys::Sealed;

pub(crate) struct Found {
    pub(crate) category: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) sealed: Option<Sealed>,
}

/// A page asks for all three each time it is shown, so it is one statement.
pub(crate) async fn find(
    db: &mut PgConnection,
    category: Option<CategoryId>,
    place: Option<PlaceId>,
    person: Option<PersonId>,
) -> Result<Found, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        select category.path as "category?", place.path as "place?", person.sealed as "sealed?",
            person.key_id as "key_id?"
        from (select) nothing
            left join category on category.id = $1
            left join place on place.id = $2
            left join person on person.id = $3
        "#,
        category.map(CategoryId::uuid),
        place.map(PlaceId::uuid),
        person.map(PersonId::uuid),
    )
    .fetch_one(db)
    .await?;
    let sealed = row.sealed.zip(row.key_id).map(|(bytes, key_id)| Sealed { bytes, key_id });
    Ok(Found { category: row.category, place: row.place, sealed })
}
