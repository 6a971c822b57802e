//! When a clerk is warned (黄牌): shares of a limit and spans before its end, in the clock's own time.
use std::str::FromStr;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Deserialize;

use super::Rules;
use crate::calendar::{Error, Limit, Pause, WorkCalendar};
use crate::timer::Runs;

/// One warning before a due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Mark {
    /// The later of `warn_percent` and one working day before due (`yellow`).
    Yellow,
    /// At a share of the limit (`75%`).
    Percent(u8),
    /// So much of the clock's own time before due (`BH 2h`, `WD 1`, `WALL 30m`).
    Before(Limit),
}

impl FromStr for Mark {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text == "yellow" {
            return Ok(Self::Yellow);
        }
        match text.strip_suffix('%') {
            Some(share) => match share.trim().parse::<u8>() {
                Ok(share @ 1..=99) => Ok(Self::Percent(share)),
                _ => Err(Error::BadFile(format!("{text:?} is no share; write 1% to 99%"))),
            },
            None => Ok(Self::Before(text.parse()?)),
        }
    }
}

impl TryFrom<String> for Mark {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl Rules {
    /// All warnings of a clock, the earliest first; those before its start are left out.
    pub fn warnings_at(
        &self,
        runs: Runs,
        start: DateTime<Utc>,
        due: DateTime<Utc>,
        pauses: &[Pause],
    ) -> Vec<DateTime<Utc>> {
        let mut all: Vec<_> = self
            .warnings
            .iter()
            .filter_map(|mark| self.mark_at(*mark, runs, start, due, pauses))
            // as fine as the database keeps it, or a replay would differ from what is stored
            .map(|at| at.trunc_subsecs(6))
            .filter(|at| *at > start && *at <= due)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// When one mark falls.
    pub fn mark_at(
        &self,
        mark: Mark,
        runs: Runs,
        start: DateTime<Utc>,
        due: DateTime<Utc>,
        pauses: &[Pause],
    ) -> Option<DateTime<Utc>> {
        let calendar = self.calendar(runs);
        match mark {
            Mark::Percent(share) => self.share_at(calendar, share, start, due, pauses),
            Mark::Before(limit) => before(calendar.unwrap_or(&self.office), limit, due),
            Mark::Yellow => {
                let share = self.share_at(calendar, self.warn_percent, start, due, pauses)?;
                let day = calendar.and_then(|calendar| before(calendar, Limit::DayEnd(1), due));
                Some(day.filter(|day| *day > start).map_or(share, |day| share.max(day)))
            }
        }
    }

    /// When a share of a clock's own time is used up, pauses not counted.
    fn share_at(
        &self,
        calendar: Option<&WorkCalendar>,
        share: u8,
        start: DateTime<Utc>,
        due: DateTime<Utc>,
        pauses: &[Pause],
    ) -> Option<DateTime<Utc>> {
        let part = |whole: TimeDelta| whole * i32::from(share) / 100;
        let used = if let Some(calendar) = calendar {
            Limit::Business(part(calendar.used(start, due, pauses)))
        } else {
            let lost: TimeDelta = crate::calendar::unite(pauses)
                .iter()
                .map(|pause| (pause.to.min(due) - pause.from.max(start)).max(TimeDelta::zero()))
                .sum();
            Limit::Wall(part(due - start - lost))
        };
        if used.is_zero() {
            return None;
        }
        calendar.unwrap_or(&self.office).due(start, used, pauses).ok()
    }
}

/// A span counted back from a due.
fn before(calendar: &WorkCalendar, limit: Limit, due: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match limit {
        Limit::Business(time) => calendar.sub(due, time).ok(),
        Limit::Wall(time) => Some(due - time),
        Limit::DayEnd(n) | Limit::DayRoll(n) => calendar.close_before(due, n),
        Limit::Natural(n) | Limit::NaturalRoll(n) => Some(due - TimeDelta::days(i64::from(n))),
    }
}
