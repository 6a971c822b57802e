//! The hand-over of shifts (交接班): what is open, what its leader adds, and who took it on.
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use org::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ticket::{Box, Filter, Level, Narrow, Stage, Urgency};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use workflow::handover::{self, Handover};

use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Viewer, days};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(current)).routes(routes!(hand_over)).routes(routes!(take))
}

/// One thing that is open.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct OpenItem {
    id: Uuid,
    /// A ticket's number, a hotline's name.
    name: String,
    text: String,
    due_at: Option<DateTime<Utc>>,
}

/// What a shift leaves open.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct OpenNow {
    at: DateTime<Utc>,
    /// Drafts of tickets that were not filed, by the call they belong to.
    drafts: Vec<OpenItem>,
    callbacks: Vec<OpenItem>,
    /// Open tickets that are urgent.
    urgent: Vec<OpenItem>,
    /// Open tickets that are overdue.
    late: Vec<OpenItem>,
    /// Orders of oversight (督办单) that stand, each with the limit of its answer.
    oversights: Vec<OpenItem>,
    /// The last hand-over, if nobody has taken it on.
    untaken: Option<Handed>,
}

/// A shift's hand-over (交接班).
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Handed {
    id: Uuid,
    at: DateTime<Utc>,
    by: String,
    note: String,
    /// What was open then.
    #[schema(value_type = Object)]
    state: Value,
    /// What else the next shift has to look after.
    #[schema(value_type = Vec<String>)]
    items: Value,
    taken_at: Option<DateTime<Utc>>,
    taken_by: Option<String>,
}

fn may_hand_over(viewer: &Viewer) -> Result<(), Error> {
    viewer.require_any(&[Role::Supervisor, Role::Agent, Role::Dispatcher])
}

async fn open_now(app: &App, viewer: &Viewer) -> Result<OpenNow, Error> {
    let (now, actor) = (app.clock.now(), viewer.actor());
    let all = Filter { most: 200, ..Filter::new(&actor, Box::All, now) };
    let mut urgent = Vec::new();
    for urgency in [Urgency::Emergency, Urgency::Utility] {
        let narrow = Narrow {
            urgency: Some(urgency),
            states: Stage::ALL.iter().copied().filter(|stage| !stage.is_ended()).collect(),
            ..Narrow::default()
        };
        urgent.extend(app.workflow.list(&Filter { narrow, ..all.clone() }).await?);
    }
    let narrow = Narrow { due_before: Some(now), ..Narrow::default() };
    let late = app.workflow.list(&Filter { narrow, ..all.clone() }).await?;
    let tickets = |rows: Vec<ticket::Row>| {
        let item = |row: ticket::Row| OpenItem {
            id: row.id.uuid(),
            name: row.number,
            text: row.title,
            due_at: row.due_at,
        };
        rows.into_iter().map(item).collect::<Vec<_>>()
    };
    let oversights = open_orders(app, &all).await?;
    let callbacks = call::store::callbacks(&app.db, now, None, 200).await?.into_iter();
    let drafts = call::store::drafts(&app.db, 200).await?.into_iter();
    let newest = handover::newest(&mut *app.db.acquire().await?, 1).await?;
    Ok(OpenNow {
        at: now,
        drafts: drafts
            .map(|(call, agent, at)| OpenItem {
                id: call.uuid(),
                name: agent,
                text: format!("未提交的草稿，{}", days::local(app, at)),
                due_at: None,
            })
            .collect(),
        callbacks: callbacks
            .filter(|task| task.done_at.is_none())
            .map(|task| OpenItem {
                id: task.id,
                name: task.hotline_name,
                text: format!("漏接{}次", task.tries),
                due_at: Some(task.due_at),
            })
            .collect(),
        urgent: tickets(urgent),
        late: tickets(late),
        oversights,
        untaken: newest.into_iter().find(|it| it.taken_at.is_none()).map(Handed::from),
    })
}

impl From<Handover> for Handed {
    fn from(handover: Handover) -> Self {
        let Handover { id, at, actor, note, state, items, taken_at, taker, .. } = handover;
        Self { id, at, by: actor, note, state, items, taken_at, taken_by: taker }
    }
}

/// The tickets under an order of oversight, each with when the unit has to answer it.
async fn open_orders(app: &App, all: &Filter<'_>) -> Result<Vec<OpenItem>, Error> {
    let narrow = Narrow {
        oversight: vec![Level::Order, Level::Meeting],
        states: Stage::ALL.iter().copied().filter(|stage| !stage.is_ended()).collect(),
        ..Narrow::default()
    };
    let rows = app.workflow.list(&Filter { narrow, ..all.clone() }).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut db = app.seen_by(all.viewer).await?;
    let found = ticket::find_many(&mut db, &ids).await.map_err(Error::internal)?;
    let order = |row: ticket::Row| {
        let side = found.iter().find(|one| one.id == row.id).map(|one| &one.life.side);
        let orders = side.into_iter().flat_map(|side| &side.oversights);
        let first = orders.filter(|one| one.wants_answer()).min_by_key(|one| one.due_at);
        let said = first.map_or("已回复，待解除", |one| one.level.label());
        OpenItem {
            id: row.id.uuid(),
            name: row.number,
            text: format!("{}（{said}）", row.title),
            due_at: first.and_then(|one| one.due_at),
        }
    };
    Ok(rows.into_iter().map(order).collect())
}

