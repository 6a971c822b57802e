//! The ladder of oversight: a help of Monday, 2 March is due on Monday, 9 March at 17:30; the rungs are
//! at the due, and one, three and five working days later.
use super::*;
use crate::side::{Level, Oversight};

/// What the ladder did at a moment: the rung, and to what the ticket was raised by it.
fn rungs(case: &mut Case, when: &str) -> Vec<(String, Option<Level>)> {
    case.at = at(when);
    let fired = case.life.tick(case.at, case.rules);
    let climbed = fired.into_iter().filter(|fired| matches!(fired.fire, Fire::Rung(_)));
    climbed.map(|fired| (fired.mark, fired.raised)).collect()
}

fn names(all: Vec<(String, Option<Level>)>) -> Vec<String> {
    all.into_iter().map(|(mark, _)| mark).collect()
}

fn standing(case: &Case) -> Vec<Level> {
    let open = case.life.side.oversights.iter().filter(|one| one.is_open());
    open.map(|one| one.level).collect()
}

fn handling(case: &Case) -> &crate::timer::Timer {
    case.life.timers.iter().rev().find(|timer| timer.name == Clocks::Handling).unwrap()
}

/// Signed, and late by one second.
fn late() -> Case {
    let mut case = Case::new(Kind::Help).signed();
    assert_eq!(rungs(&mut case, "2026-03-09T17:30"), [], "done at the due is in time");
    assert_eq!(names(rungs(&mut case, "2026-03-09T17:31")), ["rung1"]);
    case
}

#[test]
fn each_rung_is_reached_once_at_its_time_after_the_due() {
    let mut case = late();
    assert_eq!(rungs(&mut case, "2026-03-10T17:30"), []);
    assert_eq!(rungs(&mut case, "2026-03-10T17:31"), [("rung2".to_owned(), None)]);
    assert_eq!(rungs(&mut case, "2026-03-12T17:30"), []);
    let order = ("rung3".to_owned(), Some(Level::Order));
    assert_eq!(rungs(&mut case, "2026-03-12T17:31"), [order]);
    assert_eq!(rungs(&mut case, "2026-03-16T17:30"), []);
    let meeting = ("rung4".to_owned(), Some(Level::Meeting));
    assert_eq!(rungs(&mut case, "2026-03-16T17:31"), [meeting]);
    assert_eq!(handling(&case).fire_at(), None, "there is no rung above");
    assert_eq!(rungs(&mut case, "2026-05-16T17:31"), []);
}

#[test]
fn a_house_that_was_closed_climbs_all_that_it_missed_in_order() {
    let mut case = Case::new(Kind::Help).signed();
    let all = names(rungs(&mut case, "2026-04-01T09:00"));
    assert_eq!(all, ["rung1", "rung2", "rung3", "rung4"]);
    assert_eq!(standing(&case), [Level::Red, Level::Order, Level::Meeting]);
}

#[test]
fn an_order_of_the_ladder_has_a_limit_and_is_answered_by_the_unit() {
    let mut case = late();
    rungs(&mut case, "2026-03-12T17:31");
    let order = case.life.side.oversights.last().unwrap().clone();
    assert!(order.wants_answer() && order.by.is_none());
    assert_eq!(order.due_at, Some(at("2026-03-17T17:30")), "three working days");
    let text = "已督促施工队伍今日完成管网检修。".to_owned();
    case.by(&clerk(), Action::AnswerOversight { text, oversight_id: Some(order.id) });
    assert!(!case.life.side.oversights.iter().any(Oversight::wants_answer));
}

#[test]
fn what_is_watched_as_strongly_already_is_not_raised_again() {
    let mut case = late();
    case.by(&officer(), Action::Oversee { level: Level::Meeting, days: None });
    let before = standing(&case);
    assert_eq!(
        rungs(&mut case, "2026-03-16T17:31").iter().filter(|(_, to)| to.is_some()).count(),
        0
    );
    assert_eq!(standing(&case), before);
}

#[test]
fn a_reply_ends_the_climb() {
    let mut case = late();
    case.at = at("2026-03-10T10:00");
    case.by(&clerk(), reply());
    assert_eq!(rungs(&mut case, "2026-04-10T10:00"), []);
}

#[test]
fn a_reply_sent_back_goes_on_from_the_rung_where_it_was_counted_from_the_new_due() {
    let mut case = late();
    assert_eq!(names(rungs(&mut case, "2026-03-10T17:31")), ["rung2"]);
    case.at = at("2026-03-11T09:00");
    case.by(&clerk(), reply());
    case.at = at("2026-03-11T10:00");
    case.by(&reviewer(), sent_back());
    assert_eq!(case.life.legs[0].due_at, at("2026-03-11T15:30"));
    assert_eq!(rungs(&mut case, "2026-03-16T17:30"), [], "the first two are not climbed again");
    assert_eq!(names(rungs(&mut case, "2026-03-16T17:31")), ["rung3"]);
}

