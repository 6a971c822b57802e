//! The agent's desk: presence, the call, hanging up.
use axum::extract::State;
use axum::http::StatusCode;
use call::{CALLERS, Calls, Desk};
use org::Role;
use queue::{Ask, Refused};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Viewer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(desk)).routes(routes!(presence)).routes(routes!(hang_up))
}

impl App {
    /// The conductor; a process without telephones has none.
    pub(crate) fn telephones(&self) -> Result<&Calls, Error> {
        self.calls.as_ref().ok_or_else(|| Error::Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "no_telephone",
            detail: "此系统没有启用电话".to_owned(),
        })
    }
}

impl From<call::Error> for Error {
    fn from(error: call::Error) -> Self {
        use call::Error as E;
        let detail = error.to_string();
        match error {
            E::Refused(Refused::UnknownAgent) => Self::Forbidden(detail),
            E::Refused(Refused::OutcomeMissing(_)) => Self::conflict("outcome_missing", detail),
            E::Refused(Refused::PhoneNotRegistered) => {
                Self::conflict("phone_not_registered", detail)
            }
            E::Refused(Refused::Busy) => Self::conflict("busy", detail),
            E::NoSuchCall => Self::NotFound,
            E::NotYours => Self::Forbidden(detail),
            E::NotAnswered => Self::conflict("not_answered", detail),
            E::OutcomeGiven => Self::conflict("outcome_given", detail),
            E::NoCall => Self::conflict("no_call", detail),
            E::NoTrunk => Self::conflict("no_trunk", detail),
            E::Closing => {
                Self::Refused { status: StatusCode::SERVICE_UNAVAILABLE, code: "closing", detail }
            }
            E::Db(error) => error.into(),
        }
    }
}

/// The desk 话务台
#[utoipa::path(get, path = "/desk", tag = "desk", responses((status = 200, body = Desk), (status = 403, body = Problem)))]
async fn desk(State(app): State<App>, viewer: Viewer) -> Result<Json<Desk>, Error> {
    viewer.require_any(&CALLERS)?;
    Ok(Json(app.telephones()?.desk(viewer.staff.id.into()).await?))
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum To {
    Ready,
    NotReady,
    SignedOut,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PresenceChange {
    to: To,
    /// Why not ready, in the agent's words.
    why: Option<String>,
}

/// Change presence 示闲、示忙、签出
#[utoipa::path(post, path = "/desk/presence", tag = "desk", request_body = PresenceChange,
    responses((status = 200, body = Desk), (status = 409, body = Problem)))]
async fn presence(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<PresenceChange>,
) -> Result<Json<Desk>, Error> {
    viewer.require(Role::Agent)?;
    let why = body.why.as_deref().map(str::trim).unwrap_or_default();
    if why.chars().count() > 40 {
        return Err(Error::invalid("why_too_long", "示忙原因最多 40 个字"));
    }
    let ask = match body.to {
        To::Ready => Ask::Ready,
        To::SignedOut => Ask::SignedOut,
        To::NotReady if why.is_empty() => Ask::NotReady { why: "示忙".to_owned() },
        To::NotReady => Ask::NotReady { why: why.to_owned() },
    };
    Ok(Json(app.telephones()?.presence(viewer.staff.id.into(), ask).await?))
}

/// End the call 挂机
#[utoipa::path(post, path = "/desk/hang-up", tag = "desk", responses((status = 204), (status = 409, body = Problem)))]
async fn hang_up(State(app): State<App>, viewer: Viewer) -> Result<StatusCode, Error> {
    viewer.require_any(&CALLERS)?;
    app.telephones()?.hang_up(viewer.staff.id.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
