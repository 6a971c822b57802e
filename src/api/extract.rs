//! Extractors whose refusals are problems that name what is wrong.
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, json};

use crate::Error;

/// A JSON body: in, unknown fields are refused and every refusal names the field's path; out, plain
/// JSON.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        if !is_json(request.headers()) {
            return Err(Error::Refused {
                status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
                code: "not_json",
                detail: "请求体必须是 JSON（Content-Type: application/json）".to_owned(),
            });
        }
        let body = Bytes::from_request(request, state).await.map_err(|error| unreadable(&error))?;
        parse(&body).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind =
        headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn unreadable(error: &BytesRejection) -> Error {
    let (status, code) = match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
        _ => (StatusCode::BAD_REQUEST, "body_unreadable"),
    };
    Error::Refused { status, code, detail: "请求体过大或无法读取".to_owned() }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let mut unknown = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let read = {
        let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
        serde_ignored::deserialize(tracked, |path| unknown.push(path.to_string()))
    };
    let value: T = read.map_err(|error| bad_field(&track.path().to_string(), &error))?;
    json.end().map_err(|error| bad_field(".", &error))?;
    match unknown.first() {
        None => Ok(value),
        Some(path) => Err(field_error("unknown_field", path, format!("不认识的字段 {path}"))),
    }
}

fn bad_field(path: &str, error: &serde_json::Error) -> Error {
    if error.is_syntax() || error.is_eof() {
        return Error::Refused {
            status: StatusCode::BAD_REQUEST,
            code: "bad_json",
            detail: format!("JSON 无法解析：{error}"),
        };
    }
    let text = error.to_string();
    let code = if text.starts_with("unknown field") { "unknown_field" } else { "bad_field" };
    field_error(code, path, format!("字段 {path}：{text}"))
}

pub(crate) fn field_error(code: &'static str, path: &str, detail: String) -> Error {
    let more = Map::from_iter([("path".to_owned(), json!(path))]);
    Error::Told { status: StatusCode::UNPROCESSABLE_ENTITY, code, detail, more }
}

/// The query of a URL. Give the type `#[serde(deny_unknown_fields)]`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(error) => Err(Error::invalid("bad_query", error.body_text())),
        }
    }
}

/// The variable parts of a URL's path. What does not parse (an id that is none) is not found.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(_) => Err(Error::NotFound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        inner: Inner,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only read")]
        count: u32,
    }

    fn told(body: &str) -> (&'static str, String) {
        match parse::<Outer>(body.as_bytes()) {
            Err(Error::Told { code, more, .. }) => {
                (code, more["path"].as_str().unwrap().to_owned())
            }
            Err(Error::Refused { code, .. }) => (code, String::new()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_field_is_named_with_its_path() {
        assert_eq!(
            told(r#"{"inner":{"count":1,"more":2}}"#),
            ("unknown_field", "inner.more".to_owned())
        );
    }

    #[test]
    fn a_wrong_type_is_named_with_its_path() {
        assert_eq!(told(r#"{"inner":{"count":"one"}}"#), ("bad_field", "inner.count".to_owned()));
    }

    #[test]
    fn broken_json_is_a_bad_request() {
        assert_eq!(told(r#"{"inner":"#).0, "bad_json");
    }

    #[test]
    fn text_after_the_json_is_refused() {
        assert_eq!(told(r#"{"inner":{"count":1}} x"#).0, "bad_json");
    }
}
