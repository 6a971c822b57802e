//! The alarm of webhooks: what other systems were not told and were not told later either.
use std::sync::{Arc, Mutex, PoisonError};

use base::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::Error;
use crate::store::webhook as store;

/// How often it is looked at.
const EVERY: TimeDelta = TimeDelta::seconds(30);
/// What was given up longer ago is history.
const FRESH: TimeDelta = TimeDelta::days(7);

/// As it was last looked at, so that asking does not wait. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Unheard(Arc<Mutex<Option<String>>>);

impl Unheard {
    /// What is wrong, for the board; none: all is told, or is still being tried.
    pub fn alarm(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks.
    pub async fn look(&self, db: &PgPool, now: DateTime<Utc>) -> Result<(), Error> {
        let (lost, names) = store::unheard(&mut *db.acquire().await?, now - FRESH).await?;
        let names = names.join("、");
        let alarm =
            format!("事件推送“{names}”有{lost}条未送达且已停止重试，请检查对方系统后重新推送");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (lost > 0).then_some(alarm);
        Ok(())
    }

    /// Looks again and again. Never ends.
    pub async fn keep(self, db: PgPool, clock: Arc<dyn Clock>) {
        loop {
            if let Err(error) = self.look(&db, clock.now()).await {
                tracing::warn!(%error, "it cannot be read what webhooks gave up");
            }
            clock.sleep_until(clock.now() + EVERY).await;
        }
    }
}
