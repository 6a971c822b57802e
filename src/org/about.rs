//! What the rooms above show of a thing beside its own words: its category, its place, its citizen.
use base::{CategoryId, PersonId, PlaceId};
use sqlx::PgConnection;

use crate::{Error, Identity, Persons, store};

/// The names of what a thing points to; none where it points to nothing.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// As the tree says it: 供热 / 温度不达标.
    pub category: Option<String>,
    /// As people say it: 铁西区 仁兴街道.
    pub place: Option<String>,
    pub identity: Option<Identity>,
}

impl Persons {
    /// All of it by one question. For the system's own use, as [`Persons::identity`] is.
    ///
    /// # Errors
    /// [`Error::NotFound`] names what is not there, or not for this viewer.
    pub async fn about(
        &self,
        db: &mut PgConnection,
        category: Option<CategoryId>,
        place: Option<PlaceId>,
        person: Option<PersonId>,
    ) -> Result<About, Error> {
        if category.is_none() && place.is_none() && person.is_none() {
            return Ok(About::default());
        }
        let found = store::about::find(db, category, place, person).await?;
        let there = |asked: bool, name, what| match name {
            None if asked => Err(Error::NotFound(what)),
            name => Ok(name),
        };
        let identity = match (person, found.sealed) {
            (None, _) => None,
            (Some(_), None) => return Err(Error::NotFound("诉求人")),
            (Some(person), Some(sealed)) => Some(self.open(person, &sealed)?),
        };
        Ok(About {
            category: there(category.is_some(), found.category, "诉求类别")?,
            place: there(place.is_some(), found.place, "地点")?,
            identity,
        })
    }
}
