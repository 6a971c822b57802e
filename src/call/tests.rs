//! Whole calls without a telephone: the queue and the calls' machines together, driven by hand and
//! by chance.
use std::collections::{BTreeMap, BTreeSet};

use base::{AgentId, CallId, Clock, ManualClock};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use queue::{Ask, Limits, Presence, Queue, Skills};

use crate::facts::{AgentCard, Direction, Ending, Errand, Facts, Hotline, Purpose};
use crate::state::{Action, AgentLeg, Call, CallerLeg, Ear, Event, Notice, Patience, Phase, Sound};

fn call_id(n: u8) -> CallId {
    CallId::new(ManualClock::default().now(), [n; 10])
}

fn card(n: u8) -> AgentCard {
    AgentCard {
        id: AgentId::new(ManualClock::default().now(), [n; 10]),
        number: format!("10{n:02}"),
        name: format!("话务员{n}"),
        skills: Skills::default(),
        answers: true,
    }
}

fn facts(n: u8, direction: Direction, at: DateTime<Utc>) -> Facts {
    Facts {
        id: call_id(n),
        direction,
        hotline: "12345".into(),
        hotline_name: "政务服务便民热线".into(),
        dialled: "12345".into(),
        trunk: Some("carrier".into()),
        withheld: false,
        invite_at: at,
        queued_at: None,
        answered_at: None,
        talk_ended_at: None,
        ended_at: None,
        agent: None,
        ending: None,
        rating: None,
        callback: None,
        errand: None,
        demo: false,
    }
}

fn hotline() -> Hotline {
    Hotline {
        number: "12345".into(),
        name: "政务服务便民热线".into(),
        needs: Skills::default(),
        priority: 0,
    }
}

/// What the world outside would have heard of one call.
#[derive(Debug, Default)]
struct Outside {
    notice_over: bool,
    connected: u32,
    early: bool,
    closed: u32,
    missed: u32,
    caller_ended: u32,
    log: Vec<Action>,
}

struct World {
    clock: ManualClock,
    queue: Queue,
    calls: BTreeMap<CallId, Call>,
    outside: BTreeMap<CallId, Outside>,
}

impl World {
    /// With so many agents, all ready.
    fn new(agents: u8) -> Self {
        let clock = ManualClock::default();
        let mut queue = Queue::new(Limits::default());
        for n in 1..=agents {
            let agent = card(n).id;
            let skills = Skills::default();
            queue.on(queue::Event::Agent { agent, skills, answers: true }, clock.now());
            queue.on(queue::Event::Phone { agent, registered: true }, clock.now());
            queue.ask(agent, Ask::Ready, clock.now()).unwrap();
        }
        Self { clock, queue, calls: BTreeMap::new(), outside: BTreeMap::new() }
    }

    fn ring(&mut self, n: u8, at_once: bool) {
        let facts = facts(n, Direction::In, self.clock.now());
        let (call, actions) = Call::incoming(facts, hotline(), at_once, Patience::default());
        self.calls.insert(call.id(), call);
        self.outside.insert(call_id(n), Outside::default());
        self.act(call_id(n), actions);
    }

    fn ring_out(&mut self, n: u8, agent: u8) -> bool {
        let Ok(told) = self.queue.call_out(card(agent).id, call_id(n), self.clock.now()) else {
            return false;
        };
        let facts = facts(n, Direction::Out, self.clock.now());
        let (call, actions) = Call::outgoing(facts, hotline(), card(agent), Patience::default());
        self.calls.insert(call.id(), call);
        self.outside.insert(call_id(n), Outside::default());
        self.queued(told);
        self.act(call_id(n), actions);
        true
    }

    fn on(&mut self, n: u8, event: Event) {
        let now = self.clock.now();
        let id = call_id(n);
        if let Some(call) = self.calls.get_mut(&id) {
            if let (Notice::Playing { id: notice }, Event::PlayDone { id: done }) =
                (call.notice, &event)
                && notice == *done
                && let Some(outside) = self.outside.get_mut(&id)
            {
                outside.notice_over = true;
            }
            let actions = call.on(event, now);
            self.act(id, actions);
        }
    }

