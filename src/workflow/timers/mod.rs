//! The deadlines' job: each mark and each warning exactly once, in the transaction that tells of it.
use base::{Tasks, TicketId};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, Postgres, Transaction};
use ticket::Ticked;

use crate::ladder::Above;
use crate::{Error, Workflow};

/// How often the deadlines are looked at when none was reached.
const PAUSE: TimeDelta = TimeDelta::seconds(1);
/// How many tickets one transaction takes.
const BATCH: i64 = 500;

impl Workflow {
    /// Runs until the house closes.
    pub fn start(&self, tasks: &Tasks) {
        self.start_filing(tasks);
        self.start_reminding(tasks);
        let (this, stop) = (self.clone(), tasks.clone());
        tasks.spawn("deadlines", async move {
            let (mut sick, mut idle) = (Vec::new(), 0_u32);
            loop {
                let fired = match this.fire_batch(&mut sick).await {
                    Ok(fired) => fired,
                    Err(error) => {
                        tracing::warn!(?error, "deadlines cannot be looked at: {error}");
                        0
                    }
                };
                if fired > 0 && !stop.is_stopping() {
                    continue;
                }
                idle += 1;
                if idle.is_multiple_of(60) {
                    sick.clear(); // tried again once a minute
                }
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = this.0.clock.sleep_until(this.0.clock.now() + PAUSE) => {}
                }
            }
        });
    }

    /// Does what the deadlines that were reached ask for; how many tickets had one.
    pub async fn fire_due(&self) -> Result<usize, Error> {
        self.fire_batch(&mut Vec::new()).await
    }

    /// As many as one transaction takes. When that fails, each by itself: one ticket that cannot be
    /// read holds up no other, and is tried again when all else is done.
    async fn fire_batch(&self, sick: &mut Vec<TicketId>) -> Result<usize, Error> {
        let now = self.0.clock.now();
        match self.fire(now, BATCH, sick).await {
            Ok(fired) => return Ok(fired.len()),
            Err(error) => tracing::warn!(?error, "deadlines are done one by one: {error}"),
        }
        let mut done = 0;
        for id in self.due_ids(now).await? {
            if sick.contains(&id) {
                continue;
            }
            match self.fire_one(id, now).await {
                Ok(()) => done += 1,
                Err(error) => {
                    tracing::error!(ticket.id = %id, ?error, "deadlines of ticket {id}: {error}");
                    sick.push(id);
                }
            }
        }
        Ok(done)
    }

    async fn fire(
        &self,
        now: DateTime<Utc>,
        most: i64,
        except: &[TicketId],
    ) -> Result<Vec<Ticked>, Error> {
        let mut tx = self.0.db.begin().await?;
        let marked = match ticket::due_tickets(&mut tx, now, most, except).await {
            Ok(due) => self.mark(&mut tx, due, now).await,
            Err(error) => Err(error.into()),
        };
        self.settle(tx, marked).await
    }

    async fn fire_one(&self, id: TicketId, now: DateTime<Utc>) -> Result<(), Error> {
        let mut tx = self.0.db.begin().await?;
        let marked = match ticket::lock(&mut tx, id).await {
            Ok(before) => self.mark(&mut tx, vec![before], now).await,
            Err(error) => Err(error.into()),
        };
        self.settle(tx, marked).await.map(drop)
    }

    /// All of it, or nothing: the locks are gone when this returns.
    async fn settle(
        &self,
        tx: Transaction<'_, Postgres>,
        marked: Result<Vec<Ticked>, Error>,
    ) -> Result<Vec<Ticked>, Error> {
        let all = match marked {
            Ok(all) => all,
            Err(error) => {
                tx.rollback().await?;
                return Err(error);
            }
        };
        tx.commit().await?;
        for one in all.iter().filter(|one| !one.fired.is_empty()) {
            self.announce(&one.after);
        }
        Ok(all)
    }

    async fn due_ids(&self, now: DateTime<Utc>) -> Result<Vec<TicketId>, Error> {
        let mut db = self.0.db.acquire().await?;
        Ok(ticket::due_ids(&mut db, now, BATCH).await?)
    }

    /// Marks tickets and tells of it.
    async fn mark(
        &self,
        tx: &mut PgConnection,
        due: Vec<ticket::Ticket>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Ticked>, Error> {
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let all: Vec<Ticked> = due
            .into_iter()
            .map(|before| {
                let rules = self.rules_of(&before);
                Ticked::look(before, now, &rules)
            })
            .collect();
        ticket::save_ticked(tx, &all, now).await?;
        let teller = self.teller();
        let above = Above::of(tx, all.iter().map(|one| (&one.after, one.fired.as_slice()))).await?;
        let mut drafts = Vec::new();
        for one in &all {
            for fired in &one.fired {
                drafts.extend(teller.fired_drafts(&one.after, fired, &above, now));
            }
        }
        self.0.notices.put(tx, drafts).await?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
