//! The one statement that asks.
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

pub(super) async fn ask(
    db: &mut PgConnection,
    sql: &'static str,
    now: DateTime<Utc>,
) -> Result<(i64, Option<String>), sqlx::Error> {
    sqlx::query_as(sql).bind(now).fetch_one(db).await
}
