//! The shapes of a ticket in JSON.
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use ticket::{Clocks, Event, Leg, Rating, Row, Rules, Ticket, Timer, Urgency};
use utoipa::ToSchema;
use uuid::Uuid;
use workflow::TicketPage;

use crate::attachments::AttachmentItem;
use crate::notices::NoticeRow;

/// A line of a list.
#[expect(clippy::struct_excessive_bools, reason = "the fields of a row")]
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketRow {
    pub id: Uuid,
    pub number: String,
    pub title: String,
    pub kind: String,
    pub urgency: String,
    pub state: String,
    pub state_label: &'static str,
    pub unit_name: Option<String>,
    pub due_at: Option<DateTime<Utc>>,
    /// The date that the citizen was told.
    pub promise_at: DateTime<Utc>,
    /// The due lies beyond the known calendar.
    pub provisional: bool,
    pub late: bool,
    /// 剩 4 个工作日
    pub left_text: String,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub channel: String,
    pub district: Option<String>,
    pub secrecy: bool,
    /// extended, returned, rework, urged, correction
    pub flags: Vec<&'static str>,
    pub version: i64,
    pub demo: bool,
}

impl TicketRow {
    pub(crate) fn new(row: Row, rules: &Rules, now: DateTime<Utc>) -> Self {
        let stage = ticket::Stage::from_word(&row.state);
        let natural = row.urgency != Urgency::Normal.word();
        let flags = [
            ("extended", row.extensions > 0),
            ("returned", row.returns > 0),
            ("rework", row.cycle > 1),
            ("urged", row.urges > 0),
            ("correction", row.corrections > 0),
        ];
        Self {
            id: row.id.uuid(),
            number: row.number,
            title: row.title,
            kind: row.kind,
            urgency: row.urgency,
            state_label: stage.map_or("", ticket::Stage::label),
            state: row.state,
            unit_name: row.unit_name,
            left_text: ticket::left_text(row.due_at, natural, now, rules),
            late: row.was_late || row.due_at.is_some_and(|due| row.ended_at.is_none() && due < now),
            due_at: row.due_at,
            promise_at: row.promise_at,
            provisional: row.provisional,
            created_at: row.accepted_at,
            ended_at: row.ended_at,
            channel: row.channel,
            district: district(row.place_path.as_deref()),
            secrecy: row.sealed,
            flags: flags.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag).collect(),
            version: row.version,
            demo: row.demo,
        }
    }
}

/// The first word of a place's path.
fn district(path: Option<&str>) -> Option<String> {
    path?.split_whitespace().next().map(str::to_owned)
}

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
    level: &'static str,
    /// lead 主办, assisting 协办
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
            replied_at: leg.replied_at,
            result: leg.reply.as_ref().map(|reply| reply.solved.word()),
            reply: leg.reply.map(|reply| ReplyBody {
                text: reply.text,
                contacted: reply.contacted,
                contacted_at: reply.contacted_at,
                how: reply.how,
                solved: reply.solved.word(),
            }),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    id: Uuid,
    at: DateTime<Utc>,
    actor_name: String,
    unit_name: Option<String>,
    action: String,
    action_label: &'static str,
    reason: String,
    note: Option<String>,
    from: Option<&'static str>,
    to: &'static str,
    details: Value,
}

impl HistoryItem {
    pub(super) fn new(event: Event) -> Self {
        Self {
            id: event.id(),
            at: event.at,
            actor_name: event.actor,
            unit_name: event.unit_name,
            action_label: label(&event.action),
            action: event.action,
            reason: event.reason,
            note: event.note,
            from: event.from.map(ticket::Stage::word),
            to: event.to.word(),
            details: event.details,
        }
    }
}

fn label(action: &str) -> &'static str {
    match action {
        "accept" => "受理",
        "addition" => "追加",
        "warn" => "临期提醒",
        "late" => "超期",
        "auto_sign" => "系统签收",
        "recount" => "重新计时",
        "migrate_flow" => "流程换版",
        "rebuild_clocks" => "重建计时",
        word => ticket::Verb::from_word(word).map_or("", ticket::Verb::label),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BandBody {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// run, off, pause
    #[schema(value_type = String)]
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
    #[schema(value_type = Vec<Object>)]
    fields: Vec<ticket::Field>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatingBody {
    at: DateTime<Utc>,
    cycle: i16,
    reached: bool,
    contacted: Option<bool>,
    solved: Option<&'static str>,
    satisfaction: Option<&'static str>,
    satisfaction_label: &'static str,
    words: String,
    not_true: bool,
}

impl RatingBody {
    fn new(rating: Rating) -> Self {
        Self {
            at: rating.at,
            cycle: rating.cycle,
            reached: rating.reached,
            contacted: rating.contacted,
            solved: rating.solved.map(ticket::Solved::word),
            satisfaction: rating.satisfaction.map(ticket::Satisfaction::word),
            satisfaction_label: rating.satisfaction.map_or("未评价", ticket::Satisfaction::label),
            words: rating.words,
            not_true: rating.not_true,
        }
    }
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
    #[schema(value_type = Option<Object>)]
    extension: Option<ticket::ExtensionAsk>,
    #[schema(value_type = Option<Object>)]
    ending: Option<ticket::Ending>,
    /// For hotline staff, who may give it to the citizen again.
    query_code: Option<String>,
}

impl TicketBody {
    pub(crate) fn new(page: TicketPage, rules: &Rules, now: DateTime<Utc>) -> Self {
        let TicketPage { ticket, contact, events, rating, offers, notices, attachments, .. } = page;
        let row = TicketRow::new(list_row(&ticket, page.place_path.clone(), now), rules, now);
        let timers = &ticket.life.timers;
        let held = ticket::held(&ticket.life, &events, now);
        let shares = ticket::breakdown(&ticket.life, &events, rules, now);
        Self {
            row,
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

/// The line that a list would show of it.
fn list_row(ticket: &Ticket, place_path: Option<String>, now: DateTime<Utc>) -> Row {
    let life = &ticket.life;
    Row {
        id: ticket.id,
        number: ticket.number.to_string(),
        version: ticket.version,
        title: ticket.request.title.clone(),
        kind: life.kind.word().to_owned(),
        urgency: life.urgency.word().to_owned(),
        state: life.stage.word().to_owned(),
        unit_name: life.lead().map(|leg| leg.unit.name.clone()),
        accepted_at: life.accepted_at,
        promise_at: life.promise,
        due_at: life.due(),
        ended_at: life.ended_at,
        provisional: life.timers.iter().any(|timer| timer.is_running() && timer.provisional),
        was_late: life.was_late(now),
        channel: ticket.request.channel.word().to_owned(),
        place_path,
        sealed: ticket.request.sealed,
        person_id: ticket.request.person,
        cycle: life.cycle,
        returns: life.returns,
        corrections: life.corrections,
        extensions: life.extensions,
        urges: life.urges,
        demo: ticket.demo,
    }
}
