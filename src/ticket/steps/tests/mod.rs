//! Whole lives, and attempts to cheat.
mod actors;
mod always;
mod cheating;
mod diagram;
mod ladder;
mod replay;
mod review;

use std::collections::HashMap;

use base::UnitId;
use chrono::{DateTime, TimeDelta, Utc};
use org::{Actor, Level, Post, Role, UnitKind};
use proptest::prelude::*;

use super::*;
use crate::flow::Rules;
use crate::kind::{Kind, Satisfaction, Solved, Urgency};
use crate::known::Known;
use crate::state::{LegState, Stage};
use crate::testing::{at, begun, caller, clerk, dispatcher, heating, person, post};
use crate::timer::Fire;

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

fn housing() -> Post {
    post(2, "001.003", Level::City, UnitKind::Department)
}
fn hub() -> Post {
    post(3, "001.004.001", Level::County, UnitKind::Hub)
}
fn town() -> Post {
    post(4, "001.004.002", Level::Township, UnitKind::Township)
}

/// A ticket in a test: its life, its clock, the people around it.
struct Case {
    life: Life,
    at: DateTime<Utc>,
    rules: &'static Rules,
    posts: HashMap<UnitId, Post>,
    tells: Vec<Tell>,
    known: Known,
}

fn rules() -> &'static Rules {
    static RULES: std::sync::OnceLock<Rules> = std::sync::OnceLock::new();
    RULES.get_or_init(Rules::built_in)
}

impl Case {
    fn new(kind: Kind) -> Self {
        Self::of(kind, Urgency::Normal, at("2026-03-02T09:00"))
    }

    fn of(kind: Kind, urgency: Urgency, at: DateTime<Utc>) -> Self {
        let posts = [heating(), housing(), hub(), town()].map(|post| (post.unit, post)).into();
        let life = begun(kind, urgency, at, rules());
        Self { life, at, rules: rules(), posts, tells: Vec::new(), known: Known::default() }
    }

    fn try_as(&mut self, actor: &Actor, action: Action) -> Result<(), Error> {
        let ctx = Ctx { known: &self.known, ..Ctx::new(self.at, actor, self.rules, &self.posts) };
        let taken = self.life.take(&Step::because(action, "按规定办理"), &ctx)?;
        self.life = taken.life;
        self.tells = taken.tells;
        Ok(())
    }

    fn by(&mut self, actor: &Actor, action: Action) -> &mut Self {
        let name = action.verb().label();
        self.try_as(actor, action).unwrap_or_else(|error| panic!("{name}: {error}"));
        self
    }

    fn refuses(&mut self, actor: &Actor, action: Action) -> String {
        self.try_as(actor, action).unwrap_err().to_string()
    }

    fn dispatched(mut self) -> Self {
        self.by(&dispatcher(), send(&heating()));
        self
    }

    fn signed(self) -> Self {
        let mut case = self.dispatched();
        case.by(&clerk(), Action::Sign {});
        case
    }

    fn replied(self) -> Self {
        let mut case = self.signed();
        case.by(&clerk(), reply());
        case
    }

    fn in_follow_up(self) -> Self {
        let mut case = self.replied();
        case.by(&reviewer(), passed());
        case
    }
}

fn other_dispatcher() -> Actor {
    person(2, Role::Dispatcher, None)
}
fn reviewer() -> Actor {
    person(4, Role::Reviewer, None)
}
fn supervisor() -> Actor {
    person(6, Role::Supervisor, None)
}
fn hub_clerk() -> Actor {
    person(7, Role::Hub, Some(hub()))
}
fn town_clerk() -> Actor {
    person(8, Role::Clerk, Some(town()))
}

fn leader() -> Actor {
    person(10, Role::Leader, Some(heating()))
}
fn officer() -> Actor {
    person(11, Role::Oversight, None)
}
fn agent() -> Actor {
    person(12, Role::Agent, None)
}
/// The citizen's own call, which is there.
fn the_call() -> base::CallId {
    base::CallId::from_uuid(uuid(77))
}
fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

