//! What must always hold of a ticket's life, whatever was tried by whomever: asked after each step
//! of the tests' random lives, and of every stored ticket by `lianxin doctor`.
use crate::life::Life;
use crate::state::{LegState, Stage};

/// Something that must never be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// No unit, or more than one, answers for a ticket that is with a unit.
    Owner,
    /// A leg is due after the leg above it.
    Child,
    /// A ticket that ended has no outcome, a running limit or an open leg.
    Ending,
    /// A ticket that waits for somebody has no running limit.
    Clock,
    /// A limit belongs to a leg that is not there.
    Orphan,
}

impl Life {
    /// What is wrong with it; nothing, always.
    pub fn faults(&self) -> Vec<Fault> {
        let is = |fault: Fault, wrong: bool| wrong.then_some(fault);
        let leg = |id| self.legs.iter().find(|leg| leg.id == id);
        let leads = self.legs.iter().filter(|leg| {
            leg.is_root_lead()
                && leg.cycle == self.cycle
                && !matches!(leg.state, LegState::Returned | LegState::Recalled)
        });
        let answers = self.stage.is_with_unit() || self.stage == Stage::InReview;
        let late_child = self.legs.iter().any(|child| {
            child
                .parent
                .is_some_and(|above| leg(above).is_none_or(|above| child.due_at > above.due_at))
        });
        let running = self.timers.iter().any(crate::timer::Timer::is_running);
        let open = self.legs.iter().any(|leg| leg.state.is_open());
        let waits = answers || matches!(self.stage, Stage::Accepted | Stage::InFollowUp);
        [
            is(Fault::Owner, answers && leads.count() != 1),
            is(Fault::Child, late_child),
            is(Fault::Ending, self.stage.is_ended() && (self.ending.is_none() || running || open)),
            is(Fault::Clock, waits && !running),
            is(
                Fault::Orphan,
                self.timers.iter().any(|t| t.leg.is_some_and(|id| leg(id).is_none())),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
