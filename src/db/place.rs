//! Where the database is, and the two ways in: as owner, shortly, and as the application.
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Row};

use crate::{APP_ROLE, Error, MIGRATOR};

/// The database's name in a private cluster.
const NAME: &str = "lianxin";

/// A connection unused for so long is asked whether it still lives.
const RESTED: Duration = Duration::from_secs(1);

/// A database and how to enter it.
#[derive(Debug, Clone)]
pub struct Place {
    owner: PgConnectOptions,
    app: PgConnectOptions,
    app_password: Option<String>,
    /// A private cluster's database is made when it is not there.
    may_create: bool,
}

impl Place {
    /// A database of a private cluster, by its socket's folder.
    pub(crate) fn private(run: &std::path::Path) -> Self {
        let owner =
            PgConnectOptions::new_without_pgpass().socket(run).username("postgres").database(NAME);
        let app = owner.clone().username(APP_ROLE);
        Self { owner, app, app_password: None, may_create: true }
    }

    /// A given server. `url` enters as the owner of the tables; the application enters as
    /// `lianxin_app`, with `app_password` when it is not empty.
    pub fn external(url: &str, app_password: &str) -> Result<Self, Error> {
        let owner = PgConnectOptions::from_str(url)?;
        let mut app = owner.clone().username(APP_ROLE);
        let app_password = (!app_password.is_empty()).then(|| app_password.to_owned());
        if let Some(password) = &app_password {
            app = app.password(password);
        }
        Ok(Self { owner, app, app_password, may_create: false })
    }

    /// The owner's way in.
    pub(crate) fn owner(&self) -> PgConnectOptions {
        self.owner.clone()
    }

    /// Brings the schema up to date as its owner. The owner's connection has ended when this
    /// returns. Gives the number of migrations that were new.
    pub async fn migrate(&self) -> Result<usize, Error> {
        if self.may_create {
            self.create().await?;
        }
        let mut owner = PgConnection::connect_with(&self.owner).await?;
        let before = applied(&mut owner).await?;
        MIGRATOR.run(&mut owner).await?;
        let after = applied(&mut owner).await?;
        self.let_the_application_in(&mut owner).await?;
        owner.close().await?;
        Ok(after - before)
    }

    /// Whether the schema is the one this program was built with; else what to do.
    pub async fn is_current(&self) -> Result<(), String> {
        let look = async {
            let mut db = PgConnection::connect_with(&self.owner).await?;
            let count = applied(&mut db).await?;
            db.close().await?;
            Ok::<_, sqlx::Error>(count)
        };
        let wanted = MIGRATOR.iter().count();
        match look.await {
            Ok(count) if count == wanted => Ok(()),
            Ok(count) if count < wanted => Err(format!(
                "数据库结构较旧（{count}/{wanted}）：运行 lianxin migrate (the schema is older than the program: run lianxin migrate)"
            )),
            Ok(count) => Err(format!(
                "数据库结构比程序新（{count}/{wanted}）：升级程序 (the schema is newer than the program: upgrade it)"
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The application's pool, for the conductor, jobs and the telephone side: it sees everything that
    /// the application may. What requests look at goes through [`door`]. Does not connect yet, so that a
    /// start without the database works.
    pub fn pool(&self, connections: u32) -> PgPool {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            // asked whether it still lives only after a rest: on every use that would be a good part
            // of a short request's time
            .test_before_acquire(false)
            .before_acquire(|db, met| {
                Box::pin(async move {
                    if met.idle_for > RESTED {
                        db.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(viewed_by(self.app.clone().application_name("lianxin"), "system"))
    }

    /// A way in for somebody who looks at everything and changes nothing: as the owner, whom no row
    /// is hidden from, and read-only.
    pub fn look(&self, connections: u32) -> PgPool {
        let reads = [("default_transaction_read_only", "on")];
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(self.owner.clone().options(reads).application_name("lianxin doctor"))
    }

    async fn create(&self) -> Result<(), Error> {
        let mut db = PgConnection::connect_with(&self.owner.clone().database("postgres")).await?;
        let there = "select from pg_database where datname = 'lianxin'";
        if db.fetch_optional(there).await?.is_none() {
            db.execute("create database lianxin").await?;
        }
        db.close().await?;
        Ok(())
    }

    /// At an external server the role may lack its password; the owner gives it where it may.
    async fn let_the_application_in(&self, owner: &mut PgConnection) -> Result<(), Error> {
        let refused = match PgConnection::connect_with(&self.app).await {
            Ok(entered) => return Ok(entered.close().await?),
            Err(error) => error,
        };
        let Some(password) = &self.app_password else { return Err(Error::AppRole(refused)) };
        let quoted = password.replace('\'', "''");
        let alter = format!("alter role {APP_ROLE} login password '{quoted}'");
        owner.execute(AssertSqlSafe(alter)).await.map_err(Error::AppRole)?;
        PgConnection::connect_with(&self.app).await.map_err(Error::AppRole)?.close().await?;
        Ok(())
    }
}

/// Sessions that see matters as `viewer` unless a transaction says otherwise (row security).
pub(crate) fn viewed_by(who: PgConnectOptions, viewer: &str) -> PgConnectOptions {
    who.options([("lianxin.viewer", viewer)])
}

/// A pool to the same database for requests: a transaction that does not say who looks sees no
/// ticket, no notice and no citizen.
pub fn door(pool: &PgPool) -> PgPool {
    let who = viewed_by((*pool.connect_options()).clone(), "none");
    pool.options().clone().connect_lazy_with(who)
}

/// Whether the database answers within two seconds.
pub async fn answers(pool: &PgPool) -> bool {
    let ask = async { pool.fetch_one("select 1").await };
    tokio::time::timeout(Duration::from_secs(2), ask).await.is_ok_and(|answer| answer.is_ok())
}

async fn applied(db: &mut PgConnection) -> Result<usize, sqlx::Error> {
    let there = "select to_regclass('_sqlx_migrations') is not null";
    if !db.fetch_one(there).await?.get::<bool, _>(0) {
        return Ok(0);
    }
    let count: i64 = db.fetch_one("select count(*) from _sqlx_migrations").await?.get(0);
    Ok(usize::try_from(count).unwrap_or_default())
}
