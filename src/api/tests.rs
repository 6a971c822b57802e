//! The door, asked through the whole router, with a database.
#[path = "assets_tests.rs"]
mod assets_tests;
#[path = "health_tests.rs"]
mod health_tests;
#[path = "login_tests.rs"]
mod login_tests;
#[path = "people_tests.rs"]
mod people_tests;
#[path = "protect_tests.rs"]
mod protect_tests;
#[path = "serve_tests.rs"]
mod serve_tests;

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::{Method, StatusCode, header};
use org::Role;
use org::staff::NewStaff;
use serde_json::{Value, json};

use crate::assets::Folder;
use crate::testing::{Answer, House, house, house_with};
use crate::{Part, State};

/// An agent with a password.
async fn agent(house: &House) -> String {
    let (admin, _) = house.signed_in("root", Role::Administrator, None).await;
    let new = NewStaff {
        name: "agent".to_owned(),
        display_name: "王晓梅".to_owned(),
        number: Some("1027".to_owned()),
        roles: [Role::Agent].into(),
        unit: Some(house.city.hotline.unit),
        ..NewStaff::default()
    };
    let app = &house.app;
    org::staff::add(&admin.actor(), &new, &app.db, &*app.clock, &*app.dice).await.unwrap().1
}

fn cookie(answer: &Answer) -> String {
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

mod lists {
    use super::*;

    #[tokio::test]
    async fn units_come_in_the_order_of_the_tree() {
        let house = house().await;
        let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
        let units = house.get("/api/v1/units", &cookie).await.json();
        assert_eq!(units["items"][0]["parent_id"], Value::Null);
        assert_eq!(units["items"][1]["parent_id"], units["items"][0]["id"]);
    }

    #[tokio::test]
    async fn a_supervisor_writes_knowledge_that_an_agent_finds() {
        let house = house().await;
        let (_, supervisor) = house.signed_in("supervisor", Role::Supervisor, None).await;
        let (_, agent) = house.signed_in("agent", Role::Agent, None).await;
        let text = json!({ "title": "路灯不亮报修", "answer": "请提供灯杆编号", "issuer": "市城管局",
            "valid_until": "2025-12-31" });
        let refused = house.post("/api/v1/knowledge", &agent, text.clone()).await;
        assert_eq!(refused.problem().0, 403);
        let added = house.post("/api/v1/knowledge", &supervisor, text).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
        let found = house.get("/api/v1/knowledge?q=%E8%B7%AF%E7%81%AF", &agent).await.json();
        assert_eq!(found["items"][0]["title"], "路灯不亮报修");
        assert_eq!(found["items"][0]["version"], 1);
        assert_eq!(found["items"][0]["expired"], true);
    }

    #[tokio::test]
    async fn nobody_reads_a_list_without_signing_in() {
        let house = house().await;
        for path in ["units", "places", "categories", "knowledge", "people", "audit", "me"] {
            let answer = house.get(&format!("/api/v1/{path}"), "").await;
            assert_eq!(answer.problem(), (401, "not_signed_in".to_owned()), "{path}");
        }
    }
}

#[tokio::test]
async fn figures_are_for_this_machine_and_for_whoever_shows_the_token() {
    let house = house_with(|app| app.metrics_token = "t0ken".into()).await;
    let ask = async |headers: &[(&str, &str)]| {
        house.ask(Method::GET, "/metrics", headers, None).await.status.as_u16()
    };
    let elsewhere = ("x-forwarded-for", "203.0.113.7");
    // nothing counts in this test: 404 is behind the door
    assert_eq!(ask(&[]).await, 404);
    assert_eq!(ask(&[elsewhere]).await, 403);
    assert_eq!(ask(&[elsewhere, ("authorization", "Bearer wrong")]).await, 403);
    assert_eq!(ask(&[elsewhere, ("authorization", "Bearer t0ken")]).await, 404);
}
