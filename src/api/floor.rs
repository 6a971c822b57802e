//! The supervisor's board.
use axum::extract::State;
use call::{Floor, FloorAgent, FloorToday, FloorWaiting};
use chrono::{FixedOffset, TimeDelta};
use org::{Right, Thing};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Viewer};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(floor))
}

/// Open tickets, counted.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub(crate) struct FloorTickets {
    open: i64,
    late: i64,
    due_today: i64,
    in_review: i64,
    in_follow_up: i64,
}

#[derive(Serialize, ToSchema)]
struct Board {
    agents: Vec<FloorAgent>,
    waiting: Vec<FloorWaiting>,
    today: FloorToday,
    tickets: Option<FloorTickets>,
    /// What is wrong with the system: a full disk, no speech.
    alarms: Vec<String>,
}

/// The counts of open tickets.
pub(crate) async fn tickets(app: &App) -> Result<FloorTickets, Error> {
    let now = app.clock.now();
    let here = now.with_timezone(&FixedOffset::east_opt(8 * 3600).expect("eight hours"));
    let tomorrow = here.date_naive().succ_opt().unwrap_or(here.date_naive());
    let midnight =
        tomorrow.and_time(chrono::NaiveTime::MIN).and_local_timezone(*here.offset()).single();
    let ends = midnight.map_or(now + TimeDelta::days(1), |at| at.to_utc());
    let counts = ticket::counts(&mut *app.system.acquire().await?, now, ends)
        .await
        .map_err(Error::internal)?;
    Ok(FloorTickets {
        open: counts.open,
        late: counts.late,
        due_today: counts.due_today,
        in_review: counts.in_review,
        in_follow_up: counts.in_follow_up,
    })
}

/// The floor 现场看板
#[utoipa::path(get, path = "/floor", tag = "floor",
    responses((status = 200, body = Board), (status = 403, body = Problem)))]
async fn floor(State(app): State<App>, viewer: Viewer) -> Result<Json<Board>, Error> {
    org::can(&viewer.actor(), Right::SeeFloor, Thing::City)?;
    let Floor { agents, waiting, today } = app.telephones()?.floor().await?;
    let tickets =
        tickets(&app).await.inspect_err(|error| tracing::warn!(%error, "no ticket counts")).ok();
    let alarms = crate::health::alarms(&app);
    Ok(Json(Board { agents, waiting, today, tickets, alarms }))
}
