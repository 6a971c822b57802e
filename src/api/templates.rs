//! Reply templates, and the filters that a person keeps.
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::{CategoryId, UnitId};
use chrono::{DateTime, Utc};
use org::{Right, Thing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use workflow::templates::{self, SavedFilter, Template};

use crate::openapi::Problem;
use crate::version::{changed, seen, tagged};
use crate::{App, Error, Json, Path, Query, Viewer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
        .routes(routes!(filters, add_filter))
        .routes(routes!(change_filter, remove_filter))
}

#[derive(Serialize, ToSchema)]
struct TemplateItem {
    id: Uuid,
    title: String,
    text: String,
    category_id: Option<Uuid>,
    unit_id: Option<Uuid>,
    /// For If-Match.
    version: i64,
    changed_at: DateTime<Utc>,
    changed_by: String,
}

impl From<Template> for TemplateItem {
    fn from(template: Template) -> Self {
        Self {
            id: template.id,
            title: template.title,
            text: template.text,
            category_id: template.category.map(CategoryId::uuid),
            unit_id: template.unit.map(UnitId::uuid),
            version: template.version,
            changed_at: template.changed_at,
            changed_by: template.changed_by,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct TemplateList {
    items: Vec<TemplateItem>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Fits {
    /// Those of this category and those of none.
    #[param(value_type = Option<Uuid>)]
    category: Option<CategoryId>,
    #[param(value_type = Option<Uuid>)]
    unit: Option<UnitId>,
}

/// Reply templates 答复模板
#[utoipa::path(get, path = "/templates", tag = "tickets", params(Fits),
    responses((status = 200, body = TemplateList), (status = 401, body = Problem)))]
async fn list(
    State(app): State<App>,
    _: Viewer,
    Query(fits): Query<Fits>,
) -> Result<Json<TemplateList>, Error> {
    let db = &mut *app.db.acquire().await?;
    let found = templates::list(db, fits.category, fits.unit).await?;
    Ok(Json(TemplateList { items: found.into_iter().map(Into::into).collect(), next: None }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TemplateText {
    title: String,
    text: String,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    category_id: Option<CategoryId>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    unit_id: Option<UnitId>,
}

impl TemplateText {
    fn template(self, id: Uuid, app: &App, viewer: &Viewer) -> Result<Template, Error> {
        let (title, text) = (self.title.trim().to_owned(), self.text.trim().to_owned());
        if !(1..=60).contains(&title.chars().count()) {
            return Err(Error::invalid("bad_template", "标题为1至60个字"));
        }
        if !(1..=4000).contains(&text.chars().count()) {
            return Err(Error::invalid("bad_template", "内容为1至4000个字"));
        }
        let (category, unit) = (self.category_id, self.unit_id);
        let (changed_at, changed_by) = (app.clock.now(), viewer.staff.display_name.clone());
        Ok(Template { id, title, text, category, unit, version: 1, changed_at, changed_by })
    }
}

/// The hotline keeps all templates, a unit's leader those of the own unit.
fn may_edit(viewer: &Viewer, unit: Option<UnitId>) -> Result<(), Error> {
    let actor = viewer.actor();
    let own = actor.post.clone().filter(|post| Some(post.unit) == unit);
    if let Some(post) = own
        && org::can(&actor, Right::Approve, Thing::Units(&[post])).is_ok()
    {
        return Ok(());
    }
    Ok(org::can(&actor, Right::EditCatalogue, Thing::City)?)
}

/// Category and unit exist.
fn unknown(error: workflow::Error) -> Error {
    match error {
        workflow::Error::Db(sqlx::Error::Database(refused))
            if refused.is_foreign_key_violation() =>
        {
            Error::invalid("bad_template", "类别或单位不存在")
        }
        error => error.into(),
    }
}

/// Add a template 新增模板
#[utoipa::path(post, path = "/templates", tag = "tickets", request_body = TemplateText,
    responses((status = 201, body = TemplateItem), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<TemplateText>,
) -> Result<Response, Error> {
    may_edit(&viewer, body.unit_id)?;
    let id = base::NoticeId::new(app.clock.now(), app.dice.bytes()).uuid();
    let template = body.template(id, &app, &viewer)?;
    templates::add(&mut *app.db.acquire().await?, &template).await.map_err(unknown)?;
    Ok((StatusCode::CREATED, tagged(template.version, TemplateItem::from(template)))
        .into_response())
}

/// Write a template anew 修改模板
#[utoipa::path(put, path = "/templates/{id}", tag = "tickets", request_body = TemplateText,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was seen")),
    responses((status = 200, body = TemplateItem), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<TemplateText>,
) -> Result<Response, Error> {
    let seen = seen(&headers)?;
    let db = &mut *app.db.acquire().await?;
    may_edit(&viewer, templates::find(db, id).await?.unit)?;
    may_edit(&viewer, body.unit_id)?;
    let template = Template { version: seen + 1, ..body.template(id, &app, &viewer)? };
    if !templates::change(db, &template, seen).await.map_err(unknown)? {
        return Err(changed());
    }
    Ok(tagged(template.version, TemplateItem::from(template)))
}

/// Take a template out 删除模板
#[utoipa::path(delete, path = "/templates/{id}", tag = "tickets",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was seen")),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn remove(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<StatusCode, Error> {
    let seen = seen(&headers)?;
    let db = &mut *app.db.acquire().await?;
    may_edit(&viewer, templates::find(db, id).await?.unit)?;
    if templates::remove(db, id, seen).await? { Ok(StatusCode::NO_CONTENT) } else { Err(changed()) }
}

/// A filter that a person keeps.
#[derive(Serialize, ToSchema)]
struct FilterItem {
    id: Uuid,
    list: String,
    name: String,
    #[schema(value_type = Object)]
    query: Value,
    version: i64,
}

impl From<SavedFilter> for FilterItem {
    fn from(filter: SavedFilter) -> Self {
        let SavedFilter { id, list, name, query, version, .. } = filter;
        Self { id, list, name, query, version }
    }
}

#[derive(Serialize, ToSchema)]
struct FilterList {
    items: Vec<FilterItem>,
    next: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewFilter {
    /// The list it belongs to, as `tickets`.
    list: String,
    name: String,
    /// The query of that list.
    #[schema(value_type = Object)]
    query: serde_json::Map<String, Value>,
}

/// What one person keeps at most.
const MOST_FILTERS: usize = 100;

impl NewFilter {
    fn filter(self, id: Uuid, version: i64, viewer: &Viewer) -> Result<SavedFilter, Error> {
        let (list, name) = (self.list.trim().to_owned(), self.name.trim().to_owned());
        let sizes = (1..=40).contains(&name.chars().count()) && (1..=40).contains(&list.len());
        let query = Value::Object(self.query);
        if !sizes || query.to_string().len() > 4096 {
            return Err(Error::invalid("bad_filter", "名称为1至40个字，筛选条件不能过长"));
        }
        Ok(SavedFilter { id, staff: viewer.staff.id, list, name, query, version })
    }
}

/// One's own saved filters 常用筛选
#[utoipa::path(get, path = "/filters", tag = "tickets",
    responses((status = 200, body = FilterList), (status = 401, body = Problem)))]
async fn filters(State(app): State<App>, viewer: Viewer) -> Result<Json<FilterList>, Error> {
    let found = templates::filters(&mut *app.db.acquire().await?, viewer.staff.id).await?;
    Ok(Json(FilterList { items: found.into_iter().map(Into::into).collect(), next: None }))
}

/// Keep a filter 保存筛选
#[utoipa::path(post, path = "/filters", tag = "tickets", request_body = NewFilter,
    responses((status = 201, body = FilterItem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_filter(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<NewFilter>,
) -> Result<Response, Error> {
    let now = app.clock.now();
    let id = base::NoticeId::new(now, app.dice.bytes()).uuid();
    let filter = body.filter(id, 1, &viewer)?;
    let db = &mut *app.db.acquire().await?;
    if templates::filters(db, viewer.staff.id).await?.len() >= MOST_FILTERS {
        return Err(Error::conflict("too_many", "常用筛选最多保存100个，请先删除不用的"));
    }
    if !templates::add_filter(db, &filter, now).await? {
        return Err(Error::conflict("taken", "已有同名筛选"));
    }
    Ok((StatusCode::CREATED, tagged(1, FilterItem::from(filter))).into_response())
}

/// Write a filter anew 修改筛选
#[utoipa::path(put, path = "/filters/{id}", tag = "tickets", request_body = NewFilter,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was seen")),
    responses((status = 200, body = FilterItem), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 428, body = Problem)))]
async fn change_filter(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<NewFilter>,
) -> Result<Response, Error> {
    let seen = seen(&headers)?;
    let filter = body.filter(id, seen, &viewer)?;
    let db = &mut *app.db.acquire().await?;
    if !templates::change_filter(db, &filter, app.clock.now()).await? {
        let own = templates::filters(db, viewer.staff.id).await?;
        let there = own.iter().any(|kept| kept.id == id);
        return Err(if there { changed() } else { Error::NotFound });
    }
    Ok(tagged(seen + 1, FilterItem::from(SavedFilter { version: seen + 1, ..filter })))
}

/// Forget a filter 删除筛选
#[utoipa::path(delete, path = "/filters/{id}", tag = "tickets", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn remove_filter(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Error> {
    let db = &mut *app.db.acquire().await?;
    if templates::remove_filter(db, viewer.staff.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use org::Role;
    use serde_json::{Value, json};

    use crate::testing::{Answer, House, house};

    async fn put(house: &House, cookie: &str, path: &str, tag: &str, body: Value) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", "http://hotline.test"),
            ("content-type", "application/json"),
            ("if-match", tag),
        ];
        house.ask(Method::PUT, path, &headers, Some(body.to_string())).await
    }

    #[tokio::test]
    async fn a_template_is_changed_only_over_the_version_that_was_seen() {
        let house = house().await;
        let cookie = house.signed_in("supervisor", Role::Supervisor, None).await.1;
        let body = json!({"title": "供热", "text": "您反映的供热问题已处理。"});
        let made = house.post("/api/v1/templates", &cookie, body.clone()).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let path = format!("/api/v1/templates/{}", made.json()["id"].as_str().unwrap());
        assert_eq!(put(&house, &cookie, &path, "", body.clone()).await.problem().0, 428);
        let changed = put(&house, &cookie, &path, "\"1\"", body.clone()).await;
        assert_eq!((changed.status.as_u16(), &changed.json()["version"]), (200, &json!(2)));
        let late = put(&house, &cookie, &path, "\"1\"", body).await;
        assert_eq!(late.problem(), (412, "changed".to_owned()));
    }

    #[tokio::test]
    async fn a_units_leader_keeps_the_own_units_templates_and_a_clerk_none() {
        let house = house().await;
        let (own, other) = (house.city.housing.clone(), house.city.education.clone());
        let leader = house.signed_in("leader", Role::Leader, Some(&own)).await.1;
        let clerk = house.signed_in("clerk", Role::Clerk, Some(&own)).await.1;
        let body = |unit: Value| json!({"title": "供热", "text": "已处理。", "unit_id": unit});
        let add = async |cookie: &str, unit: Value| {
            house.post("/api/v1/templates", cookie, body(unit)).await.status.as_u16()
        };
        assert_eq!(add(&leader, json!(own.unit)).await, 201);
        assert_eq!(add(&leader, json!(other.unit)).await, 403);
        assert_eq!(add(&leader, Value::Null).await, 403);
        assert_eq!(add(&clerk, json!(own.unit)).await, 403);
        let path = format!("/api/v1/templates?unit={}", own.unit);
        let list = house.get(&path, &clerk).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_saved_filter_is_its_keepers_own() {
        let house = house().await;
        let mine = house.signed_in("one", Role::Dispatcher, None).await.1;
        let other = house.signed_in("two", Role::Dispatcher, None).await.1;
        let body = json!({"list": "tickets", "name": "供热超期", "query": {"flag": "late"}});
        let kept = house.post("/api/v1/filters", &mine, body.clone()).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
        assert_eq!(house.post("/api/v1/filters", &mine, body.clone()).await.problem().0, 409);
        assert_eq!(house.get("/api/v1/filters", &other).await.json()["items"], json!([]));
        let path = format!("/api/v1/filters/{}", kept.json()["id"].as_str().unwrap());
        assert_eq!(put(&house, &other, &path, "\"1\"", body.clone()).await.problem().0, 404);
        assert_eq!(put(&house, &mine, &path, "\"7\"", body).await.problem().0, 412);
        let gone = house.send(Method::DELETE, &path, &other, Value::Null).await;
        assert_eq!(gone.problem().0, 404);
        assert_eq!(house.send(Method::DELETE, &path, &mine, Value::Null).await.status, 204);
    }
}
