//! Whether it lives and can work.
use super::*;

#[tokio::test]
async fn every_part_is_asked_and_one_that_is_down_makes_it_unready() {
    let house = house_with(|app| {
        app.parts = Arc::new([
            Part::new("sip", || State::Down { why: "port taken".to_owned() }),
            Part::new("speech", || State::Degraded { why: "no model".to_owned() }),
        ]);
    })
    .await;
    let answer = house.get("/readyz", "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let parts = &answer.json()["parts"];
    assert_eq!(parts["database"]["state"], "up");
    assert_eq!(parts["sip"]["why"], "port taken");
    assert_eq!(parts["speech"]["state"], "degraded");
    assert_eq!(house.get("/healthz", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_lost_database_shows() {
    let house = house().await;
    house.app.db.close().await;
    let answer = house.get("/readyz", "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["parts"]["database"]["state"], "down");
}

#[tokio::test]
async fn while_the_database_is_away_whoever_was_signed_in_goes_on_and_nobody_else_comes_in() {
    let house = house().await;
    let (_, seen) = house.signed_in("agent", Role::Agent, None).await;
    let (_, unseen) = house.signed_in("other", Role::Agent, None).await;
    house.get("/api/v1/me", &seen).await;
    house.app.db.close().await;
    assert_eq!(house.get("/api/v1/me", &seen).await.status, StatusCode::OK);
    let away = (503, "database_unavailable".to_owned());
    assert_eq!(house.get("/api/v1/me", &unseen).await.problem(), away);
    assert_eq!(house.get("/api/v1/units", &seen).await.problem(), away);
    house.clock.advance(chrono::TimeDelta::hours(1));
    assert_eq!(house.get("/api/v1/me", &seen).await.problem(), away);
}

#[tokio::test]
async fn requests_are_counted_by_route_not_by_address() {
    let handle = crate::install_metrics().unwrap();
    let house = house_with(|app| app.metrics = Some(handle)).await;
    house.get("/desk/some/secret", "").await;
    house.get("/healthz", "").await;
    let figures = house.get("/metrics", "").await;
    assert!(
        figures.text.contains(r#"lianxin_http_requests_total{route="/healthz""#),
        "{}",
        figures.text
    );
    assert!(figures.text.contains("lianxin_http_seconds_bucket"));
    assert!(!figures.text.contains("secret"));
}

#[tokio::test]
async fn the_interface_describes_itself_with_every_path_below_the_prefix() {
    let house = house().await;
    let document = house.get("/api/v1/openapi.json", "").await.json();
    let paths = document["paths"].as_object().unwrap();
    for path in ["/api/v1/login", "/api/v1/people/{id}", "/api/v1/knowledge"] {
        assert!(paths.contains_key(path), "{path}");
    }
    assert!(paths.keys().all(|path| path.starts_with("/api/v1/")));
    assert!(document["components"]["schemas"]["Problem"].is_object());
}

#[tokio::test]
async fn the_description_can_be_read_as_a_page_without_the_internet() {
    let house = house().await;
    let page = house.get("/api/docs/", "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("swagger-ui"), "{}", page.text);
    assert!(!page.text.contains("https://"), "{}", page.text);
    let start = house.get("/api/docs/swagger-initializer.js", "").await;
    assert!(start.text.contains("/api/v1/openapi.json"), "{}", start.text);
}
