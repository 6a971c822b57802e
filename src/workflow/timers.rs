//! The deadlines' job: each mark and each warning exactly once, in the transaction that tells of it.
use base::{Tasks, TicketId};
use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::{Error, Workflow};

/// How often the deadlines are looked at when none was reached.
const PAUSE: TimeDelta = TimeDelta::seconds(1);
/// How many tickets one transaction takes.
const BATCH: i64 = 50;

impl Workflow {
    /// Runs until the house closes.
    pub fn start(&self, tasks: &Tasks) {
        let (this, stop) = (self.clone(), tasks.clone());
        tasks.spawn("deadlines", async move {
            loop {
                let fired = match this.fire_due().await {
                    Ok(fired) => fired,
                    Err(error) => {
                        tracing::warn!(?error, "deadlines cannot be looked at: {error}");
                        0
                    }
                };
                if fired > 0 {
                    continue;
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
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        let due = ticket::due_tickets(&mut tx, now, BATCH).await?;
        let mut changed = Vec::new();
        for id in &due {
            changed.extend(self.fire(&mut tx, *id).await?);
        }
        tx.commit().await?;
        for ticket in &changed {
            self.announce(ticket);
        }
        Ok(due.len())
    }

    async fn fire(
        &self,
        tx: &mut PgConnection,
        id: TicketId,
    ) -> Result<Option<ticket::Ticket>, Error> {
        let now = self.0.clock.now();
        let before = ticket::lock(tx, id).await?;
        let (after, fired) = ticket::tick(tx, &before, now).await?;
        for fired in &fired {
            self.teller().tell_fired(tx, &after, fired, now).await?;
        }
        Ok((!fired.is_empty()).then_some(after))
    }
}
