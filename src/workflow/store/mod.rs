//! The only files of this room with SQL: one for each noun.
pub(crate) mod attachment;
pub(crate) mod doctor;
pub(crate) mod errand;
pub(crate) mod handover;
pub(crate) mod idempotency;
pub(crate) mod report;
pub(crate) mod template;
pub(crate) mod webhook;
