//! Flow profiles (流程): the limits of a city by kind and urgency, as versioned data.
use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use serde::Deserialize;

use crate::calendar::{Error, Hours, Limit, WorkCalendar};
use crate::kind::{Kind, Urgency};
use crate::timer::Runs;

/// The limits for one kind of request.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Acceptance to dispatch (派单).
    pub dispatch: Limit,
    /// Dispatch to signing (签收); none for praise.
    pub sign: Option<Limit>,
    /// Dispatch to asking for a return (退单); none: no right to return.
    pub ask_return: Option<Limit>,
    /// The promise to the citizen, from acceptance (答复时限).
    pub reply: Limit,
    /// How often a unit may ask for more time.
    pub extension_times: u16,
    /// The most one extension adds.
    pub extension_each: Limit,
    /// Reply to review (审单).
    pub review: Limit,
    /// Review to follow-up (回访); none: no follow-up.
    pub follow_up: Option<Limit>,
    /// The share that is followed up, in per cent.
    pub follow_up_share: u8,
    /// A new cycle (重办).
    pub rework: Limit,
    /// Deciding a return (退单审核).
    pub decide_return: Limit,
    /// Deciding an extension (延期审核).
    pub decide_extension: Limit,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    dispatch: String,
    sign: Option<String>,
    ask_return: Option<String>,
    reply: String,
    extension: ExtensionFile,
    review: String,
    follow_up: Option<String>,
    #[serde(default = "all")]
    follow_up_share: u8,
    rework: String,
    decide_return: String,
    decide_extension: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtensionFile {
    times: u16,
    each: String,
}

fn all() -> u8 {
    100
}

impl TryFrom<LimitsFile> for Limits {
    type Error = Error;

