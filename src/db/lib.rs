//! What must survive: PostgreSQL (a private cluster or a given server), the spool for the time
//! when it is away, sealed objects, and jobs. Knows no table of any other room.

pub mod checks;
mod cluster;
mod error;
pub mod jobs;
pub mod objects;
mod place;
pub mod seal;
pub mod spool;
#[cfg(feature = "testing")]
pub mod testing;

pub use cluster::Cluster;
pub use error::Error;
pub use place::{Place, answers, door};

/// The schema, compiled in. Run as its owner, never as the application's role.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// The role as which everything but the migrations connects: neither owner nor superuser.
pub const APP_ROLE: &str = "lianxin_app";
