//! The ticket's SQL: the only files that know the tables.
mod checks;
mod clocks;
mod demo;
mod doctor;
mod facts;
mod history;
mod list;
mod narrow;
mod read;
mod relatives;
mod search;
mod write;

pub use checks::CHECKS;
pub(crate) use clocks::{calendars, due_tickets, profiles, set_calendar, to_recount};
pub use demo::ByPhone;
pub(crate) use demo::{has_demo, join_call, remove_demo, without_call};
pub(crate) use doctor::{ids_after, shown};
pub use facts::rated_from;
pub(crate) use facts::{last_rating, open_counts};
pub(crate) use history::{events, events_after};
pub(crate) use list::list;
pub use list::{Filter, Page, Row, Sort};
pub use narrow::{Below, Flag, Load, Narrow};
pub(crate) use narrow::{below, count, load};
pub use read::find_many;
pub(crate) use read::{
    by_digits, by_key, enter, find, lock, lock_many, number_taken_today, of_person,
};
pub(crate) use relatives::{
    ended_alike, is_attached, is_call, is_citizens_call, relatives, to_file,
};
pub(crate) use search::{hits, ranked};
pub(crate) use write::{add_rating, insert, save, save_many};
