use base::{CategoryId, StaffId, UnitId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::templates::{SavedFilter, Template};

pub(crate) async fn list(
    db: &mut PgConnection,
    category: Option<CategoryId>,
    unit: Option<UnitId>,
) -> Result<Vec<Template>, Error> {
    let rows = sqlx::query_as!(
        Template,
        r#"select id, title, text, category_id as "category: CategoryId", unit_id as "unit: UnitId",
            version, changed_at, changed_by
        from reply_template
        where not removed and ($1::uuid is null or category_id is null or category_id = $1)
            and ($2::uuid is null or unit_id is null or unit_id = $2)
        order by category_id nulls last, title, id limit 500"#,
        category.map(CategoryId::uuid),
        unit.map(UnitId::uuid),
    );
    Ok(rows.fetch_all(db).await?)
}

pub(crate) async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Template>, Error> {
    let row = sqlx::query_as!(
        Template,
        r#"select id, title, text, category_id as "category: CategoryId", unit_id as "unit: UnitId",
            version, changed_at, changed_by
        from reply_template where id = $1 and not removed"#,
        id,
    );
    Ok(row.fetch_optional(db).await?)
}

pub(crate) async fn add(db: &mut PgConnection, new: &Template) -> Result<(), Error> {
    sqlx::query!(
        "insert into reply_template (id, title, text, category_id, unit_id, version, changed_at, changed_by)
         values ($1, $2, $3, $4, $5, 1, $6, $7)",
        new.id,
        new.title,
        new.text,
        new.category.map(CategoryId::uuid),
        new.unit.map(UnitId::uuid),
        new.changed_at,
        new.changed_by,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn change(
    db: &mut PgConnection,
    new: &Template,
    seen: i64,
) -> Result<bool, Error> {
    let changed = sqlx::query!(
        "update reply_template set title = $3, text = $4, category_id = $5, unit_id = $6, changed_at = $7,
            changed_by = $8, version = version + 1
         where id = $1 and version = $2 and not removed",
        new.id,
        seen,
        new.title,
        new.text,
        new.category.map(CategoryId::uuid),
        new.unit.map(UnitId::uuid),
        new.changed_at,
        new.changed_by,
    );
    Ok(changed.execute(db).await?.rows_affected() == 1)
}

pub(crate) async fn remove(db: &mut PgConnection, id: Uuid, seen: i64) -> Result<bool, Error> {
    let removed = sqlx::query!(
        "update reply_template set removed = true where id = $1 and version = $2 and not removed",
        id,
        seen,
    );
    Ok(removed.execute(db).await?.rows_affected() == 1)
}

pub(crate) async fn filters(
    db: &mut PgConnection,
    staff: StaffId,
) -> Result<Vec<SavedFilter>, Error> {
    let rows = sqlx::query_as!(
        SavedFilter,
        r#"select id, staff_id as "staff: StaffId", list, name, query, version
        from saved_filter where staff_id = $1 order by list, name"#,
        staff.uuid(),
    );
    Ok(rows.fetch_all(db).await?)
}

pub(crate) async fn add_filter(
    db: &mut PgConnection,
    new: &SavedFilter,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let added = sqlx::query!(
        "insert into saved_filter (id, staff_id, list, name, query, version, changed_at)
         values ($1, $2, $3, $4, $5, 1, $6) on conflict (staff_id, list, name) do nothing",
        new.id,
        new.staff.uuid(),
        new.list,
        new.name,
        new.query,
        now,
    );
    Ok(added.execute(db).await?.rows_affected() == 1)
}

pub(crate) async fn change_filter(
    db: &mut PgConnection,
    new: &SavedFilter,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let changed = sqlx::query!(
        "update saved_filter set name = $4, query = $5, changed_at = $6, version = version + 1
         where id = $1 and staff_id = $2 and version = $3",
        new.id,
        new.staff.uuid(),
        new.version,
        new.name,
        new.query,
        now,
    );
    Ok(changed.execute(db).await?.rows_affected() == 1)
}

pub(crate) async fn remove_filter(
    db: &mut PgConnection,
    staff: StaffId,
    id: Uuid,
) -> Result<bool, Error> {
    let removed =
        sqlx::query!("delete from saved_filter where id = $1 and staff_id = $2", id, staff.uuid());
    Ok(removed.execute(db).await?.rows_affected() == 1)
}
