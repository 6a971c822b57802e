//! What every request and answer is held to.
use super::*;

#[tokio::test]
async fn a_change_from_a_foreign_page_or_from_none_is_refused() {
    let house = house().await;
    let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
    for origin in ["http://evil.test", ""] {
        let headers = [("cookie", cookie.as_str()), ("origin", origin)];
        let answer = house.ask(Method::POST, "/api/v1/logout", &headers, None).await;
        assert_eq!(answer.problem(), (403, "foreign_origin".to_owned()));
    }
    assert_eq!(house.get("/api/v1/me", &cookie).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_a_request_id() {
    let house = house().await;
    for path in ["/", "/api/v1/me", "/healthz", "/nothing.js"] {
        let headers = house.get(path, "").await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert!(headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'"));
        assert!(headers.contains_key("x-request-id"), "{path}");
    }
}

#[tokio::test]
async fn what_the_interface_answers_is_not_kept_by_browsers() {
    let house = house().await;
    let (_, cookie) = house.signed_in("agent", Role::Agent, None).await;
    assert_eq!(house.get("/api/v1/me", &cookie).await.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn every_kind_of_refusal_is_a_problem() {
    let house = house().await;
    let (_, cookie) = house.signed_in("admin", Role::Administrator, None).await;
    let problem = async |method: Method, path: &str, body: &str, kind: &str| {
        let headers = [
            ("cookie", cookie.as_str()),
            ("origin", "http://hotline.test"),
            ("content-type", kind),
        ];
        house.ask(method, path, &headers, Some(body.to_owned())).await.problem()
    };
    let json = "application/json";
    let told = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(problem(Method::GET, "/api/v1/nothing", "", json).await, told(404, "not_found"));
    assert_eq!(
        problem(Method::DELETE, "/api/v1/me", "", json).await,
        told(405, "method_not_allowed")
    );
    assert_eq!(problem(Method::POST, "/api/v1/login", "{", json).await, told(400, "bad_json"));
    assert_eq!(
        problem(Method::POST, "/api/v1/login", "{}", "text/plain").await,
        told(415, "not_json")
    );
    assert_eq!(problem(Method::POST, "/api/v1/login", "{}", json).await, told(422, "bad_field"));
    let more = r#"{"name":"a","password":"b","admin":true}"#;
    assert_eq!(
        problem(Method::POST, "/api/v1/login", more, json).await,
        told(422, "unknown_field")
    );
    assert_eq!(
        problem(Method::GET, "/api/v1/people?page=2", "", json).await,
        told(422, "bad_query")
    );
    let big = format!(r#"{{"name":"{}"}}"#, "x".repeat(2 * 1024 * 1024));
    assert_eq!(
        problem(Method::POST, "/api/v1/login", &big, json).await,
        told(413, "body_too_large")
    );
    let nul = r#"{"name":"a\u0000","password":"b"}"#;
    assert_eq!(problem(Method::POST, "/api/v1/login", nul, json).await, told(422, "bad_value"));
    assert_eq!(
        problem(Method::GET, "/api/v1/people?q=%00", "", json).await,
        told(422, "bad_value")
    );
    let path = "/api/v1/people/no-id/password-reset";
    assert_eq!(problem(Method::POST, path, "{}", json).await, told(404, "not_found"));
}
