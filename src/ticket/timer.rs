//! Timers (计时): the running limits of a ticket and of its legs. Pure data with the few changes
//! that a step or a deadline makes.
use base::LegId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kind::words;

words! {
    /// What a timer measures.
    Clocks {
        /// Acceptance to dispatch.
        Dispatch = "dispatch" "派单",
        /// Dispatch to signing.
        Sign = "sign" "签收",
        /// A leg's own limit, from dispatch.
        Handling = "handling" "办理",
        /// Reply to review.
        Review = "review" "审单",
        /// Review to follow-up.
        FollowUp = "follow_up" "回访",
        /// Acceptance to the final reply: the promise to the citizen.
        Whole = "whole" "全程",
        /// A request to return, until it is decided.
        DecideReturn = "decide_return" "退单审核",
        /// A request for more time, until it is decided.
        DecideExtension = "decide_extension" "延期审核",
    }
}

words! {
    /// When a timer runs.
    Runs {
        /// In the units' working hours.
        Office = "office" "办公时间",
        /// In the hotline's hours.
        Hotline = "hotline" "热线时间",
        /// In natural time.
        Always = "always" "自然时间",
    }
}

/// One running or ended limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its place among the ticket's timers, from 0.
    pub seq: i16,
    pub name: Clocks,
    pub leg: Option<LegId>,
    pub cycle: i16,
    pub runs: Runs,
    pub started_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    /// The due lies beyond the known calendar.
    pub provisional: bool,
    /// When to warn, until that is done.
    pub warn_at: Option<DateTime<Utc>>,
    /// When it was marked late, with the due still open.
    pub late_at: Option<DateTime<Utc>>,
    /// When what it waits for was done.
    pub met_at: Option<DateTime<Utc>>,
    /// When it was ended without being met (returned, cancelled, new cycle).
    pub stopped_at: Option<DateTime<Utc>>,
}

/// What a deadline asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fire {
    /// Soon due (黄牌, 临期).
    Warn,
    /// Past due (红牌, 超期).
    Late,
}

impl Timer {
    /// Still waiting for its end?
    pub fn is_running(&self) -> bool {
        self.met_at.is_none() && self.stopped_at.is_none()
    }

    /// When the timer job has to look at it next.
    pub fn fire_at(&self) -> Option<DateTime<Utc>> {
        if !self.is_running() || self.late_at.is_some() {
            return None;
        }
        Some(self.warn_at.map_or(self.due_at, |warn| warn.min(self.due_at)))
    }

    /// What has to be done at `now`, once: the timer remembers that it was.
    pub fn fire(&mut self, now: DateTime<Utc>) -> Option<Fire> {
        if !self.is_running() || self.late_at.is_some() {
            return None;
        }
        if now > self.due_at {
            self.warn_at = None;
            self.late_at = Some(now);
            return Some(Fire::Late);
        }
        if self.warn_at.is_some_and(|warn| warn <= now) {
            self.warn_at = None;
            return Some(Fire::Warn);
        }
        None
    }

    /// Was it, or is it at `now`, over its due? Met at the due is in time.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        match (self.met_at, self.stopped_at) {
            (Some(met), _) => met > self.due_at,
            (None, Some(stopped)) => stopped > self.due_at,
            (None, None) => now > self.due_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn timer(now: DateTime<Utc>) -> Timer {
        Timer {
            seq: 0,
            name: Clocks::Sign,
            leg: None,
            cycle: 1,
            runs: Runs::Always,
            started_at: now,
            due_at: now + TimeDelta::hours(4),
            provisional: false,
            warn_at: Some(now + TimeDelta::hours(3)),
            late_at: None,
            met_at: None,
            stopped_at: None,
        }
    }

    #[test]
    fn it_warns_once_and_is_late_once() {
        let start = base::Clock::now(&base::ManualClock::default());
        let mut timer = timer(start);
        assert_eq!(timer.fire(start + TimeDelta::hours(3)), Some(Fire::Warn));
        assert_eq!(timer.fire(start + TimeDelta::hours(3)), None);
        assert_eq!(timer.fire(start + TimeDelta::hours(4)), None, "done at the due is in time");
        assert_eq!(timer.fire(start + TimeDelta::hours(5)), Some(Fire::Late));
        assert_eq!(timer.fire(start + TimeDelta::hours(6)), None);
        assert_eq!(timer.fire_at(), None);
    }

    #[test]
    fn a_met_timer_does_not_fire() {
        let start = base::Clock::now(&base::ManualClock::default());
        let mut timer = Timer { met_at: Some(start), ..timer(start) };
        assert_eq!(timer.fire(start + TimeDelta::hours(9)), None);
        assert!(!timer.is_late(start + TimeDelta::hours(9)));
    }
}
