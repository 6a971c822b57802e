//! The daily report, as JSON and as a workbook; and the hand-over of shifts.
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use org::audit::{self, Act};
use org::{Right, Role, Thing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ticket::{Box, Filter, Kind, Narrow, Stage, Urgency};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;
use workflow::handover::{self, Handover};
use workflow::report;

use crate::exports::{Format, Table, Watermark};
use crate::openapi::Problem;
use crate::{App, Error, Json, Path, Query, Viewer, days};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(daily))
        .routes(routes!(daily_xlsx))
        .routes(routes!(current))
        .routes(routes!(hand_over))
        .routes(routes!(take))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct OfDay {
    /// Today, when left out.
    date: Option<NaiveDate>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct CountOf {
    word: String,
    label: String,
    count: i64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct DayOfCalls {
    offered: u32,
    answered: u32,
    abandoned: u32,
    within_15s: u32,
}

/// A day in raw counts.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct DailyReport {
    #[schema(value_type = String, format = Date)]
    date: NaiveDate,
    calls: DayOfCalls,
    accepted: i64,
    ended: i64,
    ended_late: i64,
    /// As of now, whatever the day.
    open: i64,
    late: i64,
    /// Open, and due on the day after.
    due_tomorrow: i64,
    asked: i64,
    reached: i64,
    contacted: i64,
    solved: i64,
    satisfied: i64,
    rated: i64,
    urged: i64,
    overseen: i64,
    kinds: Vec<CountOf>,
    units: Vec<CountOf>,
    states: Vec<CountOf>,
}

fn may_report(viewer: &Viewer) -> Result<(), Error> {
    viewer.require_any(&[Role::Supervisor, Role::Oversight, Role::Administrator])
}

async fn of_day(app: &App, date: Option<NaiveDate>) -> Result<DailyReport, Error> {
    let now = app.clock.now();
    let today = days::day_of(app, now);
    let date = date.unwrap_or(today);
    if date > today {
        return Err(Error::invalid("bad_query", "日期尚未到来"));
    }
    let (from, to) = (days::begins(app, date), days::ends(app, date));
    let after = days::ends(app, date.checked_add_days(Days::new(1)).unwrap_or(date));
    let day = report::day(&mut *app.system.acquire().await?, from, to, after, now).await?;
    let calls = call::store::figures(&app.db, from, to, TimeDelta::seconds(15)).await?;
    let counted = |words: Vec<report::Counted>, label: fn(&str) -> Option<&'static str>| {
        let count = |it: report::Counted| CountOf {
            label: label(&it.word).map_or_else(|| it.word.clone(), str::to_owned),
            word: it.word,
            count: it.count,
        };
        words.into_iter().map(count).collect()
    };
    Ok(DailyReport {
        date,
        calls: DayOfCalls {
            offered: calls.offered,
            answered: calls.answered,
            abandoned: calls.abandoned,
            within_15s: calls.within,
        },
        accepted: day.accepted,
        ended: day.ended,
        ended_late: day.ended_late,
        open: day.open,
        late: day.late,
        due_tomorrow: day.due_tomorrow,
        asked: day.asked,
        reached: day.reached,
        contacted: day.contacted,
        solved: day.solved,
        satisfied: day.satisfied,
        rated: day.rated,
        urged: day.urged,
        overseen: day.overseen,
        kinds: counted(day.kinds, |word| Kind::from_word(word).map(Kind::label)),
        units: counted(day.units, |_| None),
        states: counted(day.states, |word| Stage::from_word(word).map(Stage::label)),
    })
}

/// A day's figures 日报
#[utoipa::path(get, path = "/reports/daily", tag = "data", params(OfDay),
    responses((status = 200, body = DailyReport), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn daily(
    State(app): State<App>,
    viewer: Viewer,
    Query(of): Query<OfDay>,
) -> Result<Json<DailyReport>, Error> {
    may_report(&viewer)?;
    Ok(Json(of_day(&app, of.date).await?))
}

/// A day's figures as a workbook, with who took it 日报下载
#[utoipa::path(get, path = "/reports/daily.xlsx", tag = "data", params(OfDay),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn daily_xlsx(
    State(app): State<App>,
    viewer: Viewer,
    Query(of): Query<OfDay>,
) -> Result<Response, Error> {
    may_report(&viewer)?;
    org::can(&viewer.actor(), Right::Export, Thing::City)?;
    let report = of_day(&app, of.date).await?;
    let mark = Watermark::new(&viewer.staff, "日报", &days::local(&app, app.clock.now()));
    let mut table = Table::new(Format::Xlsx, &["项目", "数量"], &mark)?;
    for (name, count) in lines(&report) {
        table.row(&[name, count.to_string()])?;
    }
    let bytes = table.finish()?;
    let mut tx = app.db.begin().await?;
    let act = Act::new("export_made", "report", report.date.to_string());
    audit::write(&mut tx, &viewer.actor(), &act, &*app.clock).await?;
    tx.commit().await?;
    let name = format!("attachment; filename=\"daily-{}.xlsx\"", report.date);
    let mut answer = bytes.into_response();
    let kind = HeaderValue::from_static(Format::Xlsx.kind());
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    let name = HeaderValue::from_str(&name).map_err(Error::internal)?;
    answer.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(answer)
}

