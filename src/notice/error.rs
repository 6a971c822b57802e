/// What can go wrong with a notice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of texts that cannot be used; says which and why.
    #[error("{0}")]
    BadTemplate(String),
    /// A sink that cannot be set up; says why.
    #[error("{0}")]
    BadConfig(String),
    #[error(transparent)]
    Org(#[from] org::Error),
    #[error("database")]
    Db(#[from] sqlx::Error),
}

/// Why a message was not handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another attempt may succeed.
    Later(String),
    /// No attempt will.
    Never(String),
}
