//! The demonstration's tickets: months of believable requests in every state, lived by the real
//! state machine at past times, marked, and taken out by one call.
mod aside;
mod cast;
mod plan;
mod play;
mod spoken;
mod story;
mod texts;

use base::{CallId, PersonId, StaffId, TicketId};
use chrono::{DateTime, Utc};
use org::Role;
use sqlx::PgConnection;
use ticket::{Action, Step};

use crate::{Error, Workflow};
use cast::Cast;
use play::Play;
pub use spoken::Said;

/// A ticket that somebody asked for by telephone.
#[derive(Debug, Clone)]
pub struct FromCall {
    pub ticket: TicketId,
    /// When it was written, and by whom.
    pub at: DateTime<Utc>,
    pub agent: Option<StaffId>,
    pub person: Option<PersonId>,
    /// What citizen and agent said about it.
    pub said: Vec<Said>,
}

/// How many tickets one transaction writes.
const AT_ONCE: usize = 40;

/// Lays the tickets of the last `days` days up to now, unless they are there; how many were laid.
/// Needs the demonstration's units.
pub async fn lay(workflow: &Workflow, days: u16) -> Result<usize, Error> {
    Box::pin(lay_all(workflow, days)).await
}

async fn lay_all(workflow: &Workflow, days: u16) -> Result<usize, Error> {
    let db = &workflow.0.db;
    if ticket::has_demo(&mut *db.acquire().await?).await? {
        return Ok(0);
    }
    let cast = Cast::gather(workflow).await?;
    if cast.is_empty() {
        return Ok(0);
    }
    contacts(workflow, &cast).await?;
    let chance = plan::Chance(&*workflow.0.dice);
    let now = workflow.0.clock.now();
    let parts = plan::parts(&cast, chance, &workflow.rules(), now, days);
    let (mut regulars, mut alike) = (Vec::new(), Vec::new());
    for some in parts.chunks(AT_ONCE) {
        let mut tx = db.begin().await?;
        for part in some {
            let person = cast.person(workflow, &mut tx, part, &mut regulars, chance).await?;
            let number = ticket::next_number(&mut tx, part.at, &workflow.rules()).await?;
            let Some(mut play) = Play::open(workflow, &cast, part, person, number)? else {
                continue;
            };
            story::live(&mut play, &cast, part, chance);
            if part.course == plan::Course::Alike {
                alike.push(play.ticket.id);
            }
            play.write(&mut tx).await?;
        }
        tx.commit().await?;
    }
    join(workflow, &cast, &alike, chance).await?;
    Ok(parts.len())
}

/// Joins those that are about one matter to the first of them.
async fn join(
    workflow: &Workflow,
    cast: &Cast,
    alike: &[TicketId],
    chance: plan::Chance<'_>,
) -> Result<(), Error> {
    let Some((parent, children)) = alike.split_first() else { return Ok(()) };
    let dispatcher = cast.someone(Role::Dispatcher, chance);
    for child in children {
        let version = ticket::find(&mut *workflow.0.db.acquire().await?, *child).await?.version;
        let step = Step::because(Action::Merge { parent_id: *parent }, "同一小区反映同一问题");
        workflow.act(&dispatcher, *child, version, &step).await?;
    }
    Ok(())
}

/// The tickets that came by telephone and have no call yet.
pub async fn without_call(db: &mut PgConnection) -> Result<Vec<FromCall>, Error> {
    let tickets = ticket::without_call(db).await?.into_iter();
    Ok(tickets
        .map(|one| FromCall {
            ticket: one.id,
            at: one.accepted_at,
            agent: one.accepted_by,
            person: one.person,
            said: spoken::conversation(&one.content, &one.address),
        })
        .collect())
}

/// Joins tickets and the calls that were laid for them.
pub async fn join_calls(db: &mut PgConnection, joined: &[(TicketId, CallId)]) -> Result<(), Error> {
    for (ticket, call) in joined {
        ticket::join_call(db, *ticket, *call).await?;
    }
    Ok(())
}

/// Takes out everything that [`lay`] laid, and what was done to it since; how many tickets. To be
/// called before the demonstration's units and people go.
pub async fn remove(db: &mut PgConnection) -> Result<i64, Error> {
    let gone = ticket::remove_demo(db).await?;
    notice::remove_demo(db).await?;
    Ok(gone)
}

/// Duty desks of the demonstration's units; the numbers and addresses are nobody's.
async fn contacts(workflow: &Workflow, cast: &Cast) -> Result<(), Error> {
    let mut tx = workflow.0.db.begin().await?;
    for (i, post) in cast.units().enumerate() {
        let (mobile, email) = (format!("1390000{i:04}"), format!("duty{i}@units.siping.invalid"));
        notice::set_contact(&mut tx, post.unit, Some(&mobile), Some(&email), true).await?;
    }
    tx.commit().await?;
    Ok(())
}
