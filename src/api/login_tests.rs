//! Signing in and out over HTTP.
use super::*;

#[tokio::test]
async fn a_cookie_no_script_can_read_carries_the_sign_in() {
    let house = house().await;
    let password = agent(&house).await;
    let answer =
        house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"),
        "{set}"
    );
    let me = house.get("/api/v1/me", &cookie(&answer)).await.json();
    assert_eq!(me["number"], "1027");
    assert_eq!(me["roles"], json!(["agent"]));
    assert_eq!(me["unit"]["name"], "12345热线中心");
    assert_eq!(me["unit"]["level"], "city");
    assert_eq!(me["demo"], true);
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized() {
    let house = house().await;
    agent(&house).await;
    let answer =
        house.post("/api/v1/login", "", json!({ "name": "agent", "password": "wrong" })).await;
    assert_eq!(answer.problem(), (401, "wrong_name_or_password".to_owned()));
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
}

#[tokio::test]
async fn after_twenty_attempts_a_person_has_to_wait() {
    let house = house().await;
    let attempt = json!({ "name": "nobody", "password": "wrong" });
    for _ in 0..20 {
        house.post("/api/v1/login", "", attempt.clone()).await;
    }
    let answer = house.post("/api/v1/login", "", attempt).await;
    assert_eq!(answer.problem(), (429, "too_many_requests".to_owned()));
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn signing_out_ends_it() {
    let house = house().await;
    let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
    assert_eq!(
        house.post("/api/v1/logout", &cookie, json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(house.get("/api/v1/me", &cookie).await.problem(), (401, "not_signed_in".to_owned()));
}

#[tokio::test]
async fn a_sign_in_left_alone_over_night_is_over() {
    let house = house().await;
    let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
    house.clock.advance(chrono::TimeDelta::hours(13));
    assert_eq!(house.get("/api/v1/me", &cookie).await.problem().0, 401);
}

#[tokio::test]
async fn outside_the_demonstration_a_second_factor_is_set_up_first() {
    let house = house_with(|app| app.demo = false).await;
    let password = agent(&house).await;
    let answer =
        house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
    assert_eq!(answer.problem(), (409, "totp_enrol".to_owned()));
    let uri = answer.json()["uri"].as_str().unwrap().to_owned();
    assert!(uri.starts_with("otpauth://totp/"), "{uri}");
}

#[tokio::test]
async fn with_tls_the_cookie_travels_over_tls_only() {
    let house = house_with(|app| (app.demo, app.secure) = (true, true)).await;
    let password = agent(&house).await;
    let answer =
        house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("Secure"));
    assert!(answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn ones_own_password_is_changed_with_the_old_one() {
    let house = house().await;
    let password = agent(&house).await;
    let answer =
        house.post("/api/v1/login", "", json!({ "name": "agent", "password": password })).await;
    let cookie = cookie(&answer);
    let change = async |old: &str, new: &str| {
        house.post("/api/v1/me/password", &cookie, json!({ "old": old, "new": new })).await
    };
    assert_eq!(change("wrong", "a longer password").await.problem().0, 401);
    assert_eq!(change(&password, "short").await.problem(), (422, "invalid".to_owned()));
    assert_eq!(change(&password, "a longer password").await.status, StatusCode::NO_CONTENT);
    let body = json!({ "name": "agent", "password": "a longer password" });
    assert_eq!(house.post("/api/v1/login", "", body).await.status, StatusCode::OK);
}
