//! What the agent writes down of a call: the draft while it is typed, and what it came to (一通一结).
use axum::extract::State;
use axum::http::StatusCode;
use base::{AgentId, CallId, KnowledgeId, TicketId};
use call::{Outcome, OutcomeKind, store};
use org::Role;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Viewer};

/// A draft holds a form, no files.
const LONGEST_DRAFT: usize = 64 * 1024;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(draft, save_draft)).routes(routes!(outcome))
}

/// What was typed so far 草稿
#[utoipa::path(get, path = "/calls/{id}/draft", tag = "calls", params(("id" = Uuid, Path)),
    responses((status = 200, body = Option<Object>), (status = 403, body = Problem)))]
async fn draft(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CallId>,
) -> Result<Json<Option<Value>>, Error> {
    viewer.require(Role::Agent)?;
    Ok(Json(store::draft(&app.db, id, viewer.staff.id.into()).await?))
}

/// Keep what was typed so far 保存草稿
#[utoipa::path(put, path = "/calls/{id}/draft", tag = "calls", params(("id" = Uuid, Path)), request_body = Object,
    responses((status = 204), (status = 403, body = Problem)))]
async fn save_draft(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CallId>,
    Json(body): Json<Value>,
) -> Result<StatusCode, Error> {
    viewer.require(Role::Agent)?;
    if !body.is_object() || body.to_string().len() > LONGEST_DRAFT {
        return Err(Error::invalid("bad_draft", "草稿必须是不超过 64 KiB 的 JSON 对象"));
    }
    let me: AgentId = viewer.staff.id.into();
    let whose = match &app.calls {
        Some(calls) => calls.agent_of(id).await.ok().flatten(),
        None => None,
    };
    let whose = match whose {
        Some(agent) => Some(agent),
        None => store::find(&app.db, id).await?.ok_or(Error::NotFound)?.agent,
    };
    if whose != Some(me) || !store::save_draft(&app.db, id, me, &body, app.clock.now()).await? {
        return Err(Error::Forbidden("这不是你的来电".to_owned()));
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Given {
    kind: OutcomeKind,
    #[schema(value_type = Option<Uuid>)]
    ticket_id: Option<TicketId>,
    #[schema(value_type = Option<Uuid>)]
    knowledge_id: Option<KnowledgeId>,
    #[serde(default)]
    note: Option<String>,
}

/// What the call came to; once 来电小结
#[utoipa::path(post, path = "/calls/{id}/outcome", tag = "calls", params(("id" = Uuid, Path)), request_body = Given,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn outcome(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CallId>,
    Json(given): Json<Given>,
) -> Result<StatusCode, Error> {
    viewer.require(Role::Agent)?;
    let note = given.note.unwrap_or_default();
    if note.chars().count() > 1000 {
        return Err(Error::invalid("note_too_long", "备注最多 1000 个字"));
    }
    let needs_ticket = matches!(given.kind, OutcomeKind::Ticket | OutcomeKind::Addition);
    if needs_ticket && given.ticket_id.is_none() {
        return Err(Error::invalid("ticket_missing", "此小结需要工单"));
    }
    if let Some(ticket) = given.ticket_id {
        match ticket::find(&mut *app.seen_by(&viewer.actor()).await?, ticket).await {
            Ok(_) => {}
            Err(ticket::Error::NotFound) => {
                return Err(Error::invalid("no_such_ticket", "没有这张工单"));
            }
            Err(error) => return Err(Error::internal(error)),
        }
    }
    let outcome =
        Outcome { kind: given.kind, ticket: given.ticket_id, knowledge: given.knowledge_id, note };
    call::outcome(app.telephones()?, &app.db, id, viewer.staff.id.into(), outcome).await?;
    Ok(StatusCode::NO_CONTENT)
}
