//! The door: routes, who may come in, what a client may see, and the one place where errors become
//! statuses. Decides nothing: each handler calls one verb of a room below.
//!
//! A new part joins with one line in `routes` and, where it needs a handle, one field of [`App`].
mod app;
pub mod assets;
mod error;
mod extract;
mod health;
mod knowledge;
mod limits;
mod lists;
mod login;
mod openapi;
mod people;
mod protect;
mod serve;
mod viewer;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

pub use app::App;
pub use error::Error;
pub use extract::{Json, Path, Query};
pub use health::{Part, State, install_metrics};
pub use limits::Limits;
pub use login::Address;
pub use protect::same_origin;
pub use serve::{Peer, Tls, serve};
pub use viewer::Viewer;

/// The JSON interface, below `/api/v1`. One line for each part.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(login::routes())
        .merge(people::routes())
        .merge(lists::routes())
        .merge(knowledge::routes())
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
