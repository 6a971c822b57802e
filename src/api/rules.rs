//! What decides when something is due, to be read: flow profiles and working calendars. Both are
//! files that deployers change; a screen shows what they came to.
use axum::extract::State;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use org::{Right, Thing};
use serde::{Deserialize, Serialize};
use ticket::{Kind, Limits, Mark, Rules, Urgency};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Query, Viewer, days, words};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(flows)).routes(routes!(calendars))
}

/// The limits of one kind or urgency, as the files write them: `BH 4h` working time, `WD-EOD 5` the
/// close of the fifth working day, `WALL 2h` natural time, `CD 7` natural days; none where there is no limit.
#[derive(Serialize, ToSchema)]
struct FlowLimits {
    /// A kind, or an urgency that goes before it.
    name: &'static str,
    dispatch: String,
    sign: Option<String>,
    first_contact: Option<String>,
    ask_return: Option<String>,
    reply: String,
    extension_times: u16,
    extension_each: String,
    review: String,
    follow_up: Option<String>,
    /// How many of a hundred are asked.
    follow_up_share: u8,
    rework: String,
    decide_return: String,
    decide_extension: String,
    arbitration: String,
    decide_suspension: String,
    decide_withdrawal: String,
    decide_final: String,
    oversight_order: String,
}

impl FlowLimits {
    fn new(name: &'static str, limits: &Limits) -> Self {
        Self {
            name,
            dispatch: limits.dispatch.word(),
            sign: limits.sign.map(Into::into),
            first_contact: limits.first_contact.map(Into::into),
            ask_return: limits.ask_return.map(Into::into),
            reply: limits.reply.word(),
            extension_times: limits.extension_times,
            extension_each: limits.extension_each.word(),
            review: limits.review.word(),
            follow_up: limits.follow_up.map(Into::into),
            follow_up_share: limits.follow_up_share,
            rework: limits.rework.word(),
            decide_return: limits.decide_return.word(),
            decide_extension: limits.decide_extension.word(),
            arbitration: limits.arbitration.word(),
            decide_suspension: limits.decide_suspension.word(),
            decide_withdrawal: limits.decide_withdrawal.word(),
            decide_final: limits.decide_final.word(),
            oversight_order: limits.oversight_order.word(),
        }
    }
}

/// One step of the ladder for what is late (督办梯次).
#[derive(Serialize, ToSchema)]
struct FlowRung {
    level: &'static str,
    after: String,
    tell: &'static str,
}

/// A kind, and what a reply to it has to contain.
#[derive(Serialize, ToSchema)]
struct FlowBlocks {
    #[schema(value_type = words::Kind)]
    kind: &'static str,
    /// facts, basis, contact, evidence, plan, `public_text`
    blocks: Vec<&'static str>,
}

/// A flow profile in one version (流程).
#[derive(Serialize, ToSchema)]
struct FlowProfile {
    profile: String,
    version: i32,
    /// New tickets begin with it.
    in_force: bool,
    unit_calendar: String,
    hotline_calendar: String,
    limits: Vec<FlowLimits>,
    correction_floor: String,
    /// `yellow`, `50%`, or how long before due.
    warnings: Vec<String>,
    warn_percent: u8,
    max_returns: u16,
    automatic_reworks: u16,
    max_cycles: u16,
    follow_up_attempts: u16,
    archive_days: u16,
    /// Whose reply the unit's leader approves first.
    #[schema(value_type = Vec<words::Kind>)]
    approval: Vec<&'static str>,
    reply_blocks: Vec<FlowBlocks>,
    suspension_days: u32,
    suspension_review_days: u32,
    suspension_causes: Vec<String>,
    escalation: Vec<FlowRung>,
    oversee_after_returns: u16,
    oversee_after_corrections: u16,
    oversee_after_dissatisfied: u16,
}

