//! Places (地名): districts, streets, communities and roads, from a gazetteer.
use std::collections::BTreeMap;
use std::io::Read;

use base::{Clock, Dice, PlaceId};
use serde::Deserialize;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::{Actor, BadRow, Error, Right, Thing, can, store};

/// A place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: PlaceId,
    pub parent: Option<PlaceId>,
    pub name: String,
    /// 区、县、街道、乡、镇、小区、道路 …
    pub kind: String,
    /// As people say it: 铁西区 仁兴街道 阳光小区.
    pub path: String,
    pub aliases: Vec<String>,
}

/// A row of the gazetteer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    pub kind: String,
    /// The name of a row above, or of the city itself.
    pub parent: String,
    /// Parted by `;`.
    pub aliases: String,
    /// `public`, or `demo` for what was made up.
    pub source: String,
}

/// Reads a gazetteer: `name,kind,parent,aliases,source`, parents before children.
pub fn read(file: &str, from: impl Read) -> Result<Vec<Row>, Error> {
    crate::csv_rows::<Row>(file, from)?
        .into_iter()
        .map(|(line, row)| {
            for (column, value) in
                [("name", &row.name), ("kind", &row.kind), ("parent", &row.parent)]
            {
                if value.trim().is_empty() {
                    let why = "is empty".to_owned();
                    return Err(BadRow {
                        file: file.to_owned(),
                        line,
                        column: column.to_owned(),
                        why,
                    }
                    .into());
                }
            }
            Ok(row)
        })
        .collect()
}

/// Brings the gazetteer in. Places that are there already stay as they are, so it may be repeated.
/// `file` names the source in errors; gives the number of new places.
pub async fn import(
    db: &mut PgConnection,
    file: &str,
    from: impl Read,
    demo: bool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<usize, Error> {
    let rows = read(file, from)?;
    let mut known: BTreeMap<String, Vec<(PlaceId, String)>> = BTreeMap::new();
    for place in store::place::all(db).await? {
        known.entry(place.name).or_default().push((place.id, place.path));
    }
    let top = rows.first().map(|row| row.parent.clone()).unwrap_or_default();
    let mut new = 0;
    for (index, row) in rows.into_iter().enumerate() {
        let parent = match known.get(&row.parent) {
            // The nearest row above with this name, as the file is read from top to bottom.
            Some(parents) => parents.last().cloned(),
            None if row.parent == top => None,
            None => {
                let line = index as u64 + 2;
                let why = format!("there is no place {:?} above", row.parent);
                return Err(BadRow {
                    file: file.to_owned(),
                    line,
                    column: "parent".to_owned(),
                    why,
                }
                .into());
            }
        };
        let path = match &parent {
            Some((_, above)) => format!("{above} {}", row.name),
            None => row.name.clone(),
        };
        let there =
            known.get(&row.name).and_then(|same| same.iter().find(|(_, other)| *other == path));
        if there.is_some() {
            continue;
        }
        let place = Place {
            id: PlaceId::new(clock.now(), dice.bytes()),
            parent: parent.map(|(id, _)| id),
            name: row.name,
            kind: row.kind,
            path,
            aliases: row
                .aliases
                .split(';')
                .map(str::trim)
                .filter(|alias| !alias.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        store::place::insert(db, &place, demo).await?;
        known.entry(place.name).or_default().push((place.id, place.path));
        new += 1;
    }
    Ok(new)
}

/// What one writes about a place.
#[derive(Debug, Clone, Default)]
pub struct Text {
    pub parent: Option<PlaceId>,
    pub name: String,
    pub kind: String,
    pub aliases: Vec<String>,
    /// No longer found; tickets keep it.
    pub withdrawn: bool,
}

/// Adds a place, or changes one; those below it get their new path.
pub async fn save(
    actor: &Actor,
    id: Option<PlaceId>,
    text: &Text,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Place, Error> {
    can(actor, Right::EditCatalogue, Thing::City)?;
    let mut tx = db.begin().await?;
    let place = lay(&mut tx, id, text, clock, dice).await?;
    let act = Act::new("place_saved", "place", place.id.to_string())
        .with(json!({ "path": place.path, "withdrawn": text.withdrawn }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(place)
}

/// Writes a place. Used by whoever has checked the right to.
pub(crate) async fn lay(
    db: &mut PgConnection,
    id: Option<PlaceId>,
    text: &Text,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Place, Error> {
    store::place::lock(db).await?;
    let before = match id {
        Some(id) => Some(find(db, id).await?),
        None => None,
    };
    let (name, kind) = (text.name.trim(), text.kind.trim());
    if name.is_empty() || name.chars().count() > 60 || name.contains(' ') {
        return Err(Error::Invalid("地名为1至60个字，不含空格".to_owned()));
    }
    if kind.is_empty() || kind.chars().count() > 10 {
        return Err(Error::Invalid("请填写地点类型，如街道、小区、道路".to_owned()));
    }
    let path = match text.parent {
        None => name.to_owned(),
        Some(parent) => {
            let above = find(db, parent).await?;
            let below = |before: &Place| {
                format!("{} ", above.path).starts_with(&format!("{} ", before.path))
            };
            if before.as_ref().is_some_and(below) {
                return Err(Error::Invalid("地点不能放到自己之下".to_owned()));
            }
            format!("{} {name}", above.path)
        }
    };
    let place = Place {
        id: before
            .as_ref()
            .map_or_else(|| PlaceId::new(clock.now(), dice.bytes()), |there| there.id),
        parent: text.parent,
        name: name.to_owned(),
        kind: kind.to_owned(),
        path,
        aliases: text
            .aliases
            .iter()
            .map(|alias| alias.trim().to_owned())
            .filter(|alias| !alias.is_empty())
            .collect(),
    };
    match before {
        None => store::place::insert(db, &place, false).await?,
        Some(before) => {
            store::place::update(db, &before, &place, text.withdrawn.then(|| clock.now())).await?;
        }
    }
    Ok(place)
}

/// Places whose name, alias or path contains every word of `text`; the shortest first.
pub async fn search(text: &str, db: &PgPool) -> Result<Vec<Place>, Error> {
    let words: Vec<String> = text.split_whitespace().take(5).map(str::to_owned).collect();
    store::place::search(&mut *db.acquire().await?, &words, 20).await
}

/// One place.
pub async fn find(db: &mut PgConnection, id: PlaceId) -> Result<Place, Error> {
    store::place::find(db, id).await?.ok_or(Error::NotFound("地点"))
}

/// Every name and alias: what speech is told to listen for.
pub async fn names(db: &PgPool) -> Result<Vec<String>, Error> {
    let all = store::place::all(&mut *db.acquire().await?).await?;
    Ok(all.into_iter().flat_map(|place| std::iter::once(place.name).chain(place.aliases)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cell_is_named_by_file_line_and_column() {
        let text =
            "name,kind,parent,aliases,source\n铁西区,区,四平市,,public\n仁兴街道,,铁西区,,public\n";
        let error = read("gazetteer.csv", text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, "gazetteer.csv:3: kind: is empty");
    }

    #[test]
    fn a_row_with_a_missing_cell_is_named_by_file_and_line() {
        let text = "name,kind,parent,aliases,source\n铁西区,区\n";
        let error = read("gazetteer.csv", text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("gazetteer.csv:2: "), "{error}");
    }

    #[test]
    fn an_unknown_column_is_refused() {
        let text = "name,kind,parent,aliases,source,height\n铁西区,区,四平市,,public,3\n";
        let error = read("gazetteer.csv", text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("gazetteer.csv:1: height: "), "{error}");
    }
}
