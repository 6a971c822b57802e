use base::KnowledgeId;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::staff::like;
use crate::Error;
use crate::knowledge::{Entry, Text, Written};

struct Row {
    id: KnowledgeId,
    version: i32,
    title: String,
    answer: String,
    issuer: String,
    keywords: Vec<String>,
    valid_until: Option<NaiveDate>,
}

impl From<Row> for Entry {
    fn from(row: Row) -> Self {
        let Row { id, version, title, answer, issuer, keywords, valid_until } = row;
        Self { id, version, text: Text { title, answer, issuer, keywords, valid_until } }
    }
}

/// Ranked by how much of what was typed stands in the title, the keywords, the answer. Without
/// anything typed: the newest.
pub(crate) async fn search(
    db: &mut PgConnection,
    pieces: &[String],
    whole: &str,
    most: i64,
) -> Result<Vec<Entry>, Error> {
    let patterns: Vec<String> = pieces.iter().map(|piece| like(piece)).collect();
    let rows =
        sqlx::query_file_as!(Row, "store/knowledge_search.sql", &patterns, like(whole), most)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// Everything that fits, the newest entry first; those `before` one.
pub(crate) async fn page(
    db: &mut PgConnection,
    pieces: &[String],
    before: Option<KnowledgeId>,
    most: i64,
) -> Result<Vec<Entry>, Error> {
    let patterns: Vec<String> = pieces.iter().map(|piece| like(piece)).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select knowledge.id as "id: KnowledgeId", text.version, title, answer, issuer, keywords, valid_until
        from knowledge
        join knowledge_version text on text.knowledge_id = knowledge.id and text.version = knowledge.version
        where withdrawn_at is null and ($2::uuid is null or knowledge.id < $2)
            and (cardinality($1::text[]) = 0 or title || ' ' || array_to_string(keywords, ' ') || ' ' || answer
                ilike any($1))
        order by knowledge.id desc limit $3"#,
        &patterns,
        before.map(KnowledgeId::uuid),
        most,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Entry::from).collect())
}

pub(crate) async fn find(
    db: &mut PgConnection,
    id: KnowledgeId,
    version: Option<i32>,
) -> Result<Option<Entry>, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select knowledge.id as "id: _", text.version, title, answer, issuer, keywords, valid_until
           from knowledge
           join knowledge_version text on text.knowledge_id = knowledge.id
               and text.version = coalesce($2, knowledge.version)
           where knowledge.id = $1"#,
        id.uuid(),
        version,
    );
    Ok(row.fetch_optional(db).await?.map(Entry::from))
}

pub(crate) async fn versions(
    db: &mut PgConnection,
    id: KnowledgeId,
) -> Result<Vec<Written>, Error> {
    let rows = sqlx::query!(
        "select version, title, answer, issuer, keywords, valid_until, written_at, written_by
         from knowledge_version where knowledge_id = $1 order by version desc",
        id.uuid(),
    );
    let written = rows.fetch_all(db).await?.into_iter().map(|row| Written {
        entry: Entry {
            id,
            version: row.version,
            text: Text {
                title: row.title,
                answer: row.answer,
                issuer: row.issuer,
                keywords: row.keywords,
                valid_until: row.valid_until,
            },
        },
        at: row.written_at,
        by: row.written_by,
    });
    Ok(written.collect())
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    id: KnowledgeId,
    demo: bool,
) -> Result<(), Error> {
    sqlx::query!("insert into knowledge (id, version, demo) values ($1, 1, $2)", id.uuid(), demo)
        .execute(db)
        .await?;
    Ok(())
}

/// Whoever revises it next waits.
pub(crate) async fn lock(db: &mut PgConnection, id: KnowledgeId) -> Result<(), Error> {
    sqlx::query!("select id from knowledge where id = $1 for update", id.uuid())
        .fetch_optional(db)
        .await?;
    Ok(())
}

pub(crate) async fn next_version(
    db: &mut PgConnection,
    id: KnowledgeId,
) -> Result<Option<i32>, Error> {
    let next = sqlx::query_scalar!(
        "update knowledge set version = version + 1 where id = $1 and withdrawn_at is null returning version",
        id.uuid(),
    );
    Ok(next.fetch_optional(db).await?)
}

pub(crate) async fn insert_version(
    db: &mut PgConnection,
    entry: &Entry,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into knowledge_version
             (knowledge_id, version, title, answer, issuer, keywords, valid_until, written_at, written_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        entry.id.uuid(),
        entry.version,
        entry.text.title,
        entry.text.answer,
        entry.text.issuer,
        &entry.text.keywords,
        entry.text.valid_until,
        now,
        by,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn any(db: &mut PgConnection) -> Result<bool, Error> {
    let any = sqlx::query_scalar!(r#"select exists (select from knowledge) as "any!""#);
    Ok(any.fetch_one(db).await?)
}

/// The entry with this title that is in force.
pub(crate) async fn titled(
    db: &mut PgConnection,
    title: &str,
) -> Result<Option<KnowledgeId>, Error> {
    let id = sqlx::query_scalar!(
        r#"select knowledge.id as "id: KnowledgeId" from knowledge
           join knowledge_version text on text.knowledge_id = knowledge.id and text.version = knowledge.version
           where title = $1 and withdrawn_at is null order by written_at limit 1"#,
        title,
    );
    Ok(id.fetch_optional(db).await?)
}
