//! Who is told what happens to tickets, and how that went.
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use org::audit::{self, Act};
use org::{Right, Thing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use workflow::webhooks::{self, Delivery, Webhook};

use crate::openapi::Problem;
use crate::version::{changed, seen};
use crate::{App, Error, Json, Path, Query, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
        .routes(routes!(deliveries))
        .routes(routes!(replay))
}

#[derive(Serialize, ToSchema)]
struct WebhookItem {
    id: Uuid,
    name: String,
    url: String,
    /// Actions that are told, as `accept`, `dispatch`; none: all.
    events: Vec<String>,
    enabled: bool,
    /// For If-Match.
    version: i64,
    created_at: DateTime<Utc>,
    created_by: String,
}

impl From<Webhook> for WebhookItem {
    fn from(hook: Webhook) -> Self {
        let Webhook { id, name, url, events, enabled, version, created_at, created_by } = hook;
        Self { id, name, url, events, enabled, version, created_at, created_by }
    }
}

#[derive(Serialize, ToSchema)]
struct WebhookList {
    items: Vec<WebhookItem>,
    next: Option<String>,
}

fn may_keep(viewer: &Viewer) -> Result<(), Error> {
    Ok(org::can(&viewer.actor(), Right::ManagePeople, Thing::City)?)
}

/// Webhooks 事件推送
#[utoipa::path(get, path = "/webhooks", tag = "webhooks",
    responses((status = 200, body = WebhookList), (status = 403, body = Problem)))]
