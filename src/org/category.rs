//! Categories (诉求类别): what a request is about, in two levels, with the unit that usually handles
//! it.
use std::collections::BTreeMap;
use std::io::Read;

use base::{CategoryId, Clock, Dice, UnitId};
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};

use crate::{BadRow, Error, store};

/// A category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub id: CategoryId,
    pub code: String,
    pub parent: Option<CategoryId>,
    pub name: String,
    /// 城乡建设 / 供热
    pub path: String,
    /// The unit that usually handles it.
    pub unit: Option<UnitId>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    name: String,
    /// The code of a row above, or nothing.
    parent: String,
    /// The name of the city unit that usually handles it, or nothing.
    unit: String,
}

/// All categories, in the order of the file.
pub async fn all(db: &PgPool) -> Result<Vec<Category>, Error> {
    store::category::all(&mut *db.acquire().await?).await
}

/// One category.
pub async fn find(db: &mut PgConnection, id: CategoryId) -> Result<Category, Error> {
    store::category::find(db, id).await?.ok_or(Error::NotFound("诉求类别"))
}

/// Brings a file `code,name,parent,unit` in. What is there under its code is brought up to date, so
/// it may be repeated. A unit that is not there yet is left out. Gives the number of rows.
pub async fn import(
    db: &mut PgConnection,
    file: &str,
    from: impl Read,
    demo: bool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<usize, Error> {
    let rows = crate::csv_rows::<Row>(file, from)?;
    let units: BTreeMap<String, UnitId> =
        store::unit::all(db).await?.into_iter().map(|unit| (unit.name, unit.id)).collect();
    let mut known: BTreeMap<String, Category> = store::category::all(db)
        .await?
        .into_iter()
        .map(|there| (there.code.clone(), there))
        .collect();
    let count = rows.len();
    for (position, (line, row)) in rows.into_iter().enumerate() {
        let bad = |column: &str, why: String| BadRow {
            file: file.to_owned(),
            line,
            column: column.to_owned(),
            why,
        };
        if row.code.is_empty() || row.name.is_empty() {
            return Err(bad(
                if row.code.is_empty() { "code" } else { "name" },
                "is empty".to_owned(),
            )
            .into());
        }
        let above =
            match row.parent.as_str() {
                "" => None,
                code => Some(known.get(code).ok_or_else(|| {
                    bad("parent", format!("there is no category {code:?} above"))
                })?),
            };
        let path = above
            .map_or_else(|| row.name.clone(), |above| format!("{} / {}", above.path, row.name));
        let category = Category {
            id: known
                .get(&row.code)
                .map_or_else(|| CategoryId::new(clock.now(), dice.bytes()), |there| there.id),
            code: row.code,
            parent: above.map(|above| above.id),
            name: row.name,
            path,
            unit: units.get(&row.unit).copied(),
        };
        let position =
            i32::try_from(position).map_err(|_| bad("code", "too many rows".to_owned()))?;
        store::category::upsert(db, &category, position, demo).await?;
        known.insert(category.code.clone(), category);
    }
    Ok(count)
}
