//! The lists that forms choose from: units, places, categories.
use axum::extract::State;
use org::{category, place, unit};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::{App, Error, Json, Query, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(units)).routes(routes!(places)).routes(routes!(categories))
}

#[derive(Serialize, ToSchema)]
struct UnitItem {
    id: Uuid,
    name: String,
    #[schema(value_type = words::Level)]
    level: &'static str,
    kind: &'static str,
    parent_id: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
struct Units {
    items: Vec<UnitItem>,
    next: Option<String>,
}

/// Units, in the order of the tree 承办单位
#[utoipa::path(get, path = "/units", tag = "org", responses((status = 200, body = Units), (status = 401, body = Problem)))]
async fn units(State(app): State<App>, _: Viewer) -> Result<Json<Units>, Error> {
    let items = unit::all(&app.db).await?.into_iter().map(|unit| UnitItem {
        id: unit.id.uuid(),
        name: unit.name,
        level: unit.level.as_str(),
        kind: unit.kind.as_str(),
        parent_id: unit.parent.map(base::UnitId::uuid),
    });
    Ok(Json(Units { items: items.collect(), next: None }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Search {
    /// Part of a name or alias.
    #[serde(default)]
    q: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PlaceItem {
    id: Uuid,
    name: String,
    kind: String,
    /// As people say it: 铁西区 仁兴街道 阳光小区
    path: String,
    parent_id: Option<Uuid>,
    aliases: Vec<String>,
}

impl From<place::Place> for PlaceItem {
    fn from(place: place::Place) -> Self {
        Self {
            id: place.id.uuid(),
            name: place.name,
            kind: place.kind,
            path: place.path,
            parent_id: place.parent.map(base::PlaceId::uuid),
            aliases: place.aliases,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Places {
    items: Vec<PlaceItem>,
    next: Option<String>,
}

/// Places found while typing 地点
#[utoipa::path(get, path = "/places", tag = "org", params(Search),
    responses((status = 200, body = Places), (status = 401, body = Problem)))]
async fn places(
    State(app): State<App>,
    _: Viewer,
    Query(search): Query<Search>,
) -> Result<Json<Places>, Error> {
    let items = place::search(&search.q, &app.db).await?.into_iter().map(PlaceItem::from);
    Ok(Json(Places { items: items.collect(), next: None }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CategoryItem {
    id: Uuid,
    code: String,
    name: String,
    parent_id: Option<Uuid>,
    path: String,
    /// The unit that usually handles it.
    unit_id: Option<Uuid>,
    /// Others that may.
    candidate_ids: Vec<Uuid>,
    /// What a request about it usually is.
    #[schema(value_type = Option<words::Kind>)]
    kind: Option<String>,
    sensitive: bool,
    knowledge_id: Option<Uuid>,
    form: Vec<FormQuestion>,
    version: i32,
    withdrawn: bool,
}

/// A question of a category's own form.
#[derive(Serialize, ToSchema)]
pub(crate) struct FormQuestion {
    name: String,
    label: String,
    required: bool,
}

impl From<category::Category> for CategoryItem {
    fn from(category: category::Category) -> Self {
        let question =
            |category::Question { name, label, required }| FormQuestion { name, label, required };
        Self {
            id: category.id.uuid(),
            code: category.code,
            name: category.name,
            parent_id: category.parent.map(base::CategoryId::uuid),
            path: category.path,
            unit_id: category.unit.map(base::UnitId::uuid),
            candidate_ids: category.candidates.into_iter().map(base::UnitId::uuid).collect(),
            kind: category.kind,
            sensitive: category.sensitive,
            knowledge_id: category.knowledge.map(base::KnowledgeId::uuid),
            form: category.form.into_iter().map(question).collect(),
            version: category.version,
            withdrawn: category.withdrawn,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Categories {
    items: Vec<CategoryItem>,
    next: Option<String>,
}

/// What a request is about 诉求类别
#[utoipa::path(get, path = "/categories", tag = "org",
    responses((status = 200, body = Categories), (status = 401, body = Problem)))]
async fn categories(State(app): State<App>, _: Viewer) -> Result<Json<Categories>, Error> {
    let items = category::all(&app.db).await?.into_iter().map(CategoryItem::from);
    Ok(Json(Categories { items: items.collect(), next: None }))
}
