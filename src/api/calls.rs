//! Calls that were: lists, one call, its words, what else this number asked for.
use std::collections::HashMap;

use axum::extract::State;
use base::{AgentId, CallId, PersonId, PhoneNumber, TicketId};
use call::store::{self, CallRow, Filter};
use chrono::{DateTime, Utc};
use org::{Right, Thing};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::openapi::Problem;
use crate::tickets::TicketRow;
use crate::{App, Error, Json, Path, Query, Viewer, days, words};

/// Lines of one page at most.
const PAGE: i64 = 100;
/// What a number did before, at most.
const PAST: i64 = 20;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(transcript))
        .routes(routes!(history))
}

/// A line of a list of calls.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallItem {
    id: Uuid,
    started_at: DateTime<Utc>,
    #[schema(value_type = call::Direction)]
    direction: &'static str,
    hotline_number: String,
    hotline_name: String,
    caller_masked: String,
    agent_name: Option<String>,
    answered_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    /// From INVITE to the agent's voice, or to the caller's end.
    wait_secs: i64,
    talk_secs: i64,
    ending: Option<&'static str>,
    #[schema(value_type = Option<call::OutcomeKind>)]
    outcome: Option<&'static str>,
    ticket_id: Option<Uuid>,
    ticket_number: Option<String>,
    recorded: bool,
    rating: Option<i16>,
    demo: bool,
}

/// Shapes rows; each citizen's number and each ticket's number is read once.
async fn items(app: &App, viewer: &Viewer, rows: Vec<CallRow>) -> Result<Vec<CallItem>, Error> {
    let mut db = app.seen_by(&viewer.actor()).await?;
    let (mut masked, mut numbers) = (HashMap::new(), HashMap::new());
    for row in &rows {
        if let Some(person) = row.person
            && !masked.contains_key(&person)
        {
            masked.insert(person, app.persons.masked(&mut db, person).await?.number_masked);
        }
        if let Some(ticket) = row.ticket
            && !numbers.contains_key(&ticket)
        {
            numbers.insert(ticket, ticket_number(&mut db, ticket).await?);
        }
    }
    let now = app.clock.now();
    Ok(rows.into_iter().map(|row| item(row, &masked, &numbers, now)).collect())
}

async fn ticket_number(db: &mut PgConnection, ticket: TicketId) -> Result<Option<String>, Error> {
    match ticket::find(db, ticket).await {
        Ok(ticket) => Ok(Some(ticket.number.to_string())),
        Err(ticket::Error::NotFound) => Ok(None),
        Err(error) => Err(Error::internal(error)),
    }
}

fn item(
    row: CallRow,
    masked: &HashMap<PersonId, Option<String>>,
    numbers: &HashMap<TicketId, Option<String>>,
    now: DateTime<Utc>,
) -> CallItem {
    let number = row.person.and_then(|person| masked.get(&person)).cloned().flatten();
    let waited = row.answered_at.or(row.ended_at).unwrap_or(now) - row.invite_at;
    let talked =
        row.answered_at.map(|from| row.talk_ended_at.or(row.ended_at).unwrap_or(now) - from);
    CallItem {
        id: row.id.uuid(),
        started_at: row.invite_at,
        direction: row.direction.as_str(),
        hotline_number: row.hotline,
        hotline_name: row.hotline_name,
        caller_masked: if row.withheld {
            "保密".to_owned()
        } else {
            number.unwrap_or_else(|| "未知".to_owned())
        },
        agent_name: row.agent_name,
        answered_at: row.answered_at,
        ended_at: row.ended_at,
        wait_secs: waited.num_seconds(),
        talk_secs: talked.map_or(0, |talked| talked.num_seconds()),
        ending: row.ending.map(call::Ending::as_str),
        outcome: row.outcome.map(call::OutcomeKind::as_str),
        ticket_id: row.ticket.map(TicketId::uuid),
        ticket_number: row.ticket.and_then(|ticket| numbers.get(&ticket)).cloned().flatten(),
        recorded: row.recorded,
        rating: row.rating,
        demo: row.demo,
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    /// `me` (the default) or `all`.
    #[serde(default)]
    agent: Option<String>,
    /// A telephone number, or part of a hotline's or an agent's name.
    #[serde(default)]
    q: String,
    /// Rung from this time or day on.
    from: Option<String>,
    /// Rung before this time, or up to and on this day.
    to: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Calls {
    items: Vec<CallItem>,
    next: Option<String>,
}

/// Calls, the newest first 通话记录
#[utoipa::path(get, path = "/calls", tag = "calls", params(Search),
    responses((status = 200, body = Calls), (status = 403, body = Problem)))]
