//! A call's life. Pure: an event and the time come in, actions go out.
//!
//! ```text
//! in:   Waiting → Joining → Talking → Rating → Thanking → Ended
//!          │  ▲───agent lost────┘ │
//!          └→ Apologising → Ended └→ Ended (the caller hung up)
//! out:  CallingAgent → CallingCitizen → Joining → Talking → Ended
//!                             └→ Regretting → Ended
//! ```
use base::CallId;
use chrono::{DateTime, TimeDelta, Utc};
use queue::Why;

use crate::facts::{AgentCard, Direction, Ending, Facts, Hotline};
pub(crate) use crate::step::{Action, Ear, Event, Hum, Sound};

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In the queue, from the INVITE on.
    Waiting,
    /// An agent has the call; the notice that it is recorded has not ended, or a line is not up.
    Joining,
    /// Two-way audio, at first with the agent's number over it (工号播报).
    Talking,
    /// The agent is gone; the caller is asked how it was (挂机评价).
    Rating {
        id: Option<u32>,
    },
    /// The last words before we hang up: thanks, or that nobody is at work.
    Parting {
        id: u32,
    },
    /// Outgoing: the agent's own telephone rings.
    CallingAgent,
    /// Outgoing: the citizen's telephone rings.
    CallingCitizen,
    /// Outgoing: nobody answered; the agent hears so.
    Regretting,
    Ended,
}

/// The caller's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallerLeg {
    /// Our media are not ready.
    Preparing,
    /// Not answered: it rings; this is what the answer will say.
    Ringing {
        sdp: String,
    },
    Answered,
    Gone,
}

/// The agent's line. `turn` tells the line of one offer from that of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AgentLeg {
    None,
    Preparing { turn: u32 },
    Ringing,
    Accepting { turn: u32 },
    Up,
}

/// The notice that the call is recorded and transcribed: nobody is connected before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    NotYet,
    Playing { id: u32 },
    Given,
}

/// How long a call waits for people.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a key, after the question.
    pub rating: TimeDelta,
    /// Keys that count.
    pub rating_keys: u8,
    /// For the agent's own telephone, before an outgoing call.
    pub agent: TimeDelta,
    /// For the citizen's telephone.
    pub citizen: TimeDelta,
    /// How long the agent hears that nobody answered.
    pub regret: TimeDelta,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            rating: TimeDelta::seconds(8),
            rating_keys: 3,
            agent: TimeDelta::seconds(20),
            citizen: TimeDelta::seconds(45),
            regret: TimeDelta::seconds(3),
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub facts: Facts,
    pub hotline: Hotline,
    pub agent: Option<AgentCard>,
    pub(crate) phase: Phase,
    pub(crate) caller: CallerLeg,
    pub(crate) agent_leg: AgentLeg,
    pub(crate) notice: Notice,
    /// Answer before anyone picks up, so that waiting belongs to an answered call.
    pub(crate) at_once: bool,
    pub(crate) patience: Patience,
    pub(crate) deadline: Option<DateTime<Utc>>,
    /// Its outcome is there already (一通一结).
    pub(crate) outcome: bool,
    /// Nobody at work, told before our media were ready.
    pub(crate) sorry: bool,
    pub(crate) turn: u32,
    pub(crate) sounds: u32,
    pub(crate) now: DateTime<Utc>,
    pub(crate) out: Vec<Action>,
}

impl Call {
    /// A call that came in. Our media for the caller are to be made ready at once.
    pub(crate) fn incoming(
        facts: Facts,
        hotline: Hotline,
        at_once: bool,
        patience: Patience,
    ) -> (Self, Vec<Action>) {
        let now = facts.invite_at;
        let mut call = Self::new(facts, hotline, at_once, patience);
        call.facts.queued_at = Some(now);
        call.note("invite", call.facts.dialled.clone());
        call.out.push(Action::Save);
        let (call_id, needs) = (call.facts.id, call.hotline.needs.clone());
        let priority = call.hotline.priority;
        call.out.push(Action::Tell(queue::Event::Joined { call: call_id, needs, priority }));
        let out = std::mem::take(&mut call.out);
        (call, out)
    }

