//! Whether it lives, whether it can work, and its figures.
use std::fmt;
use std::sync::Arc;

use axum::extract::State as AppState;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::proxies::is_local;
use crate::{Address, App, Error};

/// How a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    Up,
    /// Works, with less than it could do.
    Degraded {
        why: String,
    },
    Down {
        why: String,
    },
}

/// A part that `/readyz` asks: its name, and how to know. Asking must not wait.
#[derive(Clone)]
pub struct Part {
    name: &'static str,
    ask: Arc<dyn Fn() -> State + Send + Sync>,
}

impl Part {
    /// A part of this name.
    pub fn new(name: &'static str, ask: impl Fn() -> State + Send + Sync + 'static) -> Self {
        Self { name, ask: Arc::new(ask) }
    }

    /// How it is now.
    pub fn ask(&self) -> State {
        (self.ask)()
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Starts counting for the whole process, once: everything that rooms count from here on is shown
/// at `/metrics`.
///
/// # Errors
/// When something counts already.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    // from a millisecond to ten seconds
    let buckets = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)?
        .install_recorder()
}

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(|| async { Json(serde_json::json!({ "alive": true })) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(figures))
}

/// What is wrong with the parts, in words for the floor.
pub(crate) fn alarms(app: &App) -> Vec<String> {
    let why = |part: &Part| match part.ask() {
        State::Up => None,
        State::Degraded { why } | State::Down { why } => Some(why),
    };
    app.parts.iter().filter_map(why).collect()
}

fn shows_token(headers: &HeaderMap, token: &str) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    !token.is_empty() && shown.as_bytes().ct_eq(token.as_bytes()).into()
}

async fn ready(AppState(app): AppState<App>) -> Response {
    let mut parts = vec![("database", database(&app).await)];
    parts.extend(app.parts.iter().map(|part| (part.name, part.ask())));
    let down = parts.iter().any(|(_, state)| matches!(state, State::Down { .. }));
    let parts: Map<String, Value> = parts
        .into_iter()
        .map(|(name, state)| (name.to_owned(), serde_json::to_value(state).unwrap_or_default()))
        .collect();
    let status = if down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let body = serde_json::json!({ "ready": !down, "parts": parts });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Asks for a connection and lets it go; a database that does not answer in two seconds is down.
async fn database(app: &App) -> State {
    let asked = tokio::time::timeout(std::time::Duration::from_secs(2), app.db.acquire());
    match asked.await {
        Ok(Ok(mut connection)) => match sqlx::Connection::ping(&mut *connection).await {
            Ok(()) => State::Up,
            Err(error) => State::Down { why: error.to_string() },
        },
        Ok(Err(error)) => State::Down { why: error.to_string() },
        Err(_) => State::Down { why: "no answer within 2 s".to_owned() },
    }
}

/// The figures, for this machine or whoever shows the token.
async fn figures(
    AppState(app): AppState<App>,
    address: Address,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if !is_local(address, &headers) && !shows_token(&headers, &app.metrics_token) {
        let detail = "指标只对本机或持有令牌者开放（http.metrics_token）";
        return Err(Error::Forbidden(detail.to_owned()));
    }
    let metrics = app.metrics.as_ref().ok_or(Error::NotFound)?;
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((kind, metrics.render()).into_response())
}
