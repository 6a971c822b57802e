//! Knowledge: found while typing, cited by a direct answer.
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base::KnowledgeId;
use chrono::{DateTime, NaiveDate, Utc};
use org::Changed;
use org::knowledge::{self, Entry, Text};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::version::{changed_since, seen, tagged};
use crate::{App, Error, Json, Path, Query, Viewer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(search, add))
        .routes(routes!(revise))
        .routes(routes!(versions))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KnowledgeItem {
    id: Uuid,
    version: i32,
    title: String,
    answer: String,
    /// Who says so.
    issuer: String,
    /// Other words that people use for it.
    keywords: Vec<String>,
    /// The last day on which it holds.
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<NaiveDate>,
    /// It held until a day that is over.
    expired: bool,
}

impl KnowledgeItem {
    fn new(entry: Entry, app: &App) -> Self {
        let expired = entry.is_expired(app.clock.now());
        let Entry { id, version, text } = entry;
        let Text { title, answer, issuer, keywords, valid_until } = text;
        Self { id: id.uuid(), version, title, answer, issuer, keywords, valid_until, expired }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Entries {
    items: Vec<KnowledgeItem>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// Words or part of a sentence.
    #[serde(default)]
    q: String,
    /// Everything that fits, the newest first, page by page; else those that fit best.
    #[serde(default)]
    all: bool,
    /// The `next` of the page before; with `all`.
    #[param(value_type = Option<Uuid>)]
    cursor: Option<KnowledgeId>,
    /// 20 when left out, 500 at most.
    limit: Option<i64>,
}

/// Knowledge found while typing 知识
#[utoipa::path(get, path = "/knowledge", tag = "org", params(Search),
    responses((status = 200, body = Entries), (status = 401, body = Problem)))]
pub(crate) async fn search(
    State(app): State<App>,
    _: Viewer,
    Query(search): Query<Search>,
) -> Result<Json<Entries>, Error> {
    if search.all {
        return whole(&app, &search).await;
    }
    let most = search.limit.unwrap_or(20).clamp(1, 500);
    let found = knowledge::search(&search.q, most, &app.db, &*app.clock).await?;
    Ok(Json(Entries {
        items: found.into_iter().map(|entry| KnowledgeItem::new(entry, &app)).collect(),
        next: None,
    }))
}

async fn whole(app: &App, search: &Search) -> Result<Json<Entries>, Error> {
    let most = search.limit.unwrap_or(50).clamp(1, 200);
    let mut found = knowledge::page(&search.q, search.cursor, most + 1, &app.db).await?;
    let more = found.len() > usize::try_from(most).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let items = found.into_iter().map(|entry| KnowledgeItem::new(entry, app));
    Ok(Json(Entries { items: items.collect(), next }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryText {
    title: String,
    answer: String,
    issuer: String,
    #[serde(default)]
    keywords: Vec<String>,
    #[schema(value_type = Option<String>, format = Date)]
    valid_until: Option<NaiveDate>,
}

impl From<EntryText> for Text {
    fn from(EntryText { title, answer, issuer, keywords, valid_until }: EntryText) -> Self {
        Self { title, answer, issuer, keywords, valid_until }
    }
}

/// Add an entry 新增知识
#[utoipa::path(post, path = "/knowledge", tag = "org", request_body = EntryText,
    responses((status = 201, body = KnowledgeItem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<EntryText>,
) -> Result<(StatusCode, Json<KnowledgeItem>), Error> {
    let entry =
        knowledge::add(&viewer.actor(), body.into(), &app.db, &*app.clock, &*app.dice).await?;
    Ok((StatusCode::CREATED, Json(KnowledgeItem::new(entry, &app))))
}

/// Write a new version over the one that was seen 修订知识
#[utoipa::path(put, path = "/knowledge/{id}", tag = "org", request_body = EntryText,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was seen")),
    responses((status = 200, body = KnowledgeItem), (status = 404, body = Problem),
        (status = 412, body = Problem, description = "`now` and what `changed` since"),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn revise(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<KnowledgeId>,
    headers: HeaderMap,
    Json(body): Json<EntryText>,
) -> Result<Response, Error> {
    let (actor, seen) = (viewer.actor(), seen(&headers)?);
    match knowledge::revise(&actor, id, seen, body.into(), &app.db, &*app.clock).await? {
        Changed::Done(entry) => Ok(tagged(entry.version.into(), KnowledgeItem::new(entry, &app))),
        Changed::Meanwhile { now, since } => {
            let version = now.version.into();
            Err(changed_since(version, &KnowledgeItem::new(now, &app), &since))
        }
    }
}

#[derive(Serialize, ToSchema)]
struct KnowledgeVersion {
    #[serde(flatten)]
    entry: KnowledgeItem,
    written_at: DateTime<Utc>,
    written_by: String,
}

#[derive(Serialize, ToSchema)]
struct KnowledgeVersions {
    items: Vec<KnowledgeVersion>,
    next: Option<String>,
}

/// Every version of an entry, the newest first 知识历史
#[utoipa::path(get, path = "/knowledge/{id}/versions", tag = "org", params(("id" = Uuid, Path)),
    responses((status = 200, body = KnowledgeVersions), (status = 401, body = Problem)))]
async fn versions(
    State(app): State<App>,
    _: Viewer,
    Path(id): Path<KnowledgeId>,
) -> Result<Json<KnowledgeVersions>, Error> {
    let found = knowledge::versions(&mut *app.db.acquire().await?, id).await?.into_iter();
    let items = found.map(|written| KnowledgeVersion {
        entry: KnowledgeItem::new(written.entry, &app),
        written_at: written.at,
        written_by: written.by,
    });
    Ok(Json(KnowledgeVersions { items: items.collect(), next: None }))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use org::Role;
    use serde_json::json;

    use crate::testing::house;

    #[tokio::test]
    async fn a_revised_entry_shows_what_it_said_before() {
        let house = house().await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let text = |answer: &str| json!({"title": "停暖", "answer": answer, "issuer": "市住建局", "keywords": ["暖气"], "valid_until": null});
        let made = house.post("/api/v1/knowledge", &admin, text("请稍候")).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let path = format!("/api/v1/knowledge/{}", made.json()["id"].as_str().unwrap());
        let revised = house.send_over(Method::PUT, &path, &admin, 1, text("已恢复")).await;
        assert_eq!(revised.json()["keywords"], json!(["暖气"]), "{}", revised.text);
        let all = house.get(&format!("{path}/versions"), &admin).await.json();
        assert_eq!(all["items"][1]["answer"], "请稍候");
        assert_eq!(
            (&all["items"][0]["version"], all["items"].as_array().unwrap().len()),
            (&json!(2), 2)
        );
    }
}
