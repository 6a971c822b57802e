//! Calls that nobody has answered: their order, and who is rung for them.
use std::cmp::Reverse;

use base::{AgentId, CallId};
use chrono::{DateTime, Utc};

use crate::agents::Standing;
use crate::presence::Presence;
use crate::skills::Skills;
use crate::state::{Action, Queue};

/// Priority first, then who came back from a lost agent, then who came first.
pub(crate) type Place = (Reverse<u8>, Reverse<bool>, DateTime<Utc>, u64);

/// A call in the queue.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub needs: Skills,
    pub joined_at: DateTime<Utc>,
    /// Who is being rung for it.
    pub offered_to: Option<AgentId>,
    pub(crate) place: Place,
}

impl Queue {
    pub(crate) fn join(
        &mut self,
        call: CallId,
        needs: Skills,
        (priority, front, joined_at): (u8, bool, DateTime<Utc>),
        actions: &mut Vec<Action>,
    ) {
        if self.calls.contains_key(&call) {
            return;
        }
        self.turn += 1;
        let place = (Reverse(priority), Reverse(front), joined_at, self.turn);
        self.waiting.insert(&needs, (place, call));
        let served = self.served(&needs);
        self.calls.insert(call, Waiting { needs, joined_at, offered_to: None, place });
        if !served {
            actions.push(Action::Nobody { call });
        }
    }

    pub(crate) fn leave(&mut self, call: CallId, now: DateTime<Utc>, actions: &mut Vec<Action>) {
        let Some(waiting) = self.calls.remove(&call) else { return };
        match waiting.offered_to {
            None => self.waiting.remove(&waiting.needs, (waiting.place, call)),
            Some(agent) => {
                // Not the agent's doing: the place among the idle is kept.
                actions.push(Action::Withdraw { call, agent });
                self.back_to_ready(agent, now, actions);
            }
        }
    }

    pub(crate) fn answered(
        &mut self,
        call: CallId,
        agent: AgentId,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        let rings = |s: &Standing| s.presence == Presence::Ringing { call };
        if !self.agents.get(&agent).is_some_and(rings) {
            actions.push(Action::TooLate { call, agent });
            return;
        }
        self.calls.remove(&call); // an outgoing call never was in there
        self.set(agent, Presence::Talking { call }, now, actions);
        actions.push(Action::Won { call, agent });
    }

    /// Offers as long as somebody idle can serve somebody who waits: the longest idle gets the
    /// first in line.
    pub(crate) fn pair(&mut self, now: DateTime<Utc>, actions: &mut Vec<Action>) {
        while let Some((place, call)) =
            self.waiting.first(|needs| self.ready.first(|skills| skills.cover(needs)).is_some())
        {
            let Some(waiting) = self.calls.get_mut(&call) else { return };
            let Some((_, _, agent)) = self.ready.first(|skills| skills.cover(&waiting.needs))
            else {
                return;
            };
            waiting.offered_to = Some(agent);
            self.waiting.remove(&waiting.needs, (place, call));
            self.set(agent, Presence::Ringing { call }, now, actions);
            self.deadline(agent, Some(now + self.limits.ring));
            actions.push(Action::Offer { call, agent });
        }
    }

    pub(crate) fn is_offered(&self, call: CallId, agent: AgentId) -> bool {
        self.calls.get(&call).is_some_and(|waiting| waiting.offered_to == Some(agent))
    }

    pub(crate) fn served(&self, needs: &Skills) -> bool {
        let at_work =
            |s: &Standing| s.answers && s.presence != Presence::SignedOut && s.skills.cover(needs);
        self.agents.values().any(at_work)
    }

    /// Tells the calls that nobody at work can serve any more.
    pub(crate) fn dismiss(&self, actions: &mut Vec<Action>) {
        let lost = self.waiting.iter().map(|(_, call)| call);
        let lost = lost.filter(|call| self.calls.get(call).is_some_and(|w| !self.served(&w.needs)));
        actions.extend(lost.map(|call| Action::Nobody { call }));
    }

    /// Puts an offered call back to the place that it had.
    pub(crate) fn put_back(&mut self, call: CallId) {
        if let Some(waiting) = self.calls.get_mut(&call) {
            waiting.offered_to = None;
            self.waiting.insert(&waiting.needs, (waiting.place, call));
        }
    }

    pub(crate) fn take_back(
        &mut self,
        call: CallId,
        agent: AgentId,
        then: Presence,
        now: DateTime<Utc>,
        actions: &mut Vec<Action>,
    ) {
        self.put_back(call);
        actions.push(Action::Withdraw { call, agent });
        self.set(agent, then, now, actions);
    }
}
