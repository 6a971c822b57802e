//! The clocks of a ticket's life: how its steps start, meet, move, pause and stop them.
mod recount;
#[cfg(test)]
mod tests;

pub use recount::{Recomputed, clock_drift, clocks_from_history};

use base::LegId;
use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::{Error, Limit, Pause, WorkCalendar};
use crate::flow::Rules;
use crate::leg::runs;
use crate::life::Life;
use crate::timer::{Clocks, Count, Runs, Timer};

impl Clocks {
    /// Whose hours it is counted in.
    pub(crate) fn hours(self) -> Runs {
        match self {
            Self::Sign | Self::FirstContact | Self::Handling | Self::Whole | Self::Oversight => {
                Runs::Office
            }
            Self::Dispatch
            | Self::Review
            | Self::FollowUp
            | Self::DecideReturn
            | Self::DecideExtension
            | Self::Arbitration
            | Self::DecideSuspension
            | Self::DecideWithdrawal
            | Self::DecideFinal => Runs::Hotline,
            Self::SuspensionReview | Self::Suspension => Runs::Always,
        }
    }

    /// Whether setting a ticket aside stops it: not what watches over that, nor an order.
    fn pauses(self) -> bool {
        !matches!(self, Self::SuspensionReview | Self::Suspension | Self::Oversight)
    }
}

impl Rules {
    /// The calendar that a clock's limits are counted by; natural ones need its zone.
    pub(crate) fn counts_by(&self, name: Clocks) -> &WorkCalendar {
        match name.hours() {
            Runs::Hotline => self.hotline(),
            Runs::Office | Runs::Always => self.office(),
        }
    }

    /// When a limit of a clock runs out, all that was added and taken away considered.
    pub(crate) fn count_due(
        &self,
        name: Clocks,
        start: DateTime<Utc>,
        count: &Count,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(limit) = count.limit else { return Ok(None) };
        let calendar = self.counts_by(name);
        let mut due = calendar.due(start, limit, &count.pauses)?;
        due = count.cap.map_or(due, |cap| due.min(cap));
        for more in &count.more {
            due = calendar.due(due, *more, &count.pauses)?;
        }
        if name == Clocks::FollowUp {
            due = self.out_of_quiet(due);
        }
        Ok(Some(count.floor.map_or(due, |floor| due.max(floor))))
    }

    /// What is left of a clock at `now`, in its own time; nothing once the due has passed.
    pub fn left(&self, timer: &Timer, now: DateTime<Utc>) -> TimeDelta {
        let from = timer.ended(now).max(timer.started_at);
        match self.calendar(timer.runs) {
            Some(calendar) => calendar.elapsed(from, timer.due_at),
            None => (timer.due_at - from).max(TimeDelta::zero()),
        }
    }

    /// When a clock would be due if it went on at `now`.
    pub fn projected(&self, timer: &Timer, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if !timer.is_paused() {
            return timer.due();
        }
        let count = Count { pauses: timer.pauses(now), paused_at: None, ..timer.count.clone() };
        self.count_due(timer.name, timer.started_at, &count).ok().flatten()
    }
}

impl Life {
    /// The citizen's date was missed, in any cycle.
    pub fn was_late(&self, now: DateTime<Utc>) -> bool {
        self.timers.iter().any(|timer| timer.name == Clocks::Whole && timer.is_late(now))
    }

    /// A unit is told of the yellow and red marks; the hotline sees its own.
    pub fn next_fire(&self) -> Option<DateTime<Utc>> {
        self.timers.iter().filter_map(Timer::fire_at).min()
    }

    /// The limit that a clock has under these rules; none: a fixed date, or no such limit.
    pub(crate) fn limit_of(
        &self,
        rules: &Rules,
        name: Clocks,
        leg: Option<LegId>,
        cycle: i16,
    ) -> Option<Limit> {
        let leg = self.legs.iter().find(|found| Some(found.id) == leg);
        let limits = match leg {
            Some(leg) => rules.limits_at(self.kind, self.urgency, leg.unit.level),
            None => self.limits(rules),
        };
        match name {
            Clocks::Dispatch => Some(limits.dispatch),
            Clocks::Sign => limits.sign,
            Clocks::FirstContact => limits.first_contact,
            Clocks::Handling | Clocks::Whole if cycle == 1 => Some(limits.reply),
            Clocks::Handling | Clocks::Whole => Some(limits.rework),
            Clocks::Review => Some(limits.review),
            Clocks::FollowUp => limits.follow_up,
            Clocks::DecideReturn => Some(limits.decide_return),
            Clocks::DecideExtension => Some(limits.decide_extension),
            Clocks::Arbitration => Some(limits.arbitration),
            Clocks::DecideSuspension => Some(limits.decide_suspension),
            Clocks::DecideWithdrawal => Some(limits.decide_withdrawal),
            Clocks::DecideFinal => Some(limits.decide_final),
            Clocks::Oversight => Some(limits.oversight_order),
            Clocks::SuspensionReview | Clocks::Suspension => None,
        }
    }

