use std::collections::HashMap;

use base::UnitId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{Error, Level, Unit, UnitKind};

struct Row {
    id: UnitId,
    parent_id: Option<UnitId>,
    path: String,
    name: String,
    level: String,
    kind: String,
}

impl TryFrom<Row> for Unit {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id,
            parent: row.parent_id,
            path: row.path,
            name: row.name,
            level: row.level.parse()?,
            kind: row.kind.parse()?,
        })
    }
}

pub(crate) async fn all(db: &mut PgConnection) -> Result<Vec<Unit>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: _", parent_id as "parent_id: _", path, name, level, kind from unit order by path"#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Unit::try_from).collect()
}

pub(crate) async fn find(db: &mut PgConnection, id: UnitId) -> Result<Option<Unit>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: _", parent_id as "parent_id: _", path, name, level, kind from unit where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    row.map(Unit::try_from).transpose()
}

pub(crate) async fn above(
    db: &mut PgConnection,
    units: &[UnitId],
) -> Result<HashMap<UnitId, Unit>, Error> {
    let units: Vec<_> = units.iter().map(|unit| unit.uuid()).collect();
    let rows = sqlx::query!(
        r#"select below.id as "below: UnitId", unit.id as "id: UnitId", unit.parent_id as "parent_id: UnitId",
            unit.path, unit.name, unit.level, unit.kind
           from unit below join unit on unit.id = below.parent_id where below.id = any($1)"#,
        &units,
    );
    rows.fetch_all(db)
        .await?
        .into_iter()
        .map(|row| {
            let unit = Unit {
                id: row.id,
                parent: row.parent_id,
                path: row.path,
                name: row.name,
                level: row.level.parse()?,
                kind: row.kind.parse()?,
            };
            Ok((row.below, unit))
        })
        .collect()
}

pub(crate) async fn named(
    db: &mut PgConnection,
    parent: Option<UnitId>,
    name: &str,
) -> Result<Option<Unit>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: _", parent_id as "parent_id: _", path, name, level, kind
           from unit where parent_id is not distinct from $1 and name = $2"#,
        parent.map(UnitId::uuid),
        name,
    )
    .fetch_optional(db)
    .await?;
    row.map(Unit::try_from).transpose()
}

/// All units with this name; a county's may be called as another's.
pub(crate) async fn all_named(db: &mut PgConnection, name: &str) -> Result<Vec<UnitId>, Error> {
    let ids =
        sqlx::query_scalar!(r#"select id as "id: UnitId" from unit where name = $1 limit 2"#, name);
    Ok(ids.fetch_all(db).await?)
}

pub(crate) async fn update(
    db: &mut PgConnection,
    id: UnitId,
    level: Level,
    kind: UnitKind,
) -> Result<(), Error> {
    sqlx::query!(
        "update unit set level = $2, kind = $3 where id = $1",
        id.uuid(),
        level.as_str(),
        kind.as_str(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One at a time gives out sibling numbers.
pub(crate) async fn lock_tree(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('unit'))").execute(db).await?;
    Ok(())
}

/// The highest number given to a child of this unit; 0 without children.
pub(crate) async fn last_child(
    db: &mut PgConnection,
    parent: Option<UnitId>,
) -> Result<i32, Error> {
    let last = sqlx::query_scalar!(
        r#"select coalesce(max(right(path, 3)::int), 0) as "last!" from unit where parent_id is not distinct from $1"#,
        parent.map(UnitId::uuid),
    );
    Ok(last.fetch_one(db).await?)
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    unit: &Unit,
    demo: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into unit (id, parent_id, path, name, level, kind, demo, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        unit.id.uuid(),
        unit.parent.map(UnitId::uuid),
        unit.path,
        unit.name,
        unit.level.as_str(),
        unit.kind.as_str(),
        demo,
        now,
    )
    .execute(db)
    .await
    .map_err(|error| Error::or_taken(error, || format!("单位“{}”已存在", unit.name)))?;
    Ok(())
}
