use std::collections::{BTreeMap, BTreeSet};

use base::{AgentId, CallId, Clock, ManualClock};
use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

fn call(n: u8) -> CallId {
    CallId::new(ManualClock::default().now(), [n; 10])
}

fn agent(n: u8) -> AgentId {
    AgentId::new(ManualClock::default().now(), [n; 10])
}

/// A queue with these agents, ready one after the other, all with the skill of an even number.
fn queue_with(agents: &[u8], clock: &ManualClock) -> Queue {
    let mut queue = Queue::new(Limits::default());
    for n in agents {
        let skills = if n % 2 == 0 { Skills::from_iter(["heating"]) } else { Skills::default() };
        queue.on(Event::Agent { agent: agent(*n), skills, answers: true }, clock.now());
        queue.on(Event::Phone { agent: agent(*n), registered: true }, clock.now());
        queue.ask(agent(*n), Ask::Ready, clock.now()).unwrap();
        clock.advance(TimeDelta::seconds(1));
    }
    queue
}

fn join(n: u8) -> Event {
    Event::Joined { call: call(n), needs: Skills::default(), priority: 0 }
}

/// What happened, without the notes about presence.
fn steps(actions: Vec<Action>) -> Vec<Action> {
    actions.into_iter().filter(|action| !matches!(action, Action::Changed { .. })).collect()
}

fn presence(queue: &Queue, n: u8) -> Presence {
    queue.agent(agent(n)).unwrap().presence.clone()
}

fn talk(queue: &mut Queue, c: u8, a: u8, clock: &ManualClock) {
    queue.on(Event::Answered { call: call(c), agent: agent(a) }, clock.now());
    queue.on(Event::Connected { call: call(c), agent: agent(a) }, clock.now());
    queue.on(Event::Ended { call: call(c), agent: agent(a) }, clock.now());
}

#[test]
fn an_unanswered_offer_goes_to_the_next_agent() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1, 3], &clock);
    let offer = |a| Action::Offer { call: call(1), agent: agent(a) };
    assert_eq!(steps(queue.on(join(1), clock.now())), [offer(1)]);
    clock.advance(TimeDelta::seconds(15));
    let withdraw = Action::Withdraw { call: call(1), agent: agent(1) };
    assert_eq!(steps(queue.on(Event::Tick, clock.now())), [withdraw, offer(3)]);
    assert_eq!(presence(&queue, 1), Presence::NotReady { why: Why::NoAnswer });
}

#[test]
fn a_call_that_rang_out_comes_before_those_that_came_after_it() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.on(join(1), clock.now());
    clock.advance(TimeDelta::seconds(1));
    queue.on(join(2), clock.now());
    let no = Event::Refused { call: call(1), agent: agent(1), why: Why::Rejected };
    queue.on(no, clock.now());
    let again = queue.ask(agent(1), Ask::Ready, clock.now()).unwrap();
    assert_eq!(steps(again), [Action::Offer { call: call(1), agent: agent(1) }]);
}

#[test]
fn a_late_answer_does_not_win() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.on(join(1), clock.now());
    clock.advance(TimeDelta::seconds(15));
    queue.on(Event::Tick, clock.now());
    let late = queue.on(Event::Answered { call: call(1), agent: agent(1) }, clock.now());
    assert_eq!(steps(late), [Action::TooLate { call: call(1), agent: agent(1) }]);
}

#[test]
fn a_caller_who_gives_up_costs_the_agent_no_place_among_the_idle() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1, 3], &clock);
    queue.on(join(1), clock.now());
    clock.advance(TimeDelta::seconds(5));
    queue.on(Event::Left(call(1)), clock.now());
    let next = queue.on(join(2), clock.now());
    assert_eq!(steps(next), [Action::Offer { call: call(2), agent: agent(1) }]);
}

#[test]
fn a_call_goes_past_idle_agents_without_its_skill() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1, 2], &clock);
    let needs = Skills::from_iter(["heating"]);
    let joined = queue.on(Event::Joined { call: call(1), needs, priority: 0 }, clock.now());
    assert_eq!(steps(joined), [Action::Offer { call: call(1), agent: agent(2) }]);
}

