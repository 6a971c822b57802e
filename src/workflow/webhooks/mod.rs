//! Webhooks: other systems are told what happens to tickets. The event's own transaction writes the
//! deliveries; a job signs and sends them, again and again with growing pauses, until they are taken
//! or given up.
mod courier;
mod unheard;

pub use courier::Courier;
pub use unheard::Unheard;

use base::TicketId;
use chrono::{DateTime, Utc};
use reqwest::Url;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::store::webhook as store;

/// The job that sends one delivery.
pub const JOB: &str = "webhook";

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub id: Uuid,
    pub name: String,
    pub url: String,
    /// Actions that are told; none: all.
    pub events: Vec<String>,
    pub enabled: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

impl Webhook {
    /// Under what name its secret lies among the objects.
    pub fn secret(&self) -> String {
        format!("webhooks/{}", self.id)
    }
}

/// One telling of one event.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    pub id: i64,
    pub webhook: Uuid,
    pub ticket: TicketId,
    pub at: DateTime<Utc>,
    pub body: Value,
    /// `queued`, `delivered`, `given_up`
    pub state: String,
    pub attempts: i32,
    pub status: Option<i32>,
    pub why: Option<String>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Where may be called: a webhook must not become a way into the house's own network.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// `host` or `host:port`, by https only.
    pub hosts: Vec<String>,
    /// Demonstration: this machine, by http as well.
    pub loopback: bool,
}

impl Reach {
    /// The address, if it may be called.
    pub fn allowed(&self, url: &str) -> Result<Url, String> {
        let url = Url::parse(url).map_err(|error| format!("地址无法解析：{error}"))?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("地址不能带有用户名、密码或片段".to_owned());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let here = matches!(host.as_str(), "127.0.0.1" | "[::1]" | "localhost");
        if here && self.loopback && matches!(url.scheme(), "http" | "https") {
            return Ok(url);
        }
        let named = self.hosts.iter().any(|allowed| match allowed.rsplit_once(':') {
            Some((name, at)) if at.parse::<u16>().is_ok() => {
                name.eq_ignore_ascii_case(&host) && at.parse() == Ok(port)
            }
            _ => allowed.eq_ignore_ascii_case(&host) && port == 443,
        });
        if url.scheme() == "https" && named {
            return Ok(url);
        }
        Err("只能使用 https，且主机须列入配置 webhooks.hosts".to_owned())
    }
}

/// All that are told.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Webhook>, Error> {
    store::list(db).await
}

/// One of them.
pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Webhook, Error> {
    store::find(db, id).await?.ok_or(Error::NotFound)
}

/// Adds one.
pub async fn add(db: &mut PgConnection, webhook: &Webhook) -> Result<(), Error> {
    store::add(db, webhook).await
}

/// Writes it anew over the version that was seen; false: it is another by now.
pub async fn change(db: &mut PgConnection, webhook: &Webhook) -> Result<bool, Error> {
    store::change(db, webhook).await
}

/// Tells it nothing more.
pub async fn remove(db: &mut PgConnection, id: Uuid, seen: i64) -> Result<bool, Error> {
    store::remove(db, id, seen).await
}

/// The newest deliveries, or those before one.
pub async fn deliveries(
    db: &mut PgConnection,
    id: Uuid,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Delivery>, Error> {
    store::deliveries(db, id, before, most).await
}

/// Tells every event since then once more; how many.
pub async fn replay(
    db: &mut PgConnection,
    id: Uuid,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    store::replay(db, id, from, now).await
}

#[cfg(test)]
mod tests {
    use super::Reach;

    #[test]
    fn only_listed_https_hosts_are_called_and_this_machine_in_the_demonstration() {
        let hosts = vec!["city.example".to_owned(), "feed.example:8443".to_owned()];
        let reach = Reach { hosts, loopback: false };
        for good in
            ["https://city.example/in", "https://CITY.example/", "https://feed.example:8443/x"]
        {
            assert!(reach.allowed(good).is_ok(), "{good}");
        }
        for bad in [
            "http://city.example/in",
            "https://city.example:8080/",
            "https://feed.example/",
            "https://city.example.evil/",
            "https://user@city.example/",
            "https://169.254.169.254/latest",
            "http://127.0.0.1:80/",
            "http://[::1]/",
            "file:///etc/passwd",
            "gopher://city.example/",
            "nonsense",
        ] {
            assert!(reach.allowed(bad).is_err(), "{bad}");
        }
        let demo = Reach { hosts: Vec::new(), loopback: true };
        assert!(demo.allowed("http://127.0.0.1:9000/in").is_ok());
        assert!(demo.allowed("http://10.0.0.1:9000/in").is_err());
        assert!(demo.allowed("http://127.0.0.1.evil/in").is_err());
    }
}
