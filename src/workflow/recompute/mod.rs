//! Counting open clocks anew, as a job: a calendar that changed (a year that was loaded, a typhoon), a
//! profile that open tickets move to, clocks rebuilt from their history. Each ticket that changes gets
//! one event with its old and new dues; a job that is cut off goes on where it is called again.
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use base::{Tasks, TicketId};
use chrono::{DateTime, TimeDelta, Utc};
use org::{Sight, sight};
use sqlx::{PgConnection, PgPool};
use ticket::{Drift, Number, Recomputed, RuleBook, Rules, Ticket};

use crate::{Error, Workflow};

/// How many tickets one transaction takes.
const BATCH: i64 = 200;
/// How often the files of the profiles and calendars are looked at.
const LOOK: TimeDelta = TimeDelta::seconds(30);

/// What a job did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    pub tickets: usize,
    pub dues: usize,
    /// Clocks that the change made late at once.
    pub late_at_once: usize,
}

impl Counted {
    fn add(&mut self, moved: &[Recomputed]) {
        self.tickets += 1;
        self.dues += moved.len();
        self.late_at_once += moved.iter().filter(|moved| moved.late_at_once).count();
    }
}

/// Which open tickets a job is about.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Those with a clock that runs on to this moment, or is provisional; none: all.
    pub from: Option<DateTime<Utc>>,
    /// Those that began with this profile and version, to be moved to these rules.
    pub migrate: Option<(String, i32, Arc<Rules>)>,
}

impl Which {
    /// Why dates move, in words for the citizen.
    fn reason(&self) -> &'static str {
        if self.migrate.is_some() { "办理时限规定调整" } else { "工作日安排变动" }
    }
}

/// What a rebuild found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rebuilt {
    pub tickets: usize,
    pub clocks: usize,
    pub drifted: usize,
    /// Histories from before events told what they changed.
    pub silent: usize,
}

/// Recomputes the clocks of one ticket, or of all open ones, from their history and says which rows
/// differ; with `fix` on they are put right, with an event.
pub async fn rebuild(
    db: &PgPool,
    book: &RuleBook,
    number: Option<Number>,
    now: DateTime<Utc>,
    fix: bool,
    tell: &mut (dyn FnMut(&Ticket, &[Drift]) + Send),
) -> Result<Rebuilt, Error> {
    let (mut rebuilt, mut after) = (Rebuilt::default(), None);
    if let Some(number) = number {
        let mut tx = sight::begin(db, &Sight::system()).await?;
        let found = ticket::by_number(&mut tx, number).await?;
        drop(tx);
        let id = found.ok_or(Error::NotFound)?.id;
        rebuild_one(db, book, id, now, fix, tell, &mut rebuilt).await?;
        return Ok(rebuilt);
    }
    loop {
        let mut one = sight::begin(db, &Sight::system()).await?;
        let ids = ticket::to_recount(&mut one, after, None, None, BATCH).await?;
        drop(one);
        for id in &ids {
            rebuild_one(db, book, *id, now, fix, tell, &mut rebuilt).await?;
        }
        let Some(last) = ids.last() else { return Ok(rebuilt) };
        after = Some(*last);
    }
}

async fn rebuild_one(
    db: &PgPool,
    book: &RuleBook,
    id: TicketId,
    now: DateTime<Utc>,
    fix: bool,
    tell: &mut (dyn FnMut(&Ticket, &[Drift]) + Send),
    rebuilt: &mut Rebuilt,
) -> Result<(), Error> {
    let mut tx = sight::begin(db, &Sight::system()).await?;
    let found = ticket::rebuild(&mut tx, id, book, now, fix).await?;
    tx.commit().await?;
    rebuilt.tickets += 1;
    match found {
        Ok((ticket, drift)) => {
            rebuilt.clocks += ticket.life.timers.len();
            rebuilt.drifted += drift.len();
            if !drift.is_empty() {
                tell(&ticket, &drift);
            }
        }
        Err(_) => rebuilt.silent += 1,
    }
    Ok(())
}

