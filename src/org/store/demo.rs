use sqlx::PgConnection;

use crate::Error;

pub(crate) async fn remove(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select remove_demo_org()").execute(db).await?;
    Ok(())
}