pub(crate) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Query(search): Query<Search>,
) -> Result<Json<Calls>, Error> {
    org::can(&viewer.actor(), Right::Listen, Thing::City)?;
    let me: AgentId = viewer.staff.id.into();
    let limit = search.limit.unwrap_or(50).clamp(1, PAGE);
    let moment =
        |text: Option<&str>, last| text.map(|text| days::moment(&app, text, last)).transpose();
    let mut filter = Filter {
        from: moment(search.from.as_deref(), false)?,
        to: moment(search.to.as_deref(), true)?,
        limit: limit + 1,
        ..Filter::default()
    };
    filter.agent = match search.agent.as_deref() {
        None | Some("me") => Some(me),
        Some("all") => None,
        Some(_) => return Err(Error::invalid("bad_query", "agent 只能是 me 或 all")),
    };
    let text = search.q.trim();
    if !text.is_empty() {
        match text.parse::<PhoneNumber>().ok().filter(|number| number.reveal().len() >= 7) {
            Some(number) => {
                let mut db = app.seen_by(&viewer.actor()).await?;
                filter.persons = Some(app.persons.by_number(&mut db, &number).await?);
            }
            None => filter.text = Some(text.to_owned()),
        }
    }
    filter.before = search.cursor.as_deref().map(place).transpose()?;
    let mut rows = store::list(&app.db, &filter).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| format!("{}_{}", row.invite_at.timestamp_micros(), row.id));
    Ok(Json(Calls { items: items(&app, &viewer, rows).await?, next }))
}

/// Where the page before ended.
fn place(cursor: &str) -> Result<(DateTime<Utc>, CallId), Error> {
    let read = || {
        let (at, id) = cursor.split_once('_')?;
        Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
    };
    read().ok_or_else(|| Error::invalid("bad_cursor", "cursor 无效"))
}

#[derive(Serialize, ToSchema)]
struct Happened {
    at: DateTime<Utc>,
    what: String,
    detail: String,
}

#[derive(Serialize, ToSchema)]
struct CallDetail {
    #[serde(flatten)]
    call: CallItem,
    events: Vec<Happened>,
}

/// A call that this viewer may see.
pub(crate) async fn seen(app: &App, viewer: &Viewer, id: CallId) -> Result<CallRow, Error> {
    org::can(&viewer.actor(), Right::Listen, Thing::City)?;
    store::find(&app.db, id).await?.ok_or(Error::NotFound)
}

/// One call 通话详情
#[utoipa::path(get, path = "/calls/{id}", tag = "calls", params(("id" = Uuid, Path)),
    responses((status = 200, body = CallDetail), (status = 404, body = Problem)))]
async fn one(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CallId>,
) -> Result<Json<CallDetail>, Error> {
    let row = seen(&app, &viewer, id).await?;
    let events = store::events(&app.db, id).await?.into_iter();
    let events = events
        .map(|event| Happened { at: event.at, what: event.what, detail: event.detail })
        .collect();
    let call = items(&app, &viewer, vec![row]).await?.pop().ok_or(Error::NotFound)?;
    Ok(Json(CallDetail { call, events }))
}

