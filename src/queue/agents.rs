//! Agents: what they do, and how that changes.

use base::{AgentId, CallId};
use chrono::{DateTime, Utc};

use crate::presence::{Ask, Presence, Why};
use crate::skills::Skills;
use crate::state::{Action, Queue};

/// An agent as the queue knows it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub skills: Skills,
    /// Takes calls that come in; else only makes some.
    pub answers: bool,
    pub presence: Presence,
    pub since: DateTime<Utc>,
    /// Whether a telephone is registered.
    pub phone: bool,
    /// The call whose outcome is missing.
    pub owes: Option<CallId>,
    /// Older calls whose outcome is missing, too.
    pub(crate) owes_more: Vec<CallId>,
    /// What was asked for during a call (预约小休), or what was before an outgoing one.
    pub(crate) next: Option<Ask>,
    pub(crate) connected: bool,
    pub(crate) idle_since: (DateTime<Utc>, u64),
    pub(crate) deadline: Option<DateTime<Utc>>,
}

impl Standing {
    /// A call needs no outcome of this agent any more; false when none was owed for it.
    fn settle(&mut self, call: CallId) -> bool {
        if self.owes == Some(call) {
            self.owes = self.owes_more.pop();
            return true;
        }
        let owed = self.owes_more.len();
        self.owes_more.retain(|more| *more != call);
        self.owes_more.len() < owed
    }
}

impl Queue {
    pub(crate) fn know(
        &mut self,
        agent: AgentId,
        skills: Skills,
        answers: bool,
        now: DateTime<Utc>,
    ) {
        if let Some(standing) = self.agents.get_mut(&agent) {
            standing.answers = answers;
            let (since, turn) = standing.idle_since;
            let had = std::mem::replace(&mut standing.skills, skills.clone());
            if standing.presence == Presence::Ready {
                self.ready.remove(&had, (since, turn, agent));
                self.ready.insert(&skills, (since, turn, agent));
            }
            return;
        }
        let standing = Standing {
            skills,
            answers,
            presence: Presence::SignedOut,
            since: now,
            phone: false,
            owes: None,
            owes_more: Vec::new(),
            next: None,
            connected: false,
            idle_since: (now, 0),
            deadline: None,
        };
        self.agents.insert(agent, standing);
    }

    pub(crate) fn forget(&mut self, agent: AgentId, actions: &mut Vec<Action>) {
        let Some(standing) = self.agents.get(&agent) else { return };
        if let Presence::Ringing { call } = standing.presence
            && self.is_offered(call, agent)
        {
            self.put_back(call);
            actions.push(Action::Withdraw { call, agent });
        }
        self.unlist(agent);
        self.agents.remove(&agent);
        self.dismiss(actions);
    }

    pub(crate) fn phone(
        &mut self,
        agent: AgentId,
        registered: bool,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        let Some(standing) = self.agents.get_mut(&agent) else { return };
        if standing.phone == registered {
            return;
        }
        standing.phone = registered;
        let lost = Presence::NotReady { why: Why::PhoneLost };
        match (registered, standing.presence.clone()) {
            (false, Presence::Ready) => self.set(agent, lost, now, actions),
            (false, Presence::Ringing { call }) if self.is_offered(call, agent) => {
                self.take_back(call, agent, lost, now, actions);
            }
            (false, Presence::NotReady { .. }) => {
                self.deadline(agent, Some(now + self.limits.phone_lost));
                actions.push(Action::Changed { agent });
            }
            (true, Presence::NotReady { .. }) => {
                self.deadline(agent, None);
                actions.push(Action::Changed { agent });
            }
            _ => actions.push(Action::Changed { agent }),
        }
    }

    pub(crate) fn connected(&mut self, call: CallId, agent: AgentId) {
        if let Some(standing) = self.agents.get_mut(&agent)
            && standing.presence == (Presence::Talking { call })
        {
            standing.connected = true;
            let before = standing.owes.replace(call).filter(|before| *before != call);
            standing.owes_more.extend(before);
        }
    }

    pub(crate) fn ended(
        &mut self,
        call: CallId,
        agent: AgentId,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        let busy = |s: &Standing| matches!(s.presence, Presence::Talking { call: c } | Presence::Ringing { call: c } if c == call);
        if !self.agents.get(&agent).is_some_and(busy) {
            return;
        }
        if self.is_offered(call, agent) {
            return; // still an offer: that ends with Left, Refused or Answered
        }
        if self.agents.get(&agent).is_some_and(|s| s.connected) {
            let until = now + self.limits.wrap_up;
            self.set(agent, Presence::WrapUp { until }, now, actions);
        } else {
            self.rest(agent, now, actions);
        }
    }

    /// The agent's telephone broke away from the call, which goes back to the queue: whoever takes
    /// it next owes its outcome.
    pub(crate) fn lost(
        &mut self,
        call: CallId,
        agent: AgentId,
        why: Why,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        let Some(standing) = self.agents.get_mut(&agent) else { return };
        standing.settle(call);
        if standing.presence == (Presence::Talking { call }) {
            self.set(agent, Presence::NotReady { why }, now, actions);
        }
    }

    pub(crate) fn owes(
        &mut self,
        call: CallId,
        agent: AgentId,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        let Some(standing) = self.agents.get_mut(&agent) else { return };
        if standing.owes == Some(call) || standing.owes_more.contains(&call) {
            return;
        }
        if standing.owes.is_some() {
            standing.owes_more.push(call); // its turn comes when the other has its outcome
            return;
        }
        standing.owes = Some(call);
        actions.push(Action::Changed { agent });
        if standing.presence == Presence::Ready {
            let why = Why::Chosen("缺少小结".to_owned());
            self.set(agent, Presence::NotReady { why }, now, actions);
        }
    }

