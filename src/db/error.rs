use std::io;
use std::path::PathBuf;

/// Why the database cannot be used. The texts are for the operator who starts the program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No PostgreSQL on this machine.
    #[error(
        "没有找到 PostgreSQL {wanted};请安装 {package} (PostgreSQL {wanted} is not installed: apt-get install {package}, or set database.url)"
    )]
    NoPostgres { wanted: String, package: String },
    /// The cluster was written by a PostgreSQL that is not here.
    #[error(
        "{} 由 PostgreSQL {found} 写成,本机只有 {here};请安装 postgresql-{found},或用 pg_upgrade 升级该目录 (this data folder belongs to PostgreSQL {found}, this machine has {here}: install postgresql-{found}, or move the data with pg_upgrade or pg_dumpall)",
        data.display()
    )]
    OtherMajor { data: PathBuf, found: u32, here: String },
    /// Another process holds the data folder.
    #[error(
        "{} 正被另一个 lianxin 进程使用 (another lianxin is running in this data folder)",
        .0.display()
    )]
    InUse(PathBuf),
    /// PostgreSQL started and ended, or did not become ready.
    #[error("{what};详见 {} (see this log)", log.display())]
    Start { what: String, log: PathBuf },
    /// A folder or file could not be used.
    #[error("{}: {why}", path.display())]
    File { path: PathBuf, why: io::Error },
    /// The database holds migrations this program does not know, or one failed.
    #[error("数据库升级失败 (the migrations did not run): {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// `lianxin_app` cannot sign in at an external server.
    #[error(
        "角色 lianxin_app 无法登录外部数据库,请设置 database.app_password (role lianxin_app cannot sign in; set database.app_password, or let the database's administrator give it one): {0}"
    )]
    AppRole(sqlx::Error),
    /// Anything else the server said.
    #[error("数据库 (database): {0}")]
    Db(#[from] sqlx::Error),
}

impl Error {
    /// For `map_err`: names the path that could not be used.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |why| Self::File { path, why }
    }
}