    fn act(&mut self, id: CallId, actions: Vec<Action>) {
        for action in actions {
            let outside = self.outside.entry(id).or_default();
            match &action {
                Action::Connect => {
                    outside.connected += 1;
                    outside.early |= !outside.notice_over;
                }
                Action::Close => outside.closed += 1,
                Action::Missed => outside.missed += 1,
                Action::RejectCaller { .. } | Action::HangUpCaller => outside.caller_ended += 1,
                _ => {}
            }
            outside.log.push(action.clone());
            if let Action::Tell(event) = action {
                let told = self.queue.on(event, self.clock.now());
                self.queued(told);
            }
        }
    }

    fn queued(&mut self, actions: Vec<queue::Action>) {
        use queue::Action as Q;
        for action in actions {
            let (id, event) = match action {
                Q::Offer { call, agent } => {
                    let n = (1..=9).find(|n| card(*n).id == agent).unwrap();
                    (call, Event::Offered(card(n)))
                }
                Q::Withdraw { call, .. } => (call, Event::Withdrawn),
                Q::Won { call, .. } => (call, Event::Won),
                Q::Nobody { call } => (call, Event::Nobody),
                Q::TooLate { call, .. } => panic!("{call}: the call and the queue disagree"),
                Q::Changed { .. } => continue,
            };
            let now = self.clock.now();
            if let Some(call) = self.calls.get_mut(&id) {
                let actions = call.on(event, now);
                self.act(id, actions);
            }
        }
    }

    fn call(&self, n: u8) -> &Call {
        &self.calls[&call_id(n)]
    }

    fn said(&self, n: u8) -> Vec<&Action> {
        self.outside[&call_id(n)].log.iter().collect()
    }

    /// The last sound begun on this call.
    fn last_sound(&self, n: u8) -> Option<(Sound, u32)> {
        self.said(n).into_iter().rev().find_map(|action| match action {
            Action::Play { sound, id, .. } => Some((sound.clone(), *id)),
            _ => None,
        })
    }

    fn finish_sound(&mut self, n: u8) {
        let (_, id) = self.last_sound(n).unwrap();
        self.on(n, Event::PlayDone { id });
    }

    fn agent_picks_up(&mut self, n: u8) {
        let turn = self.call(n).turn;
        self.on(n, Event::AgentMedia { turn, offer: Some("offer".into()) });
        self.on(n, Event::AgentAnswered { sdp: "answer".into() });
        self.on(n, Event::AgentAccepted { turn, ok: true });
    }

    /// A call that has come to two-way audio.
    fn talking() -> Self {
        let mut world = Self::new(1);
        world.ring(1, true);
        world.on(1, Event::CallerMedia(Ok("sdp".into())));
        world.agent_picks_up(1);
        world.finish_sound(1);
        world.finish_sound(1);
        assert_eq!(world.call(1).phase, Phase::Talking);
        world
    }

    fn presence(&self, n: u8) -> Presence {
        self.queue.agent(card(n).id).unwrap().presence.clone()
    }
}

#[test]
fn an_agent_who_answers_early_is_connected_only_after_the_notice() {
    let mut world = World::new(1);
    world.ring(1, true);
    world.on(1, Event::CallerMedia(Ok("sdp".into())));
    world.agent_picks_up(1);
    assert_eq!(world.call(1).phase, Phase::Joining);
    assert!(!world.said(1).contains(&&Action::Connect));
    world.finish_sound(1);
    assert_eq!(world.last_sound(1).unwrap().0, Sound::AgentNumber("1001".into()));
    assert!(world.said(1).contains(&&Action::Connect));
    world.finish_sound(1);
    assert_eq!(world.call(1).phase, Phase::Talking);
}

#[test]
fn a_trunk_that_is_not_answered_at_once_is_answered_when_the_agent_answers() {
    let mut world = World::new(1);
    world.ring(1, false);
    world.on(1, Event::CallerMedia(Ok("sdp".into())));
    let answer = Action::AnswerCaller { sdp: "sdp".into() };
    assert!(world.said(1).contains(&&Action::RingCaller));
    assert!(!world.said(1).contains(&&answer));
    world.agent_picks_up(1);
    assert!(world.said(1).contains(&&answer));
    assert_eq!(world.last_sound(1).unwrap().0, Sound::Greeting);
}

