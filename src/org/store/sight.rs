use sqlx::PgConnection;

use crate::sight::Sight;

/// For the rest of the transaction.
pub(crate) async fn set(db: &mut PgConnection, sight: &Sight) -> Result<(), sqlx::Error> {
    sqlx::query!("select set_config('lianxin.viewer', $1, true)", sight.setting())
        .fetch_one(db)
        .await
        .map(drop)
}
