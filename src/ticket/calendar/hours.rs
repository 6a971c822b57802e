//! The hours of a place as an administrator writes them down: a week, dated exceptions, closures.
use std::collections::HashMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Weekday};
use chrono_tz::Tz;
use serde::Deserialize;

use super::read::read_toml;
use super::{Error, instant};

/// Seconds of the day; the end may lie beyond 24:00 for a night shift.
type Segment = (i64, i64);

/// What a calendar is compiled from.
#[derive(Debug, Clone)]
pub struct Hours {
    pub(super) name: String,
    pub(super) zone: Tz,
    pub(super) known_until: NaiveDate,
    week: [Vec<Segment>; 7],
    days: HashMap<NaiveDate, Vec<Segment>>,
    closures: Vec<(i64, i64)>,
    /// The closures that a file gives, for people.
    pub(super) closed: Vec<Closed>,
    /// The notices that its days come from.
    pub(super) sources: Vec<String>,
}

/// Hours taken out of a day (typhoon, power cut), and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub from: NaiveDateTime,
    pub to: NaiveDateTime,
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    zone: Tz,
    known_until: NaiveDate,
    #[serde(default)]
    week: Week,
    #[serde(default)]
    days: Vec<Notice>,
    #[serde(default, alias = "closure")]
    closures: Vec<Closure>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Week {
    monday: Vec<String>,
    tuesday: Vec<String>,
    wednesday: Vec<String>,
    thursday: Vec<String>,
    friday: Vec<String>,
    saturday: Vec<String>,
    sunday: Vec<String>,
}

/// The days off and make-up workdays (调休) of one official notice.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    /// A year without its source is refused.
    source: String,
    #[serde(default)]
    off: Vec<String>,
    #[serde(default)]
    work: Vec<String>,
    /// Hours of the make-up days; Monday's when empty.
    #[serde(default)]
    hours: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Closure {
    from: NaiveDateTime,
    to: NaiveDateTime,
    /// For the people who read the file.
    why: String,
}

impl Hours {
    /// Hours without exceptions; `week` starts on Monday and is written like `09:00-12:00 13:30-17:30`.
    pub(super) fn weekly(name: &str, zone: Tz, week: [&str; 7]) -> Result<Self, Error> {
        let mut days: [Vec<Segment>; 7] = Default::default();
        for (day, text) in days.iter_mut().zip(week) {
            *day = text.split_whitespace().map(segment).collect::<Result<_, _>>()?;
        }
        Ok(Self {
            name: name.to_owned(),
            zone,
            known_until: NaiveDate::MAX,
            week: days,
            days: HashMap::new(),
            closures: Vec::new(),
            closed: Vec::new(),
            sources: Vec::new(),
        })
    }