#[derive(Serialize, ToSchema)]
struct Words {
    index: u32,
    /// `citizen` or `agent`.
    #[schema(value_type = words::Track)]
    track: speech::Track,
    from_ms: u64,
    to_ms: u64,
    text: String,
    r#final: bool,
    committed: usize,
}

#[derive(Serialize, ToSchema)]
struct Transcript {
    items: Vec<Words>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PageOf {
    /// The `next` of the page before.
    cursor: Option<usize>,
    /// Sentences of one page; left out, the whole.
    limit: Option<usize>,
}

/// What was said 转写文本
#[utoipa::path(get, path = "/calls/{id}/transcript", tag = "calls", params(("id" = Uuid, Path), PageOf),
    responses((status = 200, body = Transcript), (status = 404, body = Problem)))]
async fn transcript(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CallId>,
    Query(page): Query<PageOf>,
) -> Result<Json<Transcript>, Error> {
    org::can(&viewer.actor(), Right::Listen, Thing::City)?;
    let mut db = app.db.acquire().await?;
    let said = speech::store::of_call(&mut db, id, &app.sealing).await.map_err(Error::internal)?;
    let (from, all) = (page.cursor.unwrap_or_default(), said.len());
    let to = page.limit.map_or(all, |limit| from.saturating_add(limit.max(1)));
    let next = (to < all).then(|| to.to_string());
    let items = said.into_iter().skip(from).take(to.saturating_sub(from)).map(|segment| Words {
        index: segment.index,
        track: segment.track,
        from_ms: segment.from_ms,
        to_ms: segment.to_ms,
        text: segment.text,
        r#final: segment.r#final,
        committed: segment.committed,
    });
    Ok(Json(Transcript { items: items.collect(), next }))
}

#[derive(Serialize, ToSchema)]
struct Past {
    calls: Vec<CallItem>,
    tickets: Vec<TicketRow>,
}

/// What this number asked for before 历史来电与工单
#[utoipa::path(get, path = "/calls/{id}/history", tag = "calls", params(("id" = Uuid, Path)),
    responses((status = 200, body = Past), (status = 404, body = Problem)))]
async fn history(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<CallId>,
) -> Result<Json<Past>, Error> {
    org::can(&viewer.actor(), Right::Listen, Thing::City)?;
    let persons = same_number(&app, &viewer, id).await?;
    let (actor, now) = (viewer.actor(), app.clock.now());
    let mut tickets = Vec::new();
    let rules = app.workflow.rules();
    for person in &persons {
        let all = ticket::Filter::new(&actor, ticket::Box::All, now);
        let filter = ticket::Filter { person: Some(*person), most: PAST, ..all };
        let rows = app.workflow.list(&filter).await?.into_iter();
        tickets.extend(rows.map(|row| TicketRow::new(row, &rules, now)));
    }
    tickets.sort_by_key(|ticket| std::cmp::Reverse(ticket.created_at));
    tickets.truncate(usize::try_from(PAST).unwrap_or(usize::MAX));
    let mut rows = store::of_person(&app.db, persons, PAST + 1).await?;
    rows.retain(|row| row.id != id);
    Ok(Json(Past { calls: items(&app, &viewer, rows).await?, tickets }))
}

/// Everyone known with the number of this call. While it rings its record may still be on its way
/// to the database: then the conductor knows the number.
async fn same_number(app: &App, viewer: &Viewer, id: CallId) -> Result<Vec<PersonId>, Error> {
    let ringing = match &app.calls {
        Some(calls) => calls.number_of(id, viewer.staff.id.into()).await.ok().flatten(),
        None => None,
    };
    let mut db = app.seen_by(&viewer.actor()).await?;
    let number = match ringing {
        Some(number) => Some(number),
        None => match store::find(&app.db, id).await?.ok_or(Error::NotFound)?.person {
            Some(person) => app.persons.identity(&mut db, person).await?.number,
            None => None,
        },
    };
    match number {
        Some(number) => Ok(app.persons.by_number(&mut db, &number).await?),
        None => Ok(Vec::new()),
    }
}
