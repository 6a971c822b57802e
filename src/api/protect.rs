//! What stands before every route: request id, log, size and time limits, origin, security headers,
//! compression, and problems instead of plain-text refusals.
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Map;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument;

use crate::error::{PROBLEM, problem};
use crate::{App, Error, idempotency};

/// The most that a request may carry, unless its route says otherwise.
const LARGEST_BODY: usize = 1024 * 1024;
/// The longest that an answer may take to begin. A WebSocket's answer begins at once.
const SLOWEST: Duration = Duration::from_secs(30);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Scripts and styles come from here only. The console's libraries set styles on elements.
const CONTENT_SECURITY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob: mediastream:; \
    connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; \
    form-action 'self'; frame-ancestors 'none'";

pub(crate) fn layers(router: Router<App>, app: &App) -> Router<App> {
    router
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(app.clone(), idempotency::layer))
        .layer(from_fn(own_origin))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, SLOWEST))
        .layer(from_fn(problems))
        .layer(compression())
        .layer(from_fn_with_state(app.clone(), headers))
        .layer(from_fn_with_state(app.clone(), observe))
}

/// Gzip for text; recordings are left alone, so that a player can ask for a range of one.
fn compression() -> CompressionLayer<impl Predicate> {
    let sound = NotForContentType::const_new("audio/");
    CompressionLayer::new()
        .no_br()
        .no_deflate()
        .no_zstd()
        .compress_when(DefaultPredicate::new().and(sound))
}

async fn method_not_allowed() -> Error {
    Error::Refused {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: "method_not_allowed",
        detail: "此地址不支持该请求方法".to_owned(),
    }
}

/// Whether the request comes from a page of this server: its `Origin` names the `Host` that was
/// asked. WebSocket handshakes must check it themselves, since they are GET requests.
pub fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        return false;
    };
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

/// Requests that change something must come from our own pages (CSRF).
async fn own_origin(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || same_origin(request.headers()) {
        return next.run(request).await;
    }
    let detail = "修改数据的请求必须来自本系统页面（Origin 与 Host 一致）".to_owned();
    Error::Refused { status: StatusCode::FORBIDDEN, code: "foreign_origin", detail }.into_response()
}

/// Refusals of the framework become problems like all others.
async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let told = response.headers().contains_key(header::CONTENT_TYPE)
        && response.headers().get(header::CONTENT_TYPE) != Some(&TEXT);
    if !(status.is_client_error() || status.is_server_error()) || told {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "找不到"),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "此地址不支持该请求方法"),
        StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "请求体过大"),
        StatusCode::GATEWAY_TIMEOUT | StatusCode::REQUEST_TIMEOUT => ("too_slow", "处理超时"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("not_json", "请求体格式不受支持"),
        status if status.is_server_error() => ("internal", "系统内部错误"),
        _ => ("bad_request", "请求有误"),
    };
    let (parts, _) = response.into_parts();
    let mut answer = problem(status, code, detail, Map::new());
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    answer.headers_mut().insert(header::CONTENT_TYPE, PROBLEM);
    answer
}

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let private = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let set = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "microphone=(self), speaker-selection=(self), camera=(), geolocation=(), payment=(), usb=()",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if private {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    if app.secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Gives each request an id, logs it and counts it. Never logs a query: it may hold what a citizen
/// typed.
async fn observe(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    let id = hex::encode(app.dice.bytes::<8>());
    let route =
        request.extensions().get::<MatchedPath>().map_or("page", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!("request", id, %method, route);
    let started = app.clock.now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = (app.clock.now() - started).to_std().unwrap_or_default();
    let status = response.status().as_u16();
    span.in_scope(|| tracing::debug!(status, ?took, "{method} {route}: {status}"));
    let labels = [("route", route), ("method", method.to_string()), ("status", status.to_string())];
    metrics::counter!("lianxin_http_requests_total", &labels).increment(1);
    metrics::histogram!("lianxin_http_seconds", &labels[..2]).record(took.as_secs_f64());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        same_origin(&headers)
    }

    #[test]
    fn only_a_page_of_the_same_host_and_port_is_of_the_same_origin() {
        assert!(asked(Some("http://127.0.0.1:8080"), "127.0.0.1:8080"));
        assert!(asked(Some("https://hotline.example"), "hotline.example"));
        assert!(!asked(Some("http://127.0.0.1:8081"), "127.0.0.1:8080"));
        assert!(!asked(Some("https://hotline.example.evil"), "hotline.example"));
        assert!(!asked(Some("null"), "hotline.example"));
        assert!(!asked(None, "hotline.example"));
    }
}
