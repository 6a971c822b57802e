//! What desks and boards ask, and what they are told.
use base::{AgentId, CallId};
use chrono::TimeDelta;
use queue::{Presence, Refused};
use speech::{Segment, Status};

use crate::command::{Command, Error};
use crate::desk::{
    Desk, DeskCall, Floor, FloorAgent, FloorCall, FloorWaiting, HotlineView, Live, PhoneView,
    PresenceView, QueueView, SpeechView,
};
use crate::entry::{Entry, Outcome};
use crate::facts::AgentCard;
use crate::roster;
use crate::run::Conductor;
use crate::state::{Event, Phase};

/// How long a desk says that another page took the telephone.
const REPLACED_FOR: TimeDelta = TimeDelta::minutes(1);

impl Conductor {
    pub(crate) fn command(&mut self, command: Command) {
        match command {
            Command::Desk { agent, answer } => drop(answer.send(self.desk(agent))),
            Command::Ask { agent, ask, answer } => {
                let told = self.queue.ask(agent, ask, self.clock.now());
                let desk = told.map_err(Error::from).and_then(|told| {
                    self.queued(told);
                    self.desk(agent)
                });
                drop(answer.send(desk));
            }
            Command::HangUp { agent, answer } => drop(answer.send(self.hang_up(agent))),
            Command::Outcome { call, agent, outcome, answer } => {
                drop(answer.send(self.outcome(call, agent, outcome)));
            }
            Command::OldOutcome { call, agent, outcome, answer } => {
                drop(answer.send(self.old_outcome(call, agent, outcome)));
            }
            Command::CallBack { agent, back, answer } => {
                drop(answer.send(self.call_back(agent, back)));
            }
            Command::CallCitizen { agent, to, answer } => {
                drop(answer.send(self.call_citizen(agent, to)));
            }
            Command::AgentOf { call, answer } => {
                let agent = self.lines.get(&call).and_then(|line| {
                    line.call.agent.as_ref().map(|card| card.id).or(line.call.facts.agent)
                });
                drop(answer.send(Ok(agent)));
            }
            Command::NumberOf { call, agent, answer } => {
                let line = self.lines.get(&call).ok_or(Error::NoSuchCall);
                let number = line.and_then(|line| match &line.call.agent {
                    Some(card) if card.id == agent => {
                        Ok(line.number.clone().filter(|_| line.call.facts.errand.is_none()))
                    }
                    _ => Err(Error::NotYours),
                });
                drop(answer.send(number));
            }
            Command::Floor { answer } => drop(answer.send(Ok(self.floor()))),
            Command::Roster(agents) => {
                roster::write(&self.config.roster, &agents);
                self.set_roster(agents);
            }
            Command::Before { today, owed } => {
                self.today.add(&today, self.clock.now());
                for (agent, call) in owed {
                    if !self.lines.contains_key(&call) {
                        self.queue_event(queue::Event::Owes { agent, call });
                    }
                }
            }
        }
    }

    fn hang_up(&mut self, agent: AgentId) -> Result<(), Error> {
        let call = self.call_of(agent).ok_or(Error::NoCall)?;
        self.call_event(call, Event::HangUp);
        Ok(())
    }

    fn outcome(&mut self, call: CallId, agent: AgentId, outcome: Outcome) -> Result<(), Error> {
        let line = self.lines.get_mut(&call).ok_or(Error::NoSuchCall)?;
        if line.call.facts.answered_at.is_none() {
            return Err(Error::NotAnswered);
        }
        if line.call.facts.agent != Some(agent) {
            return Err(Error::NotYours);
        }
        if !line.call.wants_outcome() {
            return Err(Error::OutcomeGiven);
        }
        line.call.outcome_given();
        let closed = line.closed;
        let kind = outcome.kind;
        self.keep(&Entry::Outcome { call, agent, outcome, at: self.clock.now() });
        self.note(call, "outcome", kind.as_str().to_owned());
        self.changed.insert(agent);
        if closed {
            self.forget(call);
        }
        self.queue_event(queue::Event::OutcomeGiven { call, agent });
        Ok(())
    }