fn send(to: &Post) -> Action {
    Action::Dispatch { unit_id: to.unit, assisting: vec![] }
}
fn reply() -> Action {
    Action::reply("已到现场检修管网，供热恢复正常。", Solved::Yes)
}
fn passed() -> Action {
    Action::pass()
}
fn sent_back() -> Action {
    Action::send_back("未说明整改期限")
}
fn says(solved: Solved, satisfaction: Satisfaction) -> Action {
    Action::FollowUp {
        reached: true,
        contacted: Some(true),
        solved: Some(solved),
        satisfaction: Some(satisfaction),
        words: "好了".to_owned(),
        not_true: false,
        call_id: None,
    }
}
fn missed() -> Action {
    Action::FollowUp {
        reached: false,
        contacted: None,
        solved: None,
        satisfaction: None,
        words: String::new(),
        not_true: false,
        call_id: None,
    }
}
fn more_time(days: u32) -> Action {
    Action::AskExtension { days, contacted_at: Some(at("2026-03-02T09:00")), how: None }
}
fn back() -> Action {
    Action::Return { unit_id: None }
}
fn decide(approve: bool) -> Action {
    Action::DecideReturn { approve, unit_id: None }
}

#[test]
fn a_satisfied_citizen_closes_the_ticket() {
    let mut case = Case::new(Kind::Help).in_follow_up();
    case.by(&caller(), says(Solved::Yes, Satisfaction::Satisfied));
    assert_eq!(case.life.stage, Stage::Closed);
    assert_eq!(case.life.ending, Some(Ending::FollowedUp));
    assert_eq!(case.tells, vec![Tell::Closed]);
    assert!(case.life.timers.iter().all(|timer| !timer.is_running()));
    assert_eq!(case.life.legs[0].state, LegState::Done);
}

#[test]
fn the_promise_runs_from_acceptance_and_the_leg_is_due_with_it() {
    let mut case = Case::new(Kind::Help);
    case.at = at("2026-03-03T15:00");
    let case = case.dispatched();
    assert_eq!(case.life.promise, at("2026-03-09T17:30"));
    assert_eq!(case.life.legs[0].due_at, case.life.promise, "a late dispatch moves no date");
}

#[test]
fn both_clocks_of_a_leg_start_at_dispatch_not_at_signing() {
    let mut case = Case::new(Kind::Help).dispatched();
    let due = case.life.legs[0].due_at;
    case.at = at("2026-03-03T10:00");
    case.by(&clerk(), Action::Sign {});
    assert_eq!(case.life.legs[0].due_at, due);
    let handling = case.life.timers.iter().find(|t| t.name == Clocks::Handling).unwrap();
    assert_eq!(handling.started_at, case.life.legs[0].dispatched_at);
}

#[test]
fn dispatcher_reviewer_and_follow_up_clerk_are_different_people() {
    let everything = |n| Actor {
        roles: [Role::Dispatcher, Role::Reviewer, Role::FollowUp].into(),
        ..person(n, Role::Reviewer, None)
    };
    let mut case = Case::new(Kind::Help);
    case.by(&everything(1), send(&heating())).by(&clerk(), Action::Sign {}).by(&clerk(), reply());
    assert!(case.refuses(&everything(1), passed()).contains("不能审单"));
    case.by(&everything(2), passed());
    let fine = says(Solved::Yes, Satisfaction::Satisfied);
    for n in [1, 2] {
        assert!(case.refuses(&everything(n), fine.clone()).contains("不能回访"));
    }
    case.by(&everything(3), fine);
}

#[test]
fn a_return_is_decided_by_someone_who_did_not_dispatch_it() {
    let mut case = Case::new(Kind::Help).signed();
    case.by(&clerk(), back());
    assert_eq!(case.life.stage, Stage::ReturnAsked);
    assert!(case.refuses(&dispatcher(), decide(true)).contains("派单人以外"));
    case.by(&other_dispatcher(), decide(true));
    assert_eq!((case.life.stage, case.life.returns), (Stage::Accepted, 1));
    assert!(case.refuses(&dispatcher(), send(&heating())).contains("已退过"));
    case.by(&dispatcher(), send(&housing()));
    assert_eq!(case.life.lead().unwrap().unit, housing());
}

#[test]
fn a_refused_return_counts_and_cannot_be_asked_again() {
    let mut case = Case::new(Kind::Help).signed();
    case.by(&clerk(), back()).by(&other_dispatcher(), decide(false));
    assert_eq!(case.life.stage, Stage::Handling);
    assert!(case.refuses(&clerk(), back()).contains("一次"));
}

#[test]
fn a_return_after_its_limit_is_refused() {
    let mut case = Case::new(Kind::Help).signed();
    case.at = at("2026-03-04T09:00");
    assert!(case.refuses(&clerk(), back()).contains("时限"));
}