fn lines(report: &DailyReport) -> Vec<(String, i64)> {
    let fixed = [
        ("来电总量", i64::from(report.calls.offered)),
        ("接通", i64::from(report.calls.answered)),
        ("放弃", i64::from(report.calls.abandoned)),
        ("15秒内接通", i64::from(report.calls.within_15s)),
        ("受理", report.accepted),
        ("办结", report.ended),
        ("其中超期办结", report.ended_late),
        ("在办", report.open),
        ("在办超期", report.late),
        ("次日到期", report.due_tomorrow),
        ("回访", report.asked),
        ("接通回访", report.reached),
        ("已联系", report.contacted),
        ("已解决", report.solved),
        ("参评", report.rated),
        ("满意（含基本满意）", report.satisfied),
        ("催办", report.urged),
        ("督办", report.overseen),
    ];
    let mut lines: Vec<_> =
        fixed.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    for (head, counts) in
        [("受理类型", &report.kinds), ("承办单位", &report.units), ("在办状态", &report.states)]
    {
        lines.extend(counts.iter().map(|it| (format!("{head}：{}", it.label), it.count)));
    }
    lines
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
    let callbacks = call::store::callbacks(&app.db, now, 200).await?.into_iter();
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
        untaken: newest.into_iter().find(|it| it.taken_at.is_none()).map(Handed::from),
    })
}

impl From<Handover> for Handed {
    fn from(handover: Handover) -> Self {
        let Handover { id, at, actor, note, state, items, taken_at, taker, .. } = handover;
        Self { id, at, by: actor, note, state, items, taken_at, taken_by: taker }
    }
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
    use crate::tickets::tests::{form, people};

    #[tokio::test]
    async fn a_day_is_told_in_counts_by_kind_unit_and_state() {
        let house = house().await;
        let people = people(&house).await;
        house.post("/api/v1/tickets", &people.agent, form(1)).await;
        let supervisor = house.signed_in("supervisor", Role::Supervisor, None).await.1;
        let day = house.get("/api/v1/reports/daily", &supervisor).await.json();
        assert_eq!((&day["accepted"], &day["open"]), (&json!(1), &json!(1)), "{day}");
        assert_eq!(day["kinds"][0], json!({"word": "help", "label": "求助", "count": 1}));
        assert_eq!(day["states"][0]["label"], "待派单");
        assert_eq!(day["calls"]["offered"], 0);
        let before = house.get("/api/v1/reports/daily?date=2020-01-01", &supervisor).await.json();
        assert_eq!(before["accepted"], 0);
        let later = house.get("/api/v1/reports/daily?date=2999-01-01", &supervisor).await;
        assert_eq!(later.problem(), (422, "bad_query".to_owned()));
        assert_eq!(house.get("/api/v1/reports/daily", &people.clerk).await.problem().0, 403);
        let book = house.get("/api/v1/reports/daily.xlsx", &supervisor).await;
        assert!(book.text.starts_with("PK"));
    }

    #[tokio::test]
    async fn a_shift_is_handed_over_with_what_is_open_and_taken_once_by_another() {
        let house = house().await;
        let people = people(&house).await;
        let mut urgent = form(1);
        urgent["draft"]["urgency"] = json!("emergency");
        let made = house.post("/api/v1/tickets", &people.agent, urgent).await.json();
        let body = json!({"note": "注意供热", "items": ["联系热力公司"]});
        let given = house.post("/api/v1/handover", &people.agent, body).await;
        assert_eq!(given.status, 201, "{}", given.text);
        assert_eq!(given.json()["state"]["urgent"][0]["name"], made["number"]);
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
