//! Ground floor: time, chance, identity, background tasks. Knows no other room.
mod clock;
mod dice;
pub mod frames;
mod id;
mod outbox;
mod phone;
mod tasks;

pub use clock::{Clock, ManualClock, SystemClock};
pub use dice::{Dice, SeededDice, SystemDice};
pub use id::{
    AgentId, CallId, CategoryId, KnowledgeId, LegId, NoticeId, PersonId, PlaceId, StaffId,
    TicketId, UnitId,
};
pub use outbox::{Drain, Outbox, outbox};
pub use phone::{NotANumber, PhoneNumber};
pub use tasks::Tasks;

/// Writes one line to standard output. Nothing else in the house does. A reader that has gone
/// away (`| head`) is no reason to panic.
pub fn out(line: &str) {
    use std::io::Write;
    _ = writeln!(std::io::stdout().lock(), "{line}");
}
