//! The description of the JSON interface, and the page to read it.
use std::collections::BTreeSet;

use axum::response::IntoResponse;
use axum::{Json, Router, routing::get};
use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{RefOr, Schema};
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
    let mut all = OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", parts);
    name_operations(all.get_openapi_mut());
    say_all(all.get_openapi_mut());
    all
}

/// An answer has each of its fields, `null` where there is nothing; only in what is sent to us may a
/// field be left out.
fn say_all(document: &mut openapi::OpenApi) {
    let described = serde_json::to_value(&*document).unwrap_or_default();
    let shapes = &described["components"]["schemas"];
    let (mut asked, mut told) = (BTreeSet::new(), BTreeSet::new());
    for operation in described["paths"].as_object().into_iter().flatten().flat_map(|(_, path)| {
        path.as_object().into_iter().flatten().map(|(_, operation)| operation)
    }) {
        reach(&operation["requestBody"], shapes, &mut asked);
        reach(&operation["responses"], shapes, &mut told);
    }
    let Some(components) = &mut document.components else { return };
    for (name, shape) in &mut components.schemas {
        if !told.contains(name) || asked.contains(name) {
            continue;
        }
        match shape {
            RefOr::T(Schema::Object(object)) => say_object(object),
            RefOr::T(Schema::AllOf(parts)) => {
                for part in &mut parts.items {
                    if let RefOr::T(Schema::Object(object)) = part {
                        say_object(object);
                    }
                }
            }
            _ => {}
        }
    }
}

fn say_object(object: &mut openapi::Object) {
    object.required = object.properties.keys().cloned().collect();
}

/// The names of all shapes that `of` refers to, and of those that these refer to.
fn reach(of: &Value, shapes: &Value, found: &mut BTreeSet<String>) {
    match of {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            let name = name.and_then(|path| path.rsplit('/').next());
            if let Some(name) = name
                && found.insert(name.to_owned())
            {
                reach(&shapes[name], shapes, found);
            }
            fields.values().for_each(|value| reach(value, shapes, found));
        }
        Value::Array(items) => items.iter().for_each(|item| reach(item, shapes, found)),
        _ => {}
    }
}

/// Each operation is named by its method and path, as `get_tickets_id`: unlike the names of
/// functions, these are all different.
fn name_operations(document: &mut openapi::OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let path =
            path.trim_start_matches("/api/v1").replace(['{', '}'], "").replace(['/', '-'], "_");
        for (method, operation) in [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}{path}"));
            }
        }
    }
}

/// Serves the document, and Swagger UI out of the binary.
pub(crate) fn routes(document: openapi::OpenApi) -> Router<App> {
    let page = SwaggerUi::new("/api/docs").config(Config::from("/api/v1/openapi.json"));
    let json = move || async move { Json(document).into_response() };
    Router::new().route("/api/v1/openapi.json", get(json)).merge(page)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use serde_json::Value;

    /// A shape is described under the name of its type: of two with one name, one would be lost.
    #[test]
    fn no_two_shapes_of_the_interface_have_one_name() {
        let mut seen = BTreeSet::new();
        for text in sources(Path::new(env!("CARGO_MANIFEST_DIR"))) {
            let shapes = text.split("derive(").skip(1).filter(|text| described(text));
            // a macro names its shapes where it is called
            for shape in shapes.filter(|text| !text.contains(" $name {")) {
                let lines = shape.lines().skip(1).map(str::trim);
                let named =
                    lines.filter(|line| !line.starts_with("#[") && !line.starts_with("///"));
                let line = named.map(str::to_owned).next().unwrap_or_default();
                let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
                words.find(|word| *word == "struct" || *word == "enum");
                let name = words.next().unwrap_or_default().to_owned();
                let renamed = shape.split("\nstruct ").next().unwrap_or_default();
                let name = match renamed.split_once("schema(as = ") {
                    Some((_, rest)) => rest.split(')').next().unwrap_or_default().to_owned(),
                    None => name,
                };
                assert!(seen.insert(name.clone()), "{name} is described twice");
            }
        }
        assert!(seen.len() > 50, "{seen:?}");
    }

    fn described(text: &str) -> bool {
        text.split(')').next().is_some_and(|derived| derived.contains("ToSchema"))
    }

    fn sources(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for path in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(fs::read_to_string(&path).unwrap());
            }
        }
        found
    }

    #[test]
    fn an_answer_has_each_of_its_fields_and_a_question_need_not() {
        let document: Value = serde_json::from_str(&crate::description().unwrap()).unwrap();
        let shapes = &document["components"]["schemas"];
        let required = |name: &str| shapes[name]["required"].as_array().map_or(0, Vec::len);
        let all = |name: &str| shapes[name]["properties"].as_object().unwrap().len();
        assert_eq!(required("TicketRow"), all("TicketRow"));
        assert!(required("TicketSearch") < all("TicketSearch"));
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document: Value = serde_json::from_str(&crate::description().unwrap()).unwrap();
        let mut seen = BTreeSet::new();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap_or_default();
                assert!(seen.insert(name.to_owned()), "{name:?} names two operations");
            }
        }
        assert!(seen.contains("post_tickets_id_actions"), "{seen:?}");
    }
}
