//! `Idempotency-Key`: who sends a request twice, because the answer was lost, gets the first answer
//! and makes nothing a second time.
use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use workflow::idempotency::{Answer, Asked, Claim};

use crate::viewer::{signed_in, token};
use crate::{App, Error};

pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const LONGEST_KEY: usize = 100;
/// The largest request and answer that are compared and kept.
const LARGEST: usize = 1024 * 1024;
/// A request that has not been answered for so long died with its process.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

/// Where a key counts: what these make can be made twice, and their answers hold no secret.
const ROUTES: &[&str] = &[
    "/api/v1/tickets",
    "/api/v1/tickets/{id}/actions",
    "/api/v1/tickets/{id}/additions",
    "/api/v1/callbacks/{id}/call",
    "/api/v1/bulk",
    "/api/v1/exports",
    "/api/v1/imports/{list}",
    "/api/v1/templates",
    "/api/v1/filters",
    "/api/v1/handover",
    "/api/v1/handover/{id}/take",
    "/api/v1/webhooks/{id}/replay",
];

/// The key that came with a request.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    if text.is_empty() || text.len() > LONGEST_KEY {
        return Err(Error::invalid("bad_idempotency_key", "Idempotency-Key 应为1至100个可见字符"));
    }
    Ok(Some(text.to_owned()))
}

/// Stands before the routes.
pub(crate) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let counts = *request.method() == Method::POST
        && request.headers().contains_key(KEY)
        && path.is_some_and(|path| ROUTES.contains(&path));
    if !counts {
        return next.run(request).await;
    }
    once(&app, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn once(app: &App, request: Request, next: Next) -> Result<Response, Error> {
    let key = key(request.headers())?.unwrap_or_default();
    let token = token(request.headers()).ok_or(Error::NotSignedIn)?;
    let staff = signed_in(&token, app).await?.ok_or(Error::NotSignedIn)?.id;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.map_err(|_| Error::Refused {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        code: "body_too_large",
        detail: "请求体过大或无法读取".to_owned(),
    })?;
    let mut hash = Sha256::new();
    hash.update(parts.uri.path_and_query().map_or("", |path| path.as_str()).as_bytes());
    hash.update([0]);
    hash.update(&body);
    let asked = Asked { staff, key, sha256: hash.finalize().into() };
    let now = app.clock.now();
    match workflow::idempotency::claim(&app.db, &asked, now, PATIENCE).await? {
        Claim::Yours => {}
        Claim::Other => {
            let why = "此 Idempotency-Key 已用于另一个请求";
            return Err(Error::invalid("idempotency_key_reused", why));
        }
        Claim::Running => {
            let why = "相同的请求正在处理，请稍后重试";
            return Err(Error::conflict("idempotency_in_progress", why));
        }
        Claim::Answered(answer) => return Ok(replay(answer)),
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        workflow::idempotency::forget(&app.db, &asked).await?; // nothing was made: it may be mended
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.map_err(Error::internal)?;
    let etag = parts.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    let answer = Answer {
        status: parts.status.as_u16(),
        etag: etag.map(str::to_owned),
        body: body.to_vec(),
    };
    workflow::idempotency::answered(&app.db, &asked, &answer).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn replay(answer: Answer) -> Response {
    let mut response = answer.body.into_response();
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(Ok(etag)) = answer.etag.as_deref().map(HeaderValue::from_str) {
        headers.insert(header::ETAG, etag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{House, house};
    use crate::tickets::tests::{form, people};
    use serde_json::{Value, json};

    async fn add(
        house: &House,
        cookie: &str,
        id: &str,
        key: &str,
        text: &str,
    ) -> crate::testing::Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", "http://hotline.test"),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        let path = format!("/api/v1/tickets/{id}/additions");
        house.ask(Method::POST, &path, &headers, Some(json!({"text": text}).to_string())).await
    }

    fn additions(page: &Value) -> usize {
        let history = page["history"].as_array().unwrap();
        history.iter().filter(|event| event["action"] == "addition").count()
    }

    #[tokio::test]
    async fn an_addition_sent_twice_under_one_key_is_made_once_and_answered_the_same() {
        let house = house().await;
        let people = people(&house).await;
        let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
        let id = made["id"].as_str().unwrap();
        let first = add(&house, &people.agent, id, "k1", "又停暖了").await;
        let again = add(&house, &people.agent, id, "k1", "又停暖了").await;
        assert_eq!(first.status, 200, "{}", first.text);
        assert_eq!((first.text, first.status), (again.text.clone(), again.status));
        assert_eq!(again.headers["idempotent-replayed"], "true");
        assert_eq!(additions(&again.json()), 1);
    }

    #[tokio::test]
    async fn a_key_used_for_another_request_is_refused() {
        let house = house().await;
        let people = people(&house).await;
        let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
        let id = made["id"].as_str().unwrap();
        add(&house, &people.agent, id, "k1", "又停暖了").await;
        let other = add(&house, &people.agent, id, "k1", "来暖了").await;
        assert_eq!(other.problem(), (422, "idempotency_key_reused".to_owned()));
    }

    #[tokio::test]
    async fn another_person_may_use_the_same_key() {
        let house = house().await;
        let people = people(&house).await;
        let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
        let id = made["id"].as_str().unwrap();
        add(&house, &people.agent, id, "k1", "又停暖了").await;
        let other = add(&house, &people.dispatcher, id, "k1", "来暖了").await;
        assert_eq!(additions(&other.json()), 2);
    }

    #[tokio::test]
    async fn what_was_refused_may_be_mended_under_the_same_key() {
        let house = house().await;
        let people = people(&house).await;
        let made = house.post("/api/v1/tickets", &people.agent, form(1)).await.json();
        let id = made["id"].as_str().unwrap();
        assert_eq!(add(&house, &people.agent, id, "k1", "").await.problem().0, 422);
        assert_eq!(add(&house, &people.agent, id, "k1", "又停暖了").await.status, 200);
    }
}
