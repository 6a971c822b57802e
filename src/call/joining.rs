//! From the first ring to two-way audio.
use queue::Why;

use crate::facts::{AgentCard, Ending};
use crate::state::{Action, AgentLeg, Call, CallerLeg, Ear, Hum, Notice, Phase, Sound};

impl Call {
    pub(crate) fn caller_media(&mut self, ready: Result<String, u16>) {
        if self.caller != CallerLeg::Preparing {
            return;
        }
        match ready {
            Err(status) => {
                self.caller = CallerLeg::Gone;
                self.out.push(Action::RejectCaller { status });
                self.note("media_refused", status.to_string());
                self.leave_agent();
                self.leave_queue();
                self.finish(Ending::MediaRefused);
            }
            Ok(sdp) => {
                self.caller = CallerLeg::Ringing { sdp };
                self.out.push(Action::RingCaller);
                if self.sorry {
                    self.apologise();
                } else if self.at_once || self.phase == Phase::Joining {
                    self.answer_caller();
                }
            }
        }
    }

    /// Answers, and begins the notice.
    fn answer_caller(&mut self) {
        let CallerLeg::Ringing { sdp } = &self.caller else { return };
        self.out.push(Action::AnswerCaller { sdp: sdp.clone() });
        self.caller = CallerLeg::Answered;
        self.give_notice();
    }

    pub(crate) fn give_notice(&mut self) {
        let id = self.play(Ear::Caller, Sound::Greeting);
        self.notice = Notice::Playing { id };
    }

    pub(crate) fn offered(&mut self, agent: AgentCard) {
        if self.phase != Phase::Waiting {
            return;
        }
        self.note("offered", agent.number.clone());
        self.agent = Some(agent);
        self.prepare_agent();
        self.out.push(Action::Show);
    }

    pub(crate) fn prepare_agent(&mut self) {
        self.turn += 1;
        self.agent_leg = AgentLeg::Preparing { turn: self.turn };
        self.out.push(Action::PrepareAgent { turn: self.turn });
    }

    pub(crate) fn withdrawn(&mut self) {
        if self.phase == Phase::Waiting && self.agent_leg != AgentLeg::None {
            self.note("withdrawn", self.agent_number());
            self.drop_agent();
            self.agent = None;
        }
    }

    pub(crate) fn agent_media(&mut self, turn: u32, offer: Option<String>) {
        if self.agent_leg != (AgentLeg::Preparing { turn }) {
            return;
        }
        let (Some(offer), Some(agent)) = (offer, self.agent.clone()) else {
            return self.agent_refused(Why::PhoneFailed);
        };
        self.agent_leg = AgentLeg::Ringing;
        self.out.push(Action::CallAgent { agent, offer });
    }

    pub(crate) fn agent_answered(&mut self, sdp: String) {
        let Some(agent) = &self.agent else { return };
        if self.agent_leg != AgentLeg::Ringing {
            return;
        }
        let (call, agent) = (self.facts.id, agent.id);
        let turn = self.turn;
        self.agent_leg = AgentLeg::Accepting { turn };
        self.out.push(Action::AcceptAgent { turn, sdp });
        self.tell(queue::Event::Answered { call, agent });
    }

    /// The agent has the call. What is still missing is waited for.
    pub(crate) fn won(&mut self) {
        match self.phase {
            Phase::Waiting => {
                self.phase = Phase::Joining;
                self.note("agent_answered", self.agent_number());
                self.answer_caller(); // unless it was answered at once
                self.out.push(Action::Show);
                self.announce();
            }
            Phase::CallingAgent => {
                self.deadline = None;
                self.phase = Phase::CallingCitizen;
                self.note("agent_answered", self.agent_number());
                self.out.push(Action::Show);
                self.call_citizen();
            }
            _ => {}
        }
    }

    pub(crate) fn agent_accepted(&mut self, turn: u32, ok: bool) {
        if self.agent_leg != (AgentLeg::Accepting { turn }) {
            return;
        }
        if !ok {
            return self.agent_lost(Why::PhoneFailed);
        }
        self.agent_leg = AgentLeg::Up;
        self.announce();
        self.call_citizen();
    }

