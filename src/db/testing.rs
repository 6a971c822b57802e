//! A database for one test: cloned from a template that was migrated once, entered as the
//! application's own role, so that what the application may not do, no test can do.
use std::path::Path;
use std::process;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Row};

static TESTS: AtomicU32 = AtomicU32::new(0);

/// The application's view of a fresh database. Needs `DATABASE_URL`, a cluster in which databases
/// may be created (`ops/dev-db` prints one).
pub async fn database() -> PgPool {
    databases().await.app
}

/// The owner's view of a fresh database, for tests of what only the owner may do.
pub async fn owner_pool() -> PgPool {
    databases().await.owner
}

/// One fresh database, from both sides.
#[derive(Debug)]
pub struct Databases {
    /// As `lianxin_app`, seeing everything; [`crate::door`] of it sees nothing without a viewer.
    pub app: PgPool,
    /// As the owner of the tables.
    pub owner: PgPool,
}

/// A fresh database, entered both as the application and as the owner.
pub async fn databases() -> Databases {
    let owner = cluster();
    let mut db = PgConnection::connect_with(&owner).await.expect("the cluster answers");
    let template = template(&owner, &mut db).await;
    drop_leftovers(&mut db).await;
    let name = format!("test_{}_{}", process::id(), TESTS.fetch_add(1, Relaxed));
    run(&mut db, format!("drop database if exists {name} with (force)")).await;
    run(&mut db, format!("create database {name} template {template}")).await;
    drop(db.close().await);
    let pool =
        |who: PgConnectOptions| PgPoolOptions::new().max_connections(4).connect_lazy_with(who);
    let owner = owner.database(&name);
    let app = crate::place::viewed_by(owner.clone().username("lianxin_app"), "system");
    Databases { app: pool(app), owner: pool(owner) }
}

#[expect(clippy::disallowed_methods, reason = "the test wrapper passes the cluster")]
fn cluster() -> PgConnectOptions {
    let url = std::env::var("DATABASE_URL")
        .expect("DATABASE_URL names a cluster: export DATABASE_URL=$(ops/dev-db)");
    PgConnectOptions::from_str(&url).expect("DATABASE_URL is a PostgreSQL address")
}

/// Each set of migrations has its own template. Tests of several processes wait for the one that
/// makes it.
async fn template(owner: &PgConnectOptions, db: &mut PgConnection) -> String {
    let mut hash = Sha256::new();
    for migration in crate::MIGRATOR.iter() {
        hash.update(&migration.checksum);
    }
    let name = format!("lianxin_template_{}", &hex::encode(hash.finalize())[..16]);
    run(db, "select pg_advisory_lock(12345)".to_owned()).await;
    let there = format!("select from pg_database where datname = '{name}'");
    if db.fetch_optional(AssertSqlSafe(there)).await.expect("a catalogue").is_none() {
        let new = format!("{name}_new");
        run(db, format!("drop database if exists {new} with (force)")).await;
        run(db, format!("create database {new}")).await;
        let fresh = owner.clone().database(&new);
        let mut fresh = PgConnection::connect_with(&fresh).await.expect("the new database");
        crate::MIGRATOR.run(&mut fresh).await.expect("the migrations run");
        fresh.close().await.expect("the template is left alone");
        run(db, format!("alter database {new} rename to {name}")).await;
    }
    run(db, "select pg_advisory_unlock(12345)".to_owned()).await;
    name
}

/// Databases of test processes that are gone. Another process may be dropping them too.
async fn drop_leftovers(db: &mut PgConnection) {
    let names = "select datname::text from pg_database where datname like 'test\\_%'";
    for row in db.fetch_all(names).await.expect("a catalogue") {
        let name: String = row.get(0);
        let owner = name.split('_').nth(1).unwrap_or_default();
        if !Path::new("/proc").join(owner).exists() {
            drop(db.execute(AssertSqlSafe(format!("drop database if exists {name}"))).await);
        }
    }
}

async fn run(db: &mut PgConnection, sql: String) {
    if let Err(error) = db.execute(AssertSqlSafe(sql.clone())).await {
        panic!("{sql}: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_test_enters_as_the_applications_role() {
        let row = database().await.fetch_one("select current_user::text").await.unwrap();
        assert_eq!(row.get::<String, _>(0), "lianxin_app");
    }

    #[tokio::test]
    async fn the_applications_role_may_not_change_the_schema() {
        assert!(database().await.execute("create table intruder (id int)").await.is_err());
    }
}
