//! What stands beside a ticket's straight way, in JSON.
use chrono::{DateTime, Utc};
use serde::Serialize;
use ticket::{Finding, Oversight, Relative, SetAside};
use utoipa::ToSchema;
use uuid::Uuid;
use workflow::TicketPage;

use super::described::{
    ChangeAskBody, FinalAskBody, FindingBody, SuspensionAskBody, TransferBody, WithdrawalBody,
};

#[derive(Debug, Serialize, ToSchema)]
struct Named {
    id: Uuid,
    name: String,
}

impl Named {
    fn new(post: &org::Post) -> Self {
        Self { id: post.unit.uuid(), name: post.name.clone() }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct RelativeBody {
    id: Uuid,
    number: String,
    state: &'static str,
    state_label: &'static str,
}

impl RelativeBody {
    fn new(relative: &Relative) -> Self {
        Self {
            id: relative.id.uuid(),
            number: relative.number.clone(),
            state: relative.stage.word(),
            state_label: relative.stage.label(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct SuspensionBody {
    until: DateTime<Utc>,
    review_at: DateTime<Utc>,
    cause: String,
    since: DateTime<Utc>,
}

impl SuspensionBody {
    fn new(suspension: &SetAside) -> Self {
        Self {
            until: suspension.until,
            review_at: suspension.review_at,
            cause: suspension.cause.clone(),
            since: suspension.since,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct OversightBody {
    id: Uuid,
    level: &'static str,
    level_label: &'static str,
    cause: &'static str,
    cause_label: &'static str,
    reason: String,
    by: String,
    at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
    answer: Option<String>,
    answered_at: Option<DateTime<Utc>>,
    lifted_at: Option<DateTime<Utc>>,
}

impl OversightBody {
    fn new(one: &Oversight) -> Self {
        Self {
            id: one.id,
            level: one.level.word(),
            level_label: one.level.label(),
            cause: one.cause.word(),
            cause_label: one.cause.label(),
            reason: one.reason.clone(),
            by: one.name.clone(),
            at: one.at,
            due_at: one.due_at,
            answer: one.answer.clone(),
            answered_at: one.answered_at,
            lifted_at: one.lifted_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct ContactBody {
    at: DateTime<Utc>,
    how: String,
    reached: bool,
    call_id: Option<Uuid>,
    attachment_id: Option<Uuid>,
    /// By a call of the platform or uploaded proof; else only said (自填).
    proved: bool,
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct PhoneNoticeBody {
    leg_id: Uuid,
    who: String,
    at: DateTime<Utc>,
    name: String,
}

/// What is flattened into a ticket's page.
#[expect(clippy::struct_excessive_bools, reason = "facts that do not exclude one another")]
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SideBody {
    /// Who is complained about (被投诉单位).
    against_units: Vec<Named>,
    /// The first unit that got it (首接负责).
    first_unit: Option<Named>,
    parent: Option<RelativeBody>,
    children: Vec<RelativeBody>,
    suspension: Option<SuspensionBody>,
    #[schema(value_type = Option<SuspensionAskBody>)]
    pending_suspension: Option<ticket::SuspensionAsk>,
    #[schema(value_type = Option<ChangeAskBody>)]
    pending_change: Option<ticket::ChangeAsk>,
    #[schema(value_type = Option<WithdrawalBody>)]
    pending_withdrawal: Option<ticket::Withdrawal>,
    #[schema(value_type = Option<FinalAskBody>)]
    pending_final: Option<ticket::FinalAsk>,
    #[schema(value_type = Option<TransferBody>)]
    transfer: Option<ticket::Transfer>,
    oversights: Vec<OversightBody>,
    contacts: Vec<ContactBody>,
    phone_notices: Vec<PhoneNoticeBody>,
    #[schema(value_type = Vec<FindingBody>)]
    review_findings: Vec<Finding>,
    mass: bool,
    headcount: Option<u32>,
    /// The unit said that it had contacted the citizen, and the citizen says no (虚假联系).
    false_contact: bool,
    /// The citizen did not want the withdrawal that was asked for.
    withdrawal_refuted: bool,
    /// Called again about it within thirty days of the direct answer: not solved.
    called_again: bool,
    /// The same matter had its final reply before, in this ticket.
    final_before: Option<Uuid>,
}

impl SideBody {
    pub(super) fn new(page: &TicketPage) -> Self {
        let life = &page.ticket.life;
        let side = &life.side;
        let contacts = side.contacts.iter().map(|contact| ContactBody {
            at: contact.at,
            how: contact.how.clone(),
            reached: contact.reached,
            call_id: contact.call_id.map(base::CallId::uuid).filter(|_| page.by_hotline),
            attachment_id: contact.attachment_id,
            proved: contact.proved,
            name: contact.name.clone(),
        });
        let notices = side.phone_notices.iter().map(|notice| PhoneNoticeBody {
            leg_id: notice.leg.uuid(),
            who: notice.who.clone(),
            at: notice.at,
            name: notice.name.clone(),
        });
        let asked = side.withdrawal.as_ref().filter(|_| !life.stage.is_ended());
        let proposed = side.final_ask.as_ref().filter(|_| !life.stage.is_ended());
        Self {
            against_units: life.against.iter().map(|against| Named::new(&against.post)).collect(),
            first_unit: life.first_unit().map(Named::new),
            parent: page.parent.as_ref().map(RelativeBody::new),
            children: page.children.iter().map(RelativeBody::new).collect(),
            suspension: side.suspension.as_ref().map(SuspensionBody::new),
            pending_suspension: side.suspension_ask.clone(),
            pending_change: side.change.clone(),
            pending_withdrawal: asked.cloned(),
            pending_final: proposed.cloned(),
            transfer: side.transfer.clone(),
            oversights: side.oversights.iter().map(OversightBody::new).collect(),
            contacts: contacts.collect(),
            phone_notices: notices.collect(),
            review_findings: page.findings.clone(),
            mass: side.mass,
            headcount: side.headcount,
            false_contact: side.false_contact,
            withdrawal_refuted: side.withdrawal_refuted,
            called_again: side.called_again.is_some(),
            final_before: side.final_before.map(base::TicketId::uuid),
        }
    }
}
