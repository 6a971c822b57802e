use base::{CategoryId, PlaceId, UnitId};
use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::catalogue::{Ban, Content, Entry, Version};

/// The rule that forbids, and whether the unit is listed; nothing without a catalogue in force.
pub(crate) async fn check(
    db: &mut PgConnection,
    category: CategoryId,
    unit: UnitId,
    day: NaiveDate,
) -> Result<Option<(Option<String>, bool)>, Error> {
    let row = sqlx::query!(
        r#"
        with held as (
            select version from catalogue_version where valid_from <= $3
            order by valid_from desc, version desc limit 1
        ), line as (
            select unnest(array[id, parent_id]) as id from category where id = $1
        )
        select exists (
                select from catalogue_entry entry join line on line.id = entry.category_id
                where entry.version = held.version and $2 = any(entry.units)
            ) as "listed!",
            case when unit.level = 'township' then (
                select rule from catalogue_ban ban join line on line.id = ban.category_id
                where ban.version = held.version limit 1
            ) end as rule
        from held, unit where unit.id = $2
        "#,
        category.uuid(),
        unit.uuid(),
        day,
    );
    Ok(row.fetch_optional(db).await?.map(|row| (row.rule, row.listed)))
}

pub(crate) async fn candidates(
    db: &mut PgConnection,
    category: CategoryId,
    place: Option<PlaceId>,
    day: NaiveDate,
) -> Result<Vec<UnitId>, Error> {
    let rows = sqlx::query_scalar!(
        r#"
        with recursive held as (
            select version from catalogue_version where valid_from <= $3
            order by valid_from desc, version desc limit 1
        ), above as (
            select id, parent_id from place where id = $2
            union all select place.id, place.parent_id from place join above on place.id = above.parent_id
        )
        select unit_id as "id!: UnitId"
        from (
            select unit_id, min((entry.district_id is null)::int * 1000 + n) as rank
            from held join catalogue_entry entry using (version),
                unnest(entry.units) with ordinality u(unit_id, n)
            where entry.category_id = $1
                and (entry.district_id is null or entry.district_id in (select id from above))
            group by unit_id
        ) named
        order by rank
        "#,
        category.uuid(),
        place.map(PlaceId::uuid),
        day,
    );
    Ok(rows.fetch_all(db).await?)
}

pub(crate) async fn version(
    db: &mut PgConnection,
    number: Option<i32>,
    day: NaiveDate,
) -> Result<Option<Version>, Error> {
    let version = sqlx::query_as!(
        Version,
        "select version, valid_from, note, written_at, written_by from catalogue_version
         where case when $1::int is null then valid_from <= $2 else version = $1 end
         order by valid_from desc, version desc limit 1",
        number,
        day,
    );
    Ok(version.fetch_optional(db).await?)
}

pub(crate) async fn versions(db: &mut PgConnection) -> Result<Vec<Version>, Error> {
    let versions = sqlx::query_as!(
        Version,
        "select version, valid_from, note, written_at, written_by from catalogue_version order by version desc",
    );
    Ok(versions.fetch_all(db).await?)
}

pub(crate) async fn content(db: &mut PgConnection, version: i32) -> Result<Content, Error> {
    let entries = sqlx::query!(
        r#"select category_id as "category: CategoryId", district_id as "district: PlaceId", units
           from catalogue_entry entry join category on category.id = category_id
           left join place on place.id = district_id
           where entry.version = $1 order by category.position, category.code, place.path nulls first"#,
        version,
    );
    let entry = |(category, district, units): (_, _, Vec<Uuid>)| Entry {
        category,
        district,
        units: units.into_iter().map(UnitId::from_uuid).collect(),
    };
    let entries = entries.fetch_all(&mut *db).await?;
    let bans = sqlx::query_as!(
        Ban,
        r#"select category_id as "category: CategoryId", rule from catalogue_ban ban
           join category on category.id = category_id
           where ban.version = $1 order by category.position, category.code"#,
        version,
    );
    Ok(Content {
        entries: entries
            .into_iter()
            .map(|row| entry((row.category, row.district, row.units)))
            .collect(),
        bans: bans.fetch_all(db).await?,
    })
}

/// One at a time writes the next version.
pub(crate) async fn next(db: &mut PgConnection) -> Result<i32, Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('catalogue'))").execute(&mut *db).await?;
    let next = sqlx::query_scalar!(
        r#"select coalesce(max(version), 0) + 1 as "next!" from catalogue_version"#
    );
    Ok(next.fetch_one(db).await?)
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    version: &Version,
    demo: bool,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into catalogue_version (version, valid_from, note, written_at, written_by, demo)
         values ($1, $2, $3, $4, $5, $6)",
        version.version,
        version.valid_from,
        version.note,
        version.written_at,
        version.written_by,
        demo,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn add_entry(
    db: &mut PgConnection,
    version: i32,
    entry: &Entry,
) -> Result<(), Error> {
    let units: Vec<Uuid> = entry.units.iter().map(|unit| unit.uuid()).collect();
    let there = sqlx::query_scalar!(
        r#"select count(*) = cardinality($1::uuid[]) as "all!" from unit where id = any($1)"#,
        &units,
    );
    if units.is_empty() || !there.fetch_one(&mut *db).await? {
        return Err(Error::Invalid("目录中的承办单位不存在或重复".to_owned()));
    }
    sqlx::query!(
        "insert into catalogue_entry (version, category_id, district_id, units) values ($1, $2, $3, $4)",
        version,
        entry.category.uuid(),
        entry.district.map(PlaceId::uuid),
        &units,
    )
    .execute(db)
    .await
    .map_err(|error| refused(error, "同一类别、同一区域在目录中出现两次"))?;
    Ok(())
}

pub(crate) async fn add_ban(db: &mut PgConnection, version: i32, ban: &Ban) -> Result<(), Error> {
    if ban.rule.trim().is_empty() || ban.rule.chars().count() > 400 {
        return Err(Error::Invalid("禁派条目须写明依据（400字以内）".to_owned()));
    }
    sqlx::query!(
        "insert into catalogue_ban (version, category_id, rule) values ($1, $2, $3)",
        version,
        ban.category.uuid(),
        ban.rule.trim(),
    )
    .execute(db)
    .await
    .map_err(|error| refused(error, "同一类别在基层禁派清单中出现两次"))?;
    Ok(())
}

fn refused(error: sqlx::Error, twice: &str) -> Error {
    match &error {
        sqlx::Error::Database(refused) if refused.is_foreign_key_violation() => {
            Error::Invalid("目录中的诉求类别或区域不存在".to_owned())
        }
        sqlx::Error::Database(refused) if refused.is_unique_violation() => {
            Error::Invalid(twice.to_owned())
        }
        _ => Error::Db(error),
    }
}