/// What is open now, for whoever ends or begins a shift 交接班
#[utoipa::path(get, path = "/handover/current", tag = "data",
    responses((status = 200, body = OpenNow), (status = 403, body = Problem)))]
async fn current(State(app): State<App>, viewer: Viewer) -> Result<Json<OpenNow>, Error> {
    may_hand_over(&viewer)?;
    Ok(Json(open_now(&app, &viewer).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewHandover {
    note: String,
    /// What else the next shift has to look after.
    #[serde(default)]
    items: Vec<String>,
}

/// Hand a shift over, with what is open 交班
#[utoipa::path(post, path = "/handover", tag = "data", request_body = NewHandover,
    responses((status = 201, body = Handed), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn hand_over(
    State(app): State<App>,
    viewer: Viewer,
    Json(body): Json<NewHandover>,
) -> Result<Response, Error> {
    may_hand_over(&viewer)?;
    let long = |text: &str| text.chars().count() > 2000;
    if long(&body.note) || body.items.len() > 50 || body.items.iter().any(|item| long(item)) {
        return Err(Error::invalid("bad_handover", "说明不超过2000个字，事项不超过50条"));
    }
    let open = open_now(&app, &viewer).await?;
    let new = Handover {
        id: base::NoticeId::new(open.at, app.dice.bytes()).uuid(),
        at: open.at,
        staff: Some(viewer.staff.id),
        actor: viewer.staff.display_name.clone(),
        note: body.note,
        state: serde_json::to_value(&open).map_err(Error::internal)?,
        items: json!(body.items),
        taken_at: None,
        taker: None,
    };
    handover::add(&mut *app.db.acquire().await?, &new).await?;
    Ok((StatusCode::CREATED, Json(Handed::from(new))).into_response())
}

/// Take a shift on 接班
#[utoipa::path(post, path = "/handover/{id}/take", tag = "data", params(("id" = Uuid, Path)),
    responses((status = 200, body = Handed), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn take(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<Uuid>,
) -> Result<Json<Handed>, Error> {
    may_hand_over(&viewer)?;
    let db = &mut *app.db.acquire().await?;
    handover::find(db, id).await?;
    let (staff, now) = (&viewer.staff, app.clock.now());
    if !handover::take(db, id, staff.id, &staff.display_name, now).await? {
        return Err(Error::conflict("handover_taken", "已有人接班，或不能接自己的班"));
    }
    Ok(Json(handover::find(db, id).await?.into()))
}

#[cfg(test)]
mod tests {
    use org::Role;
    use serde_json::json;

    use crate::testing::house;
    use crate::tickets::tests::{act, form, people};

    #[tokio::test]
    async fn a_shift_is_handed_over_with_what_is_open_and_taken_once_by_another() {
        let house = house().await;
        let people = people(&house).await;
        let mut urgent = form(1);
        urgent["draft"]["urgency"] = json!("emergency");
        let made = house.post("/api/v1/tickets", &people.agent, urgent).await.json();
        let supervisor = house.signed_in("supervisor", Role::Supervisor, None).await.1;
        let watched = house.post("/api/v1/tickets", &people.agent, form(2)).await;
        let order = json!({"action": "oversee", "level": "order", "reason": "领导批示"});
        let watched = act(&house, &supervisor, &watched, order).await.json();
        let body = json!({"note": "注意供热", "items": ["联系热力公司"]});
        let given = house.post("/api/v1/handover", &people.agent, body).await;
        assert_eq!(given.status, 201, "{}", given.text);
        assert_eq!(given.json()["state"]["urgent"][0]["name"], made["number"]);
        let orders = given.json()["state"]["oversights"].clone();
        assert_eq!(orders.as_array().unwrap().len(), 1);
        assert_eq!(orders[0]["name"], watched["number"]);
        let now = house.get("/api/v1/handover/current", &people.dispatcher).await.json();
        assert_eq!(now["untaken"]["note"], "注意供热");
        let path = format!("/api/v1/handover/{}/take", given.json()["id"].as_str().unwrap());
        assert_eq!(house.post(&path, &people.agent, json!({})).await.problem().0, 409);
        let taken = house.post(&path, &people.dispatcher, json!({})).await;
        assert_eq!(taken.json()["taken_by"], "dispatcher", "{}", taken.text);
        assert_eq!(house.post(&path, &people.dispatcher, json!({})).await.problem().0, 409);
        assert_eq!(house.get("/api/v1/handover/current", &people.clerk).await.problem().0, 403);
    }
}