    /// The database says that it was answered by this agent and lacks an outcome; one may still be
    /// on its way there.
    fn old_outcome(&mut self, call: CallId, agent: AgentId, outcome: Outcome) -> Result<(), Error> {
        if !self.settled.insert(call) {
            return Err(Error::OutcomeGiven);
        }
        self.keep(&Entry::Outcome { call, agent, outcome, at: self.clock.now() });
        self.queue_event(queue::Event::OutcomeGiven { call, agent });
        Ok(())
    }

    /// Who may answer calls. Whoever is no longer there gets no more of them.
    pub(crate) fn set_roster(&mut self, agents: Vec<AgentCard>) {
        let gone: Vec<_> = self
            .agents
            .keys()
            .filter(|id| !agents.iter().any(|card| card.id == **id))
            .copied()
            .collect();
        for agent in gone {
            if self.call_of(agent).is_none() {
                self.agents.remove(&agent);
                self.queue_event(queue::Event::Gone(agent));
            }
        }
        for card in agents {
            let agent = card.id;
            if self.agents.get(&agent) == Some(&card) {
                continue;
            }
            let (skills, answers) = (card.skills.clone(), card.answers);
            self.queue_event(queue::Event::Agent { agent, skills, answers });
            let registered = self.phones.contains_key(&card.number);
            self.agents.insert(agent, card);
            self.queue_event(queue::Event::Phone { agent, registered });
        }
        self.by_number = self.agents.values().map(|card| (card.number.clone(), card.id)).collect();
    }

    fn desk(&mut self, agent: AgentId) -> Result<Desk, Error> {
        let now = self.clock.now();
        let standing = self.queue.agent(agent).ok_or(Refused::UnknownAgent)?;
        let replaced = self.replaced.get(&agent).is_some_and(|at| now - *at < REPLACED_FOR);
        let waiting = self.queue.calls().map(|(_, waiting)| waiting.joined_at).min();
        let queue = QueueView {
            waiting: self.queue.calls().count(),
            longest_secs: waiting.map_or(0, |since| (now - since).num_seconds()),
        };
        let call = match standing.presence {
            Presence::Ringing { call } | Presence::Talking { call } => Some(call),
            _ => standing.owes.or_else(|| self.shown.get(&agent).copied()),
        };
        let owes = standing.owes;
        Ok(Desk {
            presence: PresenceView::of(standing),
            phone: PhoneView { registered: standing.phone, replaced },
            call: call.and_then(|call| self.desk_call(call, agent)),
            today: self.today.mine(agent, now),
            queue,
            owes,
            speech: speech_view(self.speech.status()),
        })
    }

    fn desk_call(&self, id: CallId, agent: AgentId) -> Option<DeskCall> {
        let line = self.lines.get(&id)?;
        let (facts, now) = (&line.call.facts, self.clock.now());
        let mine = line.call.agent.as_ref().is_some_and(|card| card.id == agent)
            || facts.agent == Some(agent);
        if !mine {
            return None; // it rings elsewhere by now
        }
        let held = line.call.agent.as_ref().is_some_and(|card| card.id == agent)
            && line.call.holds_agent();
        let phase = match line.call.phase() {
            Phase::Ended | Phase::Rating { .. } | Phase::Parting { .. } if !held => "ended",
            _ if !held => return None, // the line broke, and the call went on without this agent
            Phase::Waiting | Phase::CallingAgent => "ringing",
            Phase::Ended | Phase::Rating { .. } | Phase::Parting { .. } => "ended",
            _ => "talking",
        };
        if phase == "ended" && facts.answered_at.is_none() {
            return None; // nothing to write down
        }
        let errand = facts.errand;
        let number = line.number.as_ref().filter(|_| errand.is_none());
        let number = number.map(base::PhoneNumber::reveal);
        Some(DeskCall {
            id,
            direction: facts.direction,
            hotline: HotlineView {
                number: facts.hotline.clone(),
                name: facts.hotline_name.clone(),
            },
            dialled: facts.dialled.clone(),
            caller_number: number.filter(|_| !facts.withheld).map(str::to_owned),
            caller_place: number
                .filter(|number| number.starts_with("0434"))
                .map(|_| "四平市".to_owned()),
            withheld: facts.withheld,
            phase,
            started_at: facts.invite_at,
            answered_at: facts.answered_at,
            ended_at: facts.talk_ended_at.or(facts.ended_at),
            waited_secs: facts.waited(now).num_seconds(),
            reason_for_me: match errand {
                Some(errand) => errand.purpose.label(),
                None if line.call.is_out() => "回拨",
                None => "空闲最久",
            },
            ticket_id: errand.map(|errand| errand.ticket),
            purpose: errand.map(|errand| errand.purpose),
            outcome_needed: line.call.wants_outcome(),
        })
    }

