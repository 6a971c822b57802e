//! A history tells the whole life, whatever happened in it.
use base::SeededDice;

use super::always::{actions, actors};
use super::*;
use crate::history::Event;
use crate::kind::Channel;
use crate::number::Number;
use crate::request::{Request, Ticket};
use crate::{New, clock_drift, drift, is_unbroken, replay};

fn opened(at: DateTime<Utc>) -> (Ticket, Event) {
    let request = Request {
        title: "暖气不热".to_owned(),
        content: "室温只有14度".to_owned(),
        category: None,
        place: None,
        address: String::new(),
        person: None,
        sealed: false,
        wants_reply: true,
        channel: Channel::Phone,
        source: None,
        outside_number: None,
        outside_due: None,
        call: None,
    };
    let new = New {
        request,
        kind: Kind::Help,
        urgency: Urgency::Normal,
        reachable: true,
        key: uuid(7),
        answer: None,
        against: vec![],
        demo: false,
    };
    let number = Number::new(at.date_naive(), 42);
    Ticket::open(&dispatcher(), new, number, at, rules(), &SeededDice::new(1)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn a_history_gives_the_life_back(
        steps in proptest::collection::vec((actions(), 0_usize..12, 0_i64..600), 1..60),
    ) {
        let mut at = at("2026-03-02T09:00");
        let known = Known { proofs: [the_call().uuid()].into(), ..Known::default() };
        let (mut ticket, first) = opened(at);
        let mut events = vec![first];
        let posts = [heating(), housing(), hub(), town()].map(|post| (post.unit, post)).into();
        for (action, who, minutes) in steps {
            at += TimeDelta::minutes(minutes);
            let (ticked, marks, _) = ticket.ticked(at, rules());
            (ticket, events) = (ticked, [events, marks].concat());
            let actor = actors()[who].clone();
            let ctx = Ctx { known: &known, ..Ctx::new(at, &actor, rules(), &posts) };
            let step = Step::because(action, "按规定办理");
            if let Ok((after, event, _)) = ticket.advance(&step, &ctx) {
                ticket = after;
                events.push(event);
            }
        }
        prop_assert!(is_unbroken(&events));
        prop_assert_eq!(drift(&ticket.life, &events).unwrap(), Vec::<String>::new());
        let told = replay(&events).unwrap();
        prop_assert_eq!(told.stage, ticket.life.stage);
        prop_assert_eq!(told.legs, ticket.life.legs.clone());
        prop_assert_eq!(told.timers.len(), ticket.life.timers.len());
        prop_assert_eq!(clock_drift(&ticket.life, &events, rules()).unwrap(), Vec::new());
    }
}

#[test]
fn a_life_that_was_changed_beside_its_history_is_found() {
    let at = at("2026-03-02T09:00");
    let (mut ticket, first) = opened(at);
    ticket.life.promise += TimeDelta::days(3);
    ticket.life.timers[0].due_at += TimeDelta::days(3);
    assert_eq!(drift(&ticket.life, &[first]).unwrap(), ["promise", "timers.0.due_at"]);
}

#[test]
fn a_history_from_before_the_changes_is_not_called_wrong() {
    let (ticket, first) = opened(at("2026-03-02T09:00"));
    let old = Event { change: None, ..first };
    assert_eq!(drift(&ticket.life, &[old]), Err(crate::Broken::Silent(1)));
}
