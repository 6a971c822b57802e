//! Who answers for a unit: clerks, who is on duty, leaders.
use axum::extract::State;
use base::UnitId;
use chrono::{DateTime, Utc};
use org::duty;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(roster, write_roster))
}

/// Someone who answers for a unit.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OfficerItem {
    /// `clerk` 经办人, `duty` 值班人, `leader` 分管领导
    #[schema(value_type = words::DutyPost)]
    post: duty::Part,
    name: String,
    #[serde(default)]
    mobile: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// A shift; always without one.
    #[serde(default)]
    starts_at: Option<DateTime<Utc>>,
    #[serde(default)]
    ends_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DutyRoster {
    officers: Vec<OfficerItem>,
}

/// Who answers for a unit 值班表
#[utoipa::path(get, path = "/units/{id}/duty", tag = "org", params(("id" = Uuid, Path)),
    responses((status = 200, body = DutyRoster), (status = 403, body = Problem)))]
async fn roster(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<UnitId>,
) -> Result<Json<DutyRoster>, Error> {
    duty::may_read(&viewer.actor(), id)?;
    let item = |one: duty::Officer| OfficerItem {
        post: one.post,
        name: one.name,
        mobile: one.mobile,
        email: one.email,
        starts_at: one.starts_at,
        ends_at: one.ends_at,
    };
    let all = duty::roster(&mut *app.db.acquire().await?, id).await?;
    Ok(Json(DutyRoster { officers: all.into_iter().map(item).collect() }))
}

/// Write a unit's roster anew 修改值班表
#[utoipa::path(put, path = "/units/{id}/duty", tag = "org", params(("id" = Uuid, Path)), request_body = DutyRoster,
    responses((status = 200, body = DutyRoster), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn write_roster(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<UnitId>,
    Json(body): Json<DutyRoster>,
) -> Result<Json<DutyRoster>, Error> {
    let officer = |one: &OfficerItem| duty::Officer {
        post: one.post,
        name: one.name.clone(),
        mobile: one.mobile.clone(),
        email: one.email.clone(),
        starts_at: one.starts_at,
        ends_at: one.ends_at,
    };
    let officers: Vec<_> = body.officers.iter().map(officer).collect();
    duty::write(&viewer.actor(), id, &officers, &app.db, &*app.clock).await?;
    Ok(Json(body))
}
