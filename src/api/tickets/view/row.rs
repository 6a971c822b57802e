//! A ticket as a line of a list.
use chrono::{DateTime, Utc};
use serde::Serialize;
use ticket::{Row, Rules, Ticket, Urgency};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words;

/// A line of a list.
#[expect(clippy::struct_excessive_bools, reason = "the fields of a row")]
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketRow {
    pub id: Uuid,
    pub number: String,
    pub title: String,
    #[schema(value_type = words::Kind)]
    pub kind: String,
    #[schema(value_type = words::Urgency)]
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
    #[schema(value_type = words::Channel)]
    pub channel: String,
    pub district: Option<String>,
    pub secrecy: bool,
    /// `extended`, `returned`, `rework`, `urged`, `correction`, `mass`, `merged_children`,
    /// `suspended`, `withdrawn`, `self_reported_contact`, `rating_doubted`,
    /// `oversight:LEVEL`
    pub flags: Vec<String>,
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
            ("mass", row.mass),
            ("merged_children", row.merged_children > 0),
            ("suspended", row.state == ticket::Stage::Suspended.word()),
            ("withdrawn", row.withdrawn),
            ("self_reported_contact", row.self_reported),
            ("rating_doubted", row.rating_doubted),
        ];
        let flags = flags.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag.to_owned());
        let oversight = row.oversight.map(|level| format!("oversight:{level}"));
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
            flags: flags.chain(oversight).collect(),
            version: row.version,
            demo: row.demo,
        }
    }
}

/// The first word of a place's path.
fn district(path: Option<&str>) -> Option<String> {
    path?.split_whitespace().next().map(str::to_owned)
}

/// The line that a list would show of it.
pub(super) fn list_row(ticket: &Ticket, place_path: Option<String>, now: DateTime<Utc>) -> Row {
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
        oversight: life.side.oversight().map(|level| level.word().to_owned()),
        mass: life.side.mass,
        withdrawn: life.side.is_withdrawn(),
        self_reported: life.side.has_self_reported(),
        rating_doubted: life.side.is_rating_doubted(),
        merged_children: i16::try_from(life.side.children.len()).unwrap_or(i16::MAX),
        demo: ticket.demo,
    }
}