#[test]
fn the_wait_runs_from_the_invite_to_the_agents_voice() {
    let mut world = World::new(1);
    world.ring(1, true);
    world.on(1, Event::CallerMedia(Ok("sdp".into())));
    world.agent_picks_up(1);
    world.clock.advance(TimeDelta::seconds(7));
    world.finish_sound(1); // the notice; the agent's number sounds over the talk
    world.clock.advance(TimeDelta::seconds(3));
    world.finish_sound(1);
    let now = world.clock.now();
    assert_eq!(world.call(1).facts.waited(now), TimeDelta::seconds(7));
}

#[test]
fn after_the_agent_hung_up_the_caller_rates_with_a_key_and_is_thanked() {
    let mut world = World::talking();
    world.on(1, Event::AgentGone);
    assert_eq!(world.last_sound(1).unwrap().0, Sound::RatePlease);
    world.on(1, Event::Key('7'));
    assert_eq!(world.call(1).facts.rating, None);
    world.on(1, Event::Key('2'));
    assert_eq!(world.call(1).facts.rating, Some(2));
    world.finish_sound(1);
    let call = world.call(1);
    assert_eq!((call.phase.clone(), call.facts.ending), (Phase::Ended, Some(Ending::AgentHungUp)));
    assert!(world.said(1).contains(&&Action::HangUpCaller));
}

#[test]
fn a_caller_who_presses_no_key_is_let_go_after_a_while() {
    let mut world = World::talking();
    world.on(1, Event::AgentGone);
    world.finish_sound(1);
    world.clock.advance(TimeDelta::seconds(8));
    world.on(1, Event::Tick);
    assert_eq!(world.call(1).phase, Phase::Ended);
    assert_eq!(world.call(1).facts.rating, None);
}

#[test]
fn the_agent_writes_down_while_the_caller_rates() {
    let mut world = World::talking();
    world.on(1, Event::AgentGone);
    assert!(matches!(world.presence(1), Presence::WrapUp { .. }));
    assert_eq!(world.queue.agent(card(1).id).unwrap().owes, Some(call_id(1)));
}

#[test]
fn a_caller_who_gives_up_is_missed_and_the_agents_telephone_stops_ringing() {
    let mut world = World::new(1);
    world.ring(1, true);
    world.on(1, Event::CallerMedia(Ok("sdp".into())));
    world.on(1, Event::AgentMedia { turn: 1, offer: Some("offer".into()) });
    world.on(1, Event::CallerGone);
    let said = world.said(1);
    assert!(said.contains(&&Action::DropAgent) && said.contains(&&Action::Missed));
    assert_eq!(world.call(1).facts.ending, Some(Ending::Abandoned));
    assert_eq!(world.presence(1), Presence::Ready);
}

#[test]
fn without_anyone_at_work_the_caller_hears_so_and_is_missed() {
    let mut world = World::new(0);
    world.ring(1, true);
    world.on(1, Event::CallerMedia(Ok("sdp".into())));
    assert_eq!(world.last_sound(1).unwrap().0, Sound::SorryNoAgent);
    world.finish_sound(1);
    assert_eq!(world.call(1).facts.ending, Some(Ending::NobodyAtWork));
    assert_eq!(world.outside[&call_id(1)].missed, 1);
}

#[test]
fn media_that_cannot_be_agreed_on_refuse_the_call() {
    let mut world = World::new(1);
    world.ring(1, true);
    world.on(1, Event::CallerMedia(Err(488)));
    assert!(world.said(1).contains(&&Action::RejectCaller { status: 488 }));
    assert_eq!(world.presence(1), Presence::Ready);
}

#[test]
fn a_lost_agent_sends_the_caller_back_to_the_front_and_owes_nothing() {
    let mut world = World::talking();
    world.on(1, Event::AgentLost);
    assert_eq!(world.call(1).phase, Phase::Waiting);
    assert_eq!(world.last_sound(1).unwrap().0, Sound::TransferredBack);
    assert_eq!(world.queue.agent(card(1).id).unwrap().owes, None);
    assert!(world.queue.calls().any(|(id, _)| id == call_id(1)));
}

