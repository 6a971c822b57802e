//! Calling a ticket's citizen from the page of the ticket (联系诉求人、回访): through the house, recorded,
//! and without the number.
use axum::extract::State;
use axum::http::StatusCode;
use base::TicketId;
use call::{CallCitizen, Errand, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Viewer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(call_citizen))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhatFor {
    purpose: Purpose,
}

#[derive(Serialize, ToSchema)]
struct CallBegun {
    /// Names the call as proof in `contact` and `follow_up`.
    call_id: Uuid,
}

/// Call the citizen: one's own telephone rings first; nobody sees the number 呼叫诉求人
#[utoipa::path(post, path = "/tickets/{id}/call-citizen", tag = "tickets", params(("id" = Uuid, Path)),
    request_body = WhatFor,
    responses((status = 202, body = CallBegun), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`phone_not_registered`, `busy`, `quiet_hours`, `no_number`, `no_trunk`, `ticket_wrong_state`")))]
async fn call_citizen(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<TicketId>,
    Json(what): Json<WhatFor>,
) -> Result<(StatusCode, Json<CallBegun>), Error> {
    let step = match what.purpose {
        Purpose::Contact => ticket::Verb::Contact,
        Purpose::FollowUp => ticket::Verb::FollowUp,
    };
    let whom = app.workflow.whom_to_call(&viewer.actor(), id, step).await?;
    if whom.quiet {
        return Err(Error::conflict("quiet_hours", "夜间（21:00至次日8:00）不回访，请在白天拨打"));
    }
    let (Some(person), Some(number)) = (whom.person, whom.number) else {
        return Err(Error::conflict("no_number", "诉求人未留电话号码"));
    };
    let errand = Errand { ticket: id, person, purpose: what.purpose };
    let to = CallCitizen { errand, number };
    let call = app.telephones()?.call_citizen(viewer.staff.id.into(), to).await?;
    app.workflow.called(&viewer.actor(), id, step, call).await?;
    Ok((StatusCode::ACCEPTED, Json(CallBegun { call_id: call.uuid() })))
}