#[test]
fn nobody_is_offered_a_call_before_the_last_ones_outcome() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.on(join(1), clock.now());
    talk(&mut queue, 1, 1, &clock);
    clock.advance(TimeDelta::minutes(30));
    assert_eq!(steps(queue.on(Event::Tick, clock.now())), []);
    assert_eq!(steps(queue.on(join(2), clock.now())), []);
    let missing = Err(Refused::OutcomeMissing(call(1)));
    assert_eq!(queue.ask(agent(1), Ask::Ready, clock.now()), missing);
    let given = queue.on(Event::OutcomeGiven { call: call(1), agent: agent(1) }, clock.now());
    assert_eq!(steps(given), [Action::Offer { call: call(2), agent: agent(1) }]);
}

#[test]
fn wrap_up_lasts_until_its_agent_ends_it() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.on(join(1), clock.now());
    talk(&mut queue, 1, 1, &clock);
    let until = clock.now() + TimeDelta::seconds(30);
    queue.on(Event::OutcomeGiven { call: call(1), agent: agent(1) }, clock.now());
    assert_eq!(presence(&queue, 1), Presence::WrapUp { until });
    assert_eq!(queue.next_deadline(), Some(until));
    queue.ask(agent(1), Ask::Ready, clock.now()).unwrap();
    assert_eq!(presence(&queue, 1), Presence::Ready);
}

#[test]
fn a_break_asked_for_while_talking_begins_after_wrap_up() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.on(join(1), clock.now());
    queue.on(Event::Answered { call: call(1), agent: agent(1) }, clock.now());
    let rest = Ask::NotReady { why: "小休".into() };
    queue.ask(agent(1), rest, clock.now()).unwrap();
    talk(&mut queue, 1, 1, &clock);
    queue.on(Event::Connected { call: call(1), agent: agent(1) }, clock.now());
    queue.on(Event::Ended { call: call(1), agent: agent(1) }, clock.now());
    queue.on(Event::OutcomeGiven { call: call(1), agent: agent(1) }, clock.now());
    clock.advance(TimeDelta::seconds(30));
    queue.on(Event::Tick, clock.now());
    assert_eq!(presence(&queue, 1), Presence::NotReady { why: Why::Chosen("小休".into()) });
}

#[test]
fn without_anyone_at_work_a_call_is_told_so() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.ask(agent(1), Ask::SignedOut, clock.now()).unwrap();
    assert_eq!(steps(queue.on(join(1), clock.now())), [Action::Nobody { call: call(1) }]);
}

#[test]
fn a_call_that_waits_is_told_when_the_last_agent_goes_home() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.ask(agent(1), Ask::NotReady { why: "小休".into() }, clock.now()).unwrap();
    assert_eq!(steps(queue.on(join(1), clock.now())), []);
    let home = queue.ask(agent(1), Ask::SignedOut, clock.now()).unwrap();
    assert_eq!(steps(home), [Action::Nobody { call: call(1) }]);
}

#[test]
fn a_lost_telephone_makes_not_ready_and_later_signs_out() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.on(Event::Phone { agent: agent(1), registered: false }, clock.now());
    assert_eq!(presence(&queue, 1), Presence::NotReady { why: Why::PhoneLost });
    assert_eq!(queue.ask(agent(1), Ask::Ready, clock.now()), Err(Refused::PhoneNotRegistered));
    clock.advance(TimeDelta::minutes(2));
    queue.on(Event::Tick, clock.now());
    assert_eq!(presence(&queue, 1), Presence::SignedOut);
}

#[test]
fn a_call_that_lost_its_agent_goes_before_those_that_waited_longer() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.ask(agent(1), Ask::NotReady { why: "小休".into() }, clock.now()).unwrap();
    queue.on(join(1), clock.now());
    clock.advance(TimeDelta::seconds(5));
    let back = Event::Returned {
        call: call(2),
        needs: Skills::default(),
        priority: 0,
        joined_at: clock.now(),
    };
    queue.on(back, clock.now());
    let ready = queue.ask(agent(1), Ask::Ready, clock.now()).unwrap();
    assert_eq!(steps(ready), [Action::Offer { call: call(2), agent: agent(1) }]);
}

