//! The texts, filled in. Pure.
use std::collections::BTreeMap;

use chrono::{DateTime, Days, FixedOffset, NaiveTime, TimeZone, Utc};
use serde::Deserialize;

use crate::Error;

/// What a notice tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Template {
    // to citizens
    Accepted,
    Dispatched,
    Extended,
    Closed,
    RateSolved,
    RateGrade,
    RateByPage,
    Rework,
    MissedCall,
    Suspended,
    Resumed,
    FinalReply,
    Merged,
    TransferredOut,
    WithdrawalAsked,
    PromiseMoved,
    Recounted,
    // to units
    UnitDispatched,
    UnitSoonDue,
    UnitLate,
    UnitCorrection,
    UnitReturnGranted,
    UnitReturnRefused,
    UnitExtensionGranted,
    UnitExtensionRefused,
    UnitRework,
    UnitUrged,
    UnitAddition,
    UnitNotApproved,
    UnitArbitrated,
    UnitRecalled,
    UnitSuspensionGranted,
    UnitSuspensionRefused,
    UnitSuspensionEnded,
    UnitFinalRefused,
    UnitYellow,
    UnitRed,
    UnitOrder,
    UnitRecounted,
    // to leaders, and to the hotline's own people
    LeaderApprovalWanted,
    LeaderSoonDue,
    LeaderLate,
    LeaderOverseen,
    LeaderCalendarMissing,
}

impl Template {
    const ALL: [Self; 44] = [
        Self::Accepted,
        Self::Dispatched,
        Self::Extended,
        Self::Closed,
        Self::RateSolved,
        Self::RateGrade,
        Self::RateByPage,
        Self::Rework,
        Self::MissedCall,
        Self::UnitDispatched,
        Self::UnitSoonDue,
        Self::UnitLate,
        Self::UnitCorrection,
        Self::UnitReturnGranted,
        Self::UnitReturnRefused,
        Self::UnitExtensionGranted,
        Self::UnitExtensionRefused,
        Self::UnitRework,
        Self::UnitUrged,
        Self::UnitAddition,
        Self::Suspended,
        Self::Resumed,
        Self::FinalReply,
        Self::Merged,
        Self::TransferredOut,
        Self::WithdrawalAsked,
        Self::PromiseMoved,
        Self::UnitNotApproved,
        Self::UnitArbitrated,
        Self::UnitRecalled,
        Self::UnitSuspensionGranted,
        Self::UnitSuspensionRefused,
        Self::UnitSuspensionEnded,
        Self::UnitFinalRefused,
        Self::UnitYellow,
        Self::UnitRed,
        Self::UnitOrder,
        Self::Recounted,
        Self::UnitRecounted,
        Self::LeaderApprovalWanted,
        Self::LeaderSoonDue,
        Self::LeaderLate,
        Self::LeaderOverseen,
        Self::LeaderCalendarMissing,
    ];

    /// Its table and key in the file; what it may be filled with.
    fn place(self) -> (&'static str, &'static str, &'static [&'static str]) {
        const UNIT: &[&str] = &["number", "title", "sign", "date", "left", "clock", "reason"];
        const LEADER: &[&str] = &["number", "title", "unit", "level", "date", "left", "year"];
        const CITIZEN: &[&str] = &["subject", "number", "code", "date", "unit", "reason", "result"];
        match self {
            Self::Accepted => ("citizen", "accepted", CITIZEN),
            Self::Dispatched => ("citizen", "dispatched", CITIZEN),
            Self::Extended => ("citizen", "extended", CITIZEN),
            Self::Closed => ("citizen", "closed", CITIZEN),
            Self::RateSolved => ("citizen", "rate_solved", CITIZEN),
            Self::RateGrade => ("citizen", "rate_grade", CITIZEN),
            Self::RateByPage => ("citizen", "rate_by_page", CITIZEN),
            Self::Rework => ("citizen", "rework", CITIZEN),
            Self::MissedCall => ("citizen", "missed_call", CITIZEN),
            Self::UnitDispatched => ("unit", "dispatched", UNIT),
            Self::UnitSoonDue => ("unit", "soon_due", UNIT),
            Self::UnitLate => ("unit", "late", UNIT),
            Self::UnitCorrection => ("unit", "correction", UNIT),
            Self::UnitReturnGranted => ("unit", "return_granted", UNIT),
            Self::UnitReturnRefused => ("unit", "return_refused", UNIT),
            Self::UnitExtensionGranted => ("unit", "extension_granted", UNIT),
            Self::UnitExtensionRefused => ("unit", "extension_refused", UNIT),
            Self::UnitRework => ("unit", "rework", UNIT),
            Self::UnitUrged => ("unit", "urged", UNIT),
            Self::UnitAddition => ("unit", "addition", UNIT),
            Self::Suspended => ("citizen", "suspended", CITIZEN),
            Self::Resumed => ("citizen", "resumed", CITIZEN),
            Self::FinalReply => ("citizen", "final_reply", CITIZEN),
            Self::Merged => ("citizen", "merged", CITIZEN),
            Self::TransferredOut => ("citizen", "transferred_out", CITIZEN),
            Self::WithdrawalAsked => ("citizen", "withdrawal_asked", CITIZEN),
            Self::PromiseMoved => ("citizen", "promise_moved", CITIZEN),
            Self::UnitNotApproved => ("unit", "not_approved", UNIT),
            Self::UnitArbitrated => ("unit", "arbitrated", UNIT),
            Self::UnitRecalled => ("unit", "recalled", UNIT),
            Self::UnitSuspensionGranted => ("unit", "suspension_granted", UNIT),
            Self::UnitSuspensionRefused => ("unit", "suspension_refused", UNIT),
            Self::UnitSuspensionEnded => ("unit", "suspension_ended", UNIT),
            Self::UnitFinalRefused => ("unit", "final_refused", UNIT),
            Self::UnitYellow => ("unit", "yellow", UNIT),
            Self::UnitRed => ("unit", "red", UNIT),
            Self::UnitOrder => ("unit", "order", UNIT),
            Self::Recounted => ("citizen", "recounted", CITIZEN),
            Self::UnitRecounted => ("unit", "recounted", UNIT),
            Self::LeaderApprovalWanted => ("leader", "approval_wanted", LEADER),
            Self::LeaderSoonDue => ("leader", "soon_due", LEADER),
            Self::LeaderLate => ("leader", "late", LEADER),
            Self::LeaderOverseen => ("leader", "overseen", LEADER),
            Self::LeaderCalendarMissing => ("leader", "calendar_missing", LEADER),
        }
    }

    /// Its word in the database.
    pub fn word(self) -> String {
        let (table, key, _) = self.place();
        if table == "citizen" { key.to_owned() } else { format!("{table}_{key}") }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    sealed: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    signature: String,
    citizen: BTreeMap<String, Text>,
    unit: BTreeMap<String, Text>,
    leader: BTreeMap<String, Text>,
}

