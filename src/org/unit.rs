//! Units (承办单位): the tree of who handles what.
use base::{Clock, Dice, UnitId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};

use crate::{Error, store};

/// The administrative level of a unit (市级、县(市、区)级、乡镇(街道)级).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    City,
    County,
    Township,
}

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitKind {
    /// A people's government: the root of a city or county.
    Government,
    /// The hotline's own centre (热线办).
    Hotline,
    Department,
    /// A utility or another enterprise with a duty to the public (公用企业).
    Enterprise,
    /// A county's hotline centre, which relays to its departments and townships (区县热线中心).
    Hub,
    Street,
    Township,
}

/// A unit (承办单位).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    pub id: UnitId,
    pub parent: Option<UnitId>,
    /// The sibling numbers from the root down, e.g. `001.004.002`.
    pub path: String,
    pub name: String,
    pub level: Level,
    pub kind: UnitKind,
}

/// Where someone works: as much of the unit as decisions need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub unit: UnitId,
    pub path: String,
    pub name: String,
    pub level: Level,
    pub kind: UnitKind,
}

impl From<Unit> for Post {
    fn from(Unit { id, path, name, level, kind, .. }: Unit) -> Self {
        Self { unit: id, path, name, level, kind }
    }
}

impl Unit {
    /// Whether this unit stands in the tree below `above`, or is it.
    pub fn is_within(&self, above: &str) -> bool {
        within(&self.path, above)
    }
}

/// Whether `path` is `above` or below it.
pub(crate) fn within(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $type {
            /// The word in the database and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
        impl std::str::FromStr for $type {
            type Err = Error;
            fn from_str(word: &str) -> Result<Self, Error> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(Error::Corrupt(format!("{word:?} is no {}", stringify!($type)))),
                }
            }
        }
    };
}
pub(crate) use words;

words!(Level { City = "city", County = "county", Township = "township" });
words!(UnitKind {
    Government = "government",
    Hotline = "hotline",
    Department = "department",
    Enterprise = "enterprise",
    Hub = "hub",
    Street = "street",
    Township = "township",
});

/// A unit to be added.
#[derive(Debug, Clone)]
pub struct NewUnit {
    pub parent: Option<UnitId>,
    pub name: String,
    pub level: Level,
    pub kind: UnitKind,
    pub demo: bool,
}

/// All units, in the order of the tree.
pub async fn all(db: &PgPool) -> Result<Vec<Unit>, Error> {
    store::unit::all(&mut *db.acquire().await?).await
}

/// One unit.
pub async fn find(db: &mut PgConnection, id: UnitId) -> Result<Unit, Error> {
    store::unit::find(db, id).await?.ok_or(Error::NotFound("单位"))
}

/// The unit above each of these; the root has none.
pub async fn above(
    db: &mut PgConnection,
    units: &[UnitId],
) -> Result<std::collections::HashMap<UnitId, Unit>, Error> {
    store::unit::above(db, units).await
}

/// Adds a unit as the last child of its parent. One that is there already under this name stays
/// as it is and is given back.
pub async fn add(
    db: &mut PgConnection,
    new: &NewUnit,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Unit, Error> {
    store::unit::lock_tree(db).await?;
    if let Some(there) = store::unit::named(db, new.parent, &new.name).await? {
        return Ok(there);
    }
    let above = match new.parent {
        Some(parent) => Some(find(db, parent).await?),
        None => None,
    };
    let number = store::unit::last_child(db, new.parent).await? + 1;
    if number > 999 {
        return Err(Error::Invalid("一个单位下最多 999 个下级单位".to_owned()));
    }
    let path = match above {
        Some(above) => format!("{}.{number:03}", above.path),
        None => format!("{number:03}"),
    };
    let now = clock.now();
    let unit = Unit {
        id: UnitId::new(now, dice.bytes()),
        parent: new.parent,
        path,
        name: new.name.trim().to_owned(),
        level: new.level,
        kind: new.kind,
    };
    store::unit::insert(db, &unit, new.demo, now).await?;
    Ok(unit)
}
