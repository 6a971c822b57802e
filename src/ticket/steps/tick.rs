//! What deadlines make of a life: marks, warnings, signatures of the system, the ladder of oversight,
//! the end of a suspension. Each once.
use base::LegId;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::After;
use crate::flow::{Rules, Rung};
use crate::life::Life;
use crate::side::{Cause, Level};
use crate::state::LegState;
use crate::timer::{Clocks, Fire};

/// A deadline that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    pub name: Clocks,
    pub leg: Option<LegId>,
    pub fire: Fire,
    pub due: DateTime<Utc>,
    /// The timer's place, and which of its marks it is: together they are there once.
    pub seq: i16,
    pub mark: String,
    /// The rung of the ladder that was climbed.
    pub rung: Option<Rung>,
    /// The ticket is watched more strongly by it.
    pub raised: Option<Level>,
}

impl Fired {
    /// What history calls it.
    pub fn action(&self) -> &'static str {
        match self.fire {
            Fire::Warn => "warn",
            Fire::Late => "late",
            Fire::Rung(_) => "escalate",
        }
    }

    /// For history.
    pub fn details(&self) -> Value {
        let mut details = json!({
            "timer": self.name.word(),
            "leg": self.leg,
            "due": self.due,
            "seq": self.seq,
            "mark": self.mark,
        });
        if let Some(rung) = self.rung {
            details["level"] = json!(rung.level);
            details["tell"] = json!(rung.tell);
            details["raised"] = json!(self.raised);
        }
        details
    }
}

/// Whether an event is the mark of a deadline.
pub(crate) fn is_mark(action: &str) -> bool {
    matches!(action, "warn" | "late" | "escalate")
}

impl Life {
    /// What the deadlines ask for at `now`. A house that was closed for long does all that it missed,
    /// in its order.
    pub fn tick(&mut self, now: DateTime<Utc>, rules: &Rules) -> Vec<Fired> {
        let mut all = Vec::new();
        for i in 0..self.timers.len() {
            while let Some(fire) = self.timers[i].fire(now) {
                if fire == Fire::Late {
                    self.timers[i].arm(rules);
                }
                let timer = &self.timers[i];
                let mut fired = Fired {
                    name: timer.name,
                    leg: timer.leg,
                    fire,
                    due: timer.due_at,
                    seq: timer.seq,
                    mark: timer.mark(fire),
                    rung: rung(rules, fire),
                    raised: None,
                };
                self.follow(&mut fired, now, rules);
                all.push(fired);
            }
        }
        all
    }

    /// What follows from a deadline.
    fn follow(&mut self, fired: &mut Fired, now: DateTime<Utc>, rules: &Rules) {
        let leg = fired.leg.and_then(|id| self.legs.iter().position(|leg| leg.id == id));
        let answers = leg.is_some_and(|i| self.legs[i].is_root_lead());
        match (fired.name, fired.fire, leg) {
            (Clocks::Sign, Fire::Late, Some(i)) if self.legs[i].state == LegState::Dispatched => {
                // a system's signature is a late one; the states allow it, so it cannot fail
                drop(self.sign(i, now, true));
            }
            (Clocks::Handling, Fire::Warn, _) if answers => {
                let raised = self.raise(Level::Yellow, Cause::SoonDue, now);
                fired.raised = raised.then_some(Level::Yellow);
            }
            (Clocks::Handling, Fire::Late, _) if answers => {
                let raised = self.raise(Level::Red, Cause::Late, now);
                fired.raised = raised.then_some(Level::Red);
            }
            // the ticket is marked for the unit that answers for it; of others their leaders hear
            (Clocks::Handling, Fire::Rung(_), _) if answers => {
                let level = fired.rung.map(|rung| rung.level);
                fired.raised = level.filter(|level| self.escalate(*level, now, rules));
            }
            (Clocks::Suspension, Fire::Late, _) if self.side.suspension.is_some() => {
                // its time is over; the states allow it, and the calendar knew the limits before
                drop(self.resume(rules, now, &mut After::default()));
            }
            _ => {}
        }
    }
}

fn rung(rules: &Rules, fire: Fire) -> Option<Rung> {
    let Fire::Rung(n) = fire else { return None };
    let place = usize::try_from(n).ok()?.checked_sub(1)?;
    rules.escalation.get(place).copied()
}
