//! Whom to call back (漏接电话回拨).
use axum::extract::State;
use axum::http::StatusCode;
use call::store::Place;
use call::{CallBack, store};
use chrono::{DateTime, Utc};
use org::Role;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Query, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(call_back))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptItem {
    at: DateTime<Utc>,
    /// `answered`, `no_answer`, `busy` or `failed`.
    result: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CallbackItem {
    id: Uuid,
    caller_masked: String,
    hotline_name: String,
    missed_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    /// How often they called in vain.
    tries: i32,
    attempts: Vec<AttemptItem>,
    #[schema(value_type = words::CallbackState)]
    state: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Callbacks {
    items: Vec<CallbackItem>,
    next: Option<String>,
}

/// Missed calls to call back 漏接回拨
#[utoipa::path(get, path = "/callbacks", tag = "calls",
    params(PageOf),
    responses((status = 200, body = Callbacks), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(page): Query<PageOf>,
) -> Result<Json<Callbacks>, Error> {
    viewer.require_any(&[Role::Agent, Role::Supervisor])?;
    let after = page.cursor.as_deref().map(place).transpose()?;
    let most = page.limit.unwrap_or(200).clamp(1, 200);
    let mut tasks = store::callbacks(&app.db, app.clock.now(), after, most + 1).await?;
    let more = tasks.len() > usize::try_from(most).unwrap_or(usize::MAX);
    tasks.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let next = tasks.last().filter(|_| more).map(|task| {
        let (done, due, id) = task.place();
        format!("{}_{}_{id}", u8::from(done), due.timestamp_micros())
    });
    let mut db = app.seen_by(&viewer.actor()).await?;
    let mut items = Vec::new();
    for task in tasks {
        let masked = app.persons.masked(&mut db, task.person).await?;
        items.push(CallbackItem {
            id: task.id,
            caller_masked: masked.number_masked.unwrap_or_default(),
            hotline_name: task.hotline_name,
            missed_at: task.missed_at,
            due_at: task.due_at,
            tries: task.tries,
            attempts: task
                .attempts
                .iter()
                .map(|attempt| AttemptItem { at: attempt.at, result: attempt.result.as_str() })
                .collect(),
            state: if task.done_at.is_some() { "done" } else { "open" },
        });
    }
    Ok(Json(Callbacks { items, next }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageOf {
    /// The `next` of the page before.
    cursor: Option<String>,
    limit: Option<i64>,
}

/// Where the page before ended.
fn place(cursor: &str) -> Result<Place, Error> {
    let read = || {
        let (done, rest) = cursor.split_once('_')?;
        let (due, id) = rest.split_once('_')?;
        let due = DateTime::from_timestamp_micros(due.parse().ok()?)?;
        Some((done == "1", due, id.parse().ok()?))
    };
    read().ok_or_else(|| Error::invalid("bad_cursor", "cursor 无效"))
}

#[derive(Serialize, ToSchema)]
struct Started {
    call_id: Uuid,
}

/// Call a citizen back: the agent's telephone rings first 回拨
#[utoipa::path(post, path = "/callbacks/{id}/call", tag = "calls", params(("id" = Uuid, Path)),
    responses((status = 202, body = Started), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn call_back(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Started>), Error> {
    viewer.require(Role::Agent)?;
    let (person, hotline) = store::callback(&app.db, id).await?.ok_or(Error::NotFound)?;
    let identity = app.persons.identity(&mut *app.seen_by(&viewer.actor()).await?, person).await?;
    let number = identity.number.ok_or(Error::NotFound)?;
    let back = CallBack { task: id, number, hotline };
    let call = app.telephones()?.call_back(viewer.staff.id.into(), back).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { call_id: call.uuid() })))
}
