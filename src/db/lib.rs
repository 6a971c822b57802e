//! What must survive: PostgreSQL and everything around it. Knows no table of any other room.

#[cfg(feature = "testing")]
pub mod testing;

/// The schema, compiled in. Run as its owner, never as the application's role.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
