//! What `lianxin doctor` reads of attachments.
use sqlx::PgPool;
use uuid::Uuid;

/// The next attachments after one: id, object, hash.
pub(crate) async fn attachments_after(
    db: &PgPool,
    after: Option<Uuid>,
    most: i64,
) -> Result<Vec<(Uuid, String, Vec<u8>)>, sqlx::Error> {
    let page = "select id, object, sha256 from attachment where $1::uuid is null or id > $1 order by id limit $2";
    sqlx::query_as(page).bind(after).bind(most).fetch_all(db).await
}
