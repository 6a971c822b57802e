//! The queue itself. Pure: time comes in, actions go out.
use std::collections::{BTreeSet, HashMap};

use base::{AgentId, CallId};
use chrono::{DateTime, TimeDelta, Utc};

use crate::agents::{Standing, presence_of};
use crate::presence::{Ask, Presence, Refused, Why};
use crate::skills::{BySkills, Skills};
use crate::waiting::{Place, Waiting};

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long an agent's telephone rings.
    pub ring: TimeDelta,
    /// How long an agent has for writing things down.
    pub wrap_up: TimeDelta,
    /// How long an agent without a telephone still counts as being at work.
    pub phone_lost: TimeDelta,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ring: TimeDelta::seconds(15),
            wrap_up: TimeDelta::seconds(30),
            phone_lost: TimeDelta::minutes(2),
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody may answer calls, or has other skills than before; or only makes calls.
    Agent {
        agent: AgentId,
        skills: Skills,
        answers: bool,
    },
    /// Somebody may no longer answer calls.
    Gone(AgentId),
    /// An agent's telephone came or went.
    Phone {
        agent: AgentId,
        registered: bool,
    },
    Joined {
        call: CallId,
        needs: Skills,
        priority: u8,
    },
    /// A call whose agent was lost goes back, before all others of its priority.
    Returned {
        call: CallId,
        needs: Skills,
        priority: u8,
        joined_at: DateTime<Utc>,
    },
    /// The caller gave up, or nobody can serve the call.
    Left(CallId),
    Answered {
        call: CallId,
        agent: AgentId,
    },
    /// The agent's telephone said no.
    Refused {
        call: CallId,
        agent: AgentId,
        why: Why,
    },
    /// Two-way audio: from now on this call needs an outcome.
    Connected {
        call: CallId,
        agent: AgentId,
    },
    /// The agent's telephone broke away from the call.
    Lost {
        call: CallId,
        agent: AgentId,
        why: Why,
    },
    /// The agent has nothing more to do with the call.
    Ended {
        call: CallId,
        agent: AgentId,
    },
    OutcomeGiven {
        call: CallId,
        agent: AgentId,
    },
    /// This agent still owes the outcome of a call: from before a restart, or because the caller
    /// whom the agent lost hung up before anyone else answered.
    Owes {
        agent: AgentId,
        call: CallId,
    },
    /// A deadline from [`Queue::next_deadline`] has come.
    Tick,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ring this agent for this call.
    Offer { call: CallId, agent: AgentId },
    /// Stop ringing.
    Withdraw { call: CallId, agent: AgentId },
    /// This agent has the call.
    Won { call: CallId, agent: AgentId },
    /// The answer came too late: the call went elsewhere.
    TooLate { call: CallId, agent: AgentId },
    /// Nobody at work can serve this call.
    Nobody { call: CallId },
    /// An agent's presence is another one now.
    Changed { agent: AgentId },
}

/// Who waits, who is ready, who is being rung.
#[derive(Debug, Default)]
pub struct Queue {
    pub(crate) limits: Limits,
    pub(crate) agents: HashMap<AgentId, Standing>,
    pub(crate) calls: HashMap<CallId, Waiting>,
    pub(crate) waiting: BySkills<(Place, CallId)>,
    pub(crate) ready: BySkills<(DateTime<Utc>, u64, AgentId)>, // longest idle first
    pub(crate) deadlines: BTreeSet<(DateTime<Utc>, AgentId)>,
    pub(crate) turn: u64,
}

