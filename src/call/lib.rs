//! The conductor of calls: from the INVITE through queue, notice, agent and recording to the record
//! of it, and to whoever has to be called back.
//! Knows no ticket and no screen; it never waits for the database.
mod act;
mod answers;
mod callbacks;
mod calling;
mod command;
mod config;
pub mod demo;
mod desk;
mod entry;
mod facts;
mod figures;
mod hearing;
mod joining;
mod keeping;
mod legs;
mod outgoing;
mod parting;
mod recordings;
#[cfg(test)]
mod recovery_tests;
mod roster;
mod run;
mod signals;
mod state;
mod step;
pub mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod whole_tests;

pub use callbacks::due;
pub use command::{CallBack, CallCitizen, Calls, Error};
pub use config::{Config, PromptNames};
pub use desk::{
    Desk, DeskCall, Floor, FloorAgent, FloorCall, FloorToday, FloorWaiting, HotlineView, Live,
    MyToday, PhoneView, PresenceView, QueueView, SpeechView,
};
pub use entry::{Entry, Outcome, Quality};
pub use facts::{
    AgentCard, AttemptResult, Direction, Ending, Errand, Facts, Hotline, OutcomeKind, Purpose,
};
pub use keeping::{CALLERS, Past, keep_roster, outcome, put_away, recover};
pub use recordings::{Recordings, Sound};
pub use run::{Rooms, start};
pub use sip::ToBrowser;
pub use state::Patience;
