//! The lists of tickets: filters, order, counts.
use axum::http::StatusCode;
use base::Clock;
use org::Role;
use serde_json::json;

use super::tests::{act, form, people};
use crate::testing::{House, house};

async fn numbers(house: &House, cookie: &str, query: &str) -> Vec<String> {
    let answer = house.get(&format!("/api/v1/tickets?{query}"), cookie).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    let body = answer.json();
    let rows = body["items"].as_array().unwrap().iter();
    rows.map(|row| row["number"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_filter_keeps_what_it_names_and_leaves_out_the_rest() {
    let house = house().await;
    let people = people(&house).await;
    let first = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let mut other = form(2);
    other["draft"]["kind"] = json!("inquiry");
    other["draft"]["urgency"] = json!("normal");
    let step = json!({"action": "dispatch", "unit_id": house.city.housing.unit});
    let sent = act(&house, &people.dispatcher, &first, step).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    house.clock.advance(chrono::TimeDelta::days(2));
    let dispatcher = house.signed_in("dispatcher2", Role::Dispatcher, None).await.1;
    let other = house.post("/api/v1/tickets", &dispatcher, other).await.json();
    let (first, other) = (sent.json()["number"].clone(), other["number"].clone());
    let day = house.clock.now().date_naive();
    let unit = house.city.housing.unit;
    for (query, wanted) in [
        ("kind=inquiry".to_owned(), vec![&other]),
        ("kind=help".to_owned(), vec![&first]),
        (format!("unit={unit}"), vec![&first]),
        ("state=dispatched".to_owned(), vec![&first]),
        ("state=dispatched,accepted&sort=oldest".to_owned(), vec![&first, &other]),
        ("sort=newest".to_owned(), vec![&other, &first]),
        (format!("from={day}"), vec![&other]),
        (format!("to={}", day - chrono::TimeDelta::days(1)), vec![&first]),
        (format!("due_before={}", day + chrono::TimeDelta::days(90)), vec![&other, &first]),
        ("flag=urged".to_owned(), vec![]),
        ("channel=web".to_owned(), vec![]),
    ] {
        let found = numbers(&house, &dispatcher, &format!("box=all&{query}")).await;
        let mut wanted: Vec<_> = wanted.iter().map(|n| n.as_str().unwrap()).collect();
        let mut found: Vec<_> = found.iter().map(String::as_str).collect();
        if !query.contains("sort") {
            wanted.sort_unstable();
            found.sort_unstable();
        }
        assert_eq!(found, wanted, "{query}");
    }
}

#[tokio::test]
async fn every_mark_that_a_list_shows_can_be_asked_for() {
    let house = house().await;
    let people = people(&house).await;
    let supervisor = house.signed_in("supervisor", Role::Supervisor, None).await.1;
    let marked = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    house.post("/api/v1/tickets", &people.agent, form(2)).await;
    let flag = json!({"action": "flag", "mass": true, "headcount": 30, "reason": "多人反映"});
    let marked = act(&house, &supervisor, &marked, flag).await;
    let red = json!({"action": "oversee", "level": "red", "reason": "媒体报道"});
    let marked = act(&house, &supervisor, &marked, red).await.json();
    let number = marked["number"].as_str().unwrap().to_owned();
    let flags = marked["flags"].as_array().unwrap().clone();
    assert_eq!(flags, [json!("mass"), json!("oversight:red")]);
    for query in
        ["flag=mass", "flag=oversight:red", "flag=mass,oversight:red", "oversight=red,order"]
    {
        let found = numbers(&house, &supervisor, &format!("box=all&{query}")).await;
        assert_eq!(found, std::slice::from_ref(&number), "{query}");
    }
    for flag in ticket::Flag::ALL {
        numbers(&house, &supervisor, &format!("box=all&flag={}", flag.word())).await;
    }
    for query in
        ["flag=withdrawn", "flag=mass,withdrawn", "oversight=yellow", "flag=rating_doubted"]
    {
        let found = numbers(&house, &supervisor, &format!("box=all&{query}")).await;
        assert_eq!(found, Vec::<String>::new(), "{query}");
    }
}

/// A page of a list is found without looking at every ticket.
#[tokio::test]
async fn each_mark_has_an_index_that_gives_its_page() {
    let house = house().await;
    let condition = [
        "mass",
        "merged_children > 0",
        "withdrawn",
        "self_reported",
        "rating_doubted",
        "oversight is not null and oversight = any('{red}')",
    ];
    let mut tx = house.app.system.begin().await.unwrap();
    sqlx::query("set local enable_seqscan = off").execute(&mut *tx).await.unwrap();
    sqlx::query("set local enable_sort = off").execute(&mut *tx).await.unwrap();
    for condition in condition {
        let sql =
            format!("explain select id from ticket where {condition} order by id desc limit 50");
        let plan: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *tx).await.unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("ticket_mark_") || plan.contains("ticket_rating_doubted"), "{plan}");
    }
}

#[tokio::test]
async fn a_filter_that_does_not_exist_is_refused() {
    let house = house().await;
    let people = people(&house).await;
    for query in [
        "kind=x",
        "flag=x",
        "flag=oversight:x",
        "oversight=x",
        "state=x",
        "sort=x",
        "from=yesterday",
        "unit=1",
        "page=2",
    ] {
        let answer = house.get(&format!("/api/v1/tickets?{query}"), &people.dispatcher).await;
        assert_eq!(answer.problem(), (422, "bad_query".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn counts_say_how_much_each_box_holds_under_the_filters() {
    let house = house().await;
    let people = people(&house).await;
    for key in 1..=3 {
        house.post("/api/v1/tickets", &people.agent, form(key)).await;
    }
    let page = house.get("/api/v1/tickets?counts=true&limit=1", &people.dispatcher).await;
    let counts = &page.json()["counts"];
    assert_eq!((&counts["todo"], &counts["all"]), (&json!(3), &json!(3)), "{counts}");
    let none = house.get("/api/v1/tickets?counts=true&kind=praise", &people.dispatcher).await;
    assert_eq!(none.json()["counts"]["todo"], 0);
}

#[tokio::test]
async fn work_is_counted_by_state_and_lateness() {
    let house = house().await;
    let people = people(&house).await;
    house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let counts = house.get("/api/v1/work-counts", &people.dispatcher).await.json();
    assert_eq!(counts["total"], 1, "{counts}");
    assert_eq!(counts["states"][0]["state"], "accepted");
    assert_eq!(counts["late"], 0);
    house.clock.advance(chrono::TimeDelta::days(60));
    let (_, cookie) =
        house.signed_in("dispatcher2", Role::Dispatcher, Some(&house.city.hotline)).await;
    let counts = house.get("/api/v1/work-counts", &cookie).await.json();
    assert_eq!((&counts["late"], &counts["boxes"]["todo"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn a_unit_counts_nothing_that_it_may_not_see() {
    let house = house().await;
    let people = people(&house).await;
    house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let counts = house.get("/api/v1/work-counts", &people.clerk).await.json();
    assert_eq!((&counts["total"], &counts["boxes"]["all"]), (&json!(0), &json!(0)));
}
