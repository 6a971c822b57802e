//! Who works here, where things are, and who may do what: units, people, sign-in, places,
//! categories, knowledge, the citizens' sealed records, and the audit of who looked.
//! Knows nothing of calls or tickets, and decides no deadline.
mod about;
mod actor;
pub mod audit;
pub mod catalogue;
#[cfg(test)]
mod catalogue_tests;
pub mod category;
mod csv_rows;
pub mod demo;
pub mod duty;
mod error;
pub mod import;
mod keys;
pub mod knowledge;
pub mod login;
pub mod password;
mod person;
pub mod place;
mod range;
mod role;
pub mod sight;
pub mod staff;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod totp;
pub mod unit;

pub use about::About;
pub use actor::Actor;
pub use audit::Changed;
pub(crate) use csv_rows::csv_rows;
pub use error::{BadRow, Error};
pub use keys::Keys;
pub use person::{Identity, Masked, Persons, SealedNumber, mask_name};
pub use range::{Range, Subtree, reads};
pub use role::{Denied, Right, Role, Thing, acts_as, can};
pub use sight::Sight;
pub use staff::Staff;
pub use unit::{Level, Post, Unit, UnitKind};