    /// Reads a calendar (`sip-config/calendar/*.toml`).
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::parse_file("calendar", text)
    }

    /// Reads a calendar whose file has a name.
    pub fn parse_file(name: &str, text: &str) -> Result<Self, Error> {
        let file: File = read_toml(name, text)?;
        Self::from_file(file).map_err(|error| match error {
            Error::BadFile(why) => {
                // the quoted word is the mistake: its line is where it stands
                let quoted = why.split('"').nth(1).unwrap_or_default();
                let line =
                    text.lines().position(|line| !quoted.is_empty() && line.contains(quoted));
                let line = line.map(|line| line + 1);
                let file = name.to_owned();
                Error::Mistake(super::Mistake { file, line, key: String::new(), why })
            }
            other => other,
        })
    }

    fn from_file(file: File) -> Result<Self, Error> {
        let week = file.week;
        let week = [
            segments(&week.monday)?,
            segments(&week.tuesday)?,
            segments(&week.wednesday)?,
            segments(&week.thursday)?,
            segments(&week.friday)?,
            segments(&week.saturday)?,
            segments(&week.sunday)?,
        ];
        let mut days = HashMap::new();
        for notice in &file.days {
            if notice.source.trim().is_empty() {
                return Err(Error::BadFile(
                    "[[days]] needs the notice it comes from: source".into(),
                ));
            }
            for date in dates(&notice.off)? {
                days.insert(date, Vec::new());
            }
            let hours = match segments(&notice.hours)? {
                none if none.is_empty() => week[0].clone(),
                given => given,
            };
            for date in dates(&notice.work)? {
                days.insert(date, hours.clone());
            }
        }
        let mut hours = Self {
            name: file.name,
            zone: file.zone,
            known_until: file.known_until,
            week,
            days,
            closures: Vec::new(),
            closed: Vec::new(),
            sources: file.days.iter().map(|notice| notice.source.clone()).collect(),
        };
        for closure in file.closures {
            if closure.to <= closure.from || closure.why.trim().is_empty() {
                let from = closure.from.format("%Y-%m-%dT%H:%M");
                let why =
                    format!("closure from \"{from}\": `to` lies after `from`, and `why` says why");
                return Err(Error::BadFile(why));
            }
            hours.close(closure.from, closure.to);
            let Closure { from, to, why } = closure;
            hours.closed.push(Closed { from, to, why });
        }
        Ok(hours)
    }

    /// Takes the time between two local times out (typhoon, power cut).
    pub fn close(&mut self, from: NaiveDateTime, to: NaiveDateTime) {
        let micros = |local| instant(self.zone, local).timestamp_micros();
        self.closures.push((micros(from), micros(to)));
    }

    /// Makes `date` a day off.
    pub fn day_off(&mut self, date: NaiveDate) {
        self.days.insert(date, Vec::new());
    }

    pub(super) fn renamed(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub(super) fn without_dates(mut self) -> Self {
        self.days.clear();
        self
    }

    pub(super) fn of(&self, date: NaiveDate) -> &[Segment] {
        let week = &self.week[weekday(date.weekday())];
        self.days.get(&date).unwrap_or(week)
    }

    /// What the closures leave of one interval.
    pub(super) fn open_parts(&self, open: i64, close: i64) -> Vec<(i64, i64)> {
        let mut parts = vec![(open, close)];
        for &(from, to) in &self.closures {
            parts = parts
                .into_iter()
                .flat_map(|(open, close)| [(open, close.min(from)), (open.max(to), close)])
                .filter(|(open, close)| open < close)
                .collect();
        }
        parts
    }
}

fn weekday(day: Weekday) -> usize {
    usize::try_from(day.num_days_from_monday()).expect("below seven")
}

fn segments(texts: &[String]) -> Result<Vec<Segment>, Error> {
    let mut found = texts.iter().map(|text| segment(text)).collect::<Result<Vec<_>, _>>()?;
    found.sort_unstable();
    if found.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(Error::BadFile(format!("hours overlap: {texts:?}")));
    }
    Ok(found)
}

fn segment(text: &str) -> Result<Segment, Error> {
    let bad = || Error::BadFile(format!("{text:?} are no hours; write 09:00-12:00"));
    let (open, close) = text.split_once('-').ok_or_else(bad)?;
    let clock = |text: &str| {
        let (hours, minutes) = text.trim().split_once(':')?;
        let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
        ((0..=48).contains(&hours) && (0..60).contains(&minutes))
            .then_some(hours * 3600 + minutes * 60)
    };
    match (clock(open), clock(close)) {
        (Some(open), Some(close)) if open < close => Ok((open, close)),
        _ => Err(bad()),
    }
}

fn dates(texts: &[String]) -> Result<Vec<NaiveDate>, Error> {
    let mut found = Vec::new();
    for text in texts {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let read = |text: &str| {
            text.parse::<NaiveDate>()
                .map_err(|_| Error::BadFile(format!("{text:?} is no date; write 2026-10-01")))
        };
        let last = read(last)?;
        found.extend(read(first)?.iter_days().take_while(|date| *date <= last));
    }
    Ok(found)
}
