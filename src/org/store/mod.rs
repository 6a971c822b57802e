//! The only files of this room with SQL: one for each noun.
pub(crate) mod about;
pub(crate) mod audit;
pub(crate) mod catalogue;
pub(crate) mod category;
pub(crate) mod demo;
pub(crate) mod duty;
pub(crate) mod knowledge;
pub(crate) mod login;
pub(crate) mod person;
pub(crate) mod place;
pub(crate) mod range;
pub(crate) mod sight;
pub(crate) mod staff;
pub(crate) mod unit;
