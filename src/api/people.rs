//! The administrator's pages: who works here.
use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base::{StaffId, UnitId};
use org::staff::{self, Change, NewStaff};
use org::{Changed, Role, Staff};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::login::Workplace;
use crate::openapi::Problem;
use crate::version::{changed_since, seen, tagged};
use crate::{App, Error, Json, Path, Query, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change))
        .routes(routes!(reset_password))
        .routes(routes!(audit_lines))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Person {
    id: Uuid,
    number: String,
    name: String,
    display_name: String,
    #[schema(value_type = Vec<words::Role>)]
    roles: Vec<&'static str>,
    unit: Option<Workplace>,
    skills: Vec<String>,
    disabled: bool,
    demo: bool,
    /// For If-Match.
    version: i64,
}

impl From<Staff> for Person {
    fn from(staff: Staff) -> Self {
        Self {
            unit: Workplace::of(&staff),
            id: staff.id.uuid(),
            roles: staff.roles.iter().map(|role| role.as_str()).collect(),
            number: staff.number,
            name: staff.name,
            display_name: staff.display_name,
            skills: staff.skills,
            disabled: staff.disabled,
            demo: staff.demo,
            version: staff.version,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct People {
    items: Vec<Person>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// Part of a name, number or unit.
    #[serde(default)]
    q: String,
    /// The `next` of the page before.
    cursor: Option<String>,
    limit: Option<i64>,
}

/// People 人员
#[utoipa::path(get, path = "/people", tag = "people", params(Search),
    responses((status = 200, body = People), (status = 403, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(search): Query<Search>,
) -> Result<Json<People>, Error> {
    let most = search.limit.unwrap_or(500).clamp(1, 500);
    let after = search.cursor.as_deref();
    let mut found = staff::page(&viewer.actor(), &search.q, after, most + 1, &app.db).await?;
    let more = found.len() > usize::try_from(most).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|last| last.number.clone());
    Ok(Json(People { items: found.into_iter().map(Person::from).collect(), next }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    name: String,
    display_name: String,
    #[schema(value_type = Vec<words::Role>)]
    roles: BTreeSet<Role>,
    #[schema(value_type = Option<Uuid>)]
    unit_id: Option<UnitId>,
    /// 工号; the next free one when left out.
    number: Option<String>,
    #[serde(default)]
    skills: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct Added {
    person: Person,
    /// Told once.
    password: String,
}

/// Add a person 新增人员
#[utoipa::path(post, path = "/people", tag = "people", request_body = NewPerson,
    responses((status = 201, body = Added), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<NewPerson>,
) -> Result<(StatusCode, Json<Added>), Error> {
    let new = NewStaff {
        number: body.number,
        name: body.name,
        display_name: body.display_name,
        roles: body.roles,
        unit: body.unit_id,
        skills: body.skills,
        demo: false,
    };
    let (person, password) =
        staff::add(&viewer.actor(), &new, &app.db, &*app.clock, &*app.dice).await?;
    Ok((StatusCode::CREATED, Json(Added { person: person.into(), password })))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonChange {
    display_name: Option<String>,
    #[schema(value_type = Option<Vec<words::Role>>)]
    roles: Option<BTreeSet<Role>>,
    /// `null` takes the unit away; left out, it stays.
    #[expect(clippy::option_option, reason = "left out and null are two things in a PATCH")]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    unit_id: Option<Option<UnitId>>,
    skills: Option<Vec<String>>,
    disabled: Option<bool>,
}

/// Tells `null` from "not there".
#[expect(clippy::option_option, reason = "left out and null are two things in a PATCH")]
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Change a person over the version that was seen 修改人员
#[utoipa::path(patch, path = "/people/{id}", tag = "people", request_body = PersonChange,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "the version that was seen")),
    responses((status = 200, body = Person), (status = 404, body = Problem),
        (status = 412, body = Problem, description = "`now` and what `changed` since"),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<StaffId>,
    headers: HeaderMap,
    Json(body): Json<PersonChange>,
) -> Result<Response, Error> {
    let seen = seen(&headers)?;
    let change = Change {
        display_name: body.display_name,
        roles: body.roles,
        unit: body.unit_id,
        skills: body.skills,
        disabled: body.disabled,
    };
    let actor = viewer.actor();
    match staff::change(&actor, id, seen, &change, &app.db, &*app.clock).await? {
        Changed::Done(after) => Ok(tagged(after.version, Person::from(after))),
        Changed::Meanwhile { now, since } => {
            Err(changed_since(now.version, &Person::from(now), &since))
        }
    }
}

#[derive(Serialize, ToSchema)]
struct OncePassword {
    /// Told once.
    password: String,
}

/// Reset a password 重置密码
#[utoipa::path(post, path = "/people/{id}/password-reset", tag = "people", params(("id" = Uuid, Path)),
    responses((status = 200, body = OncePassword), (status = 404, body = Problem)))]
async fn reset_password(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<StaffId>,
) -> Result<Json<OncePassword>, Error> {
    let password =
        staff::reset_password(&viewer.actor(), id, &app.db, &*app.clock, &*app.dice).await?;
    Ok(Json(OncePassword { password }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLine {
    id: i64,
    #[schema(value_type = String, format = DateTime)]
    at: chrono::DateTime<chrono::Utc>,
    actor: String,
    act: String,
    thing: String,
    thing_id: Option<String>,
    reason: Option<String>,
    #[schema(value_type = Object)]
    details: serde_json::Value,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditLines {
    items: Vec<AuditLine>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    /// The kind of thing, as `person` or `recording`; with `thing_id`.
    thing: Option<String>,
    thing_id: Option<String>,
    /// The `next` of the page before.
    cursor: Option<i64>,
    limit: Option<i64>,
}

/// Who looked at what 审计
#[utoipa::path(get, path = "/audit", tag = "people", params(About),
    responses((status = 200, body = AuditLines), (status = 403, body = Problem)))]
pub(crate) async fn audit_lines(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<About>,
) -> Result<Json<AuditLines>, Error> {
    let about = page.thing.as_deref().zip(page.thing_id.as_deref());
    let most = page.limit.unwrap_or(200).clamp(1, 200);
    let actor = viewer.actor();
    let mut lines = org::audit::read(&actor, about, page.cursor, most + 1, &app.db).await?;
    let more = lines.len() > usize::try_from(most).unwrap_or(usize::MAX);
    lines.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let next = lines.last().filter(|_| more).map(|line| line.id.to_string());
    let items = lines.into_iter().map(|line| AuditLine {
        id: line.id,
        at: line.at,
        actor: line.actor,
        act: line.what,
        thing: line.thing,
        thing_id: line.thing_id,
        reason: line.reason,
        details: line.details,
    });
    Ok(Json(AuditLines { items: items.collect(), next }))
}
