//! Knowledge: found while typing, cited by a direct answer.
use axum::extract::State;
use axum::http::StatusCode;
use base::KnowledgeId;
use chrono::NaiveDate;
use org::knowledge::{self, Entry, Text};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Query, Viewer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search, add)).routes(routes!(revise))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KnowledgeItem {
    id: Uuid,
    version: i32,
    title: String,
    answer: String,
    /// Who says so.
    issuer: String,
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
        let Text { title, answer, issuer, valid_until, .. } = text;
        Self { id: id.uuid(), version, title, answer, issuer, valid_until, expired }
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
}

/// Knowledge found while typing 知识
#[utoipa::path(get, path = "/knowledge", tag = "org", params(Search),
    responses((status = 200, body = Entries), (status = 401, body = Problem)))]
pub(crate) async fn search(
    State(app): State<App>,
    _: Viewer,
    Query(search): Query<Search>,
) -> Result<Json<Entries>, Error> {
    let found = knowledge::search(&search.q, &app.db, &*app.clock).await?;
    Ok(Json(Entries {
        items: found.into_iter().map(|entry| KnowledgeItem::new(entry, &app)).collect(),
        next: None,
    }))
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

/// Write a new version 修订知识
#[utoipa::path(put, path = "/knowledge/{id}", tag = "org", params(("id" = Uuid, Path)), request_body = EntryText,
    responses((status = 200, body = KnowledgeItem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn revise(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<KnowledgeId>,
    Json(body): Json<EntryText>,
) -> Result<Json<KnowledgeItem>, Error> {
    let entry = knowledge::revise(&viewer.actor(), id, body.into(), &app.db, &*app.clock).await?;
    Ok(Json(KnowledgeItem::new(entry, &app)))
}
