//! Who may act is the profile's to say, within what the law leaves.
use super::*;
use crate::testing::{SIPING, rules_with};

/// The shipped profile with another line of its table.
fn with(line: &str) -> &'static Rules {
    let step = line.split_once(" = ").unwrap().0;
    let old = SIPING.lines().find(|old| old.starts_with(&format!("{step} = ["))).unwrap();
    Box::leak(Box::new(rules_with(&[(old, line)], &[])))
}

fn offered(case: &Case, actor: &Actor) -> Vec<&'static str> {
    let ctx = Ctx { known: &case.known, ..Ctx::new(case.at, actor, case.rules, &case.posts) };
    let offers = case.life.offers(&ctx).into_iter();
    offers.filter(|offer| offer.enabled).map(|offer| offer.name).collect()
}

fn ask() -> Action {
    Action::AskSuspension { until: day("2026-04-10"), cause: "历史遗留".to_owned() }
}
fn grant() -> Action {
    Action::DecideSuspension { approve: true, review_at: None }
}

#[test]
fn a_profile_gives_a_step_to_another_role_and_takes_it_from_the_usual_one() {
    let mut case = Case::new(Kind::Help).signed();
    case.rules = with("decide_suspension = [\"oversight\"]");
    case.by(&clerk(), ask());
    assert!(offered(&case, &officer()).contains(&"decide_suspension"));
    assert!(!offered(&case, &supervisor()).contains(&"decide_suspension"));
    assert!(case.refuses(&supervisor(), grant()).contains("无权"));
    case.by(&officer(), grant());
    assert_eq!(case.life.stage, Stage::Suspended);
}

#[test]
fn by_the_shipped_profile_it_is_the_other_way_round() {
    let mut case = Case::new(Kind::Help).signed();
    case.by(&clerk(), ask());
    assert!(!offered(&case, &officer()).contains(&"decide_suspension"));
    assert!(case.refuses(&officer(), grant()).contains("无权"));
    case.by(&supervisor(), grant());
}

#[test]
fn a_units_step_can_be_its_leaders_alone() {
    let mut case = Case::new(Kind::Help).signed();
    case.rules = with("ask_extension = [\"leader\"]");
    assert!(!offered(&case, &clerk()).contains(&"ask_extension"));
    assert!(case.refuses(&clerk(), more_time(2)).contains("无权"));
    let other_leader = person(20, Role::Leader, Some(housing()));
    assert!(case.try_as(&other_leader, more_time(2)).is_err(), "of the own unit only");
    case.by(&leader(), more_time(2));
}

#[test]
fn no_profile_does_away_with_two_people() {
    let both = Actor { roles: [Role::Dispatcher].into(), ..person(1, Role::Dispatcher, None) };
    let mut case = Case::new(Kind::Help);
    case.rules = with("review = [\"dispatcher\", \"reviewer\"]");
    case.by(&both, send(&heating())).by(&clerk(), Action::Sign {}).by(&clerk(), reply());
    assert!(case.refuses(&both, passed()).contains("不能审单"));
    case.by(&other_dispatcher(), passed());
}
