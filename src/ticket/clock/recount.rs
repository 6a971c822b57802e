//! Counting clocks anew (重新计时): after a pause, another kind or urgency, another calendar or
//! profile. Nothing moves silently: what changed is given back, for the event that tells of it.
use base::LegId;
use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::calendar::Error;
use crate::flow::Rules;
use crate::history::Event;
use crate::life::Life;
use crate::replay::{Broken, replay};
use crate::timer::{Clocks, Count, Timer};

/// A clock whose due moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recomputed {
    pub seq: i16,
    pub name: Clocks,
    pub leg: Option<LegId>,
    pub before: DateTime<Utc>,
    /// None: there is no such limit any more, and the clock was stopped.
    pub after: Option<DateTime<Utc>>,
    /// A mark that stood is taken back by it.
    pub no_longer_late: bool,
    /// It moved into the past.
    pub late_at_once: bool,
}

impl Life {
    /// Counts every running clock by the limits that hold now. Retroactively: from its old start,
    /// with its pauses and extensions. Else a clock whose limit is another one ends, and a new one
    /// begins.
    pub fn recompute(
        &mut self,
        at: DateTime<Utc>,
        rules: &Rules,
        retroactive: bool,
    ) -> Result<Vec<Recomputed>, Error> {
        let mut gone = Vec::new();
        for i in 0..self.timers.len() {
            let timer = &self.timers[i];
            if !timer.is_running() || timer.count.limit.is_none() {
                continue;
            }
            let (name, leg, cycle) = (timer.name, timer.leg, timer.cycle);
            let limit = self.limit_of(rules, name, leg, cycle);
            if limit == timer.count.limit {
                continue;
            }
            match limit {
                None => {
                    self.timers[i].stopped_at = Some(at);
                    gone.push(self.timers[i].moved(None, at));
                }
                Some(limit) if retroactive => self.timers[i].set_limit(limit),
                Some(limit) => {
                    let old = &mut self.timers[i];
                    old.stopped_at = Some(at);
                    let mut new = old.clone();
                    new.started_at = at;
                    new.stopped_at = None;
                    new.count.paused_at = old.count.paused_at.map(|_| at);
                    new.count.pauses.clear();
                    new.count.more.clear();
                    new.set_limit(limit);
                    new.seq = i16::try_from(self.timers.len()).unwrap_or(i16::MAX);
                    self.timers.push(new);
                }
            }
        }
        let mut moved = self.recount(rules, at)?;
        moved.append(&mut gone);
        moved.sort_by_key(|moved| moved.seq);
        Ok(moved)
    }

    /// Counts every running clock anew from what it remembers: the citizen's date first, then the
    /// legs, parents before children.
    pub(crate) fn recount(
        &mut self,
        rules: &Rules,
        at: DateTime<Utc>,
    ) -> Result<Vec<Recomputed>, Error> {
        let mut moved = Vec::new();
        let mut order: Vec<usize> = (0..self.timers.len()).collect();
        order.retain(|i| self.timers[*i].is_running());
        order.sort_by_key(|i| match self.timers[*i].name {
            Clocks::Whole => 0,
            Clocks::Handling => 1 + self.place_of(self.timers[*i].leg),
            _ => usize::MAX,
        });
        for i in order {
            let timer = &self.timers[i];
            let Some(due) = self.counted(rules, timer)? else { continue };
            let change = (due != timer.due_at).then(|| timer.moved(Some(due), at));
            self.timers[i].set_due(rules, due, at);
            moved.extend(change);
            let (name, leg) = (self.timers[i].name, self.timers[i].leg);
            if name == Clocks::Whole {
                self.promise = due;
            }
            self.show_on_leg(rules, name, leg, due)?;
        }
        Ok(moved)
    }

    fn place_of(&self, leg: Option<LegId>) -> usize {
        self.legs.iter().position(|found| Some(found.id) == leg).unwrap_or_default()
    }

    /// The due that a clock has to have now; none: a fixed date.
    pub(crate) fn counted(
        &self,
        rules: &Rules,
        timer: &Timer,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        if timer.name != Clocks::Handling {
            return rules.count_due(timer.name, timer.started_at, &timer.count);
        }
        let plain = Count { floor: None, ..timer.count.clone() };
        let Some(own) = rules.count_due(timer.name, timer.started_at, &plain)? else {
            return Ok(None);
        };
        let leg = self.legs.iter().find(|found| Some(found.id) == timer.leg);
        let parent = leg.and_then(|leg| leg.parent);
        let above = self.legs.iter().find(|found| Some(found.id) == parent);
        // a correction may leave a unit more than the citizen's date, but a child never more than
        // its parent
        let due = if timer.count.own || above.is_some() { own } else { own.min(self.promise) };
        let due = timer.count.floor.map_or(due, |floor| due.max(floor));
        Ok(Some(above.map_or(due, |above| due.min(above.due_at))))
    }

    /// A leg shows the dues of its clocks.
    fn show_on_leg(
        &mut self,
        rules: &Rules,
        name: Clocks,
        leg: Option<LegId>,
        due: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (kind, urgency) = (self.kind, self.urgency);
        let pauses = self.timers.iter().rev().find(|timer| timer.name == name && timer.leg == leg);
        let pauses = pauses.map(|timer| timer.count.pauses.clone()).unwrap_or_default();
        let Some(leg) = self.legs.iter_mut().find(|found| Some(found.id) == leg) else {
            return Ok(());
        };
        match name {
            Clocks::Sign => leg.sign_due = Some(due),
            Clocks::Handling => {
                leg.due_at = due;
                // the right to return runs out in the same time
                let limit = rules.limits_at(kind, urgency, leg.unit.level).ask_return;
                if let Some(limit) = limit.filter(|_| leg.return_due.is_some()) {
                    let due = rules.office().due(leg.dispatched_at, limit, &pauses)?;
                    leg.return_due = Some(due);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Timer {
    fn moved(&self, after: Option<DateTime<Utc>>, at: DateTime<Utc>) -> Recomputed {
        Recomputed {
            seq: self.seq,
            name: self.name,
            leg: self.leg,
            before: self.due_at,
            after,
            no_longer_late: self.late_at.is_some() && after.is_some_and(|after| after > at),
            late_at_once: self.due_at > at && after.is_some_and(|after| after < at),
        }
    }
}

/// The clocks as a history tells them, each running one counted anew by the rules: what the rows of
/// the clocks have to show. Needs nothing but the events.
pub fn clocks_from_history(events: &[Event], rules: &Rules) -> Result<Vec<Timer>, Broken> {
    let mut life = replay(events)?;
    let at = events.last().map(|event| event.at).unwrap_or_default();
    life.recount(rules, at).map_err(|error| Broken::Unreadable(error.to_string()))?;
    Ok(life.timers)
}

/// The clocks that are not what their history and the rules say; none: no drift.
pub fn clock_drift(
    stored: &Life,
    events: &[Event],
    rules: &Rules,
) -> Result<Vec<(Timer, Option<Timer>)>, Broken> {
    let told = clocks_from_history(events, rules)?;
    let most = told.len().max(stored.timers.len());
    let differ = (0..most).filter(|i| told.get(*i) != stored.timers.get(*i));
    Ok(differ
        .filter_map(|i| match (told.get(i), stored.timers.get(i)) {
            (Some(told), stored) => Some((told.clone(), stored.cloned())),
            (None, Some(stored)) => Some((stored.clone(), None)),
            (None, None) => None,
        })
        .collect())
}