impl Workflow {
    /// Counts open clocks anew and tells whose date moved; with `write` off it only says what would
    /// move.
    pub async fn recount(
        &self,
        which: &Which,
        why: &str,
        write: bool,
        tell: &mut (dyn FnMut(&Ticket, &[Recomputed]) + Send),
    ) -> Result<Counted, Error> {
        let (book, now) = (self.book(), self.0.clock.now());
        let profile = which.migrate.as_ref().map(|(name, version, _)| (name.as_str(), *version));
        let to = which.migrate.as_ref().map(|(_, _, rules)| &**rules);
        let (mut counted, mut after) = (Counted::default(), None);
        loop {
            let mut tx = sight::begin(&self.0.db, &Sight::system()).await?;
            let ids = ticket::to_recount(&mut tx, after, which.from, profile, BATCH).await?;
            let Some(last) = ids.last().copied() else { return Ok(counted) };
            let changed = ticket::recount(&mut tx, &ids, &book, to, why, now, write).await?;
            if write {
                self.tell_moved(&mut tx, &changed, which.reason(), now).await?;
            }
            tx.commit().await?;
            for (ticket, moved) in &changed {
                counted.add(moved);
                tell(ticket, moved);
            }
            after = Some(last);
        }
    }

    async fn tell_moved(
        &self,
        tx: &mut PgConnection,
        changed: &[(Ticket, Vec<Recomputed>)],
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut drafts = Vec::new();
        for (ticket, moved) in changed {
            drafts.extend(self.teller().moved_drafts(tx, ticket, moved, reason, now).await?);
        }
        Ok(self.0.notices.put(tx, drafts).await?)
    }

    /// Looks at the profiles and calendars in `folder` until the house closes: what changed counts
    /// from then on, and open clocks are counted anew. A file with a mistake changes nothing.
    pub fn watch(&self, folder: PathBuf, tasks: &Tasks) {
        let (this, stop) = (self.clone(), tasks.clone());
        tasks.spawn("calendars", async move {
            let mut stamp = RuleBook::stamp(&folder).unwrap_or_default();
            // while the house was closed
            let mut behind = true;
            loop {
                if behind {
                    match this.catch_up().await {
                        Ok(_) => behind = false,
                        Err(error) => tracing::warn!(?error, "clocks were not counted: {error}"),
                    }
                }
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = this.0.clock.sleep_until(this.0.clock.now() + LOOK) => {}
                }
                let found = RuleBook::stamp(&folder).unwrap_or_else(|_| stamp.clone());
                if found != stamp {
                    stamp = found;
                    let profile = this.book().profile().to_owned();
                    match RuleBook::load(&folder).and_then(|book| book.with_profile(&profile)) {
                        Ok(book) => {
                            this.change_book(book);
                            behind = true;
                        }
                        Err(error) => tracing::error!(
                            "the profiles and calendars stay as they were, a file is wrong: {error}"
                        ),
                    }
                }
            }
        });
    }

    /// Other profiles and calendars count from now on.
    pub fn change_book(&self, book: RuleBook) {
        *self.0.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
        tracing::info!("profiles and calendars were read anew");
    }

    /// Counts the open clocks by the calendars in force, when they are not what the clocks were last
    /// counted by. Cut off, it does the rest when it is called again.
    pub async fn catch_up(&self) -> Result<Counted, Error> {
        let (book, now) = (self.book(), self.0.clock.now());
        let mut db = self.0.db.acquire().await?;
        let changed = ticket::changed_calendars(&mut db, &book).await?;
        let mut counted = Counted::default();
        if !changed.is_empty() {
            let names = changed.join("、");
            tracing::info!("calendars changed ({names}): the open clocks are counted anew");
            let why = format!("日历变更：{names}");
            let mut moved = Vec::new();
            let mut tell = |ticket: &Ticket, _: &[Recomputed]| moved.push(ticket.clone());
            counted = self.recount(&Which::default(), &why, true, &mut tell).await?;
            for ticket in &moved {
                self.announce(ticket);
            }
            let Counted { tickets, dues, .. } = counted;
            tracing::info!(tickets, dues, "{dues} dues of {tickets} tickets moved");
        }
        ticket::calendars_counted(&mut db, &book, now).await?;
        Ok(counted)
    }
}

#[cfg(test)]
mod tests;
