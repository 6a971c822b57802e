//! Timers (计时): the running limits of a ticket and of its legs. Pure data with the few changes
//! that a step or a deadline makes.
use base::LegId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calendar::{Limit, Pause};
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
        /// Dispatch to the first proved contact with the citizen.
        FirstContact = "first_contact" "首次联系",
        /// Nobody wants it, until a meeting names the unit.
        Arbitration = "arbitration" "会商裁定",
        /// A request to set it aside, until it is decided.
        DecideSuspension = "decide_suspension" "挂账审批",
        /// Set aside, until it is looked at again.
        SuspensionReview = "suspension_review" "挂账复核",
        /// Set aside, until the house takes it up again by itself.
        Suspension = "suspension" "挂账期限",
        /// The citizen's wish to withdraw, until it is confirmed.
        DecideWithdrawal = "decide_withdrawal" "撤单审核",
        /// A final reply, until it stands.
        DecideFinal = "decide_final" "最终答复审核",
        /// An order of oversight, until it is answered.
        Oversight = "oversight" "督办答复",
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

/// What a due was counted from, so that it can be counted anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Count {
    /// The limit from the start; none: the due is a fixed date.
    pub limit: Option<Limit>,
    /// Never later than this: another platform's date.
    pub cap: Option<DateTime<Utc>>,
    /// Never earlier than this: what a correction leaves.
    pub floor: Option<DateTime<Utc>>,
    /// A unit that got it too late for the citizen's date is judged on its own limit.
    pub own: bool,
    /// Extensions, each counted from the due before it.
    pub more: Vec<Limit>,
    /// When it stood still.
    pub pauses: Vec<Pause>,
    /// It stands still since then, and has no due.
    pub paused_at: Option<DateTime<Utc>>,
    /// Counts the dues: each is warned of and marked once.
    pub round: i16,
    /// How many warnings of this round were given.
    pub warned: i16,
    /// Late: when the next rungs of the ladder are reached (督办梯次), the earliest first.
    pub rungs: Vec<DateTime<Utc>>,
    /// How many rungs were climbed; none twice, whatever the due.
    pub climbed: i16,
    /// Oversight was lifted: the ladder of this due is over.
    pub let_off: bool,
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
    /// While it is paused: the due it had.
    pub due_at: DateTime<Utc>,
    /// The due lies beyond the known calendar.
    pub provisional: bool,
    /// The warnings that are still to be given, the earliest first.
    #[serde(default)]
    pub warns: Vec<DateTime<Utc>>,
    /// When it was marked late, with the due still open.
    pub late_at: Option<DateTime<Utc>>,
    /// When what it waits for was done.
    pub met_at: Option<DateTime<Utc>>,
    /// When it was ended without being met (returned, cancelled, new cycle).
    pub stopped_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub count: Count,
}

/// What a deadline asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fire {
    /// Soon due (黄牌, 临期).
    Warn,
    /// Past due (红牌, 超期).
    Late,
    /// So late that the n-th rung of the ladder is reached (督办梯次), from 1.
    Rung(i16),
}

impl Timer {
    /// Still waiting for its end?
    pub fn is_running(&self) -> bool {
        self.met_at.is_none() && self.stopped_at.is_none()
    }

    /// Set aside (挂账): it has no due until it goes on.
    pub fn is_paused(&self) -> bool {
        self.is_running() && self.count.paused_at.is_some()
    }

    /// The due; none while it stands still.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        (!self.is_paused()).then_some(self.due_at)
    }

    /// When the timer job has to look at it next.
    pub fn fire_at(&self) -> Option<DateTime<Utc>> {
        if !self.is_running() || self.is_paused() {
            return None;
        }
        if self.late_at.is_some() {
            return self.count.rungs.first().copied();
        }
        Some(self.warns.first().map_or(self.due_at, |warn| (*warn).min(self.due_at)))
    }

    /// What has to be done at `now`, once: the timer remembers that it was. Warnings that were all
    /// missed are one warning; each rung of the ladder is one of its own.
    pub fn fire(&mut self, now: DateTime<Utc>) -> Option<Fire> {
        if !self.is_running() || self.is_paused() {
            return None;
        }
        if self.late_at.is_some() {
            self.count.rungs.first().filter(|rung| now > **rung)?;
            self.count.rungs.remove(0);
            self.count.climbed += 1;
            return Some(Fire::Rung(self.count.climbed));
        }
        if now > self.due_at {
            self.warns.clear();
            self.late_at = Some(now);
            return Some(Fire::Late);
        }
        let reached = self.warns.partition_point(|warn| *warn <= now);
        if reached > 0 {
            self.warns.drain(..reached);
            self.count.warned += 1;
            return Some(Fire::Warn);
        }
        None
    }

    /// Names a mark among all that this timer can make: with the ticket and the timer's place it is
    /// there once.
    pub fn mark(&self, fire: Fire) -> String {
        match fire {
            Fire::Warn => format!("{}.warn{}", self.count.round, self.count.warned),
            Fire::Late => format!("{}.late", self.count.round),
            Fire::Rung(n) => format!("rung{n}"),
        }
    }

    /// Was it, or is it at `now`, over its due? Met at the due is in time.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.ended(now) > self.due_at
    }

    /// Until when it ran, or runs: to its end, to the pause that is open, to `now`.
    pub fn ended(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.met_at.or(self.stopped_at).or(self.count.paused_at).unwrap_or(now)
    }

    /// All pauses, the open one until `now`.
    pub fn pauses(&self, now: DateTime<Utc>) -> Vec<Pause> {
        let mut all = self.count.pauses.clone();
        all.extend(self.count.paused_at.map(|from| Pause { from, to: now.max(from) }));
        all
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
            warns: vec![now + TimeDelta::hours(3)],
            late_at: None,
            met_at: None,
            stopped_at: None,
            count: Count::default(),
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
