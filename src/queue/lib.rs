//! Who waits, who is ready, who is being rung (排队).
//! Does not know what a telephone, a clock or a database is: events come in, actions go out.
//! Its owner (the call room) drives it from its own loop, so that a caller who hangs up and an
//! agent who answers can never be seen in two orders.
mod agents;
mod presence;
mod skills;
mod state;
#[cfg(test)]
mod tests;
mod waiting;

pub use agents::Standing;
pub use presence::{Ask, Presence, Refused, Why};
pub use skills::Skills;
pub use state::{Action, Event, Limits, Queue};
pub use waiting::Waiting;
