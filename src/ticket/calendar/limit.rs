//! Limits (时限规则): six ways to count until something is due, and what a pause adds to each.
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Error, WorkCalendar, instant};

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Limit {
    /// So much working time (`BH`).
    Business(TimeDelta),
    /// Until the close of the n-th working day after the start day (`WD-EOD`, `WD`).
    DayEnd(u32),
    /// The same clock time n working days later (`WD-ROLL`).
    DayRoll(u32),
    /// Until the midnight that ends the n-th natural day after the start day (`CD`).
    Natural(u32),
    /// Like `CD`, but until the close of that day or of the next working day (`CD-ROLL`).
    NaturalRoll(u32),
    /// So much time (`WALL`).
    Wall(TimeDelta),
}

/// A span in which a clock does not run (挂账). Half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pause {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// Pauses in order, overlapping ones united, empty ones dropped.
pub fn unite(pauses: &[Pause]) -> Vec<Pause> {
    let mut sorted: Vec<_> = pauses.iter().copied().filter(|pause| pause.from < pause.to).collect();
    sorted.sort_unstable();
    let mut united: Vec<Pause> = Vec::with_capacity(sorted.len());
    for pause in sorted {
        match united.last_mut() {
            Some(last) if pause.from <= last.to => last.to = last.to.max(pause.to),
            _ => united.push(pause),
        }
    }
    united
}

impl WorkCalendar {
    /// When a limit that started at `start` runs out.
    pub fn due(
        &self,
        start: DateTime<Utc>,
        limit: Limit,
        pauses: &[Pause],
    ) -> Result<DateTime<Utc>, Error> {
        if limit.is_zero() {
            return Ok(start);
        }
        let pauses = unite(pauses);
        let by_days = |n: u32,
                       count: &dyn Fn(usize) -> Result<DateTime<Utc>, Error>,
                       lost: &dyn Fn(DateTime<Utc>, DateTime<Utc>) -> usize| {
            let mut n = usize::try_from(n).expect("a limit in days fits");
            let mut due = count(n)?;
            for pause in pauses.iter().filter(|pause| pause.to > start) {
                if pause.from >= due {
                    break;
                }
                n += lost(pause.from.max(start), pause.to);
                due = count(n)?;
            }
            Ok(due)
        };
        let closes = |a, b| self.closes_in(a, b);
        let midnights = |a, b| self.midnights_in(a, b);
        let date = self.date_of(start);
        let natural = |n: usize| date + Days::new(u64::try_from(n).expect("days fit"));
        match limit {
            Limit::Business(time) => {
                let span = |a, b| self.elapsed(a, b);
                let (from, left) = run(start, time, &pauses, &span);
                self.add(from, left)
            }
            Limit::Wall(time) => {
                let (from, left) = run(start, time, &pauses, &|a, b| b - a);
                Ok(from + left)
            }
            Limit::DayEnd(n) => {
                by_days(n, &|n| Ok(super::time(self.working_day(date, n)?.close)), &closes)
            }
            Limit::DayRoll(n) => {
                let (start, day) = self.next_opening(start)?;
                let local = start.with_timezone(&self.zone).naive_local();
                let since = local - day.and_time(chrono::NaiveTime::MIN);
                by_days(
                    n,
                    &|n| {
                        let day = self.working_day(day, n)?.date;
                        Ok(instant(self.zone, day.and_time(chrono::NaiveTime::MIN) + since))
                    },
                    &closes,
                )
            }
            Limit::Natural(n) => by_days(n, &|n| Ok(self.midnight_ending(natural(n))), &midnights),
            Limit::NaturalRoll(n) => {
                by_days(n, &|n| Ok(super::time(self.working_day(natural(n), 0)?.close)), &midnights)
            }
        }
    }

    /// What is left of a business limit while a pause is open: no more runs from `open_since` on: no due time then.
    pub fn left(
        &self,
        start: DateTime<Utc>,
        time: TimeDelta,
        pauses: &[Pause],
        open_since: DateTime<Utc>,
    ) -> TimeDelta {
        (time - self.used(start, open_since, pauses)).max(TimeDelta::zero())
    }

    /// Working time from `start` to `at` outside the pauses.
    pub fn used(&self, start: DateTime<Utc>, at: DateTime<Utc>, pauses: &[Pause]) -> TimeDelta {
        let lost = unite(pauses)
            .iter()
            .map(|pause| self.elapsed(pause.from.max(start), pause.to.min(at)))
            .fold(TimeDelta::zero(), |sum, part| sum + part);
        self.elapsed(start, at) - lost
    }

