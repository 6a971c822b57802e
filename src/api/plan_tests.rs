//! How PostgreSQL finds what the console lists, in a city of years: a million rows, the application's
//! own role, row security on. Every statement that a request runs, those inside functions too, is
//! explained as it runs (`auto_explain`) and has to find its rows by an index.
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use org::{Identity, Role};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};
use tracing::field::{Field, Visit};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::testing::{House, house_of};

/// What grows with the years.
const LARGE: [&str; 11] = [
    "ticket",
    "handling_leg",
    "ticket_history",
    "timer",
    "ticket_search",
    "notice",
    "call_record",
    "person",
    "person_number",
    "audit_event",
    "callback_task",
];
/// A statement that looks at more rows than this for one page reads the table, by whatever way.
const LOOKED_AT: f64 = 200_000.0;
/// A table read from its beginning until a page is full.
const BEGUN: f64 = 2_000.0;

#[tokio::test]
async fn no_list_and_no_search_reads_a_table_of_a_million_rows() {
    let house = house_of_years().await;
    let explained = Explained::default();
    let listening = tracing_subscriber::registry().with(explained.clone());
    let _listening = tracing::subscriber::set_default(listening);
    let (mut asked, mut dear) = (0, BTreeSet::new());
    for (name, role, post) in desks(&house) {
        let (_, cookie) = house.signed_in(name, role, post.as_ref()).await;
        for path in paths(&house, role).await {
            explained.take();
            let answer = house.get(&format!("/api/v1{path}"), &cookie).await;
            let forbidden = answer.status == StatusCode::FORBIDDEN;
            assert!(forbidden || answer.status == StatusCode::OK, "{name} {path}: {}", answer.text);
            let plans = explained.take();
            assert!(forbidden || !plans.is_empty(), "{name} {path}: nothing was explained");
            asked += 1;
            for plan in plans {
                dear.extend(
                    found_dear(&plan).into_iter().map(|why| format!("{why}: {name} {path}")),
                );
            }
        }
    }
    assert!(asked > 900, "only {asked} requests");
    assert!(dear.is_empty(), "of {asked} requests, dear:\n{}", Vec::from_iter(dear).join("\n"));
}

#[tokio::test]
async fn a_statement_that_reads_the_whole_table_is_noticed() {
    let plan = serde_json::json!({"Plan": {"Node Type": "Limit", "Plans": [
        {"Node Type": "Seq Scan", "Relation Name": "ticket", "Actual Rows": 50, "Actual Loops": 1,
         "Rows Removed by Filter": 9000}]}});
    assert_eq!(found_dear(&plan), ["Seq Scan on ticket, 9050 rows"]);
}

/// A house in whose database a million tickets lie, and which explains what it runs.
async fn house_of_years() -> House {
    let databases = db::testing::databases().await;
    let house = house_of(databases.app, |app| app.demo = true).await;
    let mut db = house.app.system.acquire().await.unwrap();
    for n in 0..500 {
        let number = format!("138{n:08}").parse().ok();
        let identity = Identity { number, ..Identity::default() };
        house.app.persons.know(&mut db, &identity, false).await.unwrap();
    }
    drop(db);
    lay(&databases.owner, &house).await;
    databases.owner.close().await;
    house
}

async fn lay(owner: &PgPool, house: &House) {
    let rows = include_str!("plan_tests.sql").replace("{now}", &house.app.clock.now().to_rfc3339());
    let run = async |sql: String| {
        let mut db = owner.acquire().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db).await.unwrap();
        db.close().await.unwrap();
    };
    run(rows).await;
    run("vacuum analyze".to_owned()).await;
    run("do $$ begin
        load 'auto_explain';
        execute format('alter role lianxin_app in database %I set session_preload_libraries = auto_explain', current_database());
        execute format('alter role lianxin_app in database %I set auto_explain.log_min_duration = 0', current_database());
        execute format('alter role lianxin_app in database %I set auto_explain.log_level = notice', current_database());
        execute format('alter role lianxin_app in database %I set auto_explain.log_format = json', current_database());
        execute format('alter role lianxin_app in database %I set auto_explain.log_analyze = on', current_database());
        execute format('alter role lianxin_app in database %I set auto_explain.log_timing = off', current_database());
        execute format('alter role lianxin_app in database %I set auto_explain.log_nested_statements = on', current_database());
    end $$"
        .to_owned())
    .await;
    // whoever is connected already explains nothing
    run("select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = 'lianxin_app'"
        .to_owned())
    .await;
}

/// Somebody of each role.
fn desks(house: &House) -> Vec<(&'static str, Role, Option<org::Post>)> {
    let city = &house.city;
    vec![
        ("agent", Role::Agent, None),
        ("supervisor", Role::Supervisor, None),
        ("dispatcher", Role::Dispatcher, None),
        ("reviewer", Role::Reviewer, None),
        ("follow-up", Role::FollowUp, None),
        ("oversight", Role::Oversight, None),
        ("hub", Role::Hub, Some(city.hub.clone())),
        ("clerk", Role::Clerk, Some(city.housing.clone())),
        ("leader", Role::Leader, Some(city.street.clone())),
        ("administrator", Role::Administrator, None),
    ]
}

