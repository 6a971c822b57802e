//! The job of webhooks: signs, sends, notes how it went.
use std::sync::Arc;
use std::time::Duration;

use base::Clock;
use chrono::TimeDelta;
use db::jobs::{Failure, Job, Rules, Worker};
use db::objects::Objects;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::redirect::Policy;
use sha2::Sha256;
use sqlx::PgPool;

use super::{JOB, Reach, Webhook};
use crate::Error;
use crate::store::webhook as store;

/// After so many attempts a delivery is given up: about two days, with the pauses below.
const ATTEMPTS: u32 = 14;
const RULES: Rules = Rules {
    lease: TimeDelta::seconds(60),
    pause: TimeDelta::seconds(10),
    longest_pause: TimeDelta::hours(8),
    attempts: ATTEMPTS,
    look_every: TimeDelta::milliseconds(500),
};

/// Sends deliveries.
#[derive(Clone)]
pub struct Courier {
    db: PgPool,
    clock: Arc<dyn Clock>,
    objects: Objects,
    reach: Reach,
    client: reqwest::Client,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Courier {
    /// With where it may go. Follows no redirection and uses no proxy.
    pub fn new(
        db: PgPool,
        clock: Arc<dyn Clock>,
        objects: Objects,
        reach: Reach,
    ) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self { db, clock, objects, reach, client })
    }

    /// Sends for ever.
    pub async fn run(self) {
        self.worker().run(|job| self.clone().deliver(job)).await;
    }

    /// Sends what is due; how many attempts were made.
    pub async fn send_due(&self) -> Result<usize, Error> {
        let (worker, mut sent) = (self.worker(), 0);
        while worker.step(&mut |job| self.clone().deliver(job)).await? {
            sent += 1;
        }
        Ok(sent)
    }

    fn worker(&self) -> Worker {
        Worker::new(self.db.clone(), self.clock.clone(), &[JOB], RULES)
    }

    async fn deliver(self, job: Job) -> Result<(), Failure> {
        let Some(id) = job.payload["delivery"].as_i64() else {
            return Err(Failure::GiveUp("a job without its delivery".to_owned()));
        };
        let mut db = self.db.acquire().await?;
        let Some(delivery) = store::delivery(&mut db, id).await? else { return Ok(()) };
        let Some(webhook) = store::find(&mut db, delivery.webhook).await? else { return Ok(()) };
        drop(db); // nothing is held while the other side thinks
        if !webhook.enabled {
            return self.note(id, None, Some("已停用"), true).await;
        }
        let (status, why) = match self.send(&webhook, id, &delivery.body.to_string()).await {
            Ok(status) if (200..300).contains(&status) => {
                return self.note(id, Some(status), None, false).await;
            }
            Ok(status) => (Some(status), format!("对方返回 {status}")),
            Err(why) => (None, why),
        };
        let last = job.attempt >= ATTEMPTS;
        self.note(id, status, Some(&why), last).await?;
        if last {
            tracing::error!(webhook.id = %webhook.id, delivery = id, "a webhook's delivery was given up: {why}");
            return Err(Failure::GiveUp(why));
        }
        Err(Failure::Retry(why))
    }

    async fn note(
        &self,
        id: i64,
        status: Option<u16>,
        why: Option<&str>,
        over: bool,
    ) -> Result<(), Failure> {
        let db = &mut *self.db.acquire().await?;
        store::note(db, id, status, why, over, self.clock.now()).await?;
        Ok(())
    }

    async fn send(&self, webhook: &Webhook, id: i64, body: &str) -> Result<u16, String> {
        let url = self.reach.allowed(&webhook.url)?; // the configuration may have changed
        let (objects, name) = (self.objects.clone(), webhook.secret());
        let secret = tokio::task::spawn_blocking(move || {
            objects.open(&name)?.map(|mut opened| opened.read(0..u64::MAX)).transpose()
        });
        let secret = secret.await.map_err(|error| error.to_string())?;
        let secret = secret.map_err(|error| error.to_string())?.ok_or("签名密钥不存在")?;
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("lianxin-delivery", id)
            .header("lianxin-signature", signature(&secret, self.clock.now().timestamp(), body))
            .body(body.to_owned());
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        Ok(answer.status().as_u16())
    }
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY`, so that an old message cannot be sent again.
pub(super) fn signature(secret: &[u8], at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn the_signature_is_what_openssl_computes() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        let signed = signature(b"secret", 1_700_000_000, "{}");
        let hex = "b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
        assert_eq!(signed, format!("t=1700000000,v1={hex}"));
        assert_ne!(signed, signature(b"secret", 1_700_000_001, "{}"));
        assert_ne!(signed, signature(b"other", 1_700_000_000, "{}"));
    }
}
