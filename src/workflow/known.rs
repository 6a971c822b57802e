//! What a step has to know besides its ticket, looked up in the step's own transaction.
use std::collections::{HashMap, HashSet};

use base::{CallId, CategoryId, UnitId};
use chrono::{DateTime, Utc};
use org::Post;
use sqlx::PgConnection;
use ticket::{Action, Catalogue, Known, Ticket};

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
    at: DateTime<Utc>,
) -> Result<Known, Error> {
    if let Action::Recategorise { category_id, place_id } = action {
        there("category_id", "诉求类别", org::category::find(&mut *db, *category_id).await)?;
        if let Some(place) = place_id {
            there("place_id", "地点", org::place::find(&mut *db, *place).await)?;
        }
    }
    let catalogue = match ticket.request.category {
        Some(category) => catalogue(db, category, action, at).await?,
        None => HashMap::new(),
    };
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
    Ok(Known { catalogue, proofs, parent, ..Known::default() })
}

/// Whether what a field names is there.
fn there<T>(field: &'static str, what: &str, found: Result<T, org::Error>) -> Result<(), Error> {
    match found {
        Ok(_) => Ok(()),
        Err(org::Error::NotFound(_)) => {
            Err(Error::NoSuch { field, why: format!("{what}不存在") })
        }
        Err(error) => Err(error.into()),
    }
}

/// What the dispatch catalogue says of the units that a step sends to (派单目录、基层禁派清单).
async fn catalogue(
    db: &mut PgConnection,
    category: CategoryId,
    action: &Action,
    at: DateTime<Utc>,
) -> Result<HashMap<UnitId, Catalogue>, Error> {
    use org::catalogue::Answer;
    let mut answers = HashMap::new();
    if matches!(action, Action::Return { .. }) {
        return Ok(answers); // only what the unit suggests
    }
    for unit in action.units() {
        let answer = match org::catalogue::check(&mut *db, category, unit, at).await? {
            Answer::Listed => Catalogue::Listed,
            Answer::NotListed => Catalogue::NotListed,
            Answer::Forbidden { rule } => Catalogue::Forbidden(rule),
        };
        answers.insert(unit, answer);
    }
    Ok(answers)
}
