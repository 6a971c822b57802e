use base::{CategoryId, UnitId};
use sqlx::PgConnection;

use crate::Error;
use crate::category::Category;

pub(crate) async fn all(db: &mut PgConnection) -> Result<Vec<Category>, Error> {
    let all = sqlx::query_as!(
        Category,
        r#"select id as "id: _", code, parent_id as "parent: _", name, path, unit_id as "unit: _"
           from category order by position, code"#
    );
    Ok(all.fetch_all(db).await?)
}

pub(crate) async fn find(db: &mut PgConnection, id: CategoryId) -> Result<Option<Category>, Error> {
    let one = sqlx::query_as!(
        Category,
        r#"select id as "id: _", code, parent_id as "parent: _", name, path, unit_id as "unit: _"
           from category where id = $1"#,
        id.uuid(),
    );
    Ok(one.fetch_optional(db).await?)
}

pub(crate) async fn upsert(
    db: &mut PgConnection,
    category: &Category,
    position: i32,
    demo: bool,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into category (id, code, parent_id, name, path, unit_id, position, demo)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (code) do update set parent_id = excluded.parent_id, name = excluded.name,
             path = excluded.path, position = excluded.position,
             unit_id = coalesce(excluded.unit_id, category.unit_id)",
        category.id.uuid(),
        category.code,
        category.parent.map(CategoryId::uuid),
        category.name,
        category.path,
        category.unit.map(UnitId::uuid),
        position,
        demo,
    )
    .execute(db)
    .await?;
    Ok(())
}