impl Queue {
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The way in: one event, at one time, gives the actions to take.
    pub fn on(&mut self, event: Event, now: DateTime<Utc>) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Agent { agent, skills, answers } => self.know(agent, skills, answers, now),
            Event::Gone(agent) => self.forget(agent, &mut actions),
            Event::Phone { agent, registered } => self.phone(agent, registered, now, &mut actions),
            Event::Joined { call, needs, priority } => {
                self.join(call, needs, (priority, false, now), &mut actions);
            }
            Event::Returned { call, needs, priority, joined_at } => {
                self.join(call, needs, (priority, true, joined_at), &mut actions);
            }
            Event::Left(call) => self.leave(call, now, &mut actions),
            Event::Answered { call, agent } => self.answered(call, agent, now, &mut actions),
            Event::Refused { call, agent, why } => {
                if self.is_offered(call, agent) {
                    self.take_back(call, agent, Presence::NotReady { why }, now, &mut actions);
                }
            }
            Event::Connected { call, agent } => self.connected(call, agent),
            Event::Lost { call, agent, why } => self.lost(call, agent, why, now, &mut actions),
            Event::Ended { call, agent } => self.ended(call, agent, now, &mut actions),
            Event::OutcomeGiven { call, agent } => {
                self.outcome_given(call, agent, now, &mut actions);
            }
            Event::Owes { agent, call } => self.owes(call, agent, now, &mut actions),
            Event::Tick => self.tick(now, &mut actions),
        }
        self.pair(now, &mut actions);
        actions
    }

    /// An agent asks for another presence.
    pub fn ask(
        &mut self,
        agent: AgentId,
        ask: Ask,
        now: DateTime<Utc>,
    ) -> Result<Vec<Action>, Refused> {
        use {Ask as A, Presence as P};
        let standing = self.agents.get_mut(&agent).ok_or(Refused::UnknownAgent)?;
        match (&standing.presence, &ask) {
            (P::Talking { .. }, A::SignedOut) | (P::Ringing { .. }, _) => {
                return Err(Refused::Busy);
            }
            (P::Talking { .. }, _) => {
                standing.next = Some(ask);
                return Ok(vec![Action::Changed { agent }]);
            }
            (P::SignedOut | P::Ready | P::NotReady { .. } | P::WrapUp { .. }, _) => {}
        }
        if let Some(call) = standing.owes {
            return Err(Refused::OutcomeMissing(call));
        }
        if ask == A::Ready && !standing.answers {
            return Err(Refused::UnknownAgent);
        }
        if ask == A::Ready && !standing.phone {
            return Err(Refused::PhoneNotRegistered);
        }
        let mut actions = Vec::new();
        if !(standing.presence == P::Ready && ask == A::Ready) {
            self.set(agent, presence_of(ask), now, &mut actions);
        }
        self.pair(now, &mut actions);
        Ok(actions)
    }

    /// An agent makes a call of their own; the answer comes as [`Event::Answered`].
    pub fn call_out(
        &mut self,
        agent: AgentId,
        call: CallId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Action>, Refused> {
        let standing = self.agents.get_mut(&agent).ok_or(Refused::UnknownAgent)?;
        if let Some(call) = standing.owes {
            return Err(Refused::OutcomeMissing(call));
        }
        let next = match &standing.presence {
            Presence::Ready | Presence::WrapUp { .. } => Ask::Ready,
            Presence::NotReady { why } => Ask::NotReady { why: why.to_string() },
            Presence::SignedOut if !standing.answers => Ask::SignedOut,
            Presence::SignedOut => Ask::NotReady { why: "外呼".to_owned() },
            Presence::Ringing { .. } | Presence::Talking { .. } => return Err(Refused::Busy),
        };
        if !standing.phone {
            return Err(Refused::PhoneNotRegistered);
        }
        standing.next = Some(next);
        let mut actions = Vec::new();
        self.set(agent, Presence::Ringing { call }, now, &mut actions);
        Ok(actions)
    }

    pub fn next_deadline(&self) -> Option<DateTime<Utc>> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    pub fn agent(&self, agent: AgentId) -> Option<&Standing> {
        self.agents.get(&agent)
    }

    pub fn agents(&self) -> impl Iterator<Item = (AgentId, &Standing)> {
        self.agents.iter().map(|(id, standing)| (*id, standing))
    }

    /// Every call that nobody has answered, also those that ring somewhere.
    pub fn calls(&self) -> impl Iterator<Item = (CallId, &Waiting)> {
        self.calls.iter().map(|(id, waiting)| (*id, waiting))
    }
}