    /// Starts a clock. Where the due is not what its limit gives, it is remembered why: an outside
    /// date before it, or a date that was named after it.
    pub(crate) fn start(
        &mut self,
        rules: &Rules,
        name: Clocks,
        leg: Option<LegId>,
        runs: Runs,
        at: DateTime<Utc>,
        due: DateTime<Utc>,
    ) {
        let limit = self.limit_of(rules, name, leg, self.cycle);
        let mut count = Count { limit, ..Count::default() };
        let own = rules.count_due(name, at, &count).ok().flatten();
        match own {
            // a leg's due follows from the citizen's date and from its parent's due
            _ if name == Clocks::Handling => {
                count.own = due > self.promise;
                let root = self.legs.iter().any(|l| Some(l.id) == leg && l.parent.is_none());
                // who assists a late lead ends with it, though neither date nor limit says so
                count.cap = own.filter(|own| count.own && root && due < *own).map(|_| due);
            }
            Some(own) if due < own => count.cap = Some(due),
            Some(own) if due > own => count.floor = Some(due),
            _ => {}
        }
        self.timers.push(Timer {
            seq: i16::try_from(self.timers.len()).unwrap_or(i16::MAX),
            name,
            leg,
            cycle: self.cycle,
            runs,
            started_at: at,
            due_at: due,
            provisional: rules.calendar(runs).is_some_and(|calendar| calendar.is_provisional(due)),
            warns: rules.warnings_at(runs, at, due, &[]),
            late_at: None,
            met_at: None,
            stopped_at: None,
            count,
        });
    }

    pub(crate) fn meet(&mut self, name: Clocks, leg: Option<LegId>, at: DateTime<Utc>) {
        for timer in self.running(name, leg) {
            timer.met_at = Some(at);
        }
    }

    pub(crate) fn running(
        &mut self,
        name: Clocks,
        leg: Option<LegId>,
    ) -> impl Iterator<Item = &mut Timer> {
        self.timers.iter_mut().filter(move |t| t.name == name && t.leg == leg && t.is_running())
    }

    /// Gives a clock another due that no limit gives: a correction's floor, a date that was named.
    pub(crate) fn move_due(
        &mut self,
        rules: &Rules,
        name: Clocks,
        leg: Option<LegId>,
        due: DateTime<Utc>,
        at: DateTime<Utc>,
    ) {
        for timer in self.timers.iter_mut().rev() {
            if timer.name == name && timer.leg == leg {
                if due > timer.due_at {
                    timer.count.floor = Some(due);
                }
                timer.set_due(rules, due, at);
                break;
            }
        }
        // what hangs on it follows; a calendar that ends leaves it where it was
        drop(self.recount(rules, at));
    }

    /// Grants an extension (延期) of a leg, counted from its old due; the citizen's date follows.
    pub(crate) fn extend(
        &mut self,
        rules: &Rules,
        i: usize,
        more: Limit,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let id = self.legs[i].id;
        let own = self.timers.iter().rev();
        let own = own.into_iter().find(|t| t.name == Clocks::Handling && t.leg == Some(id));
        let pauses = own.map(|timer| timer.count.pauses.clone()).unwrap_or_default();
        let due = rules.office().due(self.legs[i].due_at, more, &pauses)?;
        self.legs[i].due_at = due;
        let old = self.promise;
        self.promise = old.max(due);
        for timer in &mut self.timers {
            let own = timer.name == Clocks::Handling && timer.leg == Some(id);
            let whole = timer.name == Clocks::Whole && self.promise > old;
            if !timer.is_running() || !(own || whole) {
                continue;
            }
            timer.count.more.push(more);
            let to = if own { due } else { self.promise };
            let counted = rules.count_due(timer.name, timer.started_at, &timer.count)?;
            if own && counted != Some(to) {
                // the old due came from the citizen's date, not from the unit's own limit
                timer.count.floor = counted.filter(|counted| *counted < to).map(|_| to);
            }
            if whole && counted.is_some_and(|counted| counted < to) {
                timer.count.floor = Some(to);
            }
            timer.set_due(rules, to, at);
        }
        self.recount(rules, at).map(drop) // what hangs on it follows
    }