#[test]
fn an_outgoing_call_that_nobody_took_leaves_the_agent_as_before() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[1], &clock);
    queue.call_out(agent(1), call(9), clock.now()).unwrap();
    assert_eq!(steps(queue.on(join(1), clock.now())), []);
    queue.on(Event::Answered { call: call(9), agent: agent(1) }, clock.now());
    let over = queue.on(Event::Ended { call: call(9), agent: agent(1) }, clock.now());
    assert_eq!(steps(over), [Action::Offer { call: call(1), agent: agent(1) }]);
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Join { needs: bool, priority: u8 },
    Leave(u8),
    Answer,
    Refuse,
    Connect(u8),
    End(u8),
    Outcome(u8),
    Ask(u8, u8),
    Phone(u8, bool),
    Out(u8),
    Wait(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<bool>(), 0..2_u8).prop_map(|(needs, priority)| Step::Join { needs, priority }),
        1 => (0..40_u8).prop_map(Step::Leave),
        3 => Just(Step::Answer),
        1 => Just(Step::Refuse),
        2 => (0..4_u8).prop_map(Step::Connect),
        2 => (0..4_u8).prop_map(Step::End),
        2 => (0..4_u8).prop_map(Step::Outcome),
        3 => (0..4_u8, 0..4_u8).prop_map(|(a, to)| Step::Ask(a, to)),
        1 => (0..4_u8, any::<bool>()).prop_map(|(a, on)| Step::Phone(a, on)),
        1 => (0..4_u8).prop_map(Step::Out),
        2 => (0..40_u8).prop_map(Step::Wait),
    ]
}

/// The queue, and beside it a list of what must be true of it.
struct World {
    clock: ManualClock,
    queue: Queue,
    joined: u8,
    inside: BTreeSet<CallId>,
    offers: BTreeMap<CallId, AgentId>,
    winners: BTreeMap<CallId, AgentId>,
}

impl World {
    fn talking(&self, n: u8) -> Option<CallId> {
        match self.queue.agent(agent(n))?.presence {
            Presence::Talking { call } => Some(call),
            _ => None,
        }
    }

    fn event(&mut self, step: Step) -> Event {
        let who = |n| agent(n);
        let offer = self.offers.iter().next().map(|(call, agent)| (*call, *agent));
        match step {
            Step::Join { needs, priority } => {
                self.joined += 1;
                self.inside.insert(call(self.joined));
                let needs = Skills::from_iter(needs.then_some("heating"));
                Event::Joined { call: call(self.joined), needs, priority }
            }
            Step::Leave(n) => {
                self.inside.remove(&call(n));
                Event::Left(call(n))
            }
            Step::Answer => {
                offer.map_or(Event::Tick, |(call, agent)| Event::Answered { call, agent })
            }
            Step::Refuse => offer.map_or(Event::Tick, |(call, agent)| Event::Refused {
                call,
                agent,
                why: Why::Rejected,
            }),
            Step::Connect(n) => {
                self.talking(n).map_or(Event::Tick, |call| Event::Connected { call, agent: who(n) })
            }
            Step::End(n) => {
                self.talking(n).map_or(Event::Tick, |call| Event::Ended { call, agent: who(n) })
            }
            Step::Outcome(n) => match self.queue.agent(agent(n)).and_then(|s| s.owes) {
                Some(call) => Event::OutcomeGiven { call, agent: who(n) },
                None => Event::Tick,
            },
            Step::Phone(n, registered) => Event::Phone { agent: who(n), registered },
            Step::Wait(seconds) => {
                self.clock.advance(TimeDelta::seconds(seconds.into()));
                Event::Tick
            }
            Step::Ask(..) | Step::Out(_) => Event::Tick,
        }
    }

    fn take(&mut self, step: Step) -> Vec<Action> {
        let now = self.clock.now();
        match step {
            Step::Ask(n, to) => {
                let ask = match to {
                    0 => Ask::SignedOut,
                    1 => Ask::NotReady { why: "小休".into() },
                    _ => Ask::Ready,
                };
                self.queue.ask(agent(n), ask, now).unwrap_or_default()
            }
            Step::Out(n) => {
                self.joined += 1;
                self.queue.call_out(agent(n), call(self.joined), now).unwrap_or_default()
            }
            step => {
                let event = self.event(step);
                self.queue.on(event, self.clock.now())
            }
        }
    }

