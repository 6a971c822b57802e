//! The day's figures, kept in memory and counted as things happen.
use std::collections::HashMap;

use base::AgentId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::callbacks::local;
use crate::desk::{FloorToday, MyToday, unserved};
use crate::facts::{Direction, Facts};

/// Counts since midnight.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Today {
    pub(crate) day: NaiveDate,
    pub(crate) offered: u32,
    pub(crate) answered: u32,
    pub(crate) abandoned: u32,
    pub(crate) within: u32,
    pub(crate) waited: TimeDelta,
    pub(crate) agents: HashMap<AgentId, (u32, TimeDelta)>,
}

impl Today {
    /// Begins again after midnight.
    fn roll(&mut self, now: DateTime<Utc>) {
        let day = local(now).date_naive();
        if self.day != day {
            *self = Self { day, ..Self::default() };
        }
    }

    /// A call came in to one of our lines.
    pub(crate) fn offered(&mut self, now: DateTime<Utc>) {
        self.roll(now);
        self.offered += 1;
    }

    /// A caller and an agent hear each other for the first time.
    pub(crate) fn answered(&mut self, facts: &Facts, within: TimeDelta, now: DateTime<Utc>) {
        self.roll(now);
        if facts.direction == Direction::In {
            let waited = facts.waited(now);
            self.answered += 1;
            self.waited += waited;
            self.within += u32::from(waited <= within);
        }
        if let Some(agent) = facts.agent {
            self.agents.entry(agent).or_default().0 += 1;
        }
    }

    /// The agent is out of a call and begins to write down.
    pub(crate) fn talked(&mut self, agent: AgentId, how_long: TimeDelta, now: DateTime<Utc>) {
        self.roll(now);
        self.agents.entry(agent).or_default().1 += how_long;
    }

    /// A call is over.
    pub(crate) fn ended(&mut self, facts: &Facts, now: DateTime<Utc>) {
        self.roll(now);
        let unserved = facts.ending.is_some_and(unserved) && facts.answered_at.is_none();
        if unserved && facts.direction == Direction::In {
            self.abandoned += 1;
        }
    }

    /// What was counted before a restart.
    pub(crate) fn add(&mut self, earlier: &Self, now: DateTime<Utc>) {
        self.roll(now);
        self.offered += earlier.offered;
        self.answered += earlier.answered;
        self.abandoned += earlier.abandoned;
        self.within += earlier.within;
        self.waited += earlier.waited;
        for (agent, (answered, talked)) in &earlier.agents {
            let mine = self.agents.entry(*agent).or_default();
            mine.0 += answered;
            mine.1 += *talked;
        }
    }

    pub(crate) fn mine(&mut self, agent: AgentId, now: DateTime<Utc>) -> MyToday {
        self.roll(now);
        let (answered, talked) = self.agents.get(&agent).copied().unwrap_or_default();
        MyToday { answered, avg_handle_secs: talked.num_seconds() / i64::from(answered.max(1)) }
    }

    pub(crate) fn floor(&mut self, now: DateTime<Utc>) -> FloorToday {
        self.roll(now);
        let share = |part: u32| {
            if self.offered == 0 { 1.0 } else { f64::from(part) / f64::from(self.offered) }
        };
        let waited = self.waited.to_std().unwrap_or_default().as_secs_f64();
        FloorToday {
            offered: self.offered,
            answered: self.answered,
            abandoned: self.abandoned,
            within_15s: self.within,
            connect_rate: share(self.answered),
            service_level: share(self.within),
            asa_secs: waited / f64::from(self.answered.max(1)),
        }
    }
}
