//! The door: routes, who may come in, what a client may see, and the one place where errors become
//! statuses. Decides nothing: each handler calls one verb of a room below.
//!
//! A new part joins with one line in `routes` and, where it needs a handle, one field of [`App`].
mod app;
pub mod assets;
mod attachments;
mod bulk;
mod call_citizen;
mod callbacks;
mod calls;
mod catalogue;
mod days;
mod demo;
mod desk;
mod duty;
pub mod errands;
mod error;
mod exports;
mod extract;
mod floor;
mod handover;
mod health;
mod idempotency;
mod imports;
mod knowledge;
mod limits;
mod lists;
mod live;
mod login;
mod notices;
mod openapi;
mod outcomes;
mod people;
mod phone;
mod protect;
mod proxies;
mod public;
mod pump;
mod recordings;
mod reports;
mod rules;
mod serve;
mod templates;
mod tickets;
mod version;
mod viewer;
mod webhooks;
mod words;
mod work;

#[cfg(test)]
mod desk_tests;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use demo::{Fixture, Rings};
pub use error::Error;
pub use extract::{Json, Path, Query};
pub use health::{Part, State, install_metrics};
pub use limits::Limits;
pub use live::{Audience, Feed};
pub use protect::same_origin;
pub use proxies::{Address, Proxies};
pub use pump::pump_calls;
pub use serve::{Peer, Tls, serve};
pub use viewer::Viewer;

/// The JSON interface, below `/api/v1`. One line for each part.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(login::routes())
        .merge(people::routes())
        .merge(lists::routes())
        .merge(catalogue::routes())
        .merge(duty::routes())
        .merge(knowledge::routes())
        .merge(tickets::routes())
        .merge(attachments::routes())
        .merge(notices::routes())
        .merge(public::routes())
        .merge(desk::routes())
        .merge(phone::routes())
        .merge(calls::routes())
        .merge(recordings::routes())
        .merge(outcomes::routes())
        .merge(callbacks::routes())
        .merge(call_citizen::routes())
        .merge(floor::routes())
        .merge(live::routes())
        .merge(work::routes())
        .merge(templates::routes())
        .merge(reports::routes())
        .merge(handover::routes())
        .merge(rules::routes())
        .merge(webhooks::routes())
        .merge(bulk::routes())
        .merge(exports::routes())
        .merge(imports::routes())
        .merge(demo::routes())
}

/// The description of the JSON interface (`OpenAPI`), as it is served; needs nothing that runs.
pub fn description() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&openapi::document(routes()).into_openapi())
}

/// Everything that the HTTP port answers.
pub fn router(app: App) -> Router {
    let (json, document) = openapi::document(routes()).split_for_parts();
    let all = Router::new()
        .merge(json)
        .merge(openapi::routes(document))
        .merge(health::routes())
        .fallback(assets::page);
    protect::layers(all, &app).with_state(app)
}
