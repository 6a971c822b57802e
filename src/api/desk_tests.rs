//! The desk side of the interface, asked through the whole router, with a database and a
//! switchboard.
use axum::http::{Method, StatusCode, header};
use base::{AgentId, CallId, PhoneNumber};
use call::testing::{Switchboard, TRUNK, telephone};
use call::{AgentCard, Direction, Ending, Entry, Facts};
use chrono::TimeDelta;
use org::{Role, Staff};
use serde_json::{Value, json};

use crate::testing::{Answer, House, house_with_switchboard};

/// A house with a switchboard and an agent signed in.
struct Desk {
    house: House,
    agent: Staff,
    cookie: String,
    board: Switchboard,
    folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(set: impl FnOnce(&mut call::Config)) -> Self {
        let (house, board, folder) = house_with_switchboard(set).await;
        let (agent, cookie) = house.signed_in("agent", Role::Agent, None).await;
        let desk = Self { house, agent, cookie, board, folder };
        desk.house.app.calls.as_ref().unwrap().roster(vec![AgentCard::from(&desk.agent)]);
        desk
    }

    fn agent_id(&self) -> AgentId {
        self.agent.id.into()
    }

    async fn get(&self, path: &str) -> Answer {
        self.house.get(&format!("/api/v1{path}"), &self.cookie).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.house.post(&format!("/api/v1{path}"), &self.cookie, body).await
    }

    /// A call of before this start, from 13800000001; answered by `agent` if there is one.
    async fn old_call(&self, n: u8, agent: Option<AgentId>) -> CallId {
        let app = &self.house.app;
        let now = app.clock.now();
        let id = CallId::new(now, [n; 10]);
        let number: PhoneNumber = "13800000001".parse().unwrap();
        let answered_at = agent.map(|_| now + TimeDelta::seconds(12));
        let facts = Facts {
            id,
            direction: Direction::In,
            hotline: "12345".into(),
            hotline_name: "政务服务便民热线".into(),
            dialled: "12345".into(),
            trunk: None,
            withheld: false,
            invite_at: now,
            queued_at: Some(now),
            answered_at,
            talk_ended_at: answered_at.map(|at| at + TimeDelta::seconds(60)),
            ended_at: Some(now + TimeDelta::seconds(72)),
            agent,
            ending: Some(if agent.is_some() { Ending::AgentHungUp } else { Ending::Abandoned }),
            rating: None,
            callback: None,
            errand: None,
            demo: false,
        };
        let caller = app.persons.seal_number(&number, id.uuid().as_bytes());
        self.keep(Entry::Call { rev: 1, facts: Box::new(facts), caller: Some(caller) }).await;
        id
    }

