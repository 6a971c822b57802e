//! Speech: turns the two tracks of a call into text while people talk, and recordings into text
//! afterwards. The recogniser runs in a process of its own at low priority; when that dies, no
//! finished sentence is lost. It does not know what a call or a ticket is, and it never makes a
//! caller wait.
//!
//! `speech` beside the switchboard: [`Speech`], which keeps each track's sound until its words are
//! final. Inside the speech process: [`process`] → ears (`state.rs` cuts sentences, `agreement.rs`
//! says what is firm, `pace.rs` gives way under load) → `whisper.rs`.
use base::CallId;
use serde::{Deserialize, Serialize};

mod agreement;
mod audio;
pub mod cer;
mod client;
mod ear;
mod ears;
mod error;
mod guard;
mod held;
mod model;
mod pace;
pub mod process;
mod recogniser;
mod script;
mod sealed;
mod state;
pub mod store;
#[cfg(test)]
mod tests;
pub mod transcribe;
mod voice;
mod whisper;
mod wire;

pub use client::{Config, Speech, Status};
pub use error::Error;
pub use model::Model;
pub use sealed::Sealed;
pub use transcribe::transcribe_file;
pub use whisper::Whisper;

/// One voice of a call, as on the recording (声道).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Track {
    /// Left: who called, or was called (市民).
    Citizen,
    /// Right: who answers for the city (话务员).
    Agent,
}

impl Track {
    /// The word in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Agent => "agent",
        }
    }
}

/// One sentence of a call (语句). Until it is final it comes again and again, longer each time, with
/// the same index. A sentence whose text is empty was none, or could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub call: CallId,
    pub track: Track,
    /// Counts the sentences of one track from 0.
    pub index: u32,
    /// Where it stands in the recording.
    pub from_ms: u64,
    pub to_ms: u64,
    pub text: String,
    pub r#final: bool,
    /// How many characters of the text, from the left, will not change any more.
    pub committed: usize,
}