#[test]
fn a_caller_who_was_cut_off_leaves_the_outcome_to_the_agent_who_had_the_call() {
    let mut world = World::talking();
    world.on(1, Event::AgentLost);
    world.on(1, Event::CallerGone);
    assert_eq!(world.call(1).facts.ending, Some(Ending::CutOff));
    assert_eq!(world.queue.agent(card(1).id).unwrap().owes, Some(call_id(1)));
    assert_eq!(world.outside[&call_id(1)].missed, 1);
}

#[test]
fn an_outcome_given_before_the_line_broke_is_not_asked_for_again() {
    let mut world = World::talking();
    world.take(Step::Outcome(1));
    world.on(1, Event::AgentLost);
    world.take(Step::Ask(1, 2));
    world.agent_picks_up(1);
    world.finish_sound(1);
    assert_eq!(world.call(1).phase, Phase::Talking);
    assert_eq!(world.queue.agent(card(1).id).unwrap().owes, None);
}

#[test]
fn an_agents_rejection_is_no_end_for_the_caller() {
    let mut world = World::new(2);
    world.ring(1, true);
    world.on(1, Event::CallerMedia(Ok("sdp".into())));
    world.on(1, Event::AgentMedia { turn: 1, offer: Some("offer".into()) });
    world.on(1, Event::AgentFailed { status: 486 });
    assert_eq!(world.presence(1), Presence::NotReady { why: queue::Why::Rejected });
    assert_eq!(world.call(1).agent.as_ref().unwrap().id, card(2).id);
}

#[test]
fn an_outgoing_call_rings_the_agent_then_the_citizen_who_hears_the_notice_first() {
    let mut world = World::new(1);
    assert!(world.ring_out(1, 1));
    world.agent_picks_up(1);
    assert!(world.said(1).contains(&&Action::PrepareCitizen));
    world.on(1, Event::CitizenMedia { offer: Some("offer".into()) });
    world.on(1, Event::CitizenAnswered { sdp: "answer".into() });
    world.on(1, Event::CitizenAccepted { ok: true });
    assert_eq!(world.last_sound(1).unwrap().0, Sound::Greeting);
    world.finish_sound(1);
    assert_eq!(world.call(1).phase, Phase::Talking);
    assert_eq!(world.queue.agent(card(1).id).unwrap().owes, Some(call_id(1)));
}

#[test]
fn an_outgoing_call_that_nobody_takes_needs_no_outcome() {
    let mut world = World::new(1);
    world.ring_out(1, 1);
    world.agent_picks_up(1);
    world.on(1, Event::CitizenMedia { offer: Some("offer".into()) });
    world.on(1, Event::CitizenFailed { status: 486 });
    world.clock.advance(TimeDelta::seconds(3));
    world.on(1, Event::Tick);
    assert_eq!(world.call(1).facts.ending, Some(Ending::Busy));
    assert_eq!(world.presence(1), Presence::Ready);
}