    /// How many midnights lie in `[a, b)`.
    fn midnights_in(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> usize {
        if b <= a {
            return 0;
        }
        let date = self.date_of(a);
        let first = instant(self.zone, date.and_time(chrono::NaiveTime::MIN));
        let day = if first >= a { date } else { date + Days::new(1) };
        let last = self.date_of(b - TimeDelta::microseconds(1));
        usize::try_from((last - day).num_days() + 1).unwrap_or_default()
    }
}

/// Uses up `time` between the pauses: from where the rest runs without one, and that rest.
fn run(
    start: DateTime<Utc>,
    time: TimeDelta,
    pauses: &[Pause],
    span: &dyn Fn(DateTime<Utc>, DateTime<Utc>) -> TimeDelta,
) -> (DateTime<Utc>, TimeDelta) {
    let (mut from, mut left) = (start, time);
    for pause in pauses.iter().filter(|pause| pause.to > start) {
        let before = if pause.from > from { span(from, pause.from) } else { TimeDelta::zero() };
        if before >= left {
            break;
        }
        left -= before;
        from = pause.to;
    }
    (from, left)
}

impl Limit {
    /// Nothing may pass at all: due at its start.
    pub fn is_zero(self) -> bool {
        match self {
            Self::Business(time) | Self::Wall(time) => time <= TimeDelta::zero(),
            Self::DayEnd(n) | Self::DayRoll(n) | Self::Natural(n) | Self::NaturalRoll(n) => n == 0,
        }
    }
}

impl Limit {
    /// It does not look at working hours at all.
    pub fn is_natural(self) -> bool {
        matches!(self, Self::Wall(_) | Self::Natural(_))
    }

    /// As it is written in files: `BH 4h`, `WD-EOD 5`.
    pub fn word(self) -> String {
        match self {
            Self::Business(time) => format!("BH {}", amount(time)),
            Self::Wall(time) => format!("WALL {}", amount(time)),
            Self::DayEnd(n) => format!("WD-EOD {n}"),
            Self::DayRoll(n) => format!("WD-ROLL {n}"),
            Self::Natural(n) => format!("CD {n}"),
            Self::NaturalRoll(n) => format!("CD-ROLL {n}"),
        }
    }
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        limit.word()
    }
}

impl TryFrom<String> for Limit {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

/// The amount in the largest unit that divides it.
fn amount(time: TimeDelta) -> String {
    let micros = time.num_microseconds().unwrap_or_default();
    match (micros % 3_600_000_000, micros % 60_000_000, micros % 1_000_000) {
        (0, ..) => format!("{}h", micros / 3_600_000_000),
        (_, 0, _) => format!("{}m", micros / 60_000_000),
        (_, _, 0) => format!("{}s", micros / 1_000_000),
        _ => format!("{}.{:06}s", micros / 1_000_000, micros % 1_000_000),
    }
}

impl FromStr for Limit {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::BadLimit(text.to_owned());
        let (kind, amount) = text.trim().split_once(' ').ok_or_else(bad)?;
        let days = || amount.parse::<u32>().ok().filter(|n| *n <= 3650).ok_or_else(bad);
        let time = || amount_of_time(amount).ok_or_else(bad);
        Ok(match kind {
            "BH" => Self::Business(time()?),
            "WALL" => Self::Wall(time()?),
            "WD" | "WD-EOD" => Self::DayEnd(days()?),
            "WD-ROLL" => Self::DayRoll(days()?),
            "CD" => Self::Natural(days()?),
            "CD-ROLL" => Self::NaturalRoll(days()?),
            _ => return Err(bad()),
        })
    }
}

/// `1.5h`, `2m`, `30s`, `1h30m`.
fn amount_of_time(text: &str) -> Option<TimeDelta> {
    let mut micros = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit = match rest.as_bytes()[end] {
            b'h' => 3_600_000_000,
            b'm' => 60_000_000,
            b's' => 1_000_000,
            _ => return None,
        };
        micros = micros.checked_add(decimal(&rest[..end], unit)?)?;
        rest = &rest[end + 1..];
    }
    (!text.is_empty() && micros <= 10 * 365 * 86_400_000_000)
        .then(|| TimeDelta::microseconds(micros))
}

/// A decimal number of `unit`, without the rounding of floating point.
fn decimal(text: &str, unit: i64) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    if part.is_empty() {
        return (!text.ends_with('.')).then_some(whole);
    }
    let scale = 10_i64.checked_pow(u32::try_from(part.len()).ok().filter(|n| *n <= 6)?)?;
    Some(whole + part.parse::<i64>().ok()? * unit / scale)
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Business(time) => write!(f, "{}小时工作时间", hours(*time)),
            Self::Wall(time) => write!(f, "{}小时", hours(*time)),
            Self::DayEnd(n) | Self::DayRoll(n) => write!(f, "{n}个工作日"),
            Self::Natural(n) | Self::NaturalRoll(n) => write!(f, "{n}天"),
        }
    }
}

fn hours(time: TimeDelta) -> String {
    let minutes = time.num_minutes();
    match (minutes / 60, minutes % 60) {
        (hours, 0) => hours.to_string(),
        (hours, rest) => format!("{hours}.{}", rest * 10 / 60),
    }
}
