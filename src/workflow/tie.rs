//! Tickets that are joined (并单): two are written in one transaction, and the parent's answer goes
//! to every child. A parent is locked before its children.
use base::{PersonId, TicketId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use ticket::{Action, Beside, Ctx, Ending, Step, Taken, Ticket};

use crate::{Error, Workflow};

/// A second call within so many days shows that a direct answer did not solve it.
const CALLED_AGAIN: TimeDelta = TimeDelta::days(30);
/// How far back a final reply is pointed to.
const FINAL_BEFORE: TimeDelta = TimeDelta::days(365);

/// Locks what has to be locked before the ticket of a step.
pub(crate) async fn lock_first(
    tx: &mut PgConnection,
    id: TicketId,
    action: &Action,
) -> Result<(), Error> {
    let first = match action {
        Action::Merge { parent_id } => Some(*parent_id).filter(|parent| *parent < id),
        Action::Unmerge {} => ticket::find(tx, id).await?.life.side.parent,
        _ => None,
    };
    match first {
        Some(first) => match ticket::lock(tx, first).await {
            Ok(_) | Err(ticket::Error::NotFound) => Ok(()),
            Err(error) => Err(error.into()),
        },
        None => Ok(()),
    }
}

impl Workflow {
    /// What a step means for the tickets that are tied to it.
    pub(crate) async fn tied(
        &self,
        tx: &mut PgConnection,
        before: &Ticket,
        after: &Ticket,
        taken: &Taken,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<Vec<Ticket>, Error> {
        let mut changed = Vec::new();
        if let (Action::Merge { .. } | Action::Unmerge {}, Some(parent)) =
            (&step.action, ctx.known.parent.as_deref())
        {
            let joins = before.life.side.parent.is_none();
            let what = if joins { Beside::Gain(after) } else { Beside::Lose(after) };
            changed.push(ticket::beside(tx, parent, &what, ctx).await?.0);
        }
        if !taken.answers_children {
            return Ok(changed);
        }
        for id in &after.life.side.children {
            let child = ticket::lock(tx, *id).await?;
            if child.life.side.parent != Some(after.id) || child.life.stage != ticket::Stage::Merged
            {
                continue; // it went its own way since
            }
            let rules = self.rules_of(&child);
            let ctx = Ctx { rules: &rules, ..*ctx };
            let (child, tells) =
                ticket::beside(tx, &child, &Beside::ParentAnswered(after), &ctx).await?;
            for tell in &tells {
                self.teller().tell(tx, &child, tell, step, None, ctx.at).await?;
            }
            changed.push(child);
        }
        Ok(changed)
    }

    /// The same citizen comes again with the same kind of matter: a direct answer within thirty days
    /// did not solve it, and a final reply is pointed to.
    pub(crate) async fn came_again(
        &self,
        tx: &mut PgConnection,
        new: &Ticket,
        person: PersonId,
        ctx: &Ctx<'_>,
    ) -> Result<Option<Ticket>, Error> {
        let since = ctx.at - FINAL_BEFORE;
        let mut pointed = None;
        let alike = ticket::ended_alike(tx, person, new.request.category, since).await?;
        // answered at once, the new one has ended itself
        for id in alike.into_iter().filter(|id| *id != new.id) {
            let before = ticket::lock(tx, id).await?;
            let recent = before.life.ended_at.is_some_and(|ended| answered_lately(ended, ctx.at));
            if before.is_direct_answer() && recent && before.life.side.called_again.is_none() {
                ticket::beside(tx, &before, &Beside::CalledAgain(new.id), ctx).await?;
            }
            if pointed.is_none() && matches!(before.life.ending, Some(Ending::Final { .. })) {
                let what = Beside::FinalBefore(before.id);
                pointed = Some(ticket::beside(tx, new, &what, ctx).await?.0);
            }
        }
        Ok(pointed)
    }
}

fn answered_lately(ended: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - ended <= CALLED_AGAIN
}