#[test]
fn a_call_about_a_ticket_needs_no_outcome_of_whoever_made_it() {
    let mut world = World::new(1);
    assert!(world.ring_out(1, 1));
    let at = world.clock.now();
    let call = world.calls.get_mut(&call_id(1)).unwrap();
    call.facts.errand = Some(Errand {
        ticket: base::TicketId::new(at, [1; 10]),
        person: base::PersonId::new(at, [2; 10]),
        purpose: Purpose::FollowUp,
    });
    call.outcome_given();
    world.agent_picks_up(1);
    world.on(1, Event::CitizenMedia { offer: Some("offer".into()) });
    world.on(1, Event::CitizenAnswered { sdp: "answer".into() });
    world.on(1, Event::CitizenAccepted { ok: true });
    world.finish_sound(1);
    assert_eq!(world.call(1).phase, Phase::Talking);
    assert_eq!(world.queue.agent(card(1).id).unwrap().owes, None);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Ring(bool),
    RingOut(u8),
    CallerMedia(u8, bool),
    Gone(u8),
    AgentMedia(u8, bool),
    AgentAnswers(u8),
    Accepted(u8, bool),
    AgentFails(u8),
    AgentGone(u8),
    AgentLost(u8),
    Citizen(u8, u8),
    Played(u8),
    Key(u8),
    Ask(u8, u8),
    Phone(u8, bool),
    Outcome(u8),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..6_u8;
    prop_oneof![
        3 => any::<bool>().prop_map(Step::Ring),
        1 => (1..4_u8).prop_map(Step::RingOut),
        4 => (n(), prop::bool::weighted(0.95)).prop_map(|(n, ok)| Step::CallerMedia(n, ok)),
        1 => n().prop_map(Step::Gone),
        4 => (n(), prop::bool::weighted(0.9)).prop_map(|(n, ok)| Step::AgentMedia(n, ok)),
        4 => n().prop_map(Step::AgentAnswers),
        4 => (n(), prop::bool::weighted(0.9)).prop_map(|(n, ok)| Step::Accepted(n, ok)),
        1 => n().prop_map(Step::AgentFails),
        1 => n().prop_map(Step::AgentGone),
        1 => n().prop_map(Step::AgentLost),
        3 => (n(), 0..6_u8).prop_map(|(n, what)| Step::Citizen(n, what)),
        6 => n().prop_map(Step::Played),
        1 => n().prop_map(Step::Key),
        2 => (1..4_u8, 0..4_u8).prop_map(|(a, to)| Step::Ask(a, to)),
        1 => (1..4_u8, any::<bool>()).prop_map(|(a, on)| Step::Phone(a, on)),
        2 => (1..4_u8).prop_map(Step::Outcome),
        2 => (0..30_u8).prop_map(Step::Wait),
    ]
}

impl World {
    /// The n-th of the calls that still go on.
    fn live(&self, n: u8) -> Option<u8> {
        let live = self.calls.values().filter(|call| call.phase != Phase::Ended);
        let id = live.map(Call::id).nth(n.into())?;
        (1..=u8::MAX).find(|n| call_id(*n) == id)
    }