fn warning(mark: Mark) -> String {
    match mark {
        Mark::Yellow => "yellow".to_owned(),
        Mark::Percent(share) => format!("{share}%"),
        Mark::Before(limit) => limit.word(),
    }
}

impl FlowProfile {
    fn new(rules: &Rules, in_force: bool) -> Self {
        let urgent = [Urgency::Emergency, Urgency::Utility];
        let urgent = urgent.map(|u| FlowLimits::new(u.word(), rules.limits(Kind::Help, u)));
        let kinds = Kind::ALL
            .iter()
            .map(|kind| FlowLimits::new(kind.word(), rules.limits(*kind, Urgency::Normal)));
        let blocks = Kind::ALL.iter().map(|kind| FlowBlocks {
            kind: kind.word(),
            blocks: rules.reply_blocks(*kind).iter().map(|block| block.word()).collect(),
        });
        let rung = |rung: &ticket::Rung| FlowRung {
            level: rung.level.word(),
            after: rung.after.word(),
            tell: rung.tell.word(),
        };
        Self {
            profile: rules.profile.clone(),
            version: rules.version,
            in_force,
            unit_calendar: rules.office().name().to_owned(),
            hotline_calendar: rules.hotline().name().to_owned(),
            limits: urgent.into_iter().chain(kinds).collect(),
            correction_floor: rules.correction_floor.word(),
            warnings: rules.warnings.iter().copied().map(warning).collect(),
            warn_percent: rules.warn_percent,
            max_returns: rules.max_returns,
            automatic_reworks: rules.automatic_reworks,
            max_cycles: rules.max_cycles,
            follow_up_attempts: rules.follow_up_attempts,
            archive_days: rules.archive_days,
            approval: Kind::ALL
                .iter()
                .filter(|kind| rules.approval(**kind))
                .map(|kind| kind.word())
                .collect(),
            reply_blocks: blocks.filter(|one| !one.blocks.is_empty()).collect(),
            suspension_days: rules.suspension.max_days,
            suspension_review_days: rules.suspension.review_every_days,
            suspension_causes: rules.suspension.causes.clone(),
            escalation: rules.escalation.iter().map(rung).collect(),
            oversee_after_returns: rules.oversee_after_returns,
            oversee_after_corrections: rules.oversee_after_corrections,
            oversee_after_dissatisfied: rules.oversee_after_dissatisfied,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct FlowProfiles {
    items: Vec<FlowProfile>,
    next: Option<String>,
}

/// Flow profiles in every version 流程与时限
#[utoipa::path(get, path = "/flows", tag = "org",
    responses((status = 200, body = FlowProfiles), (status = 403, body = Problem)))]
async fn flows(State(app): State<App>, viewer: Viewer) -> Result<Json<FlowProfiles>, Error> {
    org::can(&viewer.actor(), Right::EditCatalogue, Thing::City)?;
    let book = app.workflow.book();
    let first = book.in_force().label();
    let items = book.all().map(|rules| FlowProfile::new(rules, rules.label() == first)).collect();
    Ok(Json(FlowProfiles { items, next: None }))
}

/// The hours of one day.
#[derive(Serialize, ToSchema)]
struct OpenSpan {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
struct CalendarDay {
    #[schema(value_type = String, format = Date)]
    date: NaiveDate,
    /// None: a day off.
    open: Vec<OpenSpan>,
}

/// Hours that were taken out of the calendar (停工), in the city's own time.
#[derive(Serialize, ToSchema)]
struct CalendarClosure {
    #[schema(value_type = String)]
    from: chrono::NaiveDateTime,
    #[schema(value_type = String)]
    to: chrono::NaiveDateTime,
    why: String,
}

/// A working calendar, a year of it (工作日历).
#[derive(Serialize, ToSchema)]
struct CalendarYear {
    name: String,
    zone: &'static str,
    /// The last day for which the official list is known; beyond it dates are provisional.
    #[schema(value_type = String, format = Date)]
    known_until: NaiveDate,
    /// The list of the coming year is not there yet.
    coming_year_missing: bool,
    sources: Vec<String>,
    closures: Vec<CalendarClosure>,
    days: Vec<CalendarDay>,
}

#[derive(Serialize, ToSchema)]
struct CalendarYears {
    items: Vec<CalendarYear>,
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct OfYear {
    /// This year, when left out.
    year: Option<i32>,
}

/// The working calendars 工作日历
#[utoipa::path(get, path = "/calendars", tag = "org", params(OfYear),
    responses((status = 200, body = CalendarYears), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn calendars(
    State(app): State<App>,
    viewer: Viewer,
    Query(of): Query<OfYear>,
) -> Result<Json<CalendarYears>, Error> {
    org::can(&viewer.actor(), Right::EditCatalogue, Thing::City)?;
    let today = days::day_of(&app, app.clock.now());
    let year = of.year.unwrap_or(today.year());
    if !(2019..2040).contains(&year) {
        return Err(Error::invalid("bad_query", "年份应在2019至2039之间"));
    }
    let coming = NaiveDate::from_ymd_opt(today.year() + 1, 1, 1);
    let first = NaiveDate::from_ymd_opt(year, 1, 1);
    let dates: Vec<NaiveDate> = first
        .into_iter()
        .flat_map(|first| first.iter_days())
        .take_while(|date| date.year() == year)
        .collect();
    let book = app.workflow.book();
    let items = book.calendars().map(|calendar| CalendarYear {
        name: calendar.name().to_owned(),
        zone: calendar.zone().name(),
        known_until: calendar.known_until(),
        coming_year_missing: coming.is_some_and(|coming| calendar.known_until() < coming),
        sources: calendar.sources().to_vec(),
        closures: calendar
            .closed()
            .iter()
            .map(|one| CalendarClosure { from: one.from, to: one.to, why: one.why.clone() })
            .collect(),
        days: dates
            .iter()
            .map(|date| CalendarDay {
                date: *date,
                open: calendar
                    .open_between(days::begins(&app, *date), days::ends(&app, *date))
                    .map(|(from, to)| OpenSpan { from, to })
                    .collect(),
            })
            .collect(),
    });
    Ok(Json(CalendarYears { items: items.collect(), next: None }))
}

#[cfg(test)]
mod tests {
    use org::Role;

    use crate::testing::house;

    #[tokio::test]
    async fn an_administrator_reads_the_limits_that_new_tickets_begin_with() {
        let house = house().await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let all = house.get("/api/v1/flows", &admin).await.json();
        let items = all["items"].as_array().unwrap();
        let now: Vec<_> = items.iter().filter(|one| one["in_force"] == true).collect();
        assert_eq!(now.len(), 1, "{all}");
        assert_eq!(now[0]["limits"].as_array().unwrap().len(), 8);
        let clerk = house.signed_in("clerk", Role::Agent, None).await.1;
        assert_eq!(house.get("/api/v1/flows", &clerk).await.problem().0, 403);
    }

    #[tokio::test]
    async fn a_calendar_shows_its_days_off_and_where_its_official_list_ends() {
        let house = house().await;
        let admin = house.signed_in("admin", Role::Administrator, None).await.1;
        let all = house.get("/api/v1/calendars?year=2026", &admin).await.json();
        let items = all["items"].as_array().unwrap();
        let office = items.iter().find(|one| one["name"] == "OFFICE").unwrap();
        let days = office["days"].as_array().unwrap();
        let open = |date: &str| {
            let day = days.iter().find(|day| day["date"] == date).unwrap();
            day["open"].as_array().unwrap().len()
        };
        assert_eq!(
            (days.len(), open("2026-10-01"), open("2026-10-10"), open("2026-11-23")),
            (365, 0, 2, 2)
        );
        assert_eq!(office["known_until"], "2026-12-31");
        assert_eq!(house.get("/api/v1/calendars?year=1900", &admin).await.problem().0, 422);
    }
}
