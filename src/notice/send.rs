//! The outbox's exit: claims what is due, hands it over outside of any transaction, notes how it went.
use std::sync::Arc;

use base::{Clock, Tasks};
use chrono::TimeDelta;
use org::Persons;
use sqlx::PgPool;

use crate::config::Config;
use crate::error::{Error, Refusal};
use crate::mail::Post;
use crate::sms::Line;
use crate::store::{self, Due};

/// How long a claimed message may take.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How often the outbox is looked at when it is empty.
const PAUSE: TimeDelta = TimeDelta::seconds(1);
/// How long to wait after each failed attempt, in minutes; after the last one it has failed.
const BACK_OFF: [i64; 6] = [1, 2, 5, 15, 60, 240];

/// Sends what the outbox holds.
pub struct Sender {
    db: PgPool,
    clock: Arc<dyn Clock>,
    persons: Persons,
    line: Line,
    post: Post,
}

impl Sender {
    /// Opens the sinks; a wrong configuration is told before anything starts.
    pub fn new(
        config: Config,
        db: PgPool,
        clock: Arc<dyn Clock>,
        persons: Persons,
    ) -> Result<Self, Error> {
        let (line, post) = (Line::open(config.sms)?, Post::open(config.mail)?);
        Ok(Self { db, clock, persons, line, post })
    }

    /// Runs until the house closes.
    pub fn start(self, tasks: &Tasks) {
        let stop = tasks.clone();
        tasks.spawn("notices", async move {
            loop {
                let sent = match self.send_due().await {
                    Ok(sent) => sent,
                    Err(error) => {
                        tracing::warn!(?error, "the outbox of notices cannot be read: {error}");
                        0
                    }
                };
                if sent > 0 && !stop.is_stopping() {
                    continue;
                }
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = self.clock.sleep_until(self.clock.now() + PAUSE) => {}
                }
            }
        });
    }

    /// Sends what is due now; how many attempts were made.
    pub async fn send_due(&self) -> Result<usize, Error> {
        let now = self.clock.now();
        let due = store::claim(&mut *self.db.acquire().await?, now, LEASE, 20).await?;
        let mut handed = Vec::new();
        for message in &due {
            let outcome = self.hand_over(message).await;
            let now = self.clock.now();
            match outcome {
                // in the demonstration nothing leaves the house: one note for all of them will do
                Ok("sent_in_demo") => handed.push(message.id),
                Ok(state) => {
                    let db = &mut *self.db.acquire().await?;
                    store::finish(db, &[message.id], state, now, None, now).await?;
                }
                Err(refusal) => {
                    let db = &mut *self.db.acquire().await?;
                    let attempt = usize::try_from(message.attempts.max(1)).unwrap_or(1) - 1;
                    let (why, wait) = match &refusal {
                        Refusal::Later(why) => (why, BACK_OFF.get(attempt)),
                        Refusal::Never(why) => (why, None),
                    };
                    let (state, wait) = wait.map_or(("failed", 0), |minutes| ("queued", *minutes));
                    tracing::warn!(notice.id = %message.id, state, "notice {} was not handed over: {why}", message.id);
                    let run_at = now + TimeDelta::minutes(wait);
                    store::finish(db, &[message.id], state, run_at, Some(why), now).await?;
                }
            }
        }
        if !handed.is_empty() {
            let now = self.clock.now();
            let db = &mut *self.db.acquire().await?;
            store::finish(db, &handed, "sent_in_demo", now, None, now).await?;
        }
        Ok(due.len())
    }

    async fn hand_over(&self, message: &Due) -> Result<&'static str, Refusal> {
        let to = self.address(message).await?;
        match &message.subject {
            None => {
                self.line.send(message.id, &to, &message.text).await?;
                Ok(self.line.done())
            }
            Some(subject) => {
                self.post.send(&to, subject, &message.text).await?;
                Ok(self.post.done())
            }
        }
    }

    /// The number or address, looked up only now.
    async fn address(&self, message: &Due) -> Result<String, Refusal> {
        let later = |error: &dyn std::fmt::Display| Refusal::Later(error.to_string());
        let mut db = self.db.acquire().await.map_err(|error| later(&error))?;
        if let Some(person) = message.person {
            let identity =
                self.persons.identity(&mut db, person).await.map_err(|error| later(&error))?;
            let number = identity.number.filter(base::PhoneNumber::is_mobile);
            let number =
                number.ok_or_else(|| Refusal::Never("不是手机号码，无法发送短信".to_owned()))?;
            return Ok(number.canonical().reveal().to_owned());
        }
        let Some(unit) = message.unit else {
            return Err(Refusal::Never("没有收件人".to_owned()));
        };
        if message.post.is_some() {
            let leader = org::duty::leader(&mut db, unit).await.map_err(|error| later(&error))?;
            let mobile = leader.and_then(|leader| leader.mobile);
            return mobile.ok_or_else(|| Refusal::Never("单位未登记分管领导的电话".to_owned()));
        }
        // whoever is on duty now, else the unit's desk (值班表)
        let now = self.clock.now();
        let on = org::duty::on_duty(&mut db, unit, now).await.map_err(|error| later(&error))?;
        let (mobile, email) = store::contact(&mut db, unit).await.map_err(|error| later(&error))?;
        let to = match (message.kind.as_str(), on) {
            ("sms", on) => on.and_then(|officer| officer.mobile).or(mobile),
            (_, on) => on.and_then(|officer| officer.email).or(email),
        };
        to.ok_or_else(|| Refusal::Never("单位未登记值班联系方式".to_owned()))
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender")
            .field("line", &self.line)
            .field("post", &self.post)
            .finish_non_exhaustive()
    }
}
