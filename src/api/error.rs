use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// What a client can be told. Rooms have their own errors; this maps them. The codes are part of
/// the interface: they are added to, never changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("请先登录")]
    NotSignedIn,
    #[error("{0}")]
    Forbidden(String),
    #[error("找不到")]
    NotFound,
    /// Any other refusal, with its status and stable code.
    #[error("{detail}")]
    Refused { status: StatusCode, code: &'static str, detail: String },
    /// A refusal that tells more than one sentence, as what changed meanwhile.
    #[error("{detail}")]
    Told { status: StatusCode, code: &'static str, detail: String, more: Map<String, Value> },
    #[error("请求过于频繁，请在 {0} 秒后再试")]
    TooMany(u64),
    /// The database does not answer; it is worth trying again.
    #[error("数据库暂时不可用，请稍后重试")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Ours to repair; the client learns no more than that.
    #[error("系统内部错误")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// 409: the thing is not in a state for this.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused { status: StatusCode::CONFLICT, code, detail: detail.into() }
    }

    /// 422: what was given cannot be taken.
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, code, detail: detail.into() }
    }

    /// 503 when the database is away, 422 when it cannot hold a value, else 500.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error = error.into();
        if is_away(&*error) {
            Self::Unavailable(error)
        } else if is_unstorable(&*error) {
            Self::invalid("bad_value", "内容含有无法保存的字符，或时间超出范围")
        } else {
            Self::Internal(error)
        }
    }
}

/// Whether a value was given that PostgreSQL has no place for: NUL in a text, a time before its
/// calendar.
fn is_unstorable(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    chain.any(|cause| match cause.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(refused)) => {
            // character_not_in_repertoire, untranslatable_character, datetime_field_overflow
            refused.code().is_some_and(|code| ["22021", "22P05", "22008"].contains(&&*code))
        }
        _ => false,
    })
}

/// Whether the cause is that the database cannot be reached.
fn is_away(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    chain.any(|cause| match cause.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(refused)) => {
            // 57P01–57P03: shutting down or starting up
            refused.code().is_some_and(|code| code.starts_with("57P"))
        }
        Some(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => true,
        _ => false,
    })
}

impl From<org::Error> for Error {
    fn from(error: org::Error) -> Self {
        match error {
            org::Error::NotFound(_) => Self::NotFound,
            org::Error::Taken(detail) => Self::conflict("taken", detail),
            org::Error::Invalid(detail) => Self::invalid("invalid", detail),
            org::Error::Denied(denied) => denied.into(),
            org::Error::BadRow(row) => Self::invalid("bad_row", row.to_string()),
            broken @ (org::Error::Sealed(_) | org::Error::Corrupt(_) | org::Error::Db(_)) => {
                Self::internal(broken)
            }
        }
    }
}

impl From<org::Denied> for Error {
    fn from(denied: org::Denied) -> Self {
        Self::Forbidden(denied.to_string())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let detail = self.to_string();
        let (status, code, more) = match self {
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not_signed_in", Map::new()),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", Map::new()),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", Map::new()),
            Self::Refused { status, code, .. } => (status, code, Map::new()),
            Self::Told { status, code, more, .. } => (status, code, more),
            Self::TooMany(wait) => {
                let mut response = problem(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_requests",
                    &detail,
                    Map::new(),
                );
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
                return response;
            }
            Self::Unavailable(source) => {
                tracing::warn!(error = ?source, "a request met no database: {source}");
                let (status, code) = (StatusCode::SERVICE_UNAVAILABLE, "database_unavailable");
                let mut response = problem(status, code, &detail, Map::new());
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
                return response;
            }
            Self::Internal(source) => {
                tracing::error!(error = ?source, "a request failed: {source}");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", Map::new())
            }
        };
        problem(status, code, &detail, more)
    }
}

/// The database is started again within a second or two.
const RETRY_AFTER: u16 = 2;

/// RFC 9457: a problem in JSON.
pub(crate) fn problem(
    status: StatusCode,
    code: &str,
    detail: &str,
    more: Map<String, Value>,
) -> Response {
    let mut body = Map::from_iter([
        ("type".to_owned(), json!("about:blank")),
        ("title".to_owned(), json!(status.canonical_reason().unwrap_or("error"))),
        ("status".to_owned(), json!(status.as_u16())),
        ("code".to_owned(), json!(code)),
        ("detail".to_owned(), json!(detail)),
    ]);
    body.extend(more);
    let kind = [(header::CONTENT_TYPE, PROBLEM)];
    (status, kind, Value::Object(body).to_string()).into_response()
}

pub(crate) const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