/// Lists and searches of other things.
const OTHERS: &[&str] = &[
    "/work-counts",
    "/calls",
    "/calls?agent=all",
    "/calls?agent=all&q=13800000001",
    "/calls?agent=all&q=12345",
    "/notices?mine=true",
    "/calls?q=13800000001",
    "/calls?from=2024-03-01T00:00:00Z&to=2024-03-02T00:00:00Z",
    "/callbacks",
    "/notices",
    "/audit",
    "/people",
    "/people?q=agent",
    "/knowledge",
    "/knowledge?q=%E6%9A%96%E6%B0%94",
    "/places?q=%E8%A1%97",
    "/handover/current",
    "/reports/daily",
];

/// Every list of the console with every filter, and every search.
async fn paths(house: &House, role: Role) -> Vec<String> {
    let one = async |sql: &'static str| -> String {
        sqlx::query_scalar(sql).fetch_one(&house.app.system).await.unwrap()
    };
    let ticket = one("select id::text from ticket order by id desc limit 1").await;
    let unit = house.city.housing.unit.uuid();
    let category = one("select id::text from category order by code limit 1").await;
    let place = one("select id::text from place where kind = 'street' order by path limit 1").await;
    let mut filters: Vec<String> = [
        "",
        "&state=accepted",
        "&state=handling",
        "&state=in_review",
        "&state=closed",
        "&state=archived",
        "&state=accepted,return_asked",
        "&kind=help",
        "&kind=praise",
        "&urgency=normal",
        "&urgency=emergency",
        "&channel=phone",
        "&channel=110",
        "&from=2024-03-01&to=2024-03-07",
        "&from=2026-02-20",
        "&to=2023-06-01",
        "&due_before=2026-03-04",
        "&sort=oldest",
        "&sort=due",
        "&sort=newest",
        "&late=true",
        "&state=handling&kind=complaint&flag=urged",
        "&state=archived&flag=rework&from=2024-01-01&to=2024-12-31",
        "&kind=praise&state=in_review",
        "&counts=true",
        "&q=%E6%9A%96%E6%B0%94",
        "&q=0000000999999",
        "&limit=200",
        "&oversight=red",
    ]
    .map(str::to_owned)
    .into();
    filters.extend(ticket::Flag::ALL.iter().map(|flag| format!("&flag={}", flag.word())));
    filters.extend([
        format!("&unit={unit}"),
        format!("&category={category}"),
        format!("&place={place}"),
    ]);
    let boxes = ["todo", "unit", "mine", "all"];
    let mut paths: Vec<String> = boxes
        .iter()
        .flat_map(|which| filters.iter().map(move |filter| format!("/tickets?box={which}{filter}")))
        .collect();
    paths.extend(OTHERS.iter().copied().map(str::to_owned));
    paths.push(format!("/audit?thing=ticket&thing_id={ticket}"));
    if role == Role::Administrator {
        paths.retain(|path| !path.starts_with("/tickets"));
    }
    paths
}

/// The places of a plan that read a large table, or nearly.
fn found_dear(plan: &Value) -> Vec<String> {
    let mut dear = Vec::new();
    let mut nodes = vec![&plan["Plan"]];
    while let Some(node) = nodes.pop() {
        nodes.extend(node["Plans"].as_array().into_iter().flatten());
        let kind = node["Node Type"].as_str().unwrap_or_default();
        let table = node["Relation Name"].as_str().unwrap_or_default();
        let number = |name: &str| node[name].as_f64().unwrap_or_default();
        let rows = (number("Actual Rows")
            + number("Rows Removed by Filter")
            + number("Rows Removed by Index Recheck"))
            * number("Actual Loops");
        if LARGE.contains(&table) && rows > if kind == "Seq Scan" { BEGUN } else { LOOKED_AT } {
            dear.push(format!("{kind} on {table}, {rows} rows"));
        }
    }
    dear
}

/// The plans that PostgreSQL sent as notices.
#[derive(Debug, Clone, Default)]
struct Explained(Arc<Mutex<Vec<Value>>>);

impl Explained {
    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<S: tracing::Subscriber> Layer<S> for Explained {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::postgres::notice" {
            event.record(&mut Message(self));
        }
    }
}

struct Message<'a>(&'a Explained);

impl Visit for Message<'_> {
    fn record_str(&mut self, field: &Field, text: &str) {
        if let Some((_, plan)) = text.split_once("plan:\n").filter(|_| field.name() == "message") {
            self.0.0.lock().unwrap().push(serde_json::from_str(plan).unwrap());
        }
    }
    fn record_debug(&mut self, field: &Field, text: &dyn std::fmt::Debug) {
        self.record_str(field, &format!("{text:?}"));
    }
}
