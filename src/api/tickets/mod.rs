//! Tickets: lists, the page, the steps.
mod errors;
mod intake;
#[cfg(test)]
mod list_tests;
mod search;
mod step;
#[cfg(test)]
pub(crate) mod tests;
mod view;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{CallId, KnowledgeId, TicketId};
use call::{Outcome, OutcomeKind};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ticket::Sort;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workflow::{Intake, TicketPage};

use crate::openapi::Problem;
use crate::version::{seen, tagged};
use crate::work::BoxCounts;
use crate::{App, Error, Json, Path, Query, Viewer, words};
pub(crate) use search::{Search, cursor};
pub(crate) use step::read_step;
use view::{DirectAnswer, TicketDraft};
pub(crate) use view::{TicketBody, TicketRow};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(act))
        .routes(routes!(add))
        .routes(routes!(contact))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Tickets {
    items: Vec<TicketRow>,
    next: Option<String>,
    /// With `counts=true`.
    counts: Option<BoxCounts>,
}

/// Tickets that the viewer may see 工单列表
#[utoipa::path(get, path = "/tickets", tag = "tickets", params(Search),
    responses((status = 200, body = Tickets), (status = 401, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(search): Query<Search>,
) -> Result<Json<Tickets>, Error> {
    let (now, actor, most) = (app.clock.now(), viewer.actor(), search.most());
    if !ticket::is_searchable(&search.q) {
        return Err(Error::invalid("query_too_short", "请至少输入两个字，或完整的工单编号"));
    }
    let filter = search.filter(&actor, &app)?;
    let mut rows = app.workflow.list(&filter).await?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > most;
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|last| match filter.sort() {
        Sort::Due => cursor(last.due_at, last.id),
        Sort::Newest | Sort::Oldest => cursor(Some(last.accepted_at), last.id),
    });
    let counts = if search.counts { Some(BoxCounts::of(&app, &filter).await?) } else { None };
    let rules = app.workflow.rules();
    let items = rows.into_iter().map(|row| TicketRow::new(row, &rules, now)).collect();
    Ok(Json(Tickets { items, next, counts }))
}

/// What a new ticket is made of.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described; workflow::Intake is read")]
struct NewTicket {
    #[schema(value_type = TicketDraft)]
    draft: (),
    call_id: Option<uuid::Uuid>,
    /// `phone`, `manual`, `web`, `message_board`, `110`
    #[schema(value_type = words::Channel)]
    channel: String,
    source: Option<String>,
    outside_number: Option<String>,
    outside_due: Option<DateTime<Utc>>,
    #[schema(value_type = Option<DirectAnswer>)]
    direct_answer: Option<()>,
    /// Submitting twice with one key makes one ticket.
    key: uuid::Uuid,
}

/// Accept a request 受理
#[utoipa::path(post, path = "/tickets", tag = "tickets", request_body = NewTicket,
    responses((status = 201, body = TicketBody), (status = 200, body = TicketBody, description = "submitted before"),
        (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn create(
    State(app): State<App>,
    viewer: Viewer,
    Json(intake): Json<Intake>,
) -> Result<Response, Error> {
    intake::check(&app, &viewer, &intake).await?;
    let actor = viewer.actor();
    let (call, answer) = (intake.call_id, intake.direct_answer.as_ref().map(|a| a.knowledge_id));
    let (page, new) = app.workflow.accept_page(&actor, intake).await?;
    if let Some(call) = call.filter(|_| new) {
        came_to(&app, &viewer, call, page.ticket.id, answer).await;
    }
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, answer_with(&app, page)).into_response())
}

/// Notes what the call came to (一通一结). The ticket stands whatever becomes of this: an agent who
/// gave the outcome before, or a telephone side that is away, is no reason to lose it.
async fn came_to(
    app: &App,
    viewer: &Viewer,
    call: CallId,
    ticket: TicketId,
    answer: Option<KnowledgeId>,
) {
    let Some(calls) = &app.calls else { return };
    let kind = if answer.is_some() { OutcomeKind::DirectAnswer } else { OutcomeKind::Ticket };
    let outcome = Outcome { kind, ticket: Some(ticket), knowledge: answer, note: String::new() };
    let told = call::outcome(calls, &app.db, call, viewer.staff.id.into(), outcome).await;
    if let Err(error) = told {
        tracing::warn!(call.id = %call, ticket.id = %ticket, "call {call} has no outcome yet: {error}");
    }
}

/// A ticket's page 工单
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = TicketBody, headers(("ETag" = String, description = "the version, for If-Match"))),
        (status = 404, body = Problem)))]
async fn show(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<TicketId>,
) -> Result<Response, Error> {
    page(&app, &viewer, id).await
}

/// A step to be taken.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described; ticket::Step is read")]
struct StepBody {
    /// A step's name, as in the ticket's `actions`; its further fields are those of the action's
    /// `fields`.
    action: String,
    reason: Option<String>,
    note: Option<String>,
}

/// Take a step in a ticket's life 办理
#[utoipa::path(post, path = "/tickets/{id}/actions", tag = "tickets", params(("id" = uuid::Uuid, Path),
    ("If-Match" = String, Header, description = "the ETag that was seen")), request_body = StepBody,
    responses((status = 200, body = TicketBody), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem)))]
async fn act(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<TicketId>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<Response, Error> {
    let step = read_step(&body)?;
    let version = seen(&headers)?;
    match app.workflow.act_page(&viewer.actor(), id, version, &step).await {
        Ok(page) => Ok(answer_with(&app, page)),
        Err(error @ workflow::Error::Refused(ticket::Refused::WrongState { .. })) => {
            let now = app.workflow.page(&viewer.actor(), id).await?;
            Err(errors::wrong_state(&error, &now.offers))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Addition {
    text: String,
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    call_id: Option<CallId>,
}

/// Add what the citizen says later 追加
#[utoipa::path(post, path = "/tickets/{id}/additions", tag = "tickets", params(("id" = uuid::Uuid, Path)),
    request_body = Addition,
    responses((status = 200, body = TicketBody), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<TicketId>,
    Json(addition): Json<Addition>,
) -> Result<Response, Error> {
    app.workflow.add(&viewer.actor(), id, &addition.text, addition.call_id).await?;
    page(&app, &viewer, id).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Why {
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct Contact {
    name: Option<String>,
    number: Option<String>,
}

/// Show the citizen's name and number, which is logged 查看诉求人
#[utoipa::path(post, path = "/tickets/{id}/contact", tag = "tickets", params(("id" = uuid::Uuid, Path)),
    request_body = Why,
    responses((status = 200, body = Contact), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn contact(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<TicketId>,
    Json(why): Json<Why>,
) -> Result<Response, Error> {
    let identity = app.workflow.reveal(&viewer.actor(), id, &why.reason).await?;
    let number = identity.number.map(|number| number.reveal().to_owned());
    let body = Json(Contact { name: identity.name, number });
    Ok(([(header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// The page with its version as `ETag`.
async fn page(app: &App, viewer: &Viewer, id: TicketId) -> Result<Response, Error> {
    Ok(answer_with(app, app.workflow.page(&viewer.actor(), id).await?))
}

fn answer_with(app: &App, page: TicketPage) -> Response {
    let version = page.ticket.version;
    let rules = app.workflow.rules_of(&page.ticket);
    tagged(version, TicketBody::new(page, &rules, app.clock.now()))
}