async fn list(State(app): State<App>, viewer: Viewer) -> Result<Json<WebhookList>, Error> {
    may_keep(&viewer)?;
    let found = webhooks::list(&mut *app.db.acquire().await?).await?;
    Ok(Json(WebhookList { items: found.into_iter().map(Into::into).collect(), next: None }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WebhookText {
    name: String,
    /// https, to a host that the configuration lists.
    url: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

impl WebhookText {
    fn webhook(self, id: Uuid, version: i64, app: &App, viewer: &Viewer) -> Result<Webhook, Error> {
        let name = self.name.trim().to_owned();
        let known = |word: &String| {
            word.len() <= 40 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        if !(1..=60).contains(&name.chars().count()) || !self.events.iter().all(known) {
            return Err(Error::invalid("bad_webhook", "名称为1至60个字，事件为办理动作的英文名"));
        }
        let url = app.reach.allowed(self.url.trim());
        let url = url.map_err(|why| Error::invalid("url_not_allowed", why))?.to_string();
        let (created_at, created_by) = (app.clock.now(), viewer.staff.display_name.clone());
        let (events, enabled) = (self.events, self.enabled);
        Ok(Webhook { id, name, url, events, enabled, version, created_at, created_by })
    }
}

#[derive(Serialize, ToSchema)]
struct NewWebhook {
    webhook: WebhookItem,
    /// Told once: the key of `Lianxin-Signature: t=…,v1=HMAC-SHA256(t.body)`.
    secret: String,
}

/// Tell another system 新增推送
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = WebhookText,
    responses((status = 201, body = NewWebhook), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<WebhookText>,
) -> Result<(StatusCode, Json<NewWebhook>), Error> {
    may_keep(&viewer)?;
    let id = base::NoticeId::new(app.clock.now(), app.dice.bytes()).uuid();
    let hook = body.webhook(id, 1, &app, &viewer)?;
    let secret = hex::encode(app.dice.bytes::<32>());
    let (objects, name, text) = (app.objects()?.clone(), hook.secret(), secret.clone());
    let put = tokio::task::spawn_blocking(move || objects.put(&name, text.as_bytes()));
    put.await.map_err(Error::internal)?.map_err(Error::internal)?;
    let mut tx = app.db.begin().await?;
    webhooks::add(&mut tx, &hook).await?;
    noted(&mut tx, &app, &viewer, "webhook_added", &hook).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(NewWebhook { webhook: hook.into(), secret })))
}

async fn noted(
    db: &mut sqlx::PgConnection,
    app: &App,
    viewer: &Viewer,
    what: &'static str,
    hook: &Webhook,
) -> Result<(), Error> {
    let act = Act::new(what, "webhook", hook.id.to_string())
        .with(json!({ "name": hook.name, "url": hook.url }));
    Ok(audit::write(db, &viewer.actor(), &act, &*app.clock).await?)
}

/// Change who is told 修改推送
#[utoipa::path(put, path = "/webhooks/{id}", tag = "webhooks", request_body = WebhookText,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was seen")),
    responses((status = 200, body = WebhookItem), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<WebhookText>,
) -> Result<Json<WebhookItem>, Error> {
    may_keep(&viewer)?;
    let seen = seen(&headers)?;
    let mut tx = app.db.begin().await?;
    let before = webhooks::find(&mut tx, id).await?;
    let hook = body.webhook(id, seen, &app, &viewer)?;
    if !webhooks::change(&mut tx, &hook).await? {
        return Err(changed());
    }
    noted(&mut tx, &app, &viewer, "webhook_changed", &hook).await?;
    tx.commit().await?;
    let (created_at, created_by) = (before.created_at, before.created_by);
    Ok(Json(Webhook { version: seen + 1, created_at, created_by, ..hook }.into()))
}

/// Tell it no more 删除推送
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was seen")),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<StatusCode, Error> {
    may_keep(&viewer)?;
    let seen = seen(&headers)?;
    let mut tx = app.db.begin().await?;
    let hook = webhooks::find(&mut tx, id).await?;
    if !webhooks::remove(&mut tx, id, seen).await? {
        return Err(changed());
    }
    noted(&mut tx, &app, &viewer, "webhook_removed", &hook).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct DeliveryItem {
    id: i64,
    at: DateTime<Utc>,
    ticket_id: Uuid,
    #[schema(value_type = Object)]
    body: Value,
    /// `queued`, `delivered`, `given_up`
    #[schema(value_type = words::DeliveryState)]
    state: String,
    attempts: i32,
    status: Option<i32>,
    why: Option<String>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Delivery> for DeliveryItem {
    fn from(delivery: Delivery) -> Self {
        let Delivery { id, at, ticket, body, state, attempts, status, why, ended_at, .. } =
            delivery;
        Self { id, at, ticket_id: ticket.uuid(), body, state, attempts, status, why, ended_at }
    }
}

#[derive(Serialize, ToSchema)]
struct DeliveryList {
    items: Vec<DeliveryItem>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DeliveryPage {
    cursor: Option<i64>,
}

/// How its tellings went, the newest first 推送记录
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = Uuid, Path), DeliveryPage),
    responses((status = 200, body = DeliveryList), (status = 404, body = Problem)))]
async fn deliveries(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Query(page): Query<DeliveryPage>,
) -> Result<Json<DeliveryList>, Error> {
    may_keep(&viewer)?;
    let db = &mut *app.db.acquire().await?;
    webhooks::find(db, id).await?;
    let found = webhooks::deliveries(db, id, page.cursor, 100).await?;
    let next = found.last().filter(|_| found.len() == 100).map(|last| last.id.to_string());
    Ok(Json(DeliveryList { items: found.into_iter().map(Into::into).collect(), next }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplayFrom {
    #[schema(value_type = String, format = DateTime)]
    from: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct Replayed {
    deliveries: i64,
}

/// Tell everything since then once more, 10,000 events at most 重新推送
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", params(("id" = Uuid, Path)),
    request_body = ReplayFrom,
    responses((status = 202, body = Replayed), (status = 404, body = Problem)))]
async fn replay(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    Json(body): Json<ReplayFrom>,
) -> Result<(StatusCode, Json<Replayed>), Error> {
    may_keep(&viewer)?;
    let mut tx = app.system.begin().await?; // reads the history of all tickets; shows a count
    let hook = webhooks::find(&mut tx, id).await?;
    let deliveries = webhooks::replay(&mut tx, id, body.from, app.clock.now()).await?;
    noted(&mut tx, &app, &viewer, "webhook_replayed", &hook).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { deliveries })))
}

#[cfg(test)]
mod tests {
    use base::Clock;
    use std::sync::{Arc, Mutex};

    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;
    use org::Role;
    use serde_json::{Value, json};
    use workflow::webhooks::{Courier, Reach};

    use crate::testing::{House, house_with};
    use crate::tickets::tests::{form, people};

    type Heard = Arc<Mutex<Vec<(String, Value)>>>;

