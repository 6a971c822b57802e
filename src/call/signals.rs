//! What telephones say, told to the calls they belong to.
use base::{AgentId, CallId};
use media::{LegName, MediaEvent};
use sip::{Caller, DialogId, EndedBy, FlowId, Gone};

use crate::facts::{Direction, Facts};
use crate::legs::Job;
use crate::run::Conductor;
use crate::state::{Call, Ear, Event, Phase};

/// How long a party whose line was never in doubt may be silent before the line counts as dead.
const AGENT_DEAD_SECS: u32 = 30;
const CALLER_DEAD_SECS: u32 = 120;

impl Conductor {
    pub(crate) fn sip_event(&mut self, event: sip::Event) {
        use sip::Event as S;
        match event {
            S::Invite {
                dialog,
                from_trunk,
                from_agent,
                answer_at_once,
                caller,
                dialled,
                offer,
                ..
            } => {
                if from_agent.is_some() {
                    self.sip.reject(dialog, 403, "calls are made from the desk", Vec::new());
                } else {
                    self.invite(dialog, from_trunk, answer_at_once, caller, dialled, offer);
                }
            }
            S::Cancelled { dialog } => self.over(dialog, EndedBy::Remote),
            S::Ended { dialog, by, .. } => self.over(dialog, by),
            S::Failed { dialog, status, reason } => {
                let away = reason.contains("not registered");
                self.failed(dialog, if away { 404 } else { status });
            }
            S::Confirmed { dialog, sdp: Some(sdp) } => {
                if let Some((call, Ear::Caller)) = self.dialogs.get(&dialog).copied() {
                    self.job(call, Job::CallerAnswer { sdp });
                }
            }
            S::Confirmed { sdp: None, .. } | S::Progress { .. } => {}
            S::Reinvite { dialog, offer } => match self.dialogs.get(&dialog).copied() {
                Some((call, ear)) => {
                    let leg = leg_of(ear);
                    self.job(call, Job::Update { dialog, leg, offer });
                }
                None => self.sip.answer_reinvite(dialog, Err(481)),
            },
            S::Dtmf { dialog, digit } => {
                if let Some((call, Ear::Caller)) = self.dialogs.get(&dialog).copied() {
                    self.call_event(call, Event::Key(digit));
                }
            }
            S::Answered { dialog, sdp } => match self.dialogs.get(&dialog).copied() {
                Some((call, Ear::Agent)) => self.call_event(call, Event::AgentAnswered { sdp }),
                Some((call, Ear::Caller)) => self.call_event(call, Event::CitizenAnswered { sdp }),
                None => self.sip.hang_up(dialog, "nobody is there any more"),
            },
            S::Registered { agent, flow } => self.registered(&agent, flow),
            S::Unregistered { agent, flow, why } => self.unregistered(&agent, flow, why),
        }
    }

    fn invite(
        &mut self,
        dialog: DialogId,
        trunk: Option<String>,
        at_once: bool,
        caller: Caller,
        dialled: String,
        offer: Option<String>,
    ) {
        let Some(hotline) = self.directory.find(&dialled).cloned() else {
            metrics::counter!("lianxin_calls_unknown_number_total").increment(1);
            self.sip.reject(dialog, 404, "no such number", Vec::new());
            return;
        };
        let now = self.clock.now();
        let id = CallId::new(now, self.dice.bytes());
        let facts = Facts {
            id,
            direction: Direction::In,
            hotline: hotline.number.clone(),
            hotline_name: hotline.name.clone(),
            dialled,
            trunk,
            withheld: caller.withheld,
            invite_at: now,
            queued_at: None,
            answered_at: None,
            talk_ended_at: None,
            ended_at: None,
            agent: None,
            ending: None,
            rating: None,
            callback: None,
            errand: None,
            demo: self.config.demo,
        };
        metrics::counter!("lianxin_calls_total", "hotline" => hotline.number.clone()).increment(1);
        self.today.offered(now);
        let (call, actions) = Call::incoming(facts, hotline, at_once, self.config.patience);
        self.open_line(call, caller.number, Some(dialog));
        self.job(id, Job::Caller { offer });
        for action in actions {
            self.act(id, action);
        }
    }

    /// A dialog is over.
    fn over(&mut self, dialog: DialogId, by: EndedBy) {
        let Some((call, ear)) = self.dialogs.remove(&dialog) else { return };
        if let Some(line) = self.lines.get_mut(&call) {
            match ear {
                Ear::Caller => line.caller = None,
                Ear::Agent => line.agent = None,
            }
        }
        match (ear, by) {
            (_, EndedBy::Local) => {}
            (Ear::Caller, _) => self.call_event(call, Event::CallerGone),
            (Ear::Agent, EndedBy::Remote) => self.call_event(call, Event::AgentGone),
            (Ear::Agent, EndedBy::Timeout) => self.call_event(call, Event::AgentLost),
        }
    }

