//! What must hold whatever is tried by whomever, in whatever order.
use super::*;
use crate::side::Level;

pub(super) fn actors() -> Vec<Actor> {
    vec![
        dispatcher(),
        other_dispatcher(),
        clerk(),
        person(9, Role::Clerk, Some(housing())),
        reviewer(),
        caller(),
        supervisor(),
        hub_clerk(),
        person(17, Role::Hub, Some(hub())),
        town_clerk(),
        leader(),
        officer(),
    ]
}

pub(super) fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => prop_oneof![Just(heating()), Just(housing()), Just(hub()), Just(town())]
            .prop_map(|unit| send(&unit)),
        6 => Just(Action::Sign {}),
        2 => Just(back()),
        2 => any::<bool>().prop_map(decide),
        5 => Just(reply()),
        2 => (1_u32..5).prop_map(more_time),
        2 => any::<bool>().prop_map(|approve| Action::DecideExtension { approve }),
        4 => prop_oneof![3 => Just(passed()), 1 => Just(sent_back())],
        4 => prop_oneof![
            Just(says(Solved::Yes, Satisfaction::Fairly)),
            Just(says(Solved::No, Satisfaction::VeryDissatisfied)),
            Just(missed()),
        ],
        1 => prop_oneof![Just(Action::Urge {}), Just(Action::Rework {}), Just(Action::Close {})],
        2 => prop_oneof![
            Just(Action::Arbitrate { unit_id: heating().unit, assisting: vec![] }),
            Just(Action::Reassign { unit_id: housing().unit, assisting: vec![] }),
            Just(Action::Assist { unit_ids: vec![housing().unit] }),
            Just(Action::Assist { unit_ids: vec![town().unit] }),
        ],
        2 => prop_oneof![
            Just(Action::AskSuspension { until: day("2026-06-01"), cause: "资金安排".to_owned() }),
            any::<bool>().prop_map(|approve| Action::DecideSuspension { approve, review_at: None }),
            Just(Action::Resume {}),
        ],
        2 => prop_oneof![
            Just(Action::AskWithdrawal { call_id: Some(the_call()), words: "不用办了".to_owned() }),
            any::<bool>().prop_map(|approve| Action::DecideWithdrawal { approve }),
        ],
        2 => prop_oneof![
            Just(Action::AskFinal { text: "经核查并多次告知，无政策依据。".to_owned(), basis: "规定".to_owned() }),
            any::<bool>().prop_map(|approve| Action::DecideFinal { approve }),
        ],
        2 => prop_oneof![
            Just(Action::AskChange { kind: Some(Kind::Complaint), urgency: None, wants_reply: None }),
            any::<bool>().prop_map(|approve| Action::DecideChange { approve, retroactive: false }),
        ],
        1 => prop_oneof![
            Just(Action::Oversee { level: Level::Order, days: Some(2) }),
            Just(Action::AnswerOversight { text: "已督促承办科室限期办结。".to_owned(), oversight_id: None }),
            Just(Action::LiftOversight { oversight_id: None }),
        ],
        1 => prop_oneof![
            Just(Action::TransferOut { to: crate::side::Outside::Province, outside_number: None }),
            any::<bool>().prop_map(|taken| Action::OutsideFeedback { taken, text: "已收".to_owned() }),
            Just(Action::Contact { at: None, how: None, reached: true, call_id: Some(the_call()), attachment_id: None }),
            Just(Action::Flag { mass: true, headcount: Some(40) }),
        ],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Whatever is tried by whomever, in whatever order.
    #[test]
    fn what_must_always_hold(
        steps in proptest::collection::vec((actions(), 0_usize..12, 0_i64..600), 1..60),
    ) {
        let mut case = Case::new(Kind::Help);
        case.known.proofs.insert(the_call().uuid());
        for (action, who, minutes) in steps {
            case.at += TimeDelta::minutes(minutes);
            let before = case.life.clone();
            case.life.tick(case.at, case.rules);
            let ticked = case.life.clone();
            let actor = actors()[who].clone();
            let ctx = Ctx { known: &case.known, ..Ctx::new(case.at, &actor, case.rules, &case.posts) };
            let offered = case.life.offers(&ctx).iter()
                .any(|offer| offer.enabled && offer.name == action.verb().word());
            let result = case.try_as(&actor, action);
            // a button that is off never works
            if result.is_ok() {
                prop_assert!(offered);
            } else {
                prop_assert_eq!(&case.life, &ticked);
            }
            let life = &case.life;
            prop_assert!(life.returns >= before.returns && life.cycle >= before.cycle);
            prop_assert!(life.legs.len() >= before.legs.len());
            prop_assert_eq!(life.faults(), Vec::new());
            // what is set aside has a date; clocks that pause do so only then
            prop_assert_eq!(life.stage == Stage::Suspended, life.side.suspension.is_some());
            if life.stage == Stage::Withdrawal {
                prop_assert!(life.side.withdrawal.is_some());
            }
            let paused = life.timers.iter().any(|timer| timer.is_running() && timer.is_paused());
            prop_assert!(!paused || life.stage == Stage::Suspended);
        }
    }
}