    async fn keep(&self, entry: Entry) {
        call::store::write(&entry, &self.house.app.system, &self.house.app.persons).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_is_ready_without_a_telephone() {
    let desk = Desk::new().await;
    let seen = desk.get("/desk").await.json();
    assert_eq!(seen["presence"]["state"], "signed_out");
    assert_eq!(seen["phone"], json!({ "registered": false, "replaced": false }));
    let answer = desk.post("/desk/presence", json!({ "to": "ready" })).await;
    assert_eq!(answer.problem(), (409, "phone_not_registered".to_owned()));
}

#[tokio::test]
async fn with_a_telephone_an_agent_is_ready_and_takes_a_break_with_a_reason() {
    let desk = Desk::new().await;
    let account = desk.get("/phone/account").await.json();
    assert_eq!(account["uri"], format!("sip:{}@lianxin", desk.agent.number));
    let calls = desk.house.app.calls.clone().unwrap();
    let _phone = telephone(&calls, &desk.agent.number).await;
    for _ in 0..200 {
        let answer = desk.post("/desk/presence", json!({ "to": "ready" })).await;
        if answer.status == StatusCode::OK {
            assert_eq!(answer.json()["presence"]["state"], "ready");
            break;
        }
        tokio::task::yield_now().await;
    }
    let body = json!({ "to": "not_ready", "why": "小休" });
    let seen = desk.post("/desk/presence", body).await.json();
    assert_eq!(
        (&seen["presence"]["state"], &seen["presence"]["why"]),
        (&json!("not_ready"), &json!("小休"))
    );
}

#[tokio::test]
async fn a_desk_belongs_to_agents_and_the_floor_to_supervisors() {
    let desk = Desk::new().await;
    let (_, clerk) = desk.house.signed_in("reviewer", Role::Reviewer, None).await;
    assert_eq!(desk.house.get("/api/v1/desk", &clerk).await.problem().0, 403);
    assert_eq!(desk.get("/floor").await.problem().0, 403);
    let (_, supervisor) = desk.house.signed_in("supervisor", Role::Supervisor, None).await;
    let floor = desk.house.get("/api/v1/floor", &supervisor).await.json();
    assert_eq!(floor["agents"][0]["number"], desk.agent.number);
    assert_eq!(floor["tickets"]["open"], 0);
    assert_eq!(floor["alarms"], json!([]));
}

#[tokio::test]
async fn a_call_is_listed_with_its_callers_number_masked() {
    let desk = Desk::new().await;
    let id = desk.old_call(1, Some(desk.agent_id())).await;
    let row = desk.get("/calls").await.json()["items"][0].clone();
    assert_eq!(row["id"], id.to_string());
    assert_eq!(row["caller_masked"], "138****0001");
    assert_eq!((&row["wait_secs"], &row["talk_secs"]), (&json!(12), &json!(60)));
    let found = desk.get("/calls?agent=all&q=13800000001").await.json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let none = desk.get("/calls?agent=all&q=13900000002").await.json();
    assert_eq!(none["items"], json!([]));
    assert_eq!(desk.get("/calls?agent=everyone").await.problem().0, 422);
    let of = async |days: &str| {
        let found = desk.get(&format!("/calls?agent=all&{days}")).await.json();
        found["items"].as_array().unwrap().len()
    };
    let day = desk.house.app.clock.now().format("%Y-%m-%d").to_string();
    assert!(of(&format!("from={day}&to={day}")).await > 0);
    assert_eq!(of("to=2020-01-01").await, 0);
    assert_eq!(desk.get("/calls?from=yesterday").await.problem(), (422, "bad_query".to_owned()));
    for anything in ["%25", "_", "%5C"] {
        let found = desk.get(&format!("/calls?agent=all&q={anything}")).await.json();
        assert_eq!(found["items"], json!([]), "{anything} stands for itself");
    }
}

#[tokio::test]
async fn the_next_page_begins_where_the_last_one_ended() {
    let desk = Desk::new().await;
    for n in 1..=3 {
        desk.old_call(n, Some(desk.agent_id())).await;
        desk.house.clock.advance(TimeDelta::minutes(5));
    }
    let first = desk.get("/calls?limit=2").await.json();
    let cursor = first["next"].as_str().unwrap();
    let second = desk.get(&format!("/calls?limit=2&cursor={cursor}")).await.json();
    assert_eq!(
        (first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()),
        (2, 1)
    );
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn an_answered_call_has_exactly_one_outcome_and_its_agent_gives_it() {
    let desk = Desk::new().await;
    let mine = desk.old_call(1, Some(desk.agent_id())).await;
    let path = format!("/calls/{mine}/outcome");
    let (other, other_cookie) = desk.house.signed_in("other", Role::Agent, None).await;
    let wrong = json!({ "kind": "wrong_number" });
    let answer = desk.house.post(&format!("/api/v1{path}"), &other_cookie, wrong.clone()).await;
    assert_eq!(answer.problem().0, 403);
    let answer = desk.post(&path, json!({ "kind": "ticket" })).await;
    assert_eq!(answer.problem(), (422, "ticket_missing".to_owned()));
    assert_eq!(desk.post(&path, wrong.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.post(&path, wrong.clone()).await.problem(), (409, "outcome_given".to_owned()));
    let missed = desk.old_call(2, None).await;
    let answer = desk.post(&format!("/calls/{missed}/outcome"), wrong.clone()).await;
    assert_eq!(answer.problem(), (409, "not_answered".to_owned()));
    let unknown = CallId::new(desk.house.app.clock.now(), [9; 10]);
    assert_eq!(desk.post(&format!("/calls/{unknown}/outcome"), wrong).await.problem().0, 404);
    drop(other);
}

#[tokio::test]
async fn a_draft_survives_a_refresh_and_is_its_agents_own() {
    let desk = Desk::new().await;
    let call = desk.old_call(1, Some(desk.agent_id())).await;
    let path = format!("/api/v1/calls/{call}/draft");
    assert_eq!(desk.house.get(&path, &desk.cookie).await.json(), Value::Null);
    let draft = json!({ "title": "路灯不亮" });
    let kept = desk.house.send(Method::PUT, &path, &desk.cookie, draft.clone()).await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text);
    assert_eq!(desk.house.get(&path, &desk.cookie).await.json(), draft);
    let (_, other) = desk.house.signed_in("other", Role::Agent, None).await;
    assert_eq!(desk.house.send(Method::PUT, &path, &other, draft).await.problem().0, 403);
    assert_eq!(desk.house.get(&path, &other).await.json(), Value::Null);
}

#[tokio::test]
async fn playing_a_sealed_recording_is_written_down_and_parts_of_it_can_be_asked_for() {
    let desk = Desk::new().await;
    let call = desk.old_call(1, Some(desk.agent_id())).await;
    let at = desk.house.app.clock.now();
    let path = call::Recordings::name(call, at);
    let plain = desk.folder.path().join("recordings").join(&path);
    std::fs::create_dir_all(plain.parent().unwrap()).unwrap();
    std::fs::write(&plain, [7; 1000]).unwrap();
    desk.house.app.recordings.as_ref().unwrap().seal(&path).unwrap();
    assert!(!plain.exists());
    desk.keep(Entry::Recording { call, path, sha256: "0".repeat(64), millis: 100, at }).await;
    let url = format!("/api/v1/calls/{call}/recording");
    let whole = desk.house.get(&url, &desk.cookie).await;
    assert_eq!((whole.status, whole.text.len()), (StatusCode::OK, 1000));
    let headers = [("cookie", desk.cookie.as_str()), ("range", "bytes=10-19")];
    let part = desk.house.ask(Method::GET, &url, &headers, None).await;
    assert_eq!((part.status, part.text.len()), (StatusCode::PARTIAL_CONTENT, 10));
    assert_eq!(part.headers[header::CONTENT_RANGE], "bytes 10-19/1000");
    let (_, admin) = desk.house.signed_in("root", Role::Administrator, None).await;
    let about = format!("/api/v1/audit?thing=call&thing_id={call}");
    let lines = desk.house.get(&about, &admin).await.json();
    let played =
        lines["items"].as_array().unwrap().iter().filter(|line| line["act"] == "recording_played");
    assert_eq!(played.count(), 1);
    let (_, clerk) = desk.house.signed_in("clerk", Role::Administrator, None).await;
    assert_eq!(desk.house.get(&url, &clerk).await.problem().0, 403);
}

#[tokio::test]
async fn a_missed_caller_is_listed_once_and_served_by_calling_again() {
    let desk = Desk::new().await;
    for n in 1..=2 {
        let call = desk.old_call(n, None).await;
        let at = desk.house.app.clock.now();
        let task = call.uuid();
        desk.keep(Entry::Missed { task, call, at, due: call::due(at) }).await;
        desk.house.clock.advance(TimeDelta::minutes(5));
    }
    let open = desk.get("/callbacks").await.json();
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
    assert_eq!(open["items"][0]["caller_masked"], "138****0001");
    assert_eq!(
        (&open["items"][0]["tries"], &open["items"][0]["state"]),
        (&json!(2), &json!("open"))
    );
    let task = open["items"][0]["id"].as_str().unwrap();
    let answer = desk.post(&format!("/callbacks/{task}/call"), json!({})).await;
    assert_eq!(answer.problem(), (409, "no_trunk".to_owned()));
    desk.old_call(3, Some(desk.agent_id())).await;
    assert_eq!(desk.get("/callbacks").await.json()["items"][0]["state"], "done");
}

#[tokio::test]
async fn two_real_attempts_end_a_callback() {
    let desk = Desk::new().await;
    let missed = desk.old_call(1, None).await;
    let at = desk.house.app.clock.now();
    let task = missed.uuid();
    desk.keep(Entry::Missed { task, call: missed, at, due: call::due(at) }).await;
    for (n, result) in [(2, "failed"), (3, "no_answer"), (4, "busy")] {
        let state = desk.get("/callbacks").await.json()["items"][0]["state"].clone();
        assert_eq!(state, "open", "before {result}");
        let call = CallId::new(at, [n; 10]);
        let result = result.parse().unwrap();
        desk.keep(Entry::Attempt { task, call, agent: desk.agent_id(), at, result }).await;
    }
    let item = desk.get("/callbacks").await.json()["items"][0].clone();
    assert_eq!((&item["state"], item["attempts"].as_array().unwrap().len()), (&json!("done"), 3));
}

#[tokio::test]
async fn what_a_number_asked_for_before_is_found_at_its_next_call() {
    let desk = Desk::new().await;
    desk.old_call(1, Some(desk.agent_id())).await;
    let now = desk.old_call(2, Some(desk.agent_id())).await;
    let past = desk.get(&format!("/calls/{now}/history")).await.json();
    assert_eq!(past["calls"].as_array().unwrap().len(), 1);
    assert_eq!(past["tickets"], json!([]));
    let one = desk.get(&format!("/calls/{now}")).await.json();
    assert_eq!((&one["id"], &one["events"]), (&json!(now.to_string()), &json!([])));
}

#[tokio::test]
async fn without_the_demonstration_there_are_no_demo_calls() {
    let desk = Desk::new().await;
    assert_eq!(desk.get("/demo/fixtures").await.problem().0, 404);
    assert_eq!(desk.post("/demo/ring", json!({ "fixture": "heating" })).await.problem().0, 404);
}

#[tokio::test]
async fn a_ticket_names_a_call_of_its_own_agent_or_none() {
    let desk = Desk::new().await;
    let (other, other_cookie) = desk.house.signed_in("other", Role::Agent, None).await;
    let mine = desk.old_call(1, Some(desk.agent_id())).await;
    let theirs = desk.old_call(2, Some(other.id.into())).await;
    let unknown = CallId::new(desk.house.app.clock.now(), [9; 10]);
    let mut form = crate::tickets::tests::form(1);
    for (call, code) in [(theirs, "not_your_call"), (unknown, "no_such_call")] {
        form["call_id"] = json!(call);
        let answer = desk.post("/tickets", form.clone()).await;
        assert_eq!(answer.problem(), (422, code.to_owned()));
        assert_eq!(answer.json()["path"], "call_id");
    }
    form["call_id"] = json!(mine);
    form["outside_due"] = json!("0001-01-01T00:00:00Z");
    let answer = desk.post("/tickets", form.clone()).await;
    assert_eq!((answer.problem().0, &answer.json()["path"]), (422, &json!("outside_due")));
    form["outside_due"] = Value::Null;
    assert_eq!(desk.post("/tickets", form).await.status, StatusCode::CREATED);
    let (_, supervisor) = desk.house.signed_in("supervisor", Role::Supervisor, None).await;
    let mut form = crate::tickets::tests::form(2);
    form["call_id"] = json!(theirs);
    drop(other_cookie);
    let answer = desk.house.post("/api/v1/tickets", &supervisor, form).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

/// A ticket of a unit that has signed for it, and its clerk with a telephone.
async fn contacting(desk: &Desk) -> (String, String, Staff) {
    let house = &desk.house;
    let (_, dispatcher) = house.signed_in("dispatcher", Role::Dispatcher, None).await;
    let (clerk, cookie) =
        house.signed_in("caller-clerk", Role::Clerk, Some(&house.city.housing)).await;
    let made = desk.post("/tickets", crate::tickets::tests::form(1)).await;
    let step = json!({"action": "dispatch", "unit_id": house.city.housing.unit});
    let with_unit = crate::tickets::tests::act(house, &dispatcher, &made, step).await;
    crate::tickets::tests::act(house, &cookie, &with_unit, json!({"action": "sign"})).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    house.app.calls.as_ref().unwrap().roster(vec![AgentCard::from(&clerk)]);
    (id, cookie, clerk)
}

#[tokio::test]
async fn a_clerk_calls_the_citizen_and_names_the_call_as_proof() {
    let desk = Desk::with(|config| config.out_trunk = Some(TRUNK.to_owned())).await;
    let (id, cookie, clerk) = contacting(&desk).await;
    let path = format!("/api/v1/tickets/{id}/call-citizen");
    let ask = json!({ "purpose": "contact" });
    let without = desk.house.post(&path, &cookie, ask.clone()).await;
    assert_eq!(without.problem(), (409, "phone_not_registered".to_owned()));
    let calls = desk.house.app.calls.clone().unwrap();
    let _phone = telephone(&calls, &clerk.number).await;
    let mut begun = desk.house.post(&path, &cookie, ask.clone()).await;
    for _ in 0..200 {
        if begun.status == StatusCode::ACCEPTED {
            break;
        }
        tokio::task::yield_now().await;
        begun = desk.house.post(&path, &cookie, ask.clone()).await;
    }
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
    assert!(!begun.text.contains("13800000001"));
    let seen = desk.house.get("/api/v1/desk", &cookie).await;
    assert!(!seen.text.contains("13800000001"), "{}", seen.text);
    assert_eq!(seen.json()["call"]["ticket_id"], json!(id));
    // what the telephone wrote down is in the tables soon
    desk.board.spool.flushed().await;
    let (db, persons) = (&desk.house.app.system, &desk.house.app.persons);
    tokio::select! {
        () = desk.board.spool.drain(async |record| call::put_away(record, db, persons).await) => {}
        () = desk.board.spool.drained() => {}
    }
    let call = begun.json()["call_id"].clone();
    let page = desk.house.get(&format!("/api/v1/tickets/{id}"), &cookie).await;
    let contact = json!({"action": "contact", "how": "电话", "reached": true, "call_id": call});
    let after = crate::tickets::tests::act(&desk.house, &cookie, &page, contact).await.json();
    assert_eq!(after["contacts"][0]["proved"], true, "{after}");
    let (_, admin) = desk.house.signed_in("root", Role::Administrator, None).await;
    let about = format!("/api/v1/audit?thing=ticket&thing_id={id}");
    let lines = desk.house.get(&about, &admin).await.json();
    assert!(lines["items"].as_array().unwrap().iter().any(|line| line["act"] == "citizen_called"));
}

#[tokio::test]
async fn who_has_no_part_in_a_ticket_calls_nobody_and_nobody_is_asked_at_night() {
    let desk = Desk::with(|config| config.out_trunk = Some(TRUNK.to_owned())).await;
    let (id, ..) = contacting(&desk).await;
    let house = &desk.house;
    let path = format!("/api/v1/tickets/{id}/call-citizen");
    let (_, stranger) = house.signed_in("stranger", Role::Clerk, Some(&house.city.education)).await;
    let ask = json!({ "purpose": "contact" });
    assert_eq!(house.post(&path, &stranger, ask).await.problem().0, 404);
    let (_, caller) = house.signed_in("night", Role::FollowUp, None).await;
    let ask = json!({ "purpose": "follow_up" });
    let early = house.post(&path, &caller, ask.clone()).await;
    assert_eq!(early.problem(), (409, "ticket_wrong_state".to_owned()), "not answered yet");
    let (_, clerk) = house.signed_in("clerk2", Role::Clerk, Some(&house.city.housing)).await;
    let (_, reviewer) = house.signed_in("reviewer2", Role::Reviewer, None).await;
    let page = house.get(&format!("/api/v1/tickets/{id}"), &clerk).await;
    let reply = json!({"action": "reply", "text": "已到现场检修，供热恢复正常。", "contacted": true,
        "contacted_at": null, "how": "电话", "solved": "solved"});
    let replied = crate::tickets::tests::act(house, &clerk, &page, reply).await;
    let pass = json!({"action": "review", "pass": true});
    crate::tickets::tests::act(house, &reviewer, &replied, pass).await;
    house.clock.advance(TimeDelta::hours(13));
    let (_, caller) = house.signed_in("night2", Role::FollowUp, None).await;
    let late = house.post(&path, &caller, ask).await;
    assert_eq!(late.problem(), (409, "quiet_hours".to_owned()));
}
