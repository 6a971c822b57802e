//! What a step has to know besides its ticket, looked up in the step's own transaction.
use std::collections::{HashMap, HashSet};

use base::{CallId, UnitId};
use chrono::{DateTime, Utc};
use org::Post;
use sqlx::PgConnection;
use ticket::{Action, Known, Ticket};

use crate::Error;

/// The units that a step names.
pub(crate) async fn posts(
    db: &mut PgConnection,
    _ticket: &Ticket,
    action: &Action,
) -> Result<HashMap<UnitId, Post>, Error> {
    let mut posts = HashMap::new();
    for id in action.units() {
        match org::unit::find(&mut *db, id).await {
            Ok(unit) => drop(posts.insert(id, unit.into())),
            Err(org::Error::NotFound(_)) => {} // the step says so in its own words
            Err(error) => return Err(error.into()),
        }
    }
    Ok(posts)
}

/// The proof that it offers, the ticket that it is to join.
pub(crate) async fn gather(
    db: &mut PgConnection,
    ticket: &Ticket,
    action: &Action,
    _at: DateTime<Utc>,
) -> Result<Known, Error> {
    let (call, attachment) = action.proofs();
    let mut proofs = HashSet::new();
    if let Some(call) = call {
        let there = match action {
            // the unit's own number: any call of the house
            Action::PhoneNotice { .. } => ticket::is_call(db, call).await?,
            _ => ticket::is_citizens_call(db, ticket, call).await?,
        };
        proofs.extend(there.then(|| CallId::uuid(call)));
    }
    if let Some(attachment) = attachment {
        let there = ticket::is_attached(db, ticket, attachment).await?;
        proofs.extend(there.then_some(attachment));
    }
    let parent = match action {
        Action::Merge { parent_id } => Some(*parent_id),
        Action::Unmerge {} => ticket.life.side.parent,
        _ => None,
    };
    let parent = match parent {
        Some(id) => match ticket::lock(db, id).await {
            Ok(parent) => Some(Box::new(parent)),
            Err(ticket::Error::NotFound) => None,
            Err(error) => return Err(error.into()),
        },
        None => None,
    };
    Ok(Known { proofs, parent, ..Known::default() })
}
