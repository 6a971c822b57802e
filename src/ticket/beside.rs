//! What happens to a ticket without a step of its own: another ticket joins it or answers it, its
//! citizen calls again, its time to be filed has come.
use base::TicketId;
use serde_json::{Value, json};

use crate::error::Error;
use crate::history::{Entry, Event, kept};
use crate::known::Ctx;
use crate::outcome::{Ending, Tell};
use crate::request::Ticket;
use crate::state::{Move, Stage};

/// What happens.
#[derive(Debug, Clone, Copy)]
pub enum Beside<'a> {
    /// Another ticket joined this one (并单).
    Gain(&'a Ticket),
    /// And left it.
    Lose(&'a Ticket),
    /// The parent's reply passed review, or is final.
    ParentAnswered(&'a Ticket),
    /// The citizen called again about it: the direct answer did not solve it.
    CalledAgain(TicketId),
    /// The same matter had its final reply before.
    FinalBefore(TicketId),
    /// Its rating by the page is one of many from one address (评价存疑): the citizen is asked again.
    RatingDoubted,
    /// Filed (归档).
    File,
}

impl Beside<'_> {
    fn word(&self) -> &'static str {
        match self {
            Self::Gain(_) => "child_merged",
            Self::Lose(_) => "child_unmerged",
            Self::ParentAnswered(_) => "parent_answered",
            Self::CalledAgain(_) => "called_again",
            Self::FinalBefore(_) => "final_before",
            Self::RatingDoubted => "rating_doubted",
            Self::File => "archive",
        }
    }
}

/// Another ticket, as much of it as a page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relative {
    pub id: TicketId,
    pub number: String,
    pub stage: Stage,
}

impl Ticket {
    /// The ticket after it, with the event that tells of it.
    pub fn beside(
        &self,
        what: &Beside<'_>,
        ctx: &Ctx<'_>,
    ) -> Result<(Self, Event, Vec<Tell>), Error> {
        let ctx = Ctx { at: kept(ctx.at), ..*ctx };
        let mut after = Self { version: self.version + 1, ..self.clone() };
        let life = &mut after.life;
        let mut tells = Vec::new();
        let details = match what {
            Beside::Gain(child) => {
                life.gain(child.id);
                told_of(child)
            }
            Beside::Lose(child) => {
                life.lose(child.id);
                told_of(child)
            }
            Beside::ParentAnswered(parent) => {
                let person = self.request.person;
                let same = person.is_some() && person == parent.request.person;
                tells = life.answered_by_parent(&parent.life, same, &ctx)?;
                told_of(parent)
            }
            Beside::CalledAgain(other) => {
                life.side.called_again = Some(*other);
                json!({ "ticket": other })
            }
            Beside::FinalBefore(other) => {
                life.side.final_before = Some(*other);
                json!({ "ticket": other })
            }
            Beside::RatingDoubted => {
                life.doubt_rating(&ctx)?;
                json!({})
            }
            Beside::File => {
                life.go(Move::Archive, "归档")?;
                json!({})
            }
        };
        if after.life.stage != self.life.stage {
            after.since = ctx.at;
        }
        let event = after.record(Entry {
            from: Some(self.life.stage),
            details,
            ..Entry::new(ctx.at, ctx.actor, what.word())
        });
        Ok((after, event, tells))
    }

    /// Answered at once, and the citizen did not call again.
    pub fn is_direct_answer(&self) -> bool {
        matches!(self.life.ending, Some(Ending::Answered { .. }))
    }
}

fn told_of(other: &Ticket) -> Value {
    json!({ "ticket": other.id, "number": other.number.to_string() })
}
