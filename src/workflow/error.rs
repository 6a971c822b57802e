/// What can go wrong with a step of a ticket's life.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not there, or not for this person's eyes: the two look alike.
    #[error("工单不存在")]
    NotFound,
    #[error(transparent)]
    Refused(#[from] ticket::Refused),
    /// A field names something that is not there.
    #[error("{why}")]
    NoSuch { field: &'static str, why: String },
    /// Somebody else was quicker; this is what happened meanwhile.
    #[error("工单已被他人更新，请查看最新情况后再办理")]
    Stale { version: i64, changed: Vec<ticket::Event> },
    #[error(transparent)]
    Denied(#[from] org::Denied),
    #[error(transparent)]
    Org(#[from] org::Error),
    #[error(transparent)]
    Ticket(ticket::Error),
    #[error(transparent)]
    Notice(#[from] notice::Error),
    /// A key that belongs to another request.
    #[error("此 Idempotency-Key 已用于另一个请求")]
    KeyReused,
    #[error(transparent)]
    Sealed(#[from] db::seal::Error),
    #[error("database")]
    Db(#[from] sqlx::Error),
}

impl From<ticket::Error> for Error {
    fn from(error: ticket::Error) -> Self {
        match error {
            ticket::Error::NotFound => Self::NotFound,
            ticket::Error::Refused(refused) => Self::Refused(refused),
            ticket::Error::Db(error) => Self::Db(error),
            broken @ (ticket::Error::Calendar(_) | ticket::Error::Corrupt(_)) => {
                Self::Ticket(broken)
            }
        }
    }
}
