//! What comes of a step: who has to be told, what the citizen said, how a ticket ended.
use base::{LegId, StaffId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kind::{Satisfaction, Solved};

/// A request for more time that waits for its decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionAsk {
    pub days: u32,
    pub reason: String,
    pub asked_at: DateTime<Utc>,
    pub leg: LegId,
}

/// How a ticket ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ending {
    /// Answered at once from a version of a knowledge entry (直接答复).
    Answered {
        knowledge_id: base::KnowledgeId,
        version: i32,
        text: String,
    },
    /// The citizen was asked.
    FollowedUp,
    /// Nobody answered three times: 未评价, never satisfied.
    Unrated,
    /// Nobody had to be asked: praise, anonymous, not drawn.
    Exempt,
    /// Closed by decision, although not content.
    Decided {
        reason: String,
    },
    NotAccepted {
        path: String,
        reason: String,
    },
    Cancelled {
        reason: String,
    },
}

/// One attempt to ask the citizen (回访).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    pub cycle: i16,
    pub at: DateTime<Utc>,
    pub by: Option<StaffId>,
    pub reached: bool,
    pub contacted: Option<bool>,
    pub solved: Option<Solved>,
    pub satisfaction: Option<Satisfaction>,
    pub words: String,
    pub not_true: bool,
    pub call_id: Option<base::CallId>,
}

/// What somebody has to be told after a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tell {
    Accepted,
    Dispatched {
        unit: String,
    },
    Extended {
        due: DateTime<Utc>,
        reason: String,
    },
    Closed,
    ReworkBegun {
        unit: String,
    },
    /// News for the clerks of a leg's unit.
    Unit {
        leg: LegId,
        news: UnitNews,
    },
}

/// What a unit's clerks are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitNews {
    Dispatched,
    SoonDue,
    Late,
    Correction,
    ReturnGranted,
    ReturnRefused,
    ExtensionGranted,
    ExtensionRefused,
    Rework,
    Urged,
    Addition,
}