#[test]
fn after_two_returns_only_arbitration_names_the_unit_and_binds() {
    let mut case = Case::new(Kind::Help).signed();
    let housing_clerk = person(9, Role::Clerk, Some(housing()));
    case.by(&clerk(), back()).by(&other_dispatcher(), decide(true));
    case.by(&dispatcher(), send(&housing())).by(&housing_clerk, Action::Sign {});
    case.by(&housing_clerk, back()).by(&other_dispatcher(), decide(true));
    assert!(case.refuses(&dispatcher(), send(&heating())).contains("会商裁定"));
    let named = Action::Arbitrate { unit_id: heating().unit, assisting: vec![] };
    assert!(case.try_as(&dispatcher(), named.clone()).is_err());
    case.by(&supervisor(), named).by(&clerk(), Action::Sign {});
    assert!(case.refuses(&clerk(), back()).contains("会商裁定"));
}

#[test]
fn an_unsigned_leg_is_signed_by_the_system_and_loses_its_right_to_return() {
    let mut case = Case::new(Kind::Help).dispatched();
    case.at = at("2026-03-03T17:31");
    let fired = case.life.tick(case.at, case.rules);
    assert!(fired.iter().any(|f| f.name == Clocks::Sign && f.fire == Fire::Late));
    assert!(case.life.legs[0].auto_signed);
    assert_eq!(case.life.stage, Stage::Handling);
    assert!(case.refuses(&clerk(), back()).contains("失去退单权"));
}

#[test]
fn streets_and_towns_get_their_legs_from_their_county_only() {
    let mut case = Case::new(Kind::Help);
    assert!(case.refuses(&dispatcher(), send(&town())).contains("热线中心转派"));
    case.by(&dispatcher(), send(&hub()))
        .by(&hub_clerk(), Action::Sign {})
        .by(&hub_clerk(), send(&town()));
    assert!(case.refuses(&hub_clerk(), send(&heating())).contains("本县"));
    assert!(case.refuses(&hub_clerk(), reply()).contains("下级环节"));
    case.by(&town_clerk(), Action::Sign {}).by(&town_clerk(), reply());
    assert_eq!(case.life.stage, Stage::Handling, "the hub still has to answer");
    case.by(&hub_clerk(), reply());
    assert_eq!(case.life.stage, Stage::InReview);
}

#[test]
fn a_department_may_not_send_on() {
    let mut case = Case::new(Kind::Help).signed();
    assert!(case.try_as(&clerk(), send(&town())).is_err());
}

#[test]
fn a_town_returns_to_its_county_and_it_does_not_count_in_the_city() {
    let mut case = Case::new(Kind::Help);
    case.by(&dispatcher(), send(&hub()))
        .by(&hub_clerk(), Action::Sign {})
        .by(&hub_clerk(), send(&town()));
    case.by(&town_clerk(), Action::Sign {}).by(&town_clerk(), back());
    assert_eq!(case.life.stage, Stage::Handling);
    assert!(case.try_as(&other_dispatcher(), decide(true)).is_err());
    assert!(case.refuses(&hub_clerk(), decide(true)).contains("派单人以外"));
    let other = person(17, Role::Hub, Some(hub()));
    case.by(&other, decide(true));
    assert_eq!(case.life.returns, 0);
}

#[test]
fn the_lead_waits_for_those_who_assist() {
    let mut case = Case::new(Kind::Help);
    let both = Action::Dispatch { unit_id: heating().unit, assisting: vec![housing().unit] };
    case.by(&dispatcher(), both).by(&clerk(), Action::Sign {});
    assert!(case.refuses(&clerk(), reply()).contains("协办"));
    let housing_clerk = person(9, Role::Clerk, Some(housing()));
    case.by(&housing_clerk, Action::Sign {}).by(&housing_clerk, reply()).by(&clerk(), reply());
}

#[test]
fn a_reply_sent_back_keeps_its_limit_but_at_least_four_hours() {
    let mut case = Case::new(Kind::Inquiry).signed();
    case.at = at("2026-03-05T17:00");
    case.by(&clerk(), reply());
    case.at = at("2026-03-06T10:00");
    case.by(&reviewer(), sent_back());
    assert_eq!(case.life.stage, Stage::Correction);
    assert_eq!(case.life.legs[0].due_at, at("2026-03-06T15:30"));
    assert!(case.life.was_late(at("2026-03-06T10:00")), "only what passes review is on time");
}

#[test]
fn a_reply_in_time_that_passes_later_was_in_time() {
    let mut case = Case::new(Kind::Inquiry).signed();
    case.at = at("2026-03-05T17:30");
    case.by(&clerk(), reply());
    case.at = at("2026-03-06T16:00");
    case.by(&reviewer(), passed());
    assert!(!case.life.was_late(at("2026-03-09T10:00")));
}

