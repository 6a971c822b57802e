//! What is kept of calls, as it goes through the spool: written while PostgreSQL is away, put into
//! its tables when it is there. Each entry may come twice and changes nothing the second time.
use base::{AgentId, CallId, KnowledgeId, TicketId};
use chrono::{DateTime, Utc};
use org::SealedNumber;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::facts::{AttemptResult, Facts, OutcomeKind};

/// What an answered call came to (来电小结).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub kind: OutcomeKind,
    #[serde(default)]
    pub ticket: Option<TicketId>,
    #[serde(default)]
    pub knowledge: Option<KnowledgeId>,
    #[serde(default)]
    pub note: String,
}

/// Counts of the lines of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    pub sent: u64,
    pub received: u64,
    pub lost: u64,
    pub jitter_ms: u32,
    pub round_trip_ms: Option<u32>,
}

/// One thing to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    Call {
        rev: i64,
        facts: Box<Facts>,
        caller: Option<SealedNumber>,
    },
    Event {
        call: CallId,
        seq: i32,
        at: DateTime<Utc>,
        what: String,
        detail: String,
    },
    Quality {
        call: CallId,
        caller: Option<Quality>,
        agent: Option<Quality>,
    },
    /// A closed recording: what it is called, and the hash of its sound.
    Recording {
        call: CallId,
        path: String,
        sha256: String,
        millis: i64,
        at: DateTime<Utc>,
    },
    Outcome {
        call: CallId,
        agent: AgentId,
        outcome: Outcome,
        at: DateTime<Utc>,
    },
    /// Somebody has to call back.
    Missed {
        task: Uuid,
        call: CallId,
        at: DateTime<Utc>,
        due: DateTime<Utc>,
    },
    Attempt {
        task: Uuid,
        call: CallId,
        agent: AgentId,
        at: DateTime<Utc>,
        result: AttemptResult,
    },
    /// Final words of one track, sealed.
    Words {
        said: Box<speech::Sealed>,
        model: String,
        at: DateTime<Utc>,
    },
}

impl Entry {
    /// The beginning of all keys of this room's records.
    pub const PREFIX: &'static str = "call/";

    /// The key that makes a second writing harmless.
    pub fn key(&self) -> String {
        let key = match self {
            Self::Call { rev, facts, .. } => format!("{}/{rev}", facts.id),
            Self::Event { call, seq, .. } => format!("{call}/event/{seq}"),
            Self::Quality { call, .. } => format!("{call}/quality"),
            Self::Recording { call, .. } => format!("{call}/recording"),
            Self::Outcome { call, .. } => format!("{call}/outcome"),
            Self::Missed { task, .. } => format!("missed/{task}"),
            Self::Attempt { task, call, .. } => format!("attempt/{task}/{call}"),
            Self::Words { said, .. } => {
                format!("{}/{}/{}", said.call, said.track.as_str(), said.index)
            }
        };
        format!("{}{key}", Self::PREFIX)
    }
}