    fn floor(&mut self) -> Floor {
        let now = self.clock.now();
        let today = self.today.floor(now);
        let mut agents: Vec<_> = self
            .queue
            .agents()
            .filter_map(|(id, standing)| {
                let card = self.agents.get(&id).filter(|card| card.answers)?;
                let view = PresenceView::of(standing);
                let call = match standing.presence {
                    Presence::Talking { call } | Presence::Ringing { call } => {
                        self.lines.get(&call)
                    }
                    _ => None,
                };
                let call = call.map(|line| FloorCall {
                    hotline_name: line.call.facts.hotline_name.clone(),
                    talk_secs: line.call.facts.talked(now).num_seconds(),
                });
                Some(FloorAgent {
                    id,
                    name: card.name.clone(),
                    number: card.number.clone(),
                    state: view.state,
                    why: view.why,
                    since: view.since,
                    call,
                })
            })
            .collect();
        agents.sort_by(|a, b| a.number.cmp(&b.number));
        let mut waiting: Vec<_> = self
            .queue
            .calls()
            .filter_map(|(id, waiting)| {
                let line = self.lines.get(&id)?;
                let waited_secs = (now - waiting.joined_at).num_seconds();
                Some(FloorWaiting {
                    hotline_name: line.call.facts.hotline_name.clone(),
                    waited_secs,
                })
            })
            .collect();
        waiting.sort_by_key(|waiting| std::cmp::Reverse(waiting.waited_secs));
        Floor { agents, waiting, today }
    }

    /// The desks of everyone at this call look different now.
    pub(crate) fn show_call(&mut self, id: CallId) {
        let at_it = self.shown.iter().filter(|(_, shown)| **shown == id).map(|(agent, _)| *agent);
        let at_it: Vec<_> = at_it.collect();
        self.changed.extend(at_it);
        self.board();
    }

    /// Tells the desks that changed.
    pub(crate) fn show(&mut self) {
        for agent in std::mem::take(&mut self.changed) {
            if let Ok(desk) = self.desk(agent) {
                self.live.push(Live::Desk { agent, desk: Box::new(desk) });
            }
        }
    }

    /// The board, and on each desk who waits.
    pub(crate) fn draw_board(&mut self) {
        self.board_due = None;
        let floor = self.floor();
        let busy =
            !floor.waiting.is_empty() || floor.agents.iter().any(|agent| agent.call.is_some());
        metrics::gauge!("lianxin_calls_waiting")
            .set(f64::from(u32::try_from(floor.waiting.len()).unwrap_or(u32::MAX)));
        if !floor.waiting.is_empty() {
            let at_work = floor.agents.iter().filter(|agent| agent.state != "signed_out");
            self.changed.extend(at_work.map(|agent| agent.id));
        }
        self.live.push(Live::Floor(Box::new(floor)));
        if busy {
            self.board(); // seconds go by
        }
    }

    pub(crate) fn segment(&mut self, segment: Segment) {
        let agent = self.lines.get(&segment.call).and_then(|line| line.call.facts.agent);
        if let Some(said) = speech::Sealed::of(&segment, &self.sealing, &*self.dice) {
            let model = match self.speech.status() {
                Status::Ready { model } => model,
                Status::NoModel { .. } | Status::Restarting => String::new(),
            };
            let at = self.clock.now();
            self.keep(&Entry::Words { said: Box::new(said), model, at });
        }
        self.live.push(Live::Transcript { call: segment.call, agent, segment: Box::new(segment) });
    }
}

fn speech_view(status: Status) -> SpeechView {
    let (state, model, what_to_do) = match status {
        Status::Ready { model } => ("ready", Some(model), None),
        Status::NoModel { what_to_do } => ("no_model", None, Some(what_to_do)),
        Status::Restarting => ("restarting", None, None),
    };
    SpeechView { state, model, what_to_do }
}