    fn check(&mut self, actions: Vec<Action>) -> Result<(), TestCaseError> {
        for action in actions {
            match action {
                Action::Offer { call, agent } => {
                    prop_assert!(self.offers.insert(call, agent).is_none(), "two offers of a call");
                    let owes = self.queue.agent(agent).unwrap().owes;
                    prop_assert_eq!(owes, None, "an offer before the outcome");
                }
                Action::Withdraw { call, agent } => {
                    prop_assert_eq!(self.offers.remove(&call), Some(agent));
                }
                Action::Won { call, agent } => {
                    self.offers.remove(&call);
                    self.inside.remove(&call);
                    prop_assert!(self.winners.insert(call, agent).is_none(), "two winners");
                }
                _ => {}
            }
        }
        let rung: BTreeSet<_> = self.offers.values().collect();
        prop_assert_eq!(rung.len(), self.offers.len(), "an agent is rung for two calls");
        let held: BTreeSet<_> = self.queue.calls().map(|(call, _)| call).collect();
        prop_assert_eq!(&held, &self.inside, "a call is lost, or kept after its end");
        for (call, waiting) in self.queue.calls() {
            prop_assert_eq!(waiting.offered_to, self.offers.get(&call).copied());
            let idle =
                |s: &Standing| s.presence == Presence::Ready && s.skills.cover(&waiting.needs);
            let skipped = self.queue.agents().any(|(_, s)| idle(s));
            prop_assert!(waiting.offered_to.is_some() || !skipped, "a call waits, an agent idles");
        }
        for (_, standing) in self.queue.agents() {
            prop_assert!(standing.presence != Presence::Ready || standing.phone);
        }
        Ok(())
    }
}

proptest! {
    /// Whatever happens: no agent is rung for two calls, no call has two winners, no call is
    /// lost, nobody idles while somebody waits, nobody gets a call before the last one's outcome,
    /// and wrap-up is never shortened but by its agent.
    #[test]
    fn the_queue_is_fair_and_loses_nothing(steps in proptest::collection::vec(step(), 0..200)) {
        let clock = ManualClock::default();
        let queue = queue_with(&[0, 1, 2, 3], &clock);
        let mut world = World {
            clock,
            queue,
            joined: 0,
            inside: BTreeSet::new(),
            offers: BTreeMap::new(),
            winners: BTreeMap::new(),
        };
        for step in steps {
            let wrap_ups: Vec<_> = (0..4).map(|n| (n, presence(&world.queue, n))).collect();
            let asked = match step { Step::Ask(n, _) | Step::Out(n) => Some(n), _ => None };
            let actions = world.take(step);
            for (n, was) in wrap_ups {
                if let Presence::WrapUp { until } = was && asked != Some(n) {
                    let ended = presence(&world.queue, n) != was;
                    prop_assert!(!ended || until <= world.clock.now(), "wrap-up was shortened");
                }
            }
            world.check(actions)?;
        }
    }
}

#[test]
fn a_call_that_was_cut_off_meanwhile_is_owed_once_the_present_one_has_its_outcome() {
    let clock = ManualClock::default();
    let mut queue = queue_with(&[0], &clock);
    let now = clock.now();
    queue.on(join(1), now);
    queue.on(Event::Answered { call: call(1), agent: agent(0) }, now);
    queue.on(Event::Connected { call: call(1), agent: agent(0) }, now);
    let owes = |queue: &Queue| queue.agent(agent(0)).unwrap().owes;
    queue.on(Event::Owes { agent: agent(0), call: call(9) }, now);
    assert_eq!(owes(&queue), Some(call(1)));
    queue.on(Event::Ended { call: call(1), agent: agent(0) }, now);
    queue.on(Event::OutcomeGiven { call: call(1), agent: agent(0) }, now);
    assert_eq!(owes(&queue), Some(call(9)));
    clock.advance(TimeDelta::minutes(5));
    queue.on(Event::Tick, clock.now());
    let refused = queue.ask(agent(0), Ask::Ready, clock.now());
    assert_eq!(refused, Err(Refused::OutcomeMissing(call(9))));
    queue.on(Event::OutcomeGiven { call: call(9), agent: agent(0) }, clock.now());
    assert_eq!(presence(&queue, 0), Presence::Ready);
}
