//! Filing (归档): what ended so many days ago becomes read only, by the house itself.
use std::collections::HashMap;

use base::Tasks;
use chrono::TimeDelta;
use org::Actor;
use ticket::{Beside, Ctx};

use crate::{Error, Workflow};

/// How often the ended tickets are looked at.
const PAUSE: TimeDelta = TimeDelta::minutes(10);
/// How many one transaction takes.
const BATCH: i64 = 200;

impl Workflow {
    /// Files until the house closes.
    pub(crate) fn start_filing(&self, tasks: &Tasks) {
        let (this, stop) = (self.clone(), tasks.clone());
        tasks.spawn("filing", async move {
            loop {
                match this.file_ended().await {
                    Ok(0) => {}
                    Ok(_) if !stop.is_stopping() => continue,
                    Ok(_) => return,
                    Err(error) => tracing::warn!(?error, "nothing can be filed now: {error}"),
                }
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = this.0.clock.sleep_until(this.0.clock.now() + PAUSE) => {}
                }
            }
        });
    }

    /// Files what ended long enough ago by its own profile; how many tickets.
    pub async fn file_ended(&self) -> Result<usize, Error> {
        let now = self.0.clock.now();
        let days = self.book().all().map(|rules| rules.archive_days).min().unwrap_or(30);
        let mut tx = self.0.db.begin().await?;
        let long_ago = now - TimeDelta::days(i64::from(days));
        let (system, posts) = (Actor::system(), HashMap::new());
        let mut filed = Vec::new();
        for id in ticket::to_file(&mut tx, long_ago, BATCH).await? {
            let before = ticket::lock(&mut tx, id).await?;
            let rules = self.rules_of(&before);
            let own = TimeDelta::days(i64::from(rules.archive_days));
            if before.life.ended_at.is_none_or(|ended| now - ended < own) {
                continue;
            }
            let ctx = Ctx::new(now, &system, &rules, &posts);
            filed.push(ticket::beside(&mut tx, &before, &Beside::File, &ctx).await?.0);
        }
        tx.commit().await?;
        for ticket in &filed {
            self.announce(ticket);
        }
        Ok(filed.len())
    }
}
