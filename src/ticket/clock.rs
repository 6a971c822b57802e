//! The clocks of a ticket's life: how its steps start, meet, move and stop them.
use base::LegId;
use chrono::{DateTime, Utc};

use crate::flow::Rules;
use crate::life::Life;
use crate::timer::{Clocks, Runs, Timer};

impl Life {
    /// The citizen's date was missed, in any cycle.
    pub fn was_late(&self, now: DateTime<Utc>) -> bool {
        self.timers.iter().any(|timer| timer.name == Clocks::Whole && timer.is_late(now))
    }

    /// A unit is told of the yellow and red marks; the hotline sees its own.
    pub fn next_fire(&self) -> Option<DateTime<Utc>> {
        self.timers.iter().filter_map(Timer::fire_at).min()
    }

    pub(crate) fn start(
        &mut self,
        rules: &Rules,
        name: Clocks,
        leg: Option<LegId>,
        runs: Runs,
        at: DateTime<Utc>,
        due: DateTime<Utc>,
    ) {
        self.timers.push(Timer {
            seq: i16::try_from(self.timers.len()).unwrap_or(i16::MAX),
            name,
            leg,
            cycle: self.cycle,
            runs,
            started_at: at,
            due_at: due,
            provisional: rules.calendar(runs).is_some_and(|calendar| calendar.is_provisional(due)),
            warn_at: rules.warnings_at(runs, at, due, &[]).first().copied(),
            late_at: None,
            met_at: None,
            stopped_at: None,
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

    /// Gives a leg's clock, and the citizen's, another due.
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
                timer.due_at = due;
                let calendar = rules.calendar(timer.runs);
                timer.provisional = calendar.is_some_and(|calendar| calendar.is_provisional(due));
                if due > at {
                    timer.late_at = None;
                    timer.warn_at =
                        rules.warnings_at(timer.runs, timer.started_at, due, &[]).first().copied();
                }
                return;
            }
        }
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
