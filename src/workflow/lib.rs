//! The conductor of a ticket's life (受理 … 办结): each verb is one transaction that writes the
//! ticket, its event, its limits and what has to be told. Decides no right of its own and sends
//! nothing itself.
mod accept;
pub mod attachments;
mod calling;
pub mod demo;
pub mod doctor;
pub mod errands;
mod error;
mod file;
mod files;
pub mod handover;
pub mod idempotency;
mod known;
mod ladder;
#[cfg(test)]
mod life_tests;
mod lookup;
mod moved;
mod page;
#[cfg(test)]
mod rating_tests;
pub mod recompute;
mod redact;
mod remind;
pub mod report;
#[cfg(test)]
mod scan_tests;
#[cfg(test)]
mod sight_tests;
mod store;
mod tell;
pub mod templates;
#[cfg(test)]
mod tests;
mod tie;
mod timers;
pub mod webhooks;

pub use accept::{Answer, Draft, Intake};
pub use calling::ToCall;
pub use error::Error;
pub use lookup::{PageAnswer, PublicStep, PublicView};
pub use page::TicketPage;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use base::{CallId, Clock, Dice, TicketId};
use chrono::{DateTime, Utc};
use notice::Notices;
use org::{Actor, Persons, Right, Sight, Thing, sight};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use ticket::{Ctx, RuleBook, Rules, Stage, Step, Ticket};
use tokio::sync::broadcast;
use uuid::Uuid;

/// A ticket that changed, for those who look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: TicketId,
    pub version: i64,
    pub state: Stage,
}

/// The handle of all verbs, cheap to clone.
#[derive(Clone)]
pub struct Workflow(Arc<Inner>);

struct Inner {
    db: PgPool,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    persons: Persons,
    book: RwLock<Arc<RuleBook>>,
    notices: Notices,
    changes: broadcast::Sender<Change>,
}

impl Workflow {
    /// With its rules and the outbox's entrance.
    pub fn new(
        db: PgPool,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
        persons: Persons,
        book: RuleBook,
        notices: Notices,
    ) -> Self {
        let book = RwLock::new(Arc::new(book));
        let (changes, _) = broadcast::channel(1024);
        Self(Arc::new(Inner { db, clock, dice, persons, book, notices, changes }))
    }

    /// Every flow profile in every version.
    pub fn book(&self) -> Arc<RuleBook> {
        self.0.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The rules that new tickets begin with.
    pub fn rules(&self) -> Arc<Rules> {
        self.book().in_force()
    }

    /// The rules that a ticket began with.
    pub fn rules_of(&self, ticket: &Ticket) -> Arc<Rules> {
        self.book().pinned(&ticket.profile, ticket.profile_version)
    }

    /// Every change from now on. Whoever falls behind reloads.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// Takes one step in a ticket's life. `version` is what the actor saw.
    pub async fn act(
        &self,
        actor: &Actor,
        id: TicketId,
        version: i64,
        step: &Step,
    ) -> Result<Ticket, Error> {
        Box::pin(self.act_at_once(actor, id, version, step)).await
    }

    async fn act_at_once(
        &self,
        actor: &Actor,
        id: TicketId,
        version: i64,
        step: &Step,
    ) -> Result<Ticket, Error> {
        let mut tx = self.enter(actor, id).await?;
        tie::lock_first(&mut tx, id, &step.action).await?;
        let before = self.lock(&mut tx, actor, id, version).await?;
        let at = self.0.clock.now();
        let posts = known::posts(&mut tx, &before, &step.action).await?;
        let known = known::gather(&mut tx, &before, &step.action, at).await?;
        let rules = self.rules_of(&before);
        let ctx = Ctx { known: &known, ..Ctx::new(at, actor, &rules, &posts) };
        let (after, others) = self.step(&mut tx, &before, step, &ctx).await?;
        tx.commit().await?;
        self.announce(&after);
        for other in &others {
            self.announce(other);
        }
        Ok(after)
    }

    /// The same, with the ticket's page after it.
    pub async fn act_page(
        &self,
        actor: &Actor,
        id: TicketId,
        version: i64,
        step: &Step,
    ) -> Result<TicketPage, Error> {
        let after = self.act(actor, id, version, step).await?;
        let mut db = sight::begin(&self.0.db, &Sight::of(actor)).await?;
        self.page_of(&mut db, actor, after.into()).await
    }

    /// The step itself and what has to be told of it, inside the caller's transaction.
    async fn step(
        &self,
        tx: &mut PgConnection,
        before: &Ticket,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<(Ticket, Vec<Ticket>), Error> {
        let (after, taken) = ticket::act(tx, before, step, ctx).await?;
        for tell in &taken.tells {
            self.teller().tell(tx, &after, tell, step, taken.rating.as_ref(), ctx.at).await?;
        }
        let others = self.tied(tx, before, &after, &taken, step, ctx).await?;
        Ok((after, others))
    }

    /// Adds what the citizen says later (追加); the units that work on it are told.
    pub async fn add(
        &self,
        actor: &Actor,
        id: TicketId,
        text: &str,
        call: Option<CallId>,
    ) -> Result<Ticket, Error> {
        org::can(actor, Right::Accept, Thing::City)?;
        let mut tx = self.0.db.begin().await?;
        let before = ticket::lock(&mut tx, id).await?;
        let posts = HashMap::new();
        let rules = self.rules_of(&before);
        let ctx = Ctx::new(self.0.clock.now(), actor, &rules, &posts);
        let after = ticket::add(&mut tx, &before, text, call, &ctx).await?;
        self.teller().tell_addition(&mut tx, &after, ctx.at).await?;
        tx.commit().await?;
        self.announce(&after);
        Ok(after)
    }

    /// A transaction of the system's, for a ticket that the actor sees: row security is asked first.
    async fn enter(
        &self,
        actor: &Actor,
        id: TicketId,
    ) -> Result<Transaction<'static, Postgres>, Error> {
        let sight = Sight::of(actor);
        if sight.is_city() {
            return Ok(self.0.db.begin().await?);
        }
        let mut tx = sight::begin(&self.0.db, &sight).await?;
        ticket::enter(&mut tx, id).await?;
        Ok(tx)
    }

    async fn lock(
        &self,
        tx: &mut PgConnection,
        actor: &Actor,
        id: TicketId,
        version: i64,
    ) -> Result<Ticket, Error> {
        let ticket = ticket::lock(tx, id).await?;
        see(actor, &ticket)?;
        if ticket.version != version {
            let changed = self.changed(tx, actor, &ticket, version).await?;
            return Err(Error::Stale { version: ticket.version, changed });
        }
        Ok(ticket)
    }

    fn announce(&self, ticket: &Ticket) {
        let change = Change { id: ticket.id, version: ticket.version, state: ticket.life.stage };
        drop(self.0.changes.send(change)); // nobody may be listening
    }
}

/// A new id, for what has no type of id of its own.
pub(crate) fn new_id(at: DateTime<Utc>, dice: &dyn Dice) -> Uuid {
    base::NoticeId::new(at, dice.bytes()).uuid()
}

/// Whether the actor may see the ticket; if not, it does not exist.
fn see(actor: &Actor, ticket: &Ticket) -> Result<(), Error> {
    if !ticket.life.is_visible_to(actor) {
        return Err(Error::NotFound);
    }
    let posts = ticket.posts();
    org::can(actor, Right::ReadTicket, Thing::Units(&posts)).map_err(|_| Error::NotFound)
}

impl std::fmt::Debug for Workflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workflow")
    }
}
