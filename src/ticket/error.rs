use base::TicketId;

use crate::state::Stage;

/// A step that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not in this state; the sentence says why, for people.
    #[error("{why}")]
    WrongState { stage: Stage, why: String },
    /// Not by this person.
    #[error("{0}")]
    NotYou(String),
    /// Not with these words.
    #[error("{0}")]
    Bad(String),
    /// Not to a unit that is complained about (回避).
    #[error("{0}")]
    Recused(String),
}

/// What can go wrong with a ticket.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("工单不存在")]
    NotFound,
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("计算时限失败：{0}")]
    Calendar(#[from] crate::calendar::Error),
    #[error("ticket {0} is stored in a shape that no ticket has")]
    Corrupt(TicketId),
    #[error("database")]
    Db(#[from] sqlx::Error),
}
