//! From two-way audio to the end, and every way there before it.
use queue::Why;

use crate::facts::Ending;
use crate::state::{Action, AgentLeg, Call, CallerLeg, Ear, Hum, Notice, Phase, Sound};

impl Call {
    /// The caller's line is gone; whatever goes on ends with it.
    pub(crate) fn caller_gone(&mut self, how: Ending) {
        self.caller = CallerLeg::Gone;
        let ending = match self.phase {
            Phase::Ended => return,
            Phase::Waiting if self.sorry => Ending::NobodyAtWork,
            Phase::Waiting | Phase::Joining => match how {
                Ending::MediaFailed => how,
                _ if self.facts.answered_at.is_some() => Ending::CutOff,
                _ => Ending::Abandoned,
            },
            Phase::Talking => how,
            Phase::Rating { .. } | Phase::Parting { .. } => {
                self.facts.ending.unwrap_or(Ending::AgentHungUp)
            }
            Phase::CallingAgent | Phase::CallingCitizen | Phase::Regretting => {
                self.facts.ending.unwrap_or(Ending::Unreachable)
            }
        };
        self.leave_agent();
        self.leave_queue();
        self.finish(ending);
    }

    /// The agent hung up: in a talk that ends it well, before it the call goes back.
    pub(crate) fn agent_gone(&mut self) {
        match self.phase {
            Phase::Waiting if self.agent_leg != AgentLeg::None => {
                self.agent_failed(603);
            }
            Phase::Joining if !self.is_out() => {
                self.agent_lost(Why::Rejected);
            }
            Phase::Talking if !self.is_out() => {
                self.leave_agent();
                self.out.push(Action::Disconnect);
                self.facts.ending = Some(Ending::AgentHungUp);
                self.quiet(Ear::Caller); // the number may still be said
                let id = self.play(Ear::Caller, Sound::RatePlease);
                self.phase = Phase::Rating { id: Some(id) };
                self.out.extend([Action::Save, Action::Show]);
            }
            Phase::CallingAgent
            | Phase::CallingCitizen
            | Phase::Regretting
            | Phase::Joining
            | Phase::Talking => {
                self.hang_up_caller();
                self.leave_agent();
                self.finish(self.facts.ending.unwrap_or(Ending::AgentHungUp));
            }
            _ => {}
        }
    }

    /// The agent's telephone broke away: the caller hears so and goes back to the front.
    pub(crate) fn agent_lost(&mut self, why: Why) {
        let Some(agent) = self.agent.as_ref().map(|agent| agent.id) else { return };
        let call = self.facts.id;
        match self.phase {
            Phase::Joining | Phase::Talking if !self.is_out() => {
                self.note("agent_lost", format!("{} {why}", self.agent_number()));
                if self.phase == Phase::Talking {
                    self.out.push(Action::Disconnect);
                    self.facts.talk_ended_at = Some(self.now);
                }
                self.drop_agent();
                self.agent = None;
                self.phase = Phase::Waiting;
                if self.notice == Notice::Given {
                    self.quiet(Ear::Caller);
                    self.play(Ear::Caller, Sound::TransferredBack);
                    self.hum(Ear::Caller, Hum::Waiting);
                }
                self.tell(queue::Event::Lost { call, agent, why });
                self.out.extend([Action::Save, Action::Show]);
                self.tell(queue::Event::Returned {
                    call,
                    needs: self.hotline.needs.clone(),
                    priority: self.hotline.priority,
                    joined_at: self.facts.queued_at.unwrap_or(self.facts.invite_at),
                });
            }
            Phase::CallingAgent
            | Phase::CallingCitizen
            | Phase::Regretting
            | Phase::Joining
            | Phase::Talking => {
                self.note("agent_lost", format!("{} {why}", self.agent_number()));
                self.hang_up_caller();
                let talked = self.phase == Phase::Talking;
                self.leave_agent();
                self.finish(if talked { Ending::CutOff } else { Ending::AgentNoAnswer });
            }
            _ => {} // a ringing telephone is the queue's to withdraw
        }
    }

