use std::collections::HashMap;
use std::path::PathBuf;

use chrono::TimeDelta;
use queue::Limits;

use crate::facts::Hotline;
use crate::state::Patience;

/// What the conductor is told at its start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Every number that citizens can dial; the main entry last, from which citizens are called.
    pub hotlines: Vec<Hotline>,
    /// The area code that a dialled number may carry in front: `0434`.
    pub area_code: String,
    pub limits: Limits,
    pub patience: Patience,
    /// Answered within this is well answered (接通服务水平): 15 s by GB/T 33358.
    pub answer_within: TimeDelta,
    /// How long an agent's telephone may be gone during a call before the call is taken away.
    pub phone_grace: TimeDelta,
    /// Where the roster of agents is kept for a start without the database.
    pub roster: PathBuf,
    /// The trunk for calls to citizens; none: there are no such calls.
    pub out_trunk: Option<String>,
    /// Opus instead of PCMA for agents' browsers.
    pub opus: bool,
    /// Calls are marked as demonstration.
    pub demo: bool,
    pub prompts: PromptNames,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hotlines: Vec::new(),
            area_code: "0434".to_owned(),
            limits: Limits::default(),
            patience: Patience::default(),
            answer_within: TimeDelta::seconds(15),
            phone_grace: TimeDelta::seconds(5),
            roster: PathBuf::from("roster.json"),
            out_trunk: None,
            opus: false,
            demo: false,
            prompts: PromptNames::default(),
        }
    }
}

/// The prompts' names, without `.wav`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptNames {
    /// Welcome, and that the call is recorded and transcribed; at most 8 s.
    pub greeting: String,
    /// The same for a citizen whom we call.
    pub callback_greeting: String,
    pub sorry_no_agent: String,
    pub rate: String,
    pub thanks: String,
    /// 工号
    pub number_prefix: String,
    /// 为您服务
    pub number_suffix: String,
    /// Followed by `0` to `9`.
    pub digit: String,
    pub transferred_back: String,
}

impl PromptNames {
    /// The name of every prompt.
    pub fn all(&self) -> Vec<String> {
        let named = [
            &self.greeting,
            &self.callback_greeting,
            &self.sorry_no_agent,
            &self.rate,
            &self.thanks,
            &self.number_prefix,
            &self.number_suffix,
            &self.transferred_back,
        ];
        let digits = (0..10).map(|digit| format!("{}{digit}", self.digit));
        named.into_iter().cloned().chain(digits).collect()
    }
}

impl Default for PromptNames {
    fn default() -> Self {
        Self {
            greeting: "greeting".to_owned(),
            callback_greeting: "callback_intro".to_owned(),
            sorry_no_agent: "sorry_no_agent".to_owned(),
            rate: "rate_1_3".to_owned(),
            thanks: "thanks".to_owned(),
            number_prefix: "agent_number_prefix".to_owned(),
            number_suffix: "agent_number_suffix".to_owned(),
            digit: "digit-".to_owned(),
            transferred_back: "transferred_back".to_owned(),
        }
    }
}

/// Finds the hotline that was dialled, however the carrier writes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    hotlines: HashMap<String, Hotline>,
    area_code: String,
}

impl Directory {
    pub(crate) fn new(hotlines: &[Hotline], area_code: &str) -> Self {
        let hotlines = hotlines.iter().map(|line| (line.number.clone(), line.clone())).collect();
        Self { hotlines, area_code: area_code.to_owned() }
    }

    /// `12345`, `043412345` and `+8643412345` are one line.
    pub(crate) fn find(&self, dialled: &str) -> Option<&Hotline> {
        let plain = dialled.trim_start_matches('+');
        let plain = match plain.strip_prefix("86") {
            Some(rest) if plain.len() > 7 && dialled.starts_with('+') => rest,
            _ => plain,
        };
        let area = self.area_code.trim_start_matches('0');
        let without_area = || plain.trim_start_matches('0').strip_prefix(area);
        self.hotlines
            .get(dialled)
            .or_else(|| self.hotlines.get(plain))
            .or_else(|| self.hotlines.get(&format!("0{plain}")))
            .or_else(|| without_area().and_then(|local| self.hotlines.get(local)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use queue::Skills;

    #[test]
    fn a_line_is_found_however_the_carrier_writes_it() {
        let line = |number: &str| Hotline {
            number: number.to_owned(),
            name: String::new(),
            needs: Skills::default(),
            priority: 0,
        };
        let directory = Directory::new(&[line("12345"), line("04340000039")], "0434");
        for (dialled, found) in [
            ("12345", "12345"),
            ("043412345", "12345"),
            ("+8643412345", "12345"),
            ("04340000039", "04340000039"),
            ("+864340000039", "04340000039"),
        ] {
            assert_eq!(
                directory.find(dialled).map(|line| line.number.as_str()),
                Some(found),
                "{dialled}"
            );
        }
        assert_eq!(directory.find("110"), None);
        assert_eq!(directory.find(""), None);
    }
}