    pub(crate) fn agent_failed(&mut self, status: u16) {
        if self.agent_leg != AgentLeg::Ringing {
            return;
        }
        self.agent_refused(match status {
            480 | 486 | 600 | 603 => Why::Rejected,
            404 | 410 | 430 => Why::PhoneLost,
            _ => Why::PhoneFailed,
        });
    }

    fn agent_refused(&mut self, why: Why) {
        let Some(agent) = self.agent.take() else { return };
        self.note("agent_refused", format!("{} {why}", agent.number));
        self.drop_agent();
        let call = self.facts.id;
        if self.phase == Phase::CallingAgent {
            self.tell(queue::Event::Ended { call, agent: agent.id });
            return self.finish(Ending::AgentNoAnswer);
        }
        self.tell(queue::Event::Refused { call, agent: agent.id, why });
    }

    /// When agent, line and notice are ready: two-way audio, and over it the agent's number. An
    /// outgoing call has no number to say.
    pub(crate) fn announce(&mut self) {
        let ready = self.phase == Phase::Joining
            && self.agent_leg == AgentLeg::Up
            && self.caller == CallerLeg::Answered
            && self.notice == Notice::Given;
        if !ready {
            return;
        }
        self.connect();
        if !self.is_out() {
            // Nobody waits for its end: whoever speaks is heard over it, recorded and written down.
            self.play(Ear::Caller, Sound::AgentNumber(self.agent_number()));
        }
    }

    pub(crate) fn connect(&mut self) {
        let Some(agent) = self.agent.as_ref().map(|agent| agent.id) else { return };
        self.phase = Phase::Talking;
        self.facts.agent = Some(agent);
        self.facts.answered_at.get_or_insert(self.now);
        self.facts.talk_ended_at = None;
        self.quiet(Ear::Caller);
        self.quiet(Ear::Agent);
        self.out.push(Action::Connect);
        self.note("connected", self.agent_number());
        let call = self.facts.id;
        self.tell(queue::Event::Connected { call, agent });
        if self.outcome {
            self.tell(queue::Event::OutcomeGiven { call, agent }); // by the agent who lost it
        }
        self.out.extend([Action::Save, Action::Show]);
    }

    pub(crate) fn play_done(&mut self, id: u32) {
        if self.notice == (Notice::Playing { id }) {
            self.notice = Notice::Given;
            if self.phase == Phase::Waiting {
                self.hum(Ear::Caller, Hum::Waiting);
            }
            return self.announce();
        }
        match self.phase {
            Phase::Rating { id: Some(asked) } if asked == id => {
                self.phase = Phase::Rating { id: None };
                self.deadline = Some(self.now + self.patience.rating);
            }
            Phase::Parting { id: last } if last == id => self.part(),
            _ => {}
        }
    }

    /// Nobody at work can serve the call: the caller hears so, and is called back later.
    pub(crate) fn nobody(&mut self) {
        if self.phase != Phase::Waiting || self.sorry {
            return;
        }
        self.note("nobody_at_work", String::new());
        self.leave_queue();
        self.sorry = true;
        self.apologise();
    }

    fn apologise(&mut self) {
        if let CallerLeg::Ringing { sdp } = &self.caller {
            self.out.push(Action::AnswerCaller { sdp: sdp.clone() });
            self.caller = CallerLeg::Answered;
        }
        if self.caller != CallerLeg::Answered {
            return; // our media are not ready: as soon as they are
        }
        self.quiet(Ear::Caller);
        let id = self.play(Ear::Caller, Sound::SorryNoAgent);
        self.notice = Notice::Given;
        self.phase = Phase::Parting { id };
        let cut_off = self.facts.answered_at.is_some();
        self.facts.ending = Some(if cut_off { Ending::CutOff } else { Ending::NobodyAtWork });
    }

    pub(crate) fn agent_number(&self) -> String {
        self.agent.as_ref().map(|agent| agent.number.clone()).unwrap_or_default()
    }
}
