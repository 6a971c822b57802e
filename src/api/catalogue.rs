//! What the hotline sends by: the dispatch catalogue, categories, places.
use axum::extract::State;
use axum::http::StatusCode;
use base::{CategoryId, KnowledgeId, PlaceId, UnitId};
use chrono::{DateTime, NaiveDate, Utc};
use org::catalogue::{self, Ban, Content, Entry, Version};
use org::{category, place};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::lists::{CategoryItem, PlaceItem};
use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Query, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read, write))
        .routes(routes!(versions))
        .routes(routes!(candidates))
        .routes(routes!(add_category))
        .routes(routes!(change_category))
        .routes(routes!(category_versions))
        .routes(routes!(add_place))
        .routes(routes!(change_place))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CatalogueEntry {
    #[schema(value_type = Uuid)]
    category_id: CategoryId,
    /// In this district only; anywhere without one.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    district_id: Option<PlaceId>,
    /// The first is the usual one.
    #[schema(value_type = Vec<Uuid>)]
    unit_ids: Vec<UnitId>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CatalogueBan {
    #[schema(value_type = Uuid)]
    category_id: CategoryId,
    /// The rule that forbids it.
    rule: String,
}

#[derive(Serialize, ToSchema)]
struct CatalogueVersionItem {
    version: i32,
    #[schema(value_type = String, format = Date)]
    valid_from: NaiveDate,
    note: String,
    written_at: DateTime<Utc>,
    written_by: String,
}

impl From<Version> for CatalogueVersionItem {
    fn from(version: Version) -> Self {
        let Version { version, valid_from, note, written_at, written_by } = version;
        Self { version, valid_from, note, written_at, written_by }
    }
}

#[derive(Serialize, ToSchema)]
struct CatalogueBody {
    /// None when there is no catalogue yet.
    version: Option<CatalogueVersionItem>,
    entries: Vec<CatalogueEntry>,
    /// 基层禁派清单
    forbidden: Vec<CatalogueBan>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Which {
    /// A version; the one in force when left out.
    version: Option<i32>,
}

/// The dispatch catalogue 派单目录
#[utoipa::path(get, path = "/catalogue", tag = "org", params(Which),
    responses((status = 200, body = CatalogueBody), (status = 404, body = Problem)))]