    fn try_from(file: LimitsFile) -> Result<Self, Error> {
        let maybe = |text: Option<String>| text.map(|text| text.parse()).transpose();
        Ok(Self {
            dispatch: file.dispatch.parse()?,
            sign: maybe(file.sign)?,
            ask_return: maybe(file.ask_return)?,
            reply: file.reply.parse()?,
            extension_times: file.extension.times,
            extension_each: file.extension.each.parse()?,
            review: file.review.parse()?,
            follow_up: maybe(file.follow_up)?,
            follow_up_share: file.follow_up_share,
            rework: file.rework.parse()?,
            decide_return: file.decide_return.parse()?,
            decide_extension: file.decide_extension.parse()?,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    version: i32,
    unit_calendar: String,
    hotline_calendar: String,
    correction_floor: String,
    warn_percent: u8,
    max_returns: u16,
    automatic_reworks: u16,
    max_cycles: u16,
    follow_up_attempts: u16,
    follow_up_quiet: [NaiveTimeText; 3],
    limits: BTreeMap<String, LimitsFile>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct NaiveTimeText(NaiveTime);

impl TryFrom<String> for NaiveTimeText {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map(Self)
            .map_err(|_| format!("{text:?} is no time of day; write 21:00"))
    }
}

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
    quiet: [NaiveTime; 3],
    limits: BTreeMap<String, Limits>,
    office: WorkCalendar,
    hotline: WorkCalendar,
}

const SIPING: &str = include_str!("../../sip-config/flow/siping.toml");
const OFFICE: &str = include_str!("../../sip-config/calendar/office.toml");
const HOTLINE: &str = include_str!("../../sip-config/calendar/hotline.toml");

impl Rules {
    /// The rules that come with the program.
    ///
    /// # Panics
    /// Never: a test reads the shipped files.
    pub fn built_in() -> Self {
        Self::parse(SIPING, &[OFFICE, HOTLINE]).expect("a test reads the shipped files")
    }

    /// Reads `flow/siping.toml` and `calendar/*.toml` below the configuration folder; what is not
    /// there comes from the program.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let read = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|error| Error::BadFile(format!("{}: {error}", path.display())))
        };
        let flow = folder.join("flow/siping.toml");
        let flow = if flow.exists() { read(&flow)? } else { SIPING.to_owned() };
        let mut calendars = vec![OFFICE.to_owned(), HOTLINE.to_owned()];
        if let Ok(entries) = std::fs::read_dir(folder.join("calendar")) {
            let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            for path in paths.iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
                let text = read(path)?;
                Hours::parse(&text)
                    .map_err(|error| Error::BadFile(format!("{}: {error}", path.display())))?;
                calendars.push(text);
            }
        }
        let calendars: Vec<&str> = calendars.iter().map(String::as_str).collect();
        Self::parse(&flow, &calendars)
    }

    /// Reads a profile and the calendars it may name; a later calendar replaces an earlier one.
    pub fn parse(flow: &str, calendars: &[&str]) -> Result<Self, Error> {
        let file: File =
            toml::from_str(flow).map_err(|error| Error::BadFile(format!("flow: {error}")))?;
        let mut known = BTreeMap::new();
        for text in calendars {
            let calendar = WorkCalendar::compile(&Hours::parse(text)?);
            known.insert(calendar.name().to_owned(), calendar);
        }
        let find = |name: &str| {
            known
                .get(name)
                .cloned()
                .ok_or_else(|| Error::BadFile(format!("flow: no calendar is called {name:?}")))
        };
        let limits = file
            .limits
            .into_iter()
            .map(|(name, limits)| Ok((name, Limits::try_from(limits)?)))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        let needed = Kind::ALL.iter().map(|kind| kind.word()).chain(["utility", "emergency"]);
        for word in needed {
            if !limits.contains_key(word) {
                return Err(Error::BadFile(format!("flow: [limits.{word}] is missing")));
            }
        }
        Ok(Self {
            profile: file.name,
            version: file.version,
            correction_floor: file.correction_floor.parse()?,
            warn_percent: file.warn_percent.min(100),
            max_returns: file.max_returns,
            automatic_reworks: file.automatic_reworks,
            max_cycles: file.max_cycles,
            follow_up_attempts: file.follow_up_attempts.max(1),
            quiet: file.follow_up_quiet.map(|time| time.0),
            limits,
            office: find(&file.unit_calendar)?,
            hotline: find(&file.hotline_calendar)?,
        })
    }

    /// The limits of a request; urgency goes before kind.
    pub fn limits(&self, kind: Kind, urgency: Urgency) -> &Limits {
        let word = if urgency == Urgency::Normal { kind.word() } else { urgency.word() };
        self.limits.get(word).expect("checked when read: every kind and urgency has its limits")
    }

    /// The calendar of the units.
    pub fn office(&self) -> &WorkCalendar {
        &self.office
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
        let due = self.hotline_due(start, limit)?;
        let local = due.with_timezone(&self.hotline.zone());
        let [from, to, ends] = self.quiet;
        let time = local.time();
        let date = if time >= from {
            local.date_naive() + Days::new(1)
        } else if time < to {
            local.date_naive()
        } else {
            return Ok(due);
        };
        let moved = self.hotline.zone().from_local_datetime(&date.and_time(ends)).earliest();
        Ok(moved.map_or(due, |moved| moved.to_utc()))
    }

    /// When the clerk is warned (黄牌): at the share of the limit or one working day before due,
    /// whichever is later.
    pub fn warn_at(
        &self,
        runs: Runs,
        start: DateTime<Utc>,
        due: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let percent = i32::from(self.warn_percent);
        let Some(calendar) = self.calendar(runs) else {
            return (due > start).then(|| start + (due - start) * percent / 100);
        };
        let whole = calendar.elapsed(start, due);
        if whole <= TimeDelta::zero() {
            return None;
        }
        let share = calendar.add(start, whole * percent / 100).ok()?;
        let day = calendar.open_between(start, due).map(|(_, close)| close);
        let before = day
            .filter(|close| {
                let zone = calendar.zone();
                close.with_timezone(&zone).date_naive() < due.with_timezone(&zone).date_naive()
            })
            .last();
        Some(before.map_or(share, |before| share.max(before)))
    }

    /// Local time of day at the hotline, in seconds.
    pub fn seconds_of_day(&self, at: DateTime<Utc>) -> u32 {
        at.with_timezone(&self.hotline.zone()).num_seconds_from_midnight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00+08:00").parse::<DateTime<Utc>>().unwrap()
    }

    #[test]
    fn the_shipped_files_are_read() {
        let rules = Rules::built_in();
        assert_eq!(rules.limits(Kind::Complaint, Urgency::Normal).reply, "WD 10".parse().unwrap());
        assert_eq!(
            rules.limits(Kind::Complaint, Urgency::Emergency).reply,
            "WALL 2h".parse().unwrap()
        );
    }

    #[test]
    fn a_follow_up_due_at_night_is_due_at_nine() {
        let rules = Rules::built_in();
        let due = |start| rules.follow_up_due(at(start), "WALL 4h".parse().unwrap()).unwrap();
        assert_eq!(due("2026-03-02T18:30"), at("2026-03-03T09:00"));
        assert_eq!(due("2026-03-03T01:00"), at("2026-03-03T09:00"));
        assert_eq!(due("2026-03-02T16:00"), at("2026-03-02T20:00"));
    }

    #[test]
    fn a_one_day_clock_is_not_born_yellow() {
        let rules = Rules::built_in();
        let (start, due) = (at("2026-03-02T10:00"), at("2026-03-03T17:30"));
        assert!(rules.warn_at(Runs::Office, start, due).unwrap() > at("2026-03-03T09:00"));
        let long = rules.warn_at(Runs::Office, start, at("2026-03-06T17:30")).unwrap();
        assert_eq!(long, at("2026-03-05T17:30"));
    }

    #[test]
    fn a_profile_without_a_kind_is_refused() {
        let broken = SIPING.replace("[limits.praise]", "[limits.thanks]");
        let refused = Rules::parse(&broken, &[OFFICE, HOTLINE]).unwrap_err();
        assert!(refused.to_string().contains("praise"), "{refused}");
    }
}
