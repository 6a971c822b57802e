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
    /// Nothing more can be done, by law or because all was done (最终答复): the same matter is not
    /// taken up again.
    Final {
        text: String,
        basis: String,
    },
    /// Another platform dealt with it (转出).
    Outside {
        to: String,
        text: String,
    },
    /// The same citizen was asked on the ticket that this one was joined to.
    WithParent,
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
    /// By the citizen's own page; none: asked by somebody of the hotline.
    #[serde(default)]
    pub page: Option<PageVisit>,
}

/// Where a rating by the page came from (网页评价).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageVisit {
    /// The address, as a keyed hash.
    pub source: [u8; 32],
    /// Too many tickets were rated from there: the citizen is asked again.
    pub doubted: bool,
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
    /// There is a reply: the citizen may rate it by the page, and is called otherwise.
    AskedToRate,
    /// The promise is another one, because the kind or the urgency is.
    PromiseMoved,
    /// Set aside, to be looked at again on a day (挂账).
    Suspended {
        review_at: DateTime<Utc>,
    },
    Resumed,
    /// Closed by a final reply.
    Final,
    /// Joined to another ticket of the same matter.
    Merged,
    TransferredOut {
        to: String,
    },
    /// Somebody asked to withdraw in the citizen's name.
    WithdrawalAsked,
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
    /// A reply waits for the unit's leader.
    ApprovalWanted,
    /// The leader wants it changed.
    NotApproved,
    /// A meeting named the unit; no return.
    Arbitrated,
    /// Taken back: another unit has it, it was joined to another ticket, or it was withdrawn.
    Recalled,
    SuspensionGranted,
    SuspensionRefused,
    SuspensionEnded,
    FinalRefused,
    /// A yellow mark (黄牌).
    Yellow,
    /// A red mark (红牌).
    Red,
    /// An order that has to be answered (督办单).
    Order,
}