    /// A child leg is never due after its parent.
    pub(crate) fn cap_leg(
        &mut self,
        rules: &Rules,
        leg: LegId,
        due: DateTime<Utc>,
        at: DateTime<Utc>,
    ) {
        for found in self.legs.iter_mut().filter(|found| found.id == leg) {
            found.due_at = found.due_at.min(due);
        }
        for timer in self.running(Clocks::Handling, Some(leg)) {
            timer.set_due(rules, timer.due_at.min(due), at);
        }
    }

    /// The ticket is set aside (挂账): its clocks stand still and have no due.
    pub fn pause_all(&mut self, at: DateTime<Utc>) {
        for timer in &mut self.timers {
            if timer.is_running() && timer.name.pauses() && timer.count.paused_at.is_none() {
                timer.count.paused_at = Some(at);
            }
        }
    }

    /// It is taken up again: each clock gets what its limit loses by the pause.
    pub fn resume_all(
        &mut self,
        at: DateTime<Utc>,
        rules: &Rules,
    ) -> Result<Vec<Recomputed>, Error> {
        for timer in &mut self.timers {
            let Some(from) = timer.count.paused_at.filter(|_| timer.is_running()) else { continue };
            timer.count.paused_at = None;
            timer.count.pauses.push(Pause { from, to: at.max(from) });
            if let Some(floor) = timer.count.floor.filter(|floor| *floor > from) {
                // a date that was named moves by the time of its own that was lost
                let moved = match rules.calendar(timer.runs) {
                    Some(calendar) => calendar.add(at, calendar.elapsed(from, floor))?,
                    None => at + (floor - from),
                };
                timer.count.floor = Some(moved);
            }
        }
        self.recount(rules, at)
    }

    /// Ends every clock that still runs.
    pub(crate) fn stop_timers(&mut self, at: DateTime<Utc>) {
        for timer in &mut self.timers {
            if timer.is_running() {
                timer.stopped_at = Some(at);
            }
        }
    }

    pub(crate) fn stop_leg_timers(&mut self, leg: LegId, at: DateTime<Utc>) {
        for timer in &mut self.timers {
            if timer.leg == Some(leg) && timer.is_running() {
                timer.stopped_at = Some(at);
            }
        }
    }
}

impl Timer {
    /// Another due: its warnings and its mark begin anew.
    pub(crate) fn set_due(&mut self, rules: &Rules, due: DateTime<Utc>, at: DateTime<Utc>) {
        let calendar = rules.calendar(self.runs);
        self.provisional = calendar.is_some_and(|calendar| calendar.is_provisional(due));
        if due != self.due_at {
            self.due_at = due;
            self.count.round += 1;
            self.count.warned = 0;
            self.count.let_off = false;
            if due > at {
                self.late_at = None;
                self.warns = rules.warnings_at(self.runs, self.started_at, due, &self.count.pauses);
                // of those that lie behind, one is given
                let behind = self.warns.partition_point(|warn| *warn <= at);
                self.warns.drain(..behind.saturating_sub(1));
            } else {
                self.warns.clear();
            }
        }
        self.arm(rules);
    }

    /// A leg that is late climbs the ladder, unless its oversight was lifted.
    pub(crate) fn arm(&mut self, rules: &Rules) {
        let climbs = self.name == Clocks::Handling && self.late_at.is_some() && !self.count.let_off;
        self.count.rungs = if climbs {
            rules.rungs_from(self.count.climbed, self.due_at, &self.count.pauses)
        } else {
            Vec::new()
        };
    }

    /// Whose hours it runs in, for its limit.
    pub(crate) fn set_limit(&mut self, limit: Limit) {
        self.count.limit = Some(limit);
        self.runs = runs(limit, self.name.hours());
    }
}