    /// Another system, which answers with this status.
    async fn listener(status: Arc<Mutex<u16>>) -> (String, Heard) {
        let heard = Heard::default();
        let to = heard.clone();
        let take = move |headers: HeaderMap, body: String| async move {
            let signed = headers["lianxin-signature"].to_str().unwrap().to_owned();
            to.lock().unwrap().push((signed, serde_json::from_str(&body).unwrap()));
            StatusCode::from_u16(*status.lock().unwrap()).unwrap()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in", listener.local_addr().unwrap());
        let tasks = base::Tasks::default();
        tasks.spawn_passing("listener", async move {
            axum::serve(listener, axum::Router::new().route("/in", post(take))).await.unwrap();
        });
        (url, heard)
    }

    async fn house_and_courier() -> (House, Courier) {
        let house = house_with(|app| {
            app.demo = true;
            app.reach = Reach { hosts: Vec::new(), loopback: true };
        })
        .await;
        drop(tokio_rustls::rustls::crypto::ring::default_provider().install_default());
        let app = &house.app;
        let objects = app.objects.clone().unwrap();
        let courier =
            Courier::new(app.system.clone(), app.clock.clone(), objects, app.reach.clone())
                .unwrap();
        (house, courier)
    }

    #[tokio::test]
    async fn what_happens_to_a_ticket_is_told_signed_and_without_the_citizens_words() {
        let (house, courier) = house_and_courier().await;
        let people = people(&house).await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let (url, heard) = listener(Arc::new(Mutex::new(204))).await;
        let made =
            house.post("/api/v1/webhooks", &admin, json!({"name": "态势平台", "url": url})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let ticket = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
        assert_eq!(courier.send_due().await.unwrap(), 1);
        let (signed, body) = heard.lock().unwrap()[0].clone();
        assert_eq!(body["type"], "ticket.accept");
        assert_eq!(body["ticket"]["number"], ticket["number"]);
        assert!(!body.to_string().contains("供热"), "{body}");
        assert!(signed.starts_with("t=") && signed.contains(",v1="), "{signed}");
        let id = made.json()["webhook"]["id"].as_str().unwrap().to_owned();
        let log = house.get(&format!("/api/v1/webhooks/{id}/deliveries"), &admin).await.json();
        assert_eq!(
            (&log["items"][0]["state"], &log["items"][0]["status"]),
            (&json!("delivered"), &json!(204))
        );
        let again = json!({"from": "2000-01-01T00:00:00Z"});
        let again = house.post(&format!("/api/v1/webhooks/{id}/replay"), &admin, again).await;
        assert_eq!(again.json()["deliveries"], 1, "{}", again.text);
        assert_eq!(courier.send_due().await.unwrap(), 1);
        assert_eq!(heard.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_refused_delivery_is_tried_again_with_growing_pauses_and_given_up_at_last() {
        let (house, courier) = house_and_courier().await;
        let people = people(&house).await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let answer = Arc::new(Mutex::new(500));
        let (url, heard) = listener(answer.clone()).await;
        let made =
            house.post("/api/v1/webhooks", &admin, json!({"name": "a", "url": url})).await.json();
        house.post("/api/v1/tickets", &people.agent, form(1)).await;
        assert_eq!(courier.send_due().await.unwrap(), 1);
        assert_eq!(courier.send_due().await.unwrap(), 0);
        house.clock.advance(chrono::TimeDelta::seconds(11));
        assert_eq!(courier.send_due().await.unwrap(), 1);
        for _ in 0..20 {
            house.clock.advance(chrono::TimeDelta::hours(9));
            courier.send_due().await.unwrap();
        }
        assert_eq!(heard.lock().unwrap().len(), 14);
        let admin = house.signed_in("admin2", Role::Administrator, None).await.1;
        let path =
            format!("/api/v1/webhooks/{}/deliveries", made["webhook"]["id"].as_str().unwrap());
        let log = house.get(&path, &admin).await.json();
        assert_eq!(
            (&log["items"][0]["state"], &log["items"][0]["attempts"]),
            (&json!("given_up"), &json!(14))
        );
        // the board says so until it was told after all
        let unheard = workflow::webhooks::Unheard::default();
        let (db, clock) = (&house.app.system, &house.clock);
        unheard.look(db, clock.now()).await.unwrap();
        let alarm = unheard.alarm().unwrap();
        assert!(alarm.contains("“a”") && alarm.contains("1条"), "{alarm}");
        *answer.lock().unwrap() = 204;
        let id = made["webhook"]["id"].as_str().unwrap();
        let again = json!({"from": "2000-01-01T00:00:00Z"});
        house.post(&format!("/api/v1/webhooks/{id}/replay"), &admin, again).await;
        courier.send_due().await.unwrap();
        unheard.look(db, clock.now()).await.unwrap();
        assert_eq!(unheard.alarm(), None);
    }

    #[tokio::test]
    async fn an_address_inside_the_house_is_refused_and_only_administrators_keep_webhooks() {
        let (house, _courier) = house_and_courier().await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let supervisor = house.signed_in("supervisor", Role::Supervisor, None).await.1;
        for url in ["http://10.0.0.1/", "https://169.254.169.254/", "file:///etc/passwd"] {
            let refused =
                house.post("/api/v1/webhooks", &admin, json!({"name": "a", "url": url})).await;
            assert_eq!(refused.problem(), (422, "url_not_allowed".to_owned()), "{url}");
        }
        assert_eq!(house.get("/api/v1/webhooks", &supervisor).await.problem().0, 403);
    }
}
