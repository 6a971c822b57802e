//! A profile as it is written down (`sip-config/flow/*.toml`). What a version does not say keeps the
//! meaning it had before the key existed, so that an old file stays what it was.
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveTime;
use serde::Deserialize;

use super::actors::{Actors, Written};
use super::limits::{Block, Limits, OneSource, Suspension};
use super::{ByLevel, Mark, Rules, Rung};
use crate::calendar::{Error, Limit, Mistake, WorkCalendar, read_toml};
use crate::kind::Kind;

/// A profile's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    name: String,
    version: i32,
    unit_calendar: String,
    hotline_calendar: String,
    correction_floor: Limit,
    warn_percent: u8,
    #[serde(default = "yellow")]
    warnings: Vec<Mark>,
    max_returns: u16,
    automatic_reworks: u16,
    max_cycles: u16,
    follow_up_attempts: u16,
    follow_up_quiet: [TimeOfDay; 3],
    #[serde(default = "a_month")]
    archive_days: u16,
    #[serde(default)]
    one_source: OneSource,
    #[serde(default)]
    approval: Vec<Kind>,
    #[serde(default)]
    reply_blocks: BTreeMap<Kind, Vec<Block>>,
    #[serde(default)]
    suspension: Suspension,
    #[serde(default)]
    escalation: Vec<Rung>,
    #[serde(default)]
    oversee_after: OverseeAfter,
    #[serde(default)]
    actors: Written,
    limits: BTreeMap<String, LimitsFile>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OverseeAfter {
    returns: u16,
    corrections: u16,
    dissatisfied: u16,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    dispatch: Limit,
    sign: Option<Limit>,
    ask_return: Option<Limit>,
    first_contact: Option<Limit>,
    reply: Limit,
    extension: ExtensionFile,
    review: Limit,
    follow_up: Option<Limit>,
    #[serde(default = "all")]
    follow_up_share: u8,
    rework: Limit,
    decide_return: Limit,
    decide_extension: Limit,
    arbitration: Option<Limit>,
    decide_suspension: Option<Limit>,
    decide_withdrawal: Option<Limit>,
    decide_final: Option<Limit>,
    oversight_order: Option<Limit>,
    county: Option<LevelFile>,
    township: Option<LevelFile>,
}

/// What differs for the units of one level.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelFile {
    sign: Option<Limit>,
    ask_return: Option<Limit>,
    first_contact: Option<Limit>,
    reply: Option<Limit>,
    rework: Option<Limit>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtensionFile {
    times: u16,
    each: Limit,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct TimeOfDay(NaiveTime);

impl TryFrom<String> for TimeOfDay {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map(Self)
            .map_err(|_| format!("{text:?} is no time of day; write 21:00"))
    }
}

fn all() -> u8 {
    100
}

fn a_month() -> u16 {
    30
}

fn yellow() -> Vec<Mark> {
    vec![Mark::Yellow]
}

impl LimitsFile {
    fn limits(&self) -> Limits {
        let decide = self.decide_extension;
        Limits {
            dispatch: self.dispatch,
            sign: self.sign,
            ask_return: self.ask_return,
            first_contact: self.first_contact,
            reply: self.reply,
            extension_times: self.extension.times,
            extension_each: self.extension.each,
            review: self.review,
            follow_up: self.follow_up,
            follow_up_share: self.follow_up_share,
            rework: self.rework,
            decide_return: self.decide_return,
            decide_extension: decide,
            arbitration: self.arbitration.unwrap_or(self.decide_return),
            decide_suspension: self.decide_suspension.unwrap_or(decide),
            decide_withdrawal: self.decide_withdrawal.unwrap_or(decide),
            decide_final: self.decide_final.unwrap_or(decide),
            oversight_order: self.oversight_order.unwrap_or(self.rework),
        }
    }

    fn by_level(&self) -> ByLevel {
        let at = |level: Option<&LevelFile>| {
            let mut limits = self.limits();
            if let Some(level) = level {
                limits.sign = level.sign.or(limits.sign);
                limits.ask_return = level.ask_return.or(limits.ask_return);
                limits.first_contact = level.first_contact.or(limits.first_contact);
                limits.reply = level.reply.unwrap_or(limits.reply);
                limits.rework = level.rework.unwrap_or(limits.rework);
            }
            limits
        };
        let all = at(None);
        // a township follows its county where nothing is said of it
        let township = self.township.as_ref().or(self.county.as_ref());
        ByLevel { all, county: at(self.county.as_ref()), township: at(township) }
    }
}

impl Profile {
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let profile: Self = read_toml(file, text)?;
        let wrong = |key: &str, why: String| Err(Error::mistake(file, key, &why));
        let needed = Kind::ALL.iter().map(|kind| kind.word()).chain(["utility", "emergency"]);
        for word in needed.clone() {
            if !profile.limits.contains_key(word) {
                return wrong(&format!("limits.{word}"), "is missing".to_owned());
            }
        }
        let known: Vec<_> = needed.collect();
        if let Some(word) = profile.limits.keys().find(|word| !known.contains(&word.as_str())) {
            return wrong(&format!("limits.{word}"), "is no kind and no urgency".to_owned());
        }
        Actors::read(&profile.actors).map_err(|(at, step, why)| {
            let line = Some(text[..at.min(text.len())].matches('\n').count() + 1);
            let key = format!("actors.{step}");
            Error::Mistake(Mistake { file: file.to_owned(), line, key, why })
        })?;
        if profile.one_source.tickets == 0 || profile.one_source.hours == 0 {
            return wrong("one_source", "tickets and hours begin at 1".to_owned());
        }
        if profile.suspension.max_days == 0 || profile.suspension.review_every_days == 0 {
            return wrong("suspension", "days begin at 1".to_owned());
        }
        Ok(profile)
    }

    pub(super) fn key(&self) -> (String, i32) {
        (self.name.clone(), self.version)
    }

    pub(super) fn rules(
        self,
        file: &str,
        calendars: &BTreeMap<String, Arc<WorkCalendar>>,
    ) -> Result<Rules, Error> {
        let find = |key: &str, name: &str| {
            let why = || Error::mistake(file, key, &format!("no calendar is called {name:?}"));
            calendars.get(name).cloned().ok_or_else(why)
        };
        let limits = self.limits.iter().map(|(name, limits)| (name.clone(), limits.by_level()));
        Ok(Rules {
            limits: limits.collect(),
            office: find("unit_calendar", &self.unit_calendar)?,
            hotline: find("hotline_calendar", &self.hotline_calendar)?,
            profile: self.name,
            version: self.version,
            correction_floor: self.correction_floor,
            warn_percent: self.warn_percent.min(100),
            max_returns: self.max_returns,
            automatic_reworks: self.automatic_reworks,
            max_cycles: self.max_cycles,
            follow_up_attempts: self.follow_up_attempts.max(1),
            warnings: self.warnings,
            suspension: self.suspension,
            archive_days: self.archive_days,
            one_source: self.one_source,
            escalation: self.escalation,
            oversee_after_returns: self.oversee_after.returns,
            oversee_after_corrections: self.oversee_after.corrections,
            oversee_after_dissatisfied: self.oversee_after.dissatisfied,
            actors: Actors::read(&self.actors).unwrap_or_default(),
            approval: self.approval,
            reply_blocks: self.reply_blocks,
            quiet: self.follow_up_quiet.map(|time| time.0),
        })
    }
}
