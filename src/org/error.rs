use std::fmt;

/// What can go wrong in this room.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("没有这个{0}")]
    NotFound(&'static str),
    /// Something of this name or number is there already.
    #[error("{0}")]
    Taken(String),
    /// What was given cannot be kept; the text says what and why.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Denied(#[from] crate::Denied),
    /// A file's row that cannot be read.
    #[error(transparent)]
    BadRow(#[from] BadRow),
    /// A key is missing or a sealed record does not open with it.
    #[error("{0}")]
    Sealed(String),
    /// A row says what no code of ours can have written.
    #[error("corrupt row: {0}")]
    Corrupt(String),
    /// Not transparent, so that the door finds out whether the database is away.
    #[error("database: {0}")]
    Db(#[from] sqlx::Error),
}

/// Where in which file something cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct BadRow {
    pub file: String,
    pub line: u64,
    pub column: String,
    pub why: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.column, self.why)
    }
}

impl Error {
    /// A unique index that was hit means `taken`; everything else stays what it is.
    pub(crate) fn or_taken(error: sqlx::Error, taken: impl FnOnce() -> String) -> Self {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => Self::Taken(taken()),
            _ => Self::Db(error),
        }
    }
}
