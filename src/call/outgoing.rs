//! The part of a call to a citizen that a call from one does not have.
use crate::facts::Ending;
use crate::state::{Action, AgentLeg, Call, CallerLeg, Ear, Hum, Phase};

impl Call {
    /// When the agent holds the receiver: the citizen's telephone is called.
    pub(crate) fn call_citizen(&mut self) {
        let ready = self.phase == Phase::CallingCitizen && self.agent_leg == AgentLeg::Up;
        if ready && self.deadline.is_none() {
            self.deadline = Some(self.now + self.patience.citizen);
            self.hum(Ear::Agent, Hum::Ringback);
            self.out.push(Action::PrepareCitizen);
        }
    }

    pub(crate) fn citizen_media(&mut self, offer: Option<String>) {
        if self.phase != Phase::CallingCitizen {
            return;
        }
        match offer {
            Some(offer) => self.out.push(Action::CallCitizen { offer }),
            None => self.regret(Ending::Unreachable),
        }
    }

    pub(crate) fn citizen_answered(&mut self, sdp: String) {
        if self.phase == Phase::CallingCitizen {
            self.deadline = None;
            self.note("citizen_answered", String::new());
            self.out.push(Action::AcceptCitizen { sdp });
        }
    }

    pub(crate) fn citizen_accepted(&mut self, ok: bool) {
        if self.phase != Phase::CallingCitizen {
            return;
        }
        if !ok {
            self.hang_up_caller();
            return self.regret(Ending::Unreachable);
        }
        self.caller = CallerLeg::Answered;
        self.phase = Phase::Joining;
        self.quiet(Ear::Agent);
        self.give_notice();
        self.out.push(Action::Show);
    }

    pub(crate) fn citizen_failed(&mut self, status: u16) {
        if self.phase != Phase::CallingCitizen {
            return;
        }
        self.caller = CallerLeg::Gone;
        self.note("citizen_failed", status.to_string());
        self.regret(match status {
            486 | 600 | 603 => Ending::Busy,
            408 | 480 | 487 => Ending::NoAnswer,
            _ => Ending::Unreachable,
        });
    }

    /// The agent hears that nobody answered.
    pub(crate) fn regret(&mut self, ending: Ending) {
        self.phase = Phase::Regretting;
        self.facts.ending = Some(ending);
        self.deadline = Some(self.now + self.patience.regret);
        self.quiet(Ear::Agent);
        self.hum(Ear::Agent, Hum::Busy);
        self.out.push(Action::Show);
    }
}
