//! The only files of this room with SQL: one for each noun.
pub(crate) mod attachment;
pub(crate) mod errand;
pub(crate) mod idempotency;
