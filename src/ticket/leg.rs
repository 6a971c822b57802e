//! Handling legs (办理环节): one unit's part in a ticket.
use base::{LegId, StaffId};
use chrono::{DateTime, NaiveDate, Utc};
use org::{Post, UnitKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::calendar::Limit;
use crate::kind::Solved;
use crate::review::Facts;
use crate::state::LegState;
use crate::timer::Runs;

/// What a unit answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub text: String,
    pub contacted: bool,
    pub contacted_at: Option<DateTime<Utc>>,
    pub how: Option<String>,
    pub solved: Solved,
    /// Whether the facts are as the citizen told them (属实).
    #[serde(default)]
    pub facts: Option<Facts>,
    #[serde(default)]
    pub basis: Option<String>,
    #[serde(default)]
    pub public_text: Option<String>,
    #[serde(default)]
    pub attachments: Vec<Uuid>,
    #[serde(default)]
    pub plan_date: Option<NaiveDate>,
    /// Who wrote it: somebody else in the unit approves it.
    #[serde(default)]
    pub by: Option<StaffId>,
    #[serde(default)]
    pub approved_by: Option<String>,
}

/// One unit's part in a ticket (办理环节).
#[expect(clippy::struct_excessive_bools, reason = "facts that do not exclude one another")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub id: LegId,
    pub unit: Post,
    /// Lead (主办) or assisting (协办) among the legs beside it.
    pub lead: bool,
    pub parent: Option<LegId>,
    pub cycle: i16,
    pub state: LegState,
    pub dispatched_at: DateTime<Utc>,
    pub dispatched_by: Option<StaffId>,
    pub sign_due: Option<DateTime<Utc>>,
    pub signed_at: Option<DateTime<Utc>>,
    /// Signed by the system when the limit had passed: late, and no right to return.
    pub auto_signed: bool,
    /// Until when a return may be asked; none: never.
    pub return_due: Option<DateTime<Utc>>,
    /// Asked once; a refused request counts.
    pub return_asked: bool,
    /// Named by arbitration (会商裁定): no return.
    pub binding: bool,
    pub due_at: DateTime<Utc>,
    pub replied_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub reply: Option<Reply>,
}

impl Leg {
    /// The leg that answers for the ticket.
    pub fn is_root_lead(&self) -> bool {
        self.lead && self.parent.is_none()
    }
}

/// A leg to be opened.
pub(crate) struct NewLeg<'a> {
    pub unit: &'a Post,
    pub lead: bool,
    pub parent: Option<LegId>,
    pub not_after: Option<DateTime<Utc>>,
    pub binding: bool,
}

/// Natural time for natural limits, else the hours given.
pub(crate) fn runs(limit: Limit, hours: Runs) -> Runs {
    if limit.is_natural() { Runs::Always } else { hours }
}

/// Streets and townships get their legs from their county's hub only.
pub(crate) fn is_grass_roots(post: &Post) -> bool {
    post.level == org::Level::Township || matches!(post.kind, UnitKind::Street | UnitKind::Township)
}