async fn read(
    State(app): State<App>,
    _: Viewer,
    Query(which): Query<Which>,
) -> Result<Json<CatalogueBody>, Error> {
    let found = catalogue::read(which.version, &app.db, &*app.clock).await?;
    if found.is_none() && which.version.is_some() {
        return Err(Error::NotFound);
    }
    let (version, content) = found.map_or_else(Default::default, |(v, c)| (Some(v.into()), c));
    let entry = |Entry { category, district, units }| CatalogueEntry {
        category_id: category,
        district_id: district,
        unit_ids: units,
    };
    let ban = |Ban { category, rule }| CatalogueBan { category_id: category, rule };
    Ok(Json(CatalogueBody {
        version,
        entries: content.entries.into_iter().map(entry).collect(),
        forbidden: content.bans.into_iter().map(ban).collect(),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCatalogue {
    /// The first day on which it holds; not one that is over.
    #[schema(value_type = String, format = Date)]
    valid_from: NaiveDate,
    #[serde(default)]
    note: String,
    entries: Vec<CatalogueEntry>,
    #[serde(default)]
    forbidden: Vec<CatalogueBan>,
}

/// Write a new version of the catalogue 修订派单目录
#[utoipa::path(put, path = "/catalogue", tag = "org", request_body = NewCatalogue,
    responses((status = 200, body = CatalogueVersionItem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn write(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<NewCatalogue>,
) -> Result<Json<CatalogueVersionItem>, Error> {
    let entry = |item: CatalogueEntry| Entry {
        category: item.category_id,
        district: item.district_id,
        units: item.unit_ids,
    };
    let ban = |item: CatalogueBan| Ban { category: item.category_id, rule: item.rule };
    let content = Content {
        entries: body.entries.into_iter().map(entry).collect(),
        bans: body.forbidden.into_iter().map(ban).collect(),
    };
    let actor = viewer.actor();
    let (day, note) = (body.valid_from, body.note);
    let version = catalogue::write(&actor, day, &note, &content, &app.db, &*app.clock).await?;
    Ok(Json(version.into()))
}

#[derive(Serialize, ToSchema)]
struct CatalogueVersions {
    items: Vec<CatalogueVersionItem>,
    next: Option<String>,
}

/// All versions of the catalogue 派单目录历史
#[utoipa::path(get, path = "/catalogue/versions", tag = "org", responses((status = 200, body = CatalogueVersions)))]
async fn versions(State(app): State<App>, _: Viewer) -> Result<Json<CatalogueVersions>, Error> {
    let items =
        catalogue::versions(&app.db).await?.into_iter().map(CatalogueVersionItem::from).collect();
    Ok(Json(CatalogueVersions { items, next: None }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ForWhat {
    #[param(value_type = Uuid)]
    category_id: CategoryId,
    #[param(value_type = Option<Uuid>)]
    place_id: Option<PlaceId>,
}

#[derive(Serialize, ToSchema)]
struct CatalogueCandidates {
    /// The district's own first.
    #[schema(value_type = Vec<Uuid>)]
    unit_ids: Vec<UnitId>,
}

/// Which units the catalogue names 派单建议
#[utoipa::path(get, path = "/catalogue/candidates", tag = "org", params(ForWhat),
    responses((status = 200, body = CatalogueCandidates), (status = 422, body = Problem)))]
async fn candidates(
    State(app): State<App>,
    _: Viewer,
    Query(what): Query<ForWhat>,
) -> Result<Json<CatalogueCandidates>, Error> {
    let db = &mut *app.db.acquire().await?;
    let now = app.clock.now();
    let unit_ids = catalogue::candidates(db, what.category_id, what.place_id, now).await?;
    Ok(Json(CatalogueCandidates { unit_ids }))
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct QuestionItem {
    /// Letters, digits and `_`.
    name: String,
    label: String,
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CategoryText {
    code: String,
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<CategoryId>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    unit_id: Option<UnitId>,
    /// Others that may handle it.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    candidate_ids: Vec<UnitId>,
    /// What a request about it usually is.
    #[serde(default)]
    #[schema(value_type = Option<words::Kind>)]
    kind: Option<String>,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    knowledge_id: Option<KnowledgeId>,
    #[serde(default)]
    form: Vec<QuestionItem>,
    /// No longer to be chosen.
    #[serde(default)]
    withdrawn: bool,
}

impl From<CategoryText> for category::Text {
    fn from(text: CategoryText) -> Self {
        let question = |item: QuestionItem| category::Question {
            name: item.name,
            label: item.label,
            required: item.required,
        };
        Self {
            code: text.code,
            parent: text.parent_id,
            name: text.name,
            unit: text.unit_id,
            candidates: text.candidate_ids,
            kind: text.kind,
            sensitive: text.sensitive,
            knowledge: text.knowledge_id,
            form: text.form.into_iter().map(question).collect(),
            withdrawn: text.withdrawn,
        }
    }
}

/// Add a category 新增诉求类别
#[utoipa::path(post, path = "/categories", tag = "org", request_body = CategoryText,
    responses((status = 201, body = CategoryItem), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_category(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<CategoryText>,
) -> Result<(StatusCode, Json<CategoryItem>), Error> {
    let (clock, dice) = (&*app.clock, &*app.dice);
    let saved = category::save(&viewer.actor(), None, body.into(), &app.db, clock, dice).await?;
    Ok((StatusCode::CREATED, Json(saved.into())))
}

/// Write a new version of a category 修订诉求类别
#[utoipa::path(put, path = "/categories/{id}", tag = "org", params(("id" = Uuid, Path)), request_body = CategoryText,
    responses((status = 200, body = CategoryItem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change_category(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CategoryId>,
    Json(body): Json<CategoryText>,
) -> Result<Json<CategoryItem>, Error> {
    let (clock, dice) = (&*app.clock, &*app.dice);
    let saved =
        category::save(&viewer.actor(), Some(id), body.into(), &app.db, clock, dice).await?;
    Ok(Json(saved.into()))
}

#[derive(Serialize, ToSchema)]
struct CategoryVersion {
    version: i32,
    written_at: DateTime<Utc>,
    written_by: String,
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

#[derive(Serialize, ToSchema)]
struct CategoryVersions {
    items: Vec<CategoryVersion>,
    next: Option<String>,
}

/// How a category was 诉求类别历史
#[utoipa::path(get, path = "/categories/{id}/versions", tag = "org", params(("id" = Uuid, Path)),
    responses((status = 200, body = CategoryVersions)))]
async fn category_versions(
    State(app): State<App>,
    _: Viewer,
    Path(id): Path<CategoryId>,
) -> Result<Json<CategoryVersions>, Error> {
    let item = |category::Version { version, written_at, written_by, data }| CategoryVersion {
        version,
        written_at,
        written_by,
        data,
    };
    let items = category::versions(id, &app.db).await?.into_iter().map(item).collect();
    Ok(Json(CategoryVersions { items, next: None }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlaceText {
    name: String,
    /// 街道、小区、道路 …
    kind: String,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<PlaceId>,
    #[serde(default)]
    aliases: Vec<String>,
    /// No longer to be found.
    #[serde(default)]
    withdrawn: bool,
}

impl From<PlaceText> for place::Text {
    fn from(PlaceText { name, kind, parent_id, aliases, withdrawn }: PlaceText) -> Self {
        Self { parent: parent_id, name, kind, aliases, withdrawn }
    }
}

/// Add a place 新增地点
#[utoipa::path(post, path = "/places", tag = "org", request_body = PlaceText,
    responses((status = 201, body = PlaceItem), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_place(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<PlaceText>,
) -> Result<(StatusCode, Json<PlaceItem>), Error> {
    let (clock, dice) = (&*app.clock, &*app.dice);
    let saved = place::save(&viewer.actor(), None, &body.into(), &app.db, clock, dice).await?;
    Ok((StatusCode::CREATED, Json(saved.into())))
}

/// Change a place 修改地点
#[utoipa::path(put, path = "/places/{id}", tag = "org", params(("id" = Uuid, Path)), request_body = PlaceText,
    responses((status = 200, body = PlaceItem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn change_place(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<PlaceId>,
    Json(body): Json<PlaceText>,
) -> Result<Json<PlaceItem>, Error> {
    let (clock, dice) = (&*app.clock, &*app.dice);
    let saved = place::save(&viewer.actor(), Some(id), &body.into(), &app.db, clock, dice).await?;
    Ok(Json(saved.into()))
}
