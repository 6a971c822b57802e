//! Changes over what somebody saw (If-Match): the one way in which all parts ask for the version, and
//! say that it is another by now.
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use org::audit::Line;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{Error, Json};

/// The version that the client saw; without it nothing is changed.
pub(crate) fn seen(headers: &HeaderMap) -> Result<i64, Error> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Error::Refused {
            status: StatusCode::PRECONDITION_REQUIRED,
            code: "if_match_required",
            detail: "缺少 If-Match：请先读取最新内容".to_owned(),
        });
    };
    let text = value.to_str().unwrap_or_default().trim();
    let text = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    text.parse().map_err(|_| Error::invalid("bad_if_match", "If-Match 应为所读内容的 ETag"))
}

/// With its version as `ETag`.
pub(crate) fn tagged(version: i64, body: impl Serialize) -> Response {
    ([(header::ETAG, format!("\"{version}\""))], Json(body)).into_response()
}

/// 412: somebody else was quicker.
pub(crate) fn changed() -> Error {
    told(Map::new())
}

/// The same, with how it stands now and who did what since.
pub(crate) fn changed_since(version: i64, now: &impl Serialize, since: &[Line]) -> Error {
    let since: Vec<Value> = since
        .iter()
        .map(|line| {
            json!({ "at": line.at, "by": line.actor, "act": line.what, "details": line.details })
        })
        .collect();
    told(Map::from_iter([
        ("version".to_owned(), json!(version)),
        ("now".to_owned(), json!(now)),
        ("changed".to_owned(), json!(since)),
    ]))
}

fn told(more: Map<String, Value>) -> Error {
    Error::Told {
        status: StatusCode::PRECONDITION_FAILED,
        code: "changed",
        detail: "已被他人修改，请刷新后再改".to_owned(),
        more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::IF_MATCH, value.parse().unwrap())])
    }

    #[test]
    fn a_version_is_read_as_servers_and_clients_write_it() {
        for value in ["7", "\"7\"", "W/\"7\"", " \"7\" "] {
            assert_eq!(seen(&header(value)).unwrap(), 7, "{value}");
        }
        assert!(matches!(seen(&header("\"*\"")), Err(Error::Refused { code: "bad_if_match", .. })));
        let none = seen(&HeaderMap::new());
        assert!(matches!(none, Err(Error::Refused { code: "if_match_required", .. })));
    }
}