    fn take(&mut self, step: Step) {
        let next = u8::try_from(self.calls.len() + 1).unwrap();
        let on_call = |world: &mut Self, n: u8, event: &dyn Fn(&Call) -> Event| {
            if let Some(n) = world.live(n) {
                let event = event(world.call(n));
                world.on(n, event);
            }
        };
        match step {
            Step::Ring(at_once) => self.ring(next, at_once),
            Step::RingOut(agent) => drop(self.ring_out(next, agent)),
            Step::CallerMedia(n, ok) => on_call(self, n, &|_| {
                Event::CallerMedia(if ok { Ok("sdp".into()) } else { Err(488) })
            }),
            Step::Gone(n) => on_call(self, n, &|_| Event::CallerGone),
            Step::AgentMedia(n, ok) => on_call(self, n, &|call| Event::AgentMedia {
                turn: call.turn,
                offer: ok.then(|| "offer".into()),
            }),
            Step::AgentAnswers(n) => {
                on_call(self, n, &|_| Event::AgentAnswered { sdp: "sdp".into() });
            }
            Step::Accepted(n, ok) => {
                on_call(self, n, &|call| Event::AgentAccepted { turn: call.turn, ok });
            }
            Step::AgentFails(n) => on_call(self, n, &|_| Event::AgentFailed { status: 486 }),
            Step::AgentGone(n) => on_call(self, n, &|_| Event::AgentGone),
            Step::AgentLost(n) => on_call(self, n, &|_| Event::AgentLost),
            Step::Citizen(n, what) => on_call(self, n, &|_| match what {
                0 => Event::CitizenFailed { status: 486 },
                1 => Event::CitizenAccepted { ok: false },
                2 => Event::CitizenAccepted { ok: true },
                3 => Event::CitizenMedia { offer: None },
                4 => Event::CitizenMedia { offer: Some("offer".into()) },
                _ => Event::CitizenAnswered { sdp: "answer".into() },
            }),
            Step::Played(n) => {
                if let Some(n) = self.live(n)
                    && self.last_sound(n).is_some()
                {
                    self.finish_sound(n);
                }
            }
            Step::Key(n) => on_call(self, n, &|_| Event::Key('1')),
            Step::Ask(agent, to) => {
                let ask = match to {
                    0 => Ask::SignedOut,
                    1 => Ask::NotReady { why: "小休".into() },
                    _ => Ask::Ready,
                };
                let told = self.queue.ask(card(agent).id, ask, self.clock.now());
                self.queued(told.unwrap_or_default());
            }
            Step::Phone(agent, registered) => {
                let event = queue::Event::Phone { agent: card(agent).id, registered };
                let told = self.queue.on(event, self.clock.now());
                self.queued(told);
            }
            Step::Outcome(n) => {
                let agent = card(n).id;
                if let Some(call) = self.queue.agent(agent).and_then(|s| s.owes) {
                    self.calls.get_mut(&call).unwrap().outcome_given();
                    let event = queue::Event::OutcomeGiven { call, agent };
                    let told = self.queue.on(event, self.clock.now());
                    self.queued(told);
                }
            }
            Step::Wait(seconds) => {
                self.clock.advance(TimeDelta::seconds(seconds.into()));
                let told = self.queue.on(queue::Event::Tick, self.clock.now());
                self.queued(told);
                for n in 1..=u8::try_from(self.calls.len()).unwrap() {
                    self.on(n, Event::Tick);
                }
            }
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let queued: BTreeSet<_> = self.queue.calls().map(|(id, _)| id).collect();
        let mut held = BTreeSet::new();
        for (id, call) in &self.calls {
            let outside = &self.outside[id];
            let ended = call.phase == Phase::Ended;
            prop_assert!(!outside.early, "bridged before the notice");
            prop_assert_eq!(outside.closed, u32::from(ended), "an end exactly once");
            prop_assert!(outside.missed <= 1);
            prop_assert!(outside.caller_ended <= 1, "hung up twice");
            prop_assert_eq!(ended, call.facts.ended_at.is_some());
            let waits = call.phase == Phase::Waiting && !call.sorry;
            prop_assert_eq!(queued.contains(id), waits, "{:?} and the queue disagree", call.phase);
            if ended {
                prop_assert_eq!(&call.agent_leg, &AgentLeg::None, "a telephone rings for nobody");
                prop_assert_eq!(call.next_deadline(), None);
            }
            if call.phase == Phase::Talking {
                prop_assert_eq!(&call.caller, &CallerLeg::Answered);
                let agent = call.agent.as_ref().unwrap().id;
                prop_assert!(held.insert(agent), "an agent in two calls");
                let owes = (!call.outcome).then_some(*id);
                prop_assert_eq!(self.queue.agent(agent).unwrap().owes, owes);
            }
        }
        for id in queued {
            prop_assert!(self.calls.contains_key(&id), "a call is lost");
        }
        Ok(())
    }
}

proptest! {
    /// Whatever happens: no call is lost, each ends once, nobody is connected before the notice,
    /// no telephone rings for a call that is over, a talk always owes its outcome.
    #[test]
    fn no_call_is_lost_and_none_is_bridged_before_the_notice(
        steps in proptest::collection::vec(step(), 0..150)
    ) {
        let mut world = World::new(3);
        for step in steps {
            world.take(step);
            world.check()?;
        }
        let left: Vec<_> = world.calls.values().filter(|call| call.phase != Phase::Ended).map(Call::id).collect();
        for n in (1..=u8::try_from(world.calls.len()).unwrap()).filter(|n| left.contains(&call_id(*n))) {
            world.on(n, Event::Stop);
        }
        world.check()?;
        prop_assert_eq!(world.queue.calls().count(), 0);
    }
}

#[test]
fn a_play_for_the_agent_goes_to_the_agent() {
    let mut world = World::new(1);
    world.ring_out(1, 1);
    world.agent_picks_up(1);
    let hum = Action::Hum { ear: Ear::Agent, hum: crate::state::Hum::Ringback };
    assert!(world.said(1).contains(&&hum));
}
