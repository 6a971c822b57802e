//! The shapes of a ticket in JSON.
mod described;
mod history;
mod rating;
mod row;
mod side;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use ticket::{Clocks, Leg, Rules, Ticket, Timer};
use utoipa::ToSchema;
use uuid::Uuid;
use workflow::TicketPage;

use crate::attachments::AttachmentItem;
use crate::notices::NoticeRow;
use crate::words;
pub(crate) use described::{DirectAnswer, TicketDraft};
use described::{ExtensionBody, FieldBody};
pub(crate) use history::HistoryItem;
use rating::RatingBody;
pub(crate) use row::TicketRow;
use row::list_row;
use side::SideBody;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactMasked {
    name_masked: Option<String>,
    number_masked: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LegBody {
    id: Uuid,
    unit_id: Uuid,
    unit_name: String,
    #[schema(value_type = words::Level)]
    level: &'static str,
    /// lead 主办, assisting 协办
    #[schema(value_type = words::LegRole)]
    role: &'static str,
    parent_id: Option<Uuid>,
    cycle: i16,
    state: &'static str,
    state_label: &'static str,
    dispatched_at: DateTime<Utc>,
    sign_due_at: Option<DateTime<Utc>>,
    signed_at: Option<DateTime<Utc>>,
    /// By the system, when the limit had passed.
    auto_signed: bool,
    due_at: DateTime<Utc>,
    /// Named by arbitration (会商裁定).
    binding: bool,
    replied_at: Option<DateTime<Utc>>,
    result: Option<&'static str>,
    reply: Option<ReplyBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplyBody {
    text: String,
    contacted: bool,
    contacted_at: Option<DateTime<Utc>>,
    how: Option<String>,
    solved: &'static str,
    /// true, partly, untrue, none
    facts: Option<&'static str>,
    basis: Option<String>,
    public_text: Option<String>,
    attachments: Vec<Uuid>,
    plan_date: Option<NaiveDate>,
    approved_by: Option<String>,
}

impl LegBody {
    fn new(leg: Leg) -> Self {
        Self {
            id: leg.id.uuid(),
            unit_id: leg.unit.unit.uuid(),
            unit_name: leg.unit.name,
            level: leg.unit.level.as_str(),
            role: if leg.lead { "lead" } else { "assisting" },
            parent_id: leg.parent.map(base::LegId::uuid),
            cycle: leg.cycle,
            state: leg.state.word(),
            state_label: leg.state.label(),
            dispatched_at: leg.dispatched_at,
            sign_due_at: leg.sign_due,
            signed_at: leg.signed_at,
            auto_signed: leg.auto_signed,
            due_at: leg.due_at,
            binding: leg.binding,
            replied_at: leg.replied_at,
            result: leg.reply.as_ref().map(|reply| reply.solved.word()),
            reply: leg.reply.map(|reply| ReplyBody {
                text: reply.text,
                contacted: reply.contacted,
                contacted_at: reply.contacted_at,
                how: reply.how,
                solved: reply.solved.word(),
                facts: reply.facts.map(ticket::Facts::word),
                basis: reply.basis,
                public_text: reply.public_text,
                attachments: reply.attachments,
                plan_date: reply.plan_date,
                approved_by: reply.approved_by,
            }),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BandBody {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// run, off, pause
    #[schema(value_type = words::BandKind)]
    kind: ticket::BandKind,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimerBody {
    name: &'static str,
    label: String,
    leg_id: Option<Uuid>,
    cycle: i16,
    started_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    provisional: bool,
    met_at: Option<DateTime<Utc>>,
    /// Ended without being met: returned, withdrawn, begun anew.
    stopped_at: Option<DateTime<Utc>>,
    /// Stands still since then (挂账): it has no due until it goes on.
    paused_at: Option<DateTime<Utc>>,
    /// When it would be due if it went on now.
    projected_due_at: Option<DateTime<Utc>>,
    /// What is left, in the clock's own time.
    left_secs: i64,
    /// Extensions granted (延期).
    extensions: usize,
    /// Who held the ticket while it ran.
    held: Vec<HeldBody>,
    late: bool,
    percent: u32,
    left_text: String,
    segments: Vec<BandBody>,
}

/// A stretch in which one side held the ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HeldBody {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// 热线, or the unit.
    who: String,
}

/// What one side used of the ticket's time (超期归责).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareBody {
    /// 热线, or the unit.
    who: String,
    secs_business: i64,
    /// Beyond its own limits.
    overdue_secs: i64,
}

fn side(who: Option<&String>) -> String {
    who.map_or_else(|| "热线".to_owned(), Clone::clone)
}

impl TimerBody {
    fn new(
        timer: &Timer,
        ticket: &Ticket,
        held: &[ticket::Held],
        rules: &Rules,
        now: DateTime<Utc>,
    ) -> Self {
        let leg = ticket.life.legs.iter().find(|leg| Some(leg.id) == timer.leg);
        let unit = leg.filter(|_| matches!(timer.name, Clocks::Sign | Clocks::Handling));
        let label = timer.name.label();
        let left = timer.due().filter(|_| timer.is_running());
        let ended = timer.met_at.or(timer.stopped_at).unwrap_or(now);
        let within = |held: &ticket::Held| {
            let (from, to) = (held.from.max(timer.started_at), held.to.min(ended));
            (from < to).then(|| HeldBody { from, to, who: side(held.who.as_ref()) })
        };
        let bands = ticket::segments(timer, now, rules);
        Self {
            name: timer.name.word(),
            label: unit
                .map_or_else(|| label.to_owned(), |leg| format!("{label}（{}）", leg.unit.name)),
            leg_id: timer.leg.map(base::LegId::uuid),
            cycle: timer.cycle,
            started_at: timer.started_at,
            due_at: timer.due_at,
            provisional: timer.provisional,
            met_at: timer.met_at,
            stopped_at: timer.stopped_at,
            paused_at: timer.count.paused_at.filter(|_| timer.is_running()),
            projected_due_at: timer.is_running().then(|| rules.projected(timer, now)).flatten(),
            left_secs: rules.left(timer, now).num_seconds(),
            extensions: timer.count.more.len(),
            held: held.iter().filter_map(within).collect(),
            late: timer.is_late(now),
            percent: ticket::percent(timer, now, rules),
            left_text: ticket::left_text(left, timer.is_natural(), now, rules),
            segments: bands
                .into_iter()
                .map(|band| BandBody { from: band.from, to: band.to, kind: band.kind })
                .collect(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfferBody {
    name: &'static str,
    label: &'static str,
    enabled: bool,
    why_not: Option<String>,
    #[schema(value_type = Vec<FieldBody>)]
    fields: Vec<ticket::Field>,
}

/// A ticket's page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketBody {
    #[serde(flatten)]
    row: TicketRow,
    content: String,
    address: String,
    place_path: Option<String>,
    contact: Option<ContactMasked>,
    category_path: Option<String>,
    category_id: Option<Uuid>,
    place_id: Option<Uuid>,
    call_id: Option<Uuid>,
    source: Option<String>,
    outside_number: Option<String>,
    wants_reply: bool,
    cycle: i16,
    legs: Vec<LegBody>,
    history: Vec<HistoryItem>,
    timers: Vec<TimerBody>,
    /// Who used the time, and who went beyond its limits (超期归责).
    breakdown: Vec<ShareBody>,
    /// What this viewer may do now.
    actions: Vec<OfferBody>,
    notices: Vec<NoticeRow>,
    attachments: Vec<AttachmentItem>,
    rating: Option<RatingBody>,
    #[schema(value_type = Option<ExtensionBody>)]
    extension: Option<ticket::ExtensionAsk>,
    #[schema(value_type = Option<Object>)]
    ending: Option<ticket::Ending>,
    #[serde(flatten)]
    beside: SideBody,
    /// For hotline staff, who may give it to the citizen again.
    query_code: Option<String>,
}

impl TicketBody {
    pub(crate) fn new(page: TicketPage, rules: &Rules, now: DateTime<Utc>) -> Self {
        let beside = SideBody::new(&page);
        let TicketPage { ticket, contact, events, rating, offers, notices, attachments, .. } = page;
        let row = TicketRow::new(list_row(&ticket, page.place_path.clone(), now), rules, now);
        let timers = &ticket.life.timers;
        let held = ticket::held(&ticket.life, &events, now);
        let shares = ticket::breakdown(&ticket.life, &events, rules, now);
        Self {
            row,
            beside,
            timers: timers
                .iter()
                .map(|timer| TimerBody::new(timer, &ticket, &held, rules, now))
                .collect(),
            breakdown: shares
                .iter()
                .map(|share| ShareBody {
                    who: side(share.who.as_ref()),
                    secs_business: share.secs_business,
                    overdue_secs: share.overdue_secs,
                })
                .collect(),
            place_path: page.place_path,
            contact: contact.map(|masked| ContactMasked {
                name_masked: masked.name_masked,
                number_masked: masked.number_masked,
            }),
            category_path: page.category_path,
            category_id: ticket.request.category.map(base::CategoryId::uuid),
            place_id: ticket.request.place.map(base::PlaceId::uuid),
            call_id: ticket.request.call.map(base::CallId::uuid),
            wants_reply: ticket.request.wants_reply,
            cycle: ticket.life.cycle,
            history: events.into_iter().map(HistoryItem::new).collect(),
            actions: offers
                .into_iter()
                .map(|offer| OfferBody {
                    name: offer.name,
                    label: offer.label,
                    enabled: offer.enabled,
                    why_not: offer.why_not,
                    fields: offer.fields,
                })
                .collect(),
            attachments: attachments.into_iter().map(AttachmentItem::new).collect(),
            notices: notices.into_iter().map(NoticeRow::new).collect(),
            rating: rating.map(RatingBody::new),
            query_code: page.by_hotline.then_some(ticket.query_code),
            extension: ticket.life.extension,
            ending: ticket.life.ending,
            legs: ticket.life.legs.into_iter().map(LegBody::new).collect(),
            content: ticket.request.content,
            address: ticket.request.address,
            source: ticket.request.source,
            outside_number: ticket.request.outside_number,
        }
    }
}
