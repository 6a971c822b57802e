//! The daily report, as JSON and as a workbook.
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate, TimeDelta};
use org::audit::{self, Act};
use org::{Right, Role, Thing};
use serde::{Deserialize, Serialize};
use ticket::{Kind, Stage};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workflow::report;

use crate::exports::{Format, Table, Watermark};
use crate::openapi::Problem;
use crate::{App, Error, Json, Query, Viewer, days};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(daily)).routes(routes!(daily_xlsx))
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
    let bytes = table.bytes()?;
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
}