#[test]
fn an_extension_that_is_granted_late_moves_the_rungs_with_the_due() {
    let mut case = Case::new(Kind::Help).signed();
    case.at = at("2026-03-05T10:00");
    case.by(&clerk(), more_time(3));
    assert_eq!(names(rungs(&mut case, "2026-03-09T17:31")), ["rung1"]);
    case.at = at("2026-03-10T10:00");
    case.by(&other_dispatcher(), Action::DecideExtension { approve: true });
    assert_eq!(case.life.legs[0].due_at, at("2026-03-12T17:30"));
    assert_eq!(rungs(&mut case, "2026-03-13T17:30"), []);
    assert_eq!(names(rungs(&mut case, "2026-03-13T17:31")), ["rung2"]);
}

#[test]
fn a_suspension_holds_the_ladder_up_for_as_long_as_it_lasts() {
    let mut case = late();
    case.at = at("2026-03-10T10:00");
    let aside =
        Action::AskSuspension { until: day("2026-05-10"), cause: "历史遗留".to_owned() };
    case.by(&clerk(), aside);
    case.by(&supervisor(), Action::DecideSuspension { approve: true, review_at: None });
    assert_eq!(rungs(&mut case, "2026-03-17T09:59"), []);
    case.at = at("2026-03-17T10:00");
    case.by(&supervisor(), Action::Resume {});
    // five closes were lost
    assert_eq!(rungs(&mut case, "2026-03-17T17:30"), []);
    assert_eq!(names(rungs(&mut case, "2026-03-17T17:31")), ["rung2"]);
    assert_eq!(names(rungs(&mut case, "2026-03-19T17:31")), ["rung3"]);
}

#[test]
fn lifting_all_oversight_ends_the_ladder_of_the_due_that_was_missed() {
    let mut case = late();
    case.by(&officer(), Action::LiftOversight { oversight_id: None });
    assert_eq!(handling(&case).fire_at(), None);
    assert_eq!(rungs(&mut case, "2026-04-10T10:00"), []);
    // counted anew by the same calendar, it stays so
    assert!(case.life.recompute(case.at, case.rules, true).unwrap().is_empty());
    assert_eq!(handling(&case).fire_at(), None);
}

#[test]
fn a_due_that_is_missed_after_the_lifting_goes_on_where_the_ladder_was_left() {
    let mut case = late();
    case.by(&officer(), Action::LiftOversight { oversight_id: None });
    case.at = at("2026-03-11T09:00");
    case.by(&clerk(), reply());
    case.at = at("2026-03-11T10:00");
    case.by(&reviewer(), sent_back());
    assert_eq!(names(rungs(&mut case, "2026-03-12T17:31")), ["rung2"]);
}

#[test]
fn lifting_one_mark_of_several_leaves_the_ladder() {
    let mut case = late();
    case.by(&officer(), Action::Oversee { level: Level::Yellow, days: None });
    let yellow = case.life.side.oversights.last().unwrap().id;
    case.by(&officer(), Action::LiftOversight { oversight_id: Some(yellow) });
    assert_eq!(names(rungs(&mut case, "2026-03-10T17:31")), ["rung2"]);
}

#[test]
fn a_unit_that_assists_climbs_too_and_marks_nothing() {
    let mut case = Case::new(Kind::Help);
    let both = Action::Dispatch { unit_id: heating().unit, assisting: vec![housing().unit] };
    case.by(&dispatcher(), both);
    case.at = at("2026-04-01T09:00");
    let fired = case.life.tick(case.at, case.rules);
    for leg in [0, 1] {
        let id = Some(case.life.legs[leg].id);
        let own: Vec<_> = fired.iter().filter(|f| f.leg == id && f.rung.is_some()).collect();
        assert_eq!(own.len(), 4);
        assert_eq!(own.iter().any(|fired| fired.raised.is_some()), leg == 0);
    }
}

#[test]
fn another_cycle_climbs_from_the_first_rung() {
    let mut case = late();
    case.by(&clerk(), reply()).by(&reviewer(), passed());
    case.at = at("2026-03-10T10:00");
    case.by(&caller(), says(Solved::No, Satisfaction::Dissatisfied));
    assert_eq!(case.life.legs.last().unwrap().due_at, at("2026-03-13T17:30"));
    assert_eq!(names(rungs(&mut case, "2026-03-13T17:31")), ["rung1"]);
}

#[test]
fn a_profile_without_a_ladder_has_none() {
    let book = crate::flow::RuleBook::built_in();
    let first = book.of("siping", 1).unwrap();
    let mut case = Case::new(Kind::Help).signed();
    let fired = case.life.tick(at("2026-05-01T09:00"), &first);
    assert!(fired.iter().all(|fired| fired.rung.is_none()));
}
