//! "Ring me": a demonstration call plays a citizen's voice to whoever answers.
use axum::extract::State;
use axum::http::StatusCode;
use org::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Viewer};

/// A recorded call that the demonstration can play.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Fixture {
    pub name: String,
    pub title: String,
    pub seconds: u32,
}

/// Makes demonstration calls; the doorstep brings it along with `--demo`.
pub trait Rings: Send + Sync {
    fn fixtures(&self) -> Vec<Fixture>;
    /// Begins a call that plays this fixture; false when there is none of that name.
    fn ring(&self, fixture: &str) -> bool;
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(fixtures)).routes(routes!(ring))
}

#[derive(Serialize, ToSchema)]
struct Fixtures {
    items: Vec<Fixture>,
    next: Option<String>,
}

fn rings(app: &App) -> Result<&dyn Rings, Error> {
    app.rings.as_deref().filter(|_| app.demo).ok_or(Error::NotFound)
}

/// Recorded calls to play 演示来电
#[utoipa::path(get, path = "/demo/fixtures", tag = "demo",
    responses((status = 200, body = Fixtures), (status = 404, body = Problem)))]
async fn fixtures(State(app): State<App>, _: Viewer) -> Result<Json<Fixtures>, Error> {
    Ok(Json(Fixtures { items: rings(&app)?.fixtures(), next: None }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ring {
    fixture: String,
}

/// Ring me 来一通演示电话
#[utoipa::path(post, path = "/demo/ring", tag = "demo", request_body = Ring,
    responses((status = 202), (status = 404, body = Problem)))]
async fn ring(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<Ring>,
) -> Result<StatusCode, Error> {
    viewer.require_any(&[Role::Agent, Role::Supervisor])?;
    if rings(&app)?.ring(&body.fixture) { Ok(StatusCode::ACCEPTED) } else { Err(Error::NotFound) }
}
