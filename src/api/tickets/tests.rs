//! Tickets through the whole router.
use axum::http::{Method, header};
use org::Role;
use serde_json::{Value, json};

use crate::testing::{Answer, House, house};

pub(crate) fn form(key: u8) -> Value {
    json!({
        "draft": {
            "title": "阳光小区3号楼供热不足", "content": "室内温度只有14度。", "kind": "help",
            "urgency": "normal", "category_id": null, "place_id": null, "address": "阳光小区3号楼",
            "contact_name": "张先生", "contact_number": "13800000001", "secrecy": false, "wants_reply": true
        },
        "call_id": null, "channel": "phone", "key": format!("00000000-0000-8000-8000-0000000000{key:02}")
    })
}

pub(crate) struct People {
    pub(crate) agent: String,
    pub(crate) dispatcher: String,
    pub(crate) clerk: String,
    pub(crate) reviewer: String,
    pub(crate) caller: String,
}

pub(crate) async fn people(house: &House) -> People {
    let unit = house.city.housing.clone();
    let person = async |name: &str, role, post: Option<&org::Post>| {
        house.signed_in(name, role, post).await.1
    };
    People {
        agent: person("agent", Role::Agent, None).await,
        dispatcher: person("dispatcher", Role::Dispatcher, None).await,
        clerk: person("clerk", Role::Clerk, Some(&unit)).await,
        reviewer: person("reviewer", Role::Reviewer, None).await,
        caller: person("caller", Role::FollowUp, None).await,
    }
}

/// Takes a step with the version that the answer showed.
pub(crate) async fn act(house: &House, cookie: &str, seen: &Answer, body: Value) -> Answer {
    let id = seen.json()["id"].as_str().unwrap().to_owned();
    let version = seen.headers[header::ETAG].to_str().unwrap().to_owned();
    step(house, cookie, &id, Some(&version), body).await
}

pub(crate) async fn step(
    house: &House,
    cookie: &str,
    id: &str,
    version: Option<&str>,
    body: Value,
) -> Answer {
    let headers = [
        ("cookie", cookie),
        ("origin", "http://hotline.test"),
        ("content-type", "application/json"),
        ("if-match", version.unwrap_or_default()),
    ];
    let path = format!("/api/v1/tickets/{id}/actions");
    house.ask(Method::POST, &path, &headers, Some(body.to_string())).await
}

#[tokio::test]
async fn a_ticket_goes_from_call_to_close_over_http() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let unit = house.city.housing.unit;
    let sent = act(
        &house,
        &people.dispatcher,
        &made,
        json!({"action": "dispatch", "unit_id": unit, "assisting": []}),
    )
    .await;
    assert_eq!(sent.json()["state"], "dispatched", "{}", sent.text);
    let signed = act(&house, &people.clerk, &sent, json!({"action": "sign"})).await;
    let reply = json!({"action": "reply", "text": "已到现场检修，供热恢复正常。", "contacted": true,
        "contacted_at": null, "how": "电话", "solved": "solved"});
    let replied = act(&house, &people.clerk, &signed, reply).await;
    let passed = act(
        &house,
        &people.reviewer,
        &replied,
        json!({"action": "review", "pass": true, "missing": null}),
    )
    .await;
    let said = json!({"action": "follow_up", "reached": true, "contacted": true, "solved": "solved",
        "satisfaction": "satisfied", "words": "屋里热了", "not_true": false});
    let closed = act(&house, &people.caller, &passed, said).await.json();
    assert_eq!(
        (closed["state"].as_str(), closed["version"].as_i64()),
        (Some("closed"), Some(6)),
        "{closed}"
    );
    assert_eq!(closed["rating"]["satisfaction"], "satisfied");
    assert_eq!(closed["history"].as_array().unwrap().len(), 6);
    assert!(closed["timers"][0]["segments"][0]["kind"].is_string());
    let texts: Vec<_> =
        closed["notices"].as_array().unwrap().iter().map(|n| n["template"].clone()).collect();
    assert!(texts.contains(&json!("closed")) && texts.contains(&json!("accepted")), "{texts:?}");
}

#[tokio::test]
async fn the_same_form_twice_gives_201_then_200_and_one_ticket() {
    let house = house().await;
    let people = people(&house).await;
    let first = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let second = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 200));
    assert_eq!(first.json()["id"], second.json()["id"]);
}

#[tokio::test]
async fn a_step_without_if_match_is_428_and_with_an_old_one_412_that_tells_what_changed() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let send = json!({"action": "dispatch", "unit_id": house.city.housing.unit});
    let without = step(&house, &people.dispatcher, &id, None, send.clone()).await;
    assert_eq!(without.problem(), (428, "if_match_required".to_owned()));
    act(&house, &people.dispatcher, &made, send.clone()).await;
    let stale = step(&house, &people.dispatcher, &id, Some("\"1\""), send).await;
    assert_eq!(stale.problem(), (412, "ticket_changed".to_owned()));
    assert_eq!(stale.json()["changed"][0]["action"], "dispatch");
}

#[tokio::test]
async fn signing_an_undispatched_ticket_is_a_conflict_that_names_state_and_steps() {
    let house = house().await;
    let people = people(&house).await;
    let supervisor = house.signed_in("supervisor", Role::Supervisor, None).await.1;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let refused =
        act(&house, &supervisor, &made, json!({"action": "sign", "reason": "代办"})).await;
    assert_eq!(refused.problem(), (409, "ticket_wrong_state".to_owned()), "{}", refused.text);
    let body = refused.json();
    assert_eq!(body["state"], "accepted");
    assert!(body["allowed"].as_array().unwrap().contains(&json!("dispatch")), "{body}");
}