    pub(crate) fn outcome_given(
        &mut self,
        call: CallId,
        agent: AgentId,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        let Some(standing) = self.agents.get_mut(&agent) else { return };
        if !standing.settle(call) {
            return;
        }
        actions.push(Action::Changed { agent });
        let over = matches!(standing.presence, Presence::WrapUp { until } if until <= now);
        if over && standing.owes.is_none() {
            self.rest(agent, now, actions);
        }
    }

    pub(crate) fn tick(&mut self, now: DateTime<Utc>, actions: &mut Vec<Action>) {
        while let Some((at, agent)) = self.deadlines.first().copied()
            && at <= now
        {
            self.deadline(agent, None);
            let Some(standing) = self.agents.get(&agent) else { continue };
            match standing.presence {
                Presence::Ringing { call } => {
                    let quiet = Presence::NotReady { why: Why::NoAnswer };
                    self.take_back(call, agent, quiet, now, actions);
                }
                Presence::WrapUp { .. } if standing.owes.is_none() => {
                    self.rest(agent, now, actions);
                }
                Presence::NotReady { .. } if !standing.phone => {
                    self.set(agent, Presence::SignedOut, now, actions);
                }
                _ => {}
            }
        }
    }

    /// After work: what was asked for meanwhile, else ready; never ready without a telephone.
    pub(crate) fn rest(&mut self, agent: AgentId, now: DateTime<Utc>, actions: &mut Vec<Action>) {
        let Some(standing) = self.agents.get_mut(&agent) else { return };
        let talked = std::mem::take(&mut standing.connected);
        let then = presence_of(standing.next.take().unwrap_or(Ask::Ready));
        match then {
            Presence::Ready if standing.owes.is_some() => {
                let why = Why::Chosen("缺少小结".to_owned());
                self.set(agent, Presence::NotReady { why }, now, actions);
            }
            Presence::Ready if !talked => self.back_to_ready(agent, now, actions),
            Presence::Ready if !standing.phone => {
                self.set(agent, Presence::NotReady { why: Why::PhoneLost }, now, actions);
            }
            then => self.set(agent, then, now, actions),
        }
    }

    /// Ready again with the old place among the idle.
    pub(crate) fn back_to_ready(
        &mut self,
        agent: AgentId,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        let Some(standing) = self.agents.get(&agent) else { return };
        let idle = standing.idle_since;
        if !standing.phone {
            self.set(agent, Presence::NotReady { why: Why::PhoneLost }, now, actions);
            return;
        }
        if standing.owes.is_some() {
            let why = Why::Chosen("缺少小结".to_owned());
            self.set(agent, Presence::NotReady { why }, now, actions);
            return;
        }
        self.set(agent, Presence::Ready, now, actions);
        if idle.1 > 0
            && let Some(standing) = self.agents.get_mut(&agent)
        {
            let (since, turn) = std::mem::replace(&mut standing.idle_since, idle);
            self.ready.remove(&standing.skills, (since, turn, agent));
            self.ready.insert(&standing.skills, (idle.0, idle.1, agent));
        }
    }

    /// The only place where a presence changes: lists and deadlines follow.
    pub(crate) fn set(
        &mut self,
        agent: AgentId,
        presence: Presence,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        self.unlist(agent);
        self.turn += 1;
        let Some(standing) = self.agents.get_mut(&agent) else { return };
        standing.since = now;
        let signed_out = presence == Presence::SignedOut;
        let mut deadline = None;
        match &presence {
            Presence::Ready => {
                standing.next = None;
                standing.idle_since = (now, self.turn);
                self.ready.insert(&standing.skills, (now, self.turn, agent));
            }
            Presence::WrapUp { until } => {
                standing.idle_since = (now, self.turn);
                deadline = Some(*until);
            }
            Presence::Ringing { .. } => standing.connected = false,
            Presence::NotReady { .. } if !standing.phone => {
                deadline = Some(now + self.limits.phone_lost);
            }
            _ => {}
        }
        standing.presence = presence;
        self.deadline(agent, deadline);
        actions.push(Action::Changed { agent });
        if signed_out {
            self.dismiss(actions);
        }
    }

    /// Takes an agent out of the list of the idle and of the deadlines.
    pub(crate) fn unlist(&mut self, agent: AgentId) {
        let Some(standing) = self.agents.get(&agent) else { return };
        if standing.presence == Presence::Ready {
            let (since, turn) = standing.idle_since;
            self.ready.remove(&standing.skills, (since, turn, agent));
        }
        self.deadline(agent, None);
    }

    pub(crate) fn deadline(&mut self, agent: AgentId, at: Option<DateTime<Utc>>) {
        let Some(standing) = self.agents.get_mut(&agent) else { return };
        if let Some(was) = std::mem::replace(&mut standing.deadline, at) {
            self.deadlines.remove(&(was, agent));
        }
        if let Some(at) = at {
            self.deadlines.insert((at, agent));
        }
    }
}

pub(crate) fn presence_of(ask: Ask) -> Presence {
    match ask {
        Ask::Ready => Presence::Ready,
        Ask::NotReady { why } => Presence::NotReady { why: Why::Chosen(why) },
        Ask::SignedOut => Presence::SignedOut,
    }
}
