use base::{CategoryId, KnowledgeId, UnitId};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::category::{Category, Version};

struct Row {
    id: CategoryId,
    code: String,
    parent: Option<CategoryId>,
    name: String,
    path: String,
    unit: Option<UnitId>,
    candidates: Vec<Uuid>,
    kind: Option<String>,
    sensitive: bool,
    knowledge: Option<KnowledgeId>,
    form: serde_json::Value,
    version: i32,
    withdrawn: bool,
}

impl TryFrom<Row> for Category {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt = |_| Error::Corrupt(format!("the form of category {}", row.code));
        Ok(Self {
            form: serde_json::from_value(row.form).map_err(corrupt)?,
            id: row.id,
            code: row.code,
            parent: row.parent,
            name: row.name,
            path: row.path,
            unit: row.unit,
            candidates: row.candidates.into_iter().map(UnitId::from_uuid).collect(),
            kind: row.kind,
            sensitive: row.sensitive,
            knowledge: row.knowledge,
            version: row.version,
            withdrawn: row.withdrawn,
        })
    }
}

pub(crate) async fn all(db: &mut PgConnection) -> Result<Vec<Category>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: _", code, parent_id as "parent: _", name, path, unit_id as "unit: _", candidates,
               kind, sensitive, knowledge_id as "knowledge: _", form, version, withdrawn_at is not null as "withdrawn!"
           from category order by position, code"#
    );
    rows.fetch_all(db).await?.into_iter().map(Category::try_from).collect()
}

pub(crate) async fn find(db: &mut PgConnection, id: CategoryId) -> Result<Option<Category>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: _", code, parent_id as "parent: _", name, path, unit_id as "unit: _", candidates,
               kind, sensitive, knowledge_id as "knowledge: _", form, version, withdrawn_at is not null as "withdrawn!"
           from category where id = $1"#,
        id.uuid(),
    );
    row.fetch_optional(db).await?.map(Category::try_from).transpose()
}

/// The category with this code.
pub(crate) async fn coded(db: &mut PgConnection, code: &str) -> Result<Option<CategoryId>, Error> {
    let id =
        sqlx::query_scalar!(r#"select id as "id: CategoryId" from category where code = $1"#, code);
    Ok(id.fetch_optional(db).await?)
}

/// One at a time changes the tree.
pub(crate) async fn lock(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('category'))").execute(db).await?;
    Ok(())
}

/// A new one comes last; those below one whose name changed get their new path.
pub(crate) async fn upsert(
    db: &mut PgConnection,
    category: &Category,
    demo: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let candidates: Vec<Uuid> = category.candidates.iter().map(|unit| unit.uuid()).collect();
    sqlx::query!(
        "insert into category (id, code, parent_id, name, path, unit_id, position, demo, kind, sensitive,
             candidates, knowledge_id, form, version, withdrawn_at)
         select $1, $2, $3, $4, $5, $6, (select coalesce(max(position), 0) + 1 from category), $7, $8, $9,
             $10, $11, $12, $13, case when $14 then $15::timestamptz end
         on conflict (id) do update set code = excluded.code, parent_id = excluded.parent_id,
             name = excluded.name, path = excluded.path, unit_id = excluded.unit_id, kind = excluded.kind,
             sensitive = excluded.sensitive, candidates = excluded.candidates,
             knowledge_id = excluded.knowledge_id, form = excluded.form, version = excluded.version,
             withdrawn_at = case when $14 then coalesce(category.withdrawn_at, $15) end",
        category.id.uuid(),
        category.code,
        category.parent.map(CategoryId::uuid),
        category.name,
        category.path,
        category.unit.map(UnitId::uuid),
        demo,
        category.kind,
        category.sensitive,
        &candidates,
        category.knowledge.map(KnowledgeId::uuid),
        serde_json::to_value(&category.form).unwrap_or_default(),
        category.version,
        category.withdrawn,
        now,
    )
    .execute(&mut *db)
    .await
    .map_err(|error| refused(error, category))?;
    sqlx::query!(
        "update category set path = $2 || ' / ' || name where parent_id = $1 and path <> $2 || ' / ' || name",
        category.id.uuid(),
        category.path,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn refused(error: sqlx::Error, category: &Category) -> Error {
    match &error {
        sqlx::Error::Database(refused) if refused.is_foreign_key_violation() => {
            Error::Invalid("知识条目不存在".to_owned())
        }
        _ => Error::or_taken(error, || format!("类别代码“{}”已被使用", category.code)),
    }
}

pub(crate) async fn add_version(
    db: &mut PgConnection,
    category: &Category,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into category_version (category_id, version, written_at, written_by, data) values ($1, $2, $3, $4, $5)",
        category.id.uuid(),
        category.version,
        now,
        by,
        serde_json::to_value(category).unwrap_or_default(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn versions(db: &mut PgConnection, id: CategoryId) -> Result<Vec<Version>, Error> {
    let versions = sqlx::query_as!(
        Version,
        "select version, written_at, written_by, data from category_version where category_id = $1
         order by version desc",
        id.uuid(),
    );
    Ok(versions.fetch_all(db).await?)
}