/// All texts of a city.
#[derive(Debug, Clone)]
pub struct Templates {
    signature: String,
    texts: BTreeMap<Template, Text>,
}

const SHIPPED: &str = include_str!("../../sip-config/notices/sms.toml");

impl Templates {
    /// The texts that come with the program.
    ///
    /// # Panics
    /// Never: a test reads the shipped file.
    pub fn built_in() -> Self {
        Self::parse(SHIPPED).expect("a test reads the shipped file")
    }

    /// Reads `sms.toml` in the folder of texts (`sip-config/notices`), or takes the shipped ones.
    pub fn load(folder: &std::path::Path) -> Result<Self, Error> {
        let path = folder.join("sms.toml");
        if !path.exists() {
            return Ok(Self::built_in());
        }
        let named = |why: String| Error::BadTemplate(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| named(error.to_string()))?;
        Self::parse(&text).map_err(|error| named(error.to_string()))
    }

    /// Reads a file of texts: all of them, no others, filled with known names only.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut file: File =
            toml::from_str(text).map_err(|error| Error::BadTemplate(error.to_string()))?;
        let mut texts = BTreeMap::new();
        for template in Template::ALL {
            let (table, key, names) = template.place();
            let from = match table {
                "unit" => &mut file.unit,
                "leader" => &mut file.leader,
                _ => &mut file.citizen,
            };
            let text = from
                .remove(key)
                .ok_or_else(|| Error::BadTemplate(format!("[{table}.{key}] is missing")))?;
            for words in std::iter::once(&text.text).chain(&text.sealed) {
                check(words, names)
                    .map_err(|why| Error::BadTemplate(format!("[{table}.{key}]: {why}")))?;
            }
            texts.insert(template, text);
        }
        if let Some(key) =
            file.citizen.keys().chain(file.unit.keys()).chain(file.leader.keys()).next()
        {
            return Err(Error::BadTemplate(format!("no notice is called {key:?}")));
        }
        Ok(Self { signature: file.signature, texts })
    }

    /// The whole text with its signature; none where a sealed citizen is told nothing.
    pub fn render(
        &self,
        template: Template,
        sealed: bool,
        fill: &[(&'static str, String)],
    ) -> Option<String> {
        let text = self.texts.get(&template)?;
        let words = if sealed { text.sealed.as_deref()? } else { &text.text };
        Some(format!("{}{}", self.signature, filled(words, fill)))
    }

    /// The subject line of an e-mail: what happened, and to which ticket.
    pub(crate) fn subject(
        &self,
        template: Template,
        fill: &[(&'static str, String)],
        sealed: bool,
    ) -> String {
        let text = self.render(template, sealed, fill).unwrap_or_default();
        let text = text.strip_prefix(&self.signature).unwrap_or(&text).to_owned();
        let end = text.find(['（', '，', '。', '已']).unwrap_or(text.len());
        text[..end].to_owned()
    }
}

fn filled(words: &str, fill: &[(&'static str, String)]) -> String {
    let mut text = String::with_capacity(words.len() + 64);
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, tail)) = after.split_once('}') else { break };
        let value = fill.iter().find(|(known, _)| *known == name);
        text.push_str(value.map_or("", |(_, value)| value));
        rest = tail;
    }
    text.push_str(rest);
    text
}

fn check(words: &str, names: &[&str]) -> Result<(), String> {
    let mut rest = words;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or("a brace is not closed")?;
        if !names.contains(&name) {
            return Err(format!("{{{name}}} is not known here; known are {}", names.join(", ")));
        }
        rest = tail;
    }
    if words.trim().is_empty() { Err("the text is empty".to_owned()) } else { Ok(()) }
}

/// How many messages the carrier counts: 70 characters are one, more are parts of 67.
pub fn segments(text: &str) -> usize {
    let length = text.encode_utf16().count();
    if length <= 70 { 1 } else { length.div_ceil(67) }
}

/// No SMS to citizens between 21:00 and 08:00: the next morning then.
pub(crate) fn after_quiet(at: DateTime<Utc>) -> DateTime<Utc> {
    let china = FixedOffset::east_opt(8 * 3600).expect("eight hours are an offset");
    let local = at.with_timezone(&china);
    let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a full hour");
    let day = if local.time() >= hour(21) {
        local.date_naive() + Days::new(1)
    } else if local.time() < hour(8) {
        local.date_naive()
    } else {
        return at;
    };
    let morning = china.from_local_datetime(&day.and_time(hour(8))).single();
    morning.map_or(at, |morning| morning.to_utc())
}
