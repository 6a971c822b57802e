//! Notices: what was sent, to whom (masked), and how it went; what lies in the console for whom.
use axum::extract::State;
use base::{NoticeId, TicketId};
use chrono::{DateTime, Utc};
use notice::{Filter, Reader, Row};
use org::Role;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::{App, Error, Json, Query, Viewer, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeRow {
    id: Uuid,
    at: DateTime<Utc>,
    ticket_id: Option<Uuid>,
    /// sms, email, desk (站内)
    #[schema(value_type = words::NoticeKind)]
    kind: String,
    template: String,
    to_masked: String,
    text: String,
    segments: i16,
    /// `queued`, `sent`, `sent_in_demo`, `failed`
    #[schema(value_type = words::NoticeState)]
    state: String,
    why: Option<String>,
    sent_at: Option<DateTime<Utc>>,
}

impl NoticeRow {
    pub(crate) fn new(row: Row) -> Self {
        Self {
            id: row.id.uuid(),
            at: row.at,
            ticket_id: row.ticket.map(TicketId::uuid),
            kind: row.kind,
            template: row.template,
            to_masked: row.to_masked,
            text: row.text,
            segments: row.segments,
            state: row.state,
            why: row.why,
            sent_at: row.sent_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// Of one ticket; without it, all (班长、管理员).
    #[param(value_type = Option<Uuid>)]
    ticket: Option<TicketId>,
    /// What lies in the console for the viewer: for the own unit, and for the own roles (站内通知).
    #[serde(default)]
    mine: bool,
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeRows {
    items: Vec<NoticeRow>,
    next: Option<String>,
}

/// SMS and e-mail that were sent or wait 通知
#[utoipa::path(get, path = "/notices", tag = "notices", params(Search),
    responses((status = 200, body = NoticeRows), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(search): Query<Search>,
) -> Result<Json<NoticeRows>, Error> {
    if let Some(ticket) = search.ticket {
        // a ticket's page decides what of it may be seen
        let page = app.workflow.page(&viewer.actor(), ticket).await?;
        let items = page.notices.into_iter().map(NoticeRow::new).collect();
        return Ok(Json(NoticeRows { items, next: None }));
    }
    let actor = viewer.actor();
    let reader = search.mine.then(|| Reader {
        unit: actor.post.as_ref().map(|post| post.unit),
        roles: actor.roles.iter().copied().collect(),
    });
    if reader.is_none() {
        viewer.require_any(&[Role::Supervisor, Role::Administrator])?;
    }
    let most = search.limit.unwrap_or(50).clamp(1, 200);
    let after = search.cursor.as_deref().map(read_cursor).transpose()?;
    let filter = Filter { ticket: None, reader, after, most: most + 1 };
    let mut rows =
        notice::list(&mut *app.seen_by(&actor).await?, &filter).await.map_err(Error::internal)?;
    let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) > most;
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let next =
        rows.last().filter(|_| more).map(|row| format!("{}_{}", row.at.timestamp_micros(), row.id));
    Ok(Json(NoticeRows { items: rows.into_iter().map(NoticeRow::new).collect(), next }))
}

fn read_cursor(text: &str) -> Result<(DateTime<Utc>, NoticeId), Error> {
    let read = || {
        let (at, id) = text.split_once('_')?;
        Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
    };
    read().ok_or_else(|| Error::invalid("bad_cursor", "分页标记有误"))
}
