//! The description of the JSON interface, and the page to read it.
use axum::response::IntoResponse;
use axum::{Json, Router, routing::get};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi, openapi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::App;
use crate::viewer::COOKIE;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "连心 12345 Lianxin",
        description = "政务服务便民热线平台接口。时间为 RFC 3339 UTC；错误为 application/problem+json，code 稳定。",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    modifiers(&SignIn),
    components(schemas(Problem)),
)]
struct Document;

/// What every refusal looks like.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only described; error.rs writes it")]
pub(crate) struct Problem {
    r#type: String,
    title: String,
    status: u16,
    /// Stable: clients may rely on it.
    code: String,
    detail: String,
}

struct SignIn;

impl Modify for SignIn {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        document.components.get_or_insert_default().add_security_scheme("login", cookie);
    }
}

/// The parts' routes with the document's head, below the prefix.
pub(crate) fn document(parts: OpenApiRouter<App>) -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", parts)
}

/// Serves the document, and Swagger UI out of the binary.
pub(crate) fn routes(document: openapi::OpenApi) -> Router<App> {
    let page = SwaggerUi::new("/api/docs").config(Config::from("/api/v1/openapi.json"));
    let json = move || async move { Json(document).into_response() };
    Router::new().route("/api/v1/openapi.json", get(json)).merge(page)
}