#[test]
fn an_extension_is_counted_from_the_old_due_day_and_told() {
    let mut case = Case::new(Kind::Help).signed();
    case.at = at("2026-03-05T10:00");
    case.by(&clerk(), more_time(3));
    case.by(&other_dispatcher(), Action::DecideExtension { approve: true });
    assert_eq!(case.life.legs[0].due_at, at("2026-03-12T17:30"));
    let reason = "按规定办理".to_owned();
    assert_eq!(case.tells[0], Tell::Extended { due: at("2026-03-12T17:30"), reason });
}

#[test]
fn an_extension_on_the_last_day_is_refused() {
    let mut case = Case::new(Kind::Help).signed();
    case.at = at("2026-03-09T10:00");
    assert!(case.refuses(&clerk(), more_time(3)).contains("1个工作日"));
}

#[test]
fn row_71_an_extension_asked_after_due_is_refused_and_the_breach_stands() {
    let mut case = Case::of(Kind::Help, Urgency::Normal, at("2025-09-23T10:00")).signed();
    assert_eq!(case.life.promise, at("2025-09-29T17:30"));
    case.at = at("2025-09-30T09:00");
    assert!(case.try_as(&clerk(), more_time(3)).is_err());
    assert!(case.life.was_late(case.at));
}

#[test]
fn an_extension_is_never_longer_than_the_original_limit() {
    let mut case = Case::new(Kind::Help).signed();
    assert!(case.refuses(&clerk(), more_time(4)).contains("1至3"));
    case.by(&clerk(), more_time(3));
    case.by(&other_dispatcher(), Action::DecideExtension { approve: true });
    assert!(case.refuses(&clerk(), more_time(3)).contains("原时限"));
}

#[test]
fn unsolved_is_worked_again_once_then_decided() {
    let mut case = Case::new(Kind::Help).in_follow_up();
    case.at = at("2026-03-04T10:00");
    case.by(&caller(), says(Solved::No, Satisfaction::Dissatisfied));
    assert_eq!((case.life.stage, case.life.cycle), (Stage::Dispatched, 2));
    assert_eq!(case.life.promise, at("2026-03-09T17:30"), "3 working days for a rework");
    case.by(&clerk(), Action::Sign {}).by(&clerk(), reply()).by(&reviewer(), passed());
    case.by(&caller(), says(Solved::No, Satisfaction::Dissatisfied));
    assert_eq!(case.life.stage, Stage::Disputed);
    case.by(&supervisor(), Action::Close {});
    assert_eq!(case.life.legs.len(), 2, "the first cycle's result is kept");
}

#[test]
fn three_missed_follow_ups_are_unrated_never_satisfied() {
    let mut case = Case::new(Kind::Help).in_follow_up();
    case.by(&caller(), missed());
    assert!(case.refuses(&caller(), missed()).contains("时段"));
    for when in ["2026-03-02T14:00", "2026-03-03T09:00"] {
        case.at = at(when);
        case.by(&caller(), missed());
    }
    assert_eq!((case.life.stage, case.life.ending.clone()), (Stage::Closed, Some(Ending::Unrated)));
}

#[test]
fn praise_needs_no_signature_and_no_follow_up() {
    let mut case = Case::new(Kind::Praise).dispatched();
    assert_eq!(case.life.stage, Stage::Handling);
    case.by(&clerk(), reply()).by(&reviewer(), passed());
    assert_eq!(case.life.ending, Some(Ending::Exempt));
}

#[test]
fn an_emergency_is_due_in_two_hours_of_natural_time() {
    let case = Case::of(Kind::Help, Urgency::Emergency, at("2026-03-07T23:00")).dispatched();
    assert_eq!(case.life.promise, at("2026-03-08T01:00"));
    assert_eq!(case.life.legs[0].sign_due, Some(at("2026-03-07T23:30")));
}

#[test]
fn a_due_in_a_year_without_official_list_is_provisional() {
    let case = Case::of(Kind::Report, Urgency::Normal, at("2026-12-25T10:00"));
    let whole = case.life.timers.iter().find(|timer| timer.name == Clocks::Whole).unwrap();
    assert!(whole.provisional);
}

#[test]
fn another_units_clerk_may_do_nothing() {
    let mut case = Case::new(Kind::Help).dispatched();
    let stranger = person(9, Role::Clerk, Some(housing()));
    assert!(case.refuses(&stranger, Action::Sign {}).contains("本单位"));
    let ctx = Ctx::new(case.at, &stranger, case.rules, &case.posts);
    assert!(case.life.offers(&ctx).iter().all(|offer| !offer.enabled));
    assert!(!case.life.is_visible_to(&stranger));
}