    pub(crate) fn key(&mut self, key: char) {
        self.note("key", key.to_string());
        let Phase::Rating { .. } = self.phase else { return };
        let digit = key.to_digit(10).and_then(|digit| u8::try_from(digit).ok());
        let Some(digit) = digit.filter(|d| (1..=self.patience.rating_keys).contains(d)) else {
            return;
        };
        self.facts.rating = Some(digit);
        self.deadline = None;
        self.quiet(Ear::Caller);
        let id = self.play(Ear::Caller, Sound::Thanks);
        self.phase = Phase::Parting { id };
        self.out.push(Action::Save);
    }

    pub(crate) fn tick(&mut self) {
        if self.deadline.is_none_or(|deadline| deadline > self.now) {
            return;
        }
        self.deadline = None;
        match self.phase {
            Phase::Rating { .. } => self.part(),
            Phase::CallingAgent => {
                self.leave_agent();
                self.finish(Ending::AgentNoAnswer);
            }
            Phase::CallingCitizen => {
                self.hang_up_caller();
                self.regret(Ending::NoAnswer);
            }
            Phase::Regretting => {
                self.leave_agent();
                self.finish(self.facts.ending.unwrap_or(Ending::NoAnswer));
            }
            _ => {}
        }
    }

    /// We hang up after the last words.
    pub(crate) fn part(&mut self) {
        self.hang_up_caller();
        self.finish(self.facts.ending.unwrap_or(Ending::AgentHungUp));
    }

    pub(crate) fn stop(&mut self) {
        match self.caller {
            CallerLeg::Preparing | CallerLeg::Ringing { .. } if !self.is_out() => {
                self.out.push(Action::RejectCaller { status: 503 });
            }
            _ => self.hang_up_caller(),
        }
        self.leave_agent();
        self.leave_queue();
        self.finish(Ending::Stopped);
    }

    pub(crate) fn hang_up_caller(&mut self) {
        if self.caller != CallerLeg::Gone {
            self.out.push(Action::HangUpCaller);
            self.caller = CallerLeg::Gone;
        }
    }

    /// Takes the line away from the agent, whatever it is doing; the queue is not told.
    pub(crate) fn drop_agent(&mut self) {
        if self.agent_leg != AgentLeg::None {
            self.agent_leg = AgentLeg::None;
            self.out.push(Action::DropAgent);
        }
    }

    /// The agent is out of the call, and the queue knows.
    pub(crate) fn leave_agent(&mut self) {
        if self.phase == Phase::Talking {
            self.facts.talk_ended_at = Some(self.now);
        }
        self.drop_agent();
        if self.phase != Phase::Waiting
            && let Some(agent) = &self.agent
        {
            self.out
                .push(Action::Tell(queue::Event::Ended { call: self.facts.id, agent: agent.id }));
        }
    }

    pub(crate) fn leave_queue(&mut self) {
        if self.phase == Phase::Waiting {
            self.tell(queue::Event::Left(self.facts.id));
        }
    }

    /// The end: exactly once.
    pub(crate) fn finish(&mut self, ending: Ending) {
        self.phase = Phase::Ended;
        self.deadline = None;
        self.facts.ending = Some(ending);
        self.facts.ended_at = Some(self.now);
        self.note("ended", ending.as_str().to_owned());
        let missed = matches!(
            ending,
            Ending::Abandoned | Ending::NobodyAtWork | Ending::CutOff | Ending::Stopped
        );
        if missed && !self.is_out() {
            self.out.push(Action::Missed);
        }
        if self.wants_outcome()
            && ending == Ending::CutOff
            && let Some(agent) = self.facts.agent
        {
            self.tell(queue::Event::Owes { agent, call: self.facts.id });
        }
        self.out.extend([Action::Save, Action::Show, Action::Close]);
    }
}