    /// A call to a citizen: the agent's telephone rings first. The queue has agreed already.
    pub(crate) fn outgoing(
        facts: Facts,
        hotline: Hotline,
        agent: AgentCard,
        patience: Patience,
    ) -> (Self, Vec<Action>) {
        let mut call = Self::new(facts, hotline, true, patience);
        call.phase = Phase::CallingAgent;
        call.facts.agent = Some(agent.id);
        call.agent = Some(agent);
        call.outcome = call.facts.errand.is_some(); // it is known before what it came to
        call.deadline = Some(call.now + patience.agent);
        call.note("call_out", String::new());
        call.out.push(Action::Save);
        call.prepare_agent();
        let out = std::mem::take(&mut call.out);
        (call, out)
    }

    fn new(facts: Facts, hotline: Hotline, at_once: bool, patience: Patience) -> Self {
        Self {
            now: facts.invite_at,
            facts,
            hotline,
            agent: None,
            phase: Phase::Waiting,
            caller: CallerLeg::Preparing,
            agent_leg: AgentLeg::None,
            notice: Notice::NotYet,
            at_once,
            patience,
            deadline: None,
            outcome: false,
            sorry: false,
            turn: 0,
            sounds: 0,
            out: Vec::new(),
        }
    }

    /// The only way in.
    pub(crate) fn on(&mut self, event: Event, now: DateTime<Utc>) -> Vec<Action> {
        self.now = now;
        if self.phase == Phase::Ended {
            return Vec::new(); // what is still on its way finds nobody
        }
        match event {
            Event::CallerMedia(ready) => self.caller_media(ready),
            Event::CallerGone => self.caller_gone(Ending::CallerHungUp),
            Event::CallerLost => {
                self.hang_up_caller();
                self.caller_gone(Ending::MediaFailed);
            }
            Event::Offered(agent) => self.offered(agent),
            Event::Withdrawn => self.withdrawn(),
            Event::Won => self.won(),
            Event::Nobody => self.nobody(),
            Event::AgentMedia { turn, offer } => self.agent_media(turn, offer),
            Event::AgentAnswered { sdp } => self.agent_answered(sdp),
            Event::AgentAccepted { turn, ok } => self.agent_accepted(turn, ok),
            Event::AgentFailed { status } => self.agent_failed(status),
            Event::AgentGone | Event::HangUp => self.agent_gone(),
            Event::AgentLost => self.agent_lost(Why::PhoneLost),
            Event::CitizenMedia { offer } => self.citizen_media(offer),
            Event::CitizenAnswered { sdp } => self.citizen_answered(sdp),
            Event::CitizenAccepted { ok } => self.citizen_accepted(ok),
            Event::CitizenFailed { status } => self.citizen_failed(status),
            Event::PlayDone { id } => self.play_done(id),
            Event::Key(key) => self.key(key),
            Event::Stop => self.stop(),
            Event::Tick => self.tick(),
        }
        std::mem::take(&mut self.out)
    }

    pub(crate) fn next_deadline(&self) -> Option<DateTime<Utc>> {
        self.deadline
    }

    pub(crate) fn id(&self) -> CallId {
        self.facts.id
    }

    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(crate) fn is_out(&self) -> bool {
        self.facts.direction == Direction::Out
    }

    /// Whether its outcome can be given now: it was answered and has none.
    pub(crate) fn wants_outcome(&self) -> bool {
        self.facts.answered_at.is_some() && !self.outcome
    }

    /// Its outcome was given, during the talk or after it.
    pub(crate) fn outcome_given(&mut self) {
        self.outcome = true;
    }

    /// Whether the agent of this call is in it or being rung for it.
    pub(crate) fn holds_agent(&self) -> bool {
        self.agent_leg != AgentLeg::None
    }

    pub(crate) fn note(&mut self, what: &'static str, detail: String) {
        self.out.push(Action::Note { what, detail });
    }

    pub(crate) fn play(&mut self, ear: Ear, sound: Sound) -> u32 {
        self.sounds += 1;
        self.out.push(Action::Play { ear, sound, id: self.sounds });
        self.sounds
    }

    pub(crate) fn quiet(&mut self, ear: Ear) {
        self.out.push(Action::Quiet { ear });
    }

    pub(crate) fn hum(&mut self, ear: Ear, hum: Hum) {
        self.out.push(Action::Hum { ear, hum });
    }

    pub(crate) fn tell(&mut self, event: queue::Event) {
        self.out.push(Action::Tell(event));
    }
}