#[tokio::test]
async fn a_step_of_someone_else_is_forbidden() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let send = json!({"action": "dispatch", "unit_id": house.city.housing.unit});
    assert_eq!(act(&house, &people.agent, &made, send).await.problem().0, 403);
}

#[tokio::test]
async fn another_units_ticket_is_not_found() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let path = format!("/api/v1/tickets/{}", made["id"].as_str().unwrap());
    assert_eq!(house.get(&path, &people.clerk).await.problem().0, 404);
    assert_eq!(house.get("/api/v1/tickets/not-an-id", &people.agent).await.problem().0, 404);
}

#[tokio::test]
async fn unknown_fields_and_words_are_refused() {
    let house = house().await;
    let people = people(&house).await;
    let mut extra = form(1);
    extra["draft"]["priority"] = json!(1);
    let refused = house.post("/api/v1/tickets", &people.agent, extra).await;
    assert_eq!(refused.problem(), (422, "unknown_field".to_owned()));
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let odd = json!({"action": "sign", "due": "2026-01-01"});
    assert_eq!(
        act(&house, &people.clerk, &made, odd).await.problem(),
        (422, "unknown_field".to_owned())
    );
    let mut bad = form(2);
    bad["draft"]["contact_number"] = json!("一二三");
    assert_eq!(
        house.post("/api/v1/tickets", &people.agent, bad).await.problem(),
        (422, "bad_step".to_owned())
    );
    let odd = house.get("/api/v1/tickets?box=trash", &people.agent).await;
    assert_eq!(odd.problem(), (422, "bad_query".to_owned()));
}

#[tokio::test]
async fn lists_go_page_by_page() {
    let house = house().await;
    let people = people(&house).await;
    for key in 1..=5 {
        house.post("/api/v1/tickets", &people.agent, form(key)).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/tickets?box=todo&limit=2{cursor}");
        let page = house.get(&path, &people.dispatcher).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["number"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let row =
        &house.get("/api/v1/tickets?box=all&q=供热", &people.dispatcher).await.json()["items"][0];
    assert_eq!(row["left_text"], "剩 4 小时 0 分");
}

#[tokio::test]
async fn revealing_a_contact_needs_a_reason() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    assert_eq!(made["contact"]["number_masked"], "138****0001");
    let path = format!("/api/v1/tickets/{}/contact", made["id"].as_str().unwrap());
    assert_eq!(house.post(&path, &people.agent, json!({"reason": ""})).await.problem().0, 422);
    let shown = house.post(&path, &people.agent, json!({"reason": "核对号码"})).await.json();
    assert_eq!(shown["number"], "13800000001");
}

#[tokio::test]
async fn the_public_page_gives_the_same_answer_for_each_wrong_input() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let (number, code) = (made["number"].clone(), made["query_code"].clone());
    let ask = async |number: Value, code: Value| {
        house.post("/api/v1/public/lookup", "", json!({"number": number, "code": code})).await
    };
    let right = ask(number.clone(), code.clone()).await;
    assert_eq!(right.json()["state"], "已受理", "{}", right.text);
    let mut answers = Vec::new();
    for (number, code) in
        [(number, json!("99999")), (json!("2026030200013"), code.clone()), (json!("x"), code)]
    {
        let wrong = ask(number, code).await;
        assert_eq!(wrong.problem(), (404, "no_such_ticket".to_owned()));
        answers.push(wrong.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[tokio::test]
async fn guessing_codes_is_stopped() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
    let mut last = 0;
    for code in 0..12 {
        let body = json!({"number": made["number"], "code": format!("x{code:03}")});
        last = house.post("/api/v1/public/lookup", "", body).await.status.as_u16();
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn a_category_that_is_not_there_is_told_by_its_field() {
    let house = house().await;
    let people = people(&house).await;
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let unknown = "00000000-0000-8000-8000-000000004711";
    let body = json!({"action": "recategorise", "category_id": unknown, "reason": "分类有误"});
    let answer = act(&house, &people.agent, &made, body).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        (&answer.json()["code"], &answer.json()["path"]),
        (&json!("bad_field"), &json!("category_id"))
    );
}

#[tokio::test]
async fn a_leader_finds_in_the_console_what_lies_there_for_the_post_and_a_clerk_does_not() {
    let house = house().await;
    let people = people(&house).await;
    let unit = house.city.housing.clone();
    let made = house.post("/api/v1/tickets", &people.agent, form(1)).await;
    let send = json!({"action": "dispatch", "unit_id": unit.unit, "reason": "按规定办理"});
    act(&house, &people.dispatcher, &made, send).await;
    house.clock.advance(chrono::TimeDelta::days(14));
    house.app.workflow.fire_due().await.unwrap();
    // signed in since, as nobody stays for two weeks
    let leader = house.signed_in("leader", Role::Leader, Some(&unit)).await.1;
    let clerk = house.signed_in("clerk2", Role::Clerk, Some(&unit)).await.1;
    let mine = house.get("/api/v1/notices?mine=true", &leader).await.json();
    let items = mine["items"].as_array().unwrap();
    assert!(!items.is_empty());
    assert!(items.iter().all(|item| item["kind"] == "desk" && item["to_masked"] == "市住房和城乡建设局分管领导"));
    let clerks = house.get("/api/v1/notices?mine=true", &clerk).await.json();
    assert_eq!(clerks["items"], json!([]));
    assert_eq!(house.get("/api/v1/notices", &clerk).await.status, 403);
}