    /// A call of ours did not come about.
    fn failed(&mut self, dialog: DialogId, status: u16) {
        let Some((call, ear)) = self.dialogs.remove(&dialog) else { return };
        let Some(line) = self.lines.get_mut(&call) else { return };
        match ear {
            Ear::Agent => {
                line.agent = None;
                self.call_event(call, Event::AgentFailed { status });
            }
            Ear::Caller => {
                line.caller = None;
                self.call_event(call, Event::CitizenFailed { status });
            }
        }
    }

    fn registered(&mut self, number: &str, flow: FlowId) {
        let before = self.phones.insert(number.to_owned(), flow);
        let Some(agent) = self.by_number.get(number).copied() else { return };
        if before.is_some_and(|before| before != flow) {
            self.replaced.insert(agent, self.clock.now());
        }
        if self.grace.remove(&agent).is_some() {
            self.shaky.insert(agent);
        }
        self.changed.insert(agent);
        self.queue_event(queue::Event::Phone { agent, registered: true });
    }

    fn unregistered(&mut self, number: &str, flow: FlowId, why: Gone) {
        let agent = self.by_number.get(number).copied();
        if why == Gone::Replaced || self.phones.get(number).is_some_and(|now| *now != flow) {
            if let Some(agent) = agent {
                // The page that had the call is not the one that has the telephone.
                self.replaced.insert(agent, self.clock.now());
                self.shaky.insert(agent);
                self.changed.insert(agent);
            }
            return;
        }
        self.phones.remove(number);
        let Some(agent) = agent else { return };
        if self.call_of(agent).is_some() {
            self.grace.insert(agent, self.clock.now() + self.config.phone_grace);
        }
        self.changed.insert(agent);
        self.queue_event(queue::Event::Phone { agent, registered: false });
    }

    /// The call whose line goes to this agent now.
    pub(crate) fn call_of(&self, agent: AgentId) -> Option<CallId> {
        let shown = self.shown.get(&agent)?;
        let line = self.lines.get(shown)?;
        let held = line.call.holds_agent() && *line.call.phase() != Phase::Ended;
        (held && line.call.agent.as_ref().is_some_and(|card| card.id == agent)).then_some(*shown)
    }

    /// An agent's telephone is gone for good.
    pub(crate) fn agent_lost(&mut self, agent: AgentId) {
        self.shaky.remove(&agent);
        if let Some(call) = self.call_of(agent) {
            self.call_event(call, Event::AgentLost);
        }
    }

    pub(crate) fn media_event(&mut self, call: CallId, event: MediaEvent) {
        match event {
            MediaEvent::Dtmf { leg: LegName::Caller, digit } => {
                self.call_event(call, Event::Key(digit));
            }
            MediaEvent::PlayDone { id, .. } => self.call_event(call, Event::PlayDone { id }),
            MediaEvent::Failed { leg, why } => {
                tracing::warn!(call.id = %call, ?leg, why, "the media of a leg of call {call} failed");
                self.leg_lost(call, leg);
            }
            MediaEvent::Silent { leg, for_secs, receiving } if !receiving => {
                let agent = self.lines.get(&call).and_then(|line| line.call.agent.as_ref());
                let shaky = agent.is_some_and(|card| self.shaky.contains(&card.id));
                let dead = match leg {
                    LegName::Agent => shaky || for_secs >= AGENT_DEAD_SECS,
                    LegName::Caller => for_secs >= CALLER_DEAD_SECS,
                };
                if dead {
                    self.leg_lost(call, leg);
                }
            }
            MediaEvent::RecordingFailed { why } => {
                metrics::counter!("lianxin_recordings_failed_total").increment(1);
                tracing::error!(call.id = %call, why, "the recording of call {call} stopped");
            }
            MediaEvent::Dtmf { .. } | MediaEvent::Up { .. } | MediaEvent::Silent { .. } => {}
        }
    }

    fn leg_lost(&mut self, call: CallId, leg: LegName) {
        match leg {
            LegName::Caller => self.call_event(call, Event::CallerLost),
            LegName::Agent => {
                let ringing =
                    self.lines.get(&call).is_some_and(|line| *line.call.phase() == Phase::Waiting);
                if !ringing {
                    self.call_event(call, Event::AgentLost);
                }
            }
        }
    }
}

pub(crate) fn leg_of(ear: Ear) -> LegName {
    match ear {
        Ear::Caller => LegName::Caller,
        Ear::Agent => LegName::Agent,
    }
}
