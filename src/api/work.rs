//! How much work waits: the numbers beside the boxes of a desk.
use axum::extract::State;
use serde::Serialize;
use ticket::{Box, Filter, Stage};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Viewer, days};

/// A box that holds more than this says so instead of being counted to its end.
const COUNTED: i64 = 1000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(counts))
}

/// How many tickets each box holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoxCounts {
    todo: i64,
    unit: i64,
    mine: i64,
    all: i64,
    /// A number that reaches this stands for "this many or more".
    counted_to: i64,
}

impl BoxCounts {
    /// Each box under the same filters.
    pub(crate) async fn of(app: &App, filter: &Filter<'_>) -> Result<Self, Error> {
        let mut db = app.seen_by(filter.viewer).await?;
        let filter = ticket::searched(&mut db, filter).await.map_err(Error::internal)?;
        let mut counts = [0; 4];
        for (count, which) in counts.iter_mut().zip([Box::Todo, Box::Unit, Box::Mine, Box::All]) {
            if which == Box::Unit && filter.viewer.post.is_none() {
                continue;
            }
            let filter = Filter { which, after: None, ..filter.clone() };
            *count = ticket::count(&mut db, &filter, COUNTED).await.map_err(Error::internal)?;
        }
        let [todo, unit, mine, all] = counts;
        Ok(Self { todo, unit, mine, all, counted_to: COUNTED })
    }
}

/// What waits in one state.
#[derive(Debug, Serialize, ToSchema)]
struct StateLoad {
    state: String,
    label: &'static str,
    total: i64,
    late: i64,
    due_today: i64,
    due_tomorrow: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct WorkCounts {
    boxes: BoxCounts,
    /// Of what waits for the viewer: all, overdue, due before midnight, due the day after.
    total: i64,
    late: i64,
    due_today: i64,
    due_tomorrow: i64,
    states: Vec<StateLoad>,
}

/// What waits for the viewer, by box, state and lateness 待办统计
#[utoipa::path(get, path = "/work-counts", tag = "tickets",
    responses((status = 200, body = WorkCounts), (status = 401, body = Problem)))]
async fn counts(State(app): State<App>, viewer: Viewer) -> Result<Json<WorkCounts>, Error> {
    let actor = viewer.actor();
    let filter = Filter::new(&actor, Box::Todo, app.clock.now());
    let (today, tomorrow) = days::midnights(&app);
    let mut db = app.seen_by(&actor).await?;
    let load = ticket::load(&mut db, &filter, today, tomorrow).await.map_err(Error::internal)?;
    drop(db);
    let boxes = BoxCounts::of(&app, &filter).await?;
    let sum = |part: fn(&ticket::Load) -> i64| load.iter().map(part).sum();
    Ok(Json(WorkCounts {
        boxes,
        total: sum(|load| load.total),
        late: sum(|load| load.late),
        due_today: sum(|load| load.due_today),
        due_tomorrow: sum(|load| load.due_tomorrow),
        states: load
            .into_iter()
            .map(|load| StateLoad {
                label: Stage::from_word(&load.state).map_or("", Stage::label),
                state: load.state,
                total: load.total,
                late: load.late,
                due_today: load.due_today,
                due_tomorrow: load.due_tomorrow,
            })
            .collect(),
    }))
}
