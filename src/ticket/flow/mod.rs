//! Flow profiles (流程): the limits of a city by kind, urgency and level, as versioned data. A
//! profile's version is never changed once tickets have begun with it; a new one stands beside it.
mod actors;
mod book;
mod file;
mod ladder;
mod limits;
mod mark;
#[cfg(test)]
mod tests;

use actors::Actors;
pub use book::RuleBook;
pub use ladder::{Rung, Whom};
pub use limits::{Block, Limits, OneSource, Suspension};
pub use mark::Mark;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveTime, TimeZone, Timelike, Utc};
use org::Level;

use crate::calendar::{Error, Limit, WorkCalendar};
use crate::kind::{Kind, Urgency};
use crate::timer::Runs;

/// Everything that decides when something is due and how often it may happen.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The profile's name and version, kept with each ticket.
    pub profile: String,
    pub version: i32,
    pub correction_floor: Limit,
    pub warn_percent: u8,
    pub max_returns: u16,
    pub automatic_reworks: u16,
    pub max_cycles: u16,
    pub follow_up_attempts: u16,
    /// When a clerk is warned; several are several warnings.
    pub warnings: Vec<Mark>,
    /// Long-term matters (挂账).
    pub suspension: Suspension,
    /// Days from the end to the archive (归档).
    pub archive_days: u16,
    /// How many tickets may be rated from one address.
    pub one_source: OneSource,
    /// What happens to a late leg, step by step (督办梯次).
    pub escalation: Vec<Rung>,
    /// So many returns, corrections or bad ratings bring oversight by themselves; 0: never.
    pub oversee_after_returns: u16,
    pub oversee_after_corrections: u16,
    pub oversee_after_dissatisfied: u16,
    actors: Actors,
    approval: Vec<Kind>,
    reply_blocks: BTreeMap<Kind, Vec<Block>>,
    quiet: [NaiveTime; 3],
    limits: BTreeMap<String, ByLevel>,
    office: Arc<WorkCalendar>,
    hotline: Arc<WorkCalendar>,
}

/// The limits of one kind: the city's, and what differs for the levels below.
#[derive(Debug, Clone)]
struct ByLevel {
    all: Limits,
    county: Limits,
    township: Limits,
}

impl Rules {
    /// The rules that come with the program: the newest of its first profile.
    ///
    /// # Panics
    /// Never: a test reads the shipped files.
    pub fn built_in() -> Self {
        Self::clone(&RuleBook::built_in().in_force())
    }

    /// `siping@2`: how the profile and its version are written.
    pub fn label(&self) -> String {
        format!("{}@{}", self.profile, self.version)
    }

    /// The limits of a request; urgency goes before kind.
    pub fn limits(&self, kind: Kind, urgency: Urgency) -> &Limits {
        &self.by_level(kind, urgency).all
    }

    /// The limits of a request for a unit of this level.
    pub fn limits_at(&self, kind: Kind, urgency: Urgency, level: Level) -> &Limits {
        let found = self.by_level(kind, urgency);
        match level {
            Level::City => &found.all,
            Level::County => &found.county,
            Level::Township => &found.township,
        }
    }

    fn by_level(&self, kind: Kind, urgency: Urgency) -> &ByLevel {
        let word = if urgency == Urgency::Normal { kind.word() } else { urgency.word() };
        self.limits.get(word).expect("checked when read: every kind and urgency has its limits")
    }

    /// Whether a unit's leader has to approve a reply (单位审核).
    pub fn approval(&self, kind: Kind) -> bool {
        self.approval.contains(&kind)
    }

    /// What a reply has to contain beside its text.
    pub fn reply_blocks(&self, kind: Kind) -> &[Block] {
        self.reply_blocks.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// The calendar of the units.
    pub fn office(&self) -> &WorkCalendar {
        &self.office
    }

    /// The calendar of the hotline.
    pub fn hotline(&self) -> &WorkCalendar {
        &self.hotline
    }

    /// The calendar a clock runs on; none in natural time.
    pub fn calendar(&self, runs: Runs) -> Option<&WorkCalendar> {
        match runs {
            Runs::Office => Some(&self.office),
            Runs::Hotline => Some(&self.hotline),
            Runs::Always => None,
        }
    }

    /// When a unit has to be done.
    pub fn unit_due(&self, start: DateTime<Utc>, limit: Limit) -> Result<DateTime<Utc>, Error> {
        self.office.due(start, limit, &[])
    }

    /// When the hotline has to be done.
    pub fn hotline_due(&self, start: DateTime<Utc>, limit: Limit) -> Result<DateTime<Utc>, Error> {
        self.hotline.due(start, limit, &[])
    }

    /// When a follow-up has to be done: never in the quiet hours.
    pub fn follow_up_due(
        &self,
        start: DateTime<Utc>,
        limit: Limit,
    ) -> Result<DateTime<Utc>, Error> {
        Ok(self.out_of_quiet(self.hotline_due(start, limit)?))
    }

    /// Whether nobody is to be asked how it was at this hour.
    pub fn is_quiet(&self, at: DateTime<Utc>) -> bool {
        let [from, to, _] = self.quiet;
        let time = at.with_timezone(&self.hotline.zone()).time();
        time >= from || time < to
    }

    /// A limit that ends in the quiet hours ends when they are over.
    pub(crate) fn out_of_quiet(&self, due: DateTime<Utc>) -> DateTime<Utc> {
        let local = due.with_timezone(&self.hotline.zone());
        let [from, to, ends] = self.quiet;
        let time = local.time();
        let date = if time >= from {
            local.date_naive() + Days::new(1)
        } else if time < to {
            local.date_naive()
        } else {
            return due;
        };
        let moved = self.hotline.zone().from_local_datetime(&date.and_time(ends)).earliest();
        moved.map_or(due, |moved| moved.to_utc())
    }

    /// Local time of day at the hotline, in seconds.
    pub fn seconds_of_day(&self, at: DateTime<Utc>) -> u32 {
        at.with_timezone(&self.hotline.zone()).num_seconds_from_midnight()
    }
}
