//! One attempt to cheat for each line of the rules.
use org::Post;

use super::*;
use crate::side::{Against, Cause, Level, Outside};

fn meeting(unit: &Post) -> Action {
    Action::Arbitrate { unit_id: unit.unit, assisting: vec![] }
}
fn reassign(unit: &Post) -> Action {
    Action::Reassign { unit_id: unit.unit, assisting: vec![] }
}
fn withdraw(call: Option<base::CallId>) -> Action {
    Action::AskWithdrawal { call_id: call, words: "已自行解决，不用办了".to_owned() }
}
fn contact(call: Option<base::CallId>) -> Action {
    Action::Contact { at: None, how: None, reached: true, call_id: call, attachment_id: None }
}
fn withdrawn(not_true: bool) -> Action {
    Action::FollowUp {
        reached: true,
        contacted: None,
        solved: None,
        satisfaction: None,
        words: "是这样的".to_owned(),
        not_true,
        call_id: None,
    }
}
fn final_reply() -> Action {
    let text = "经多次核查并告知，该诉求无政策依据，现作最终答复。".to_owned();
    Action::AskFinal { text, basis: "本部门职责规定".to_owned() }
}
fn set_aside(until: &str, cause: &str) -> Action {
    Action::AskSuspension { until: day(until), cause: cause.to_owned() }
}
fn granted() -> Action {
    Action::DecideSuspension { approve: true, review_at: None }
}
fn marks(case: &Case) -> Vec<(Level, Cause)> {
    case.life.side.oversights.iter().map(|one| (one.level, one.cause)).collect()
}
fn heard(mut case: Case) -> Case {
    case.known.proofs.insert(the_call().uuid());
    case
}
fn timer(case: &Case, name: Clocks) -> crate::timer::Timer {
    case.life.timers.iter().rev().find(|timer| timer.name == name).unwrap().clone()
}

// ---- on time means

#[test]
fn on_time_is_the_submission_that_passes_not_the_first_one() {
    let mut case = Case::new(Kind::Inquiry).signed();
    case.at = at("2026-03-05T17:00");
    case.by(&clerk(), reply());
    case.at = at("2026-03-06T09:30");
    case.by(&reviewer(), sent_back());
    case.at = at("2026-03-06T14:00");
    case.by(&clerk(), reply()).by(&reviewer(), passed());
    assert!(case.life.was_late(case.at), "an empty reply on the last day wins no time");
}

#[test]
fn a_reply_that_waits_for_the_leader_is_not_yet_submitted() {
    let mut case = Case::new(Kind::Report).signed();
    let full = Action::Reply {
        facts: Some(crate::review::Facts::True),
        basis: Some("食品安全法第三十四条".to_owned()),
        text: "经现场检查，举报属实，已立案查处。".to_owned(),
        contacted: true,
        contacted_at: None,
        how: None,
        solved: Solved::Yes,
        public_text: None,
        attachments: vec![],
        plan_date: None,
    };
    assert!(case.refuses(&clerk(), reply()).contains("属实"), "the profile wants its parts");
    case.by(&clerk(), full);
    assert_eq!((case.life.stage, case.life.legs[0].state), (Stage::Handling, LegState::InApproval));
    let approve = Action::Approve { approve: true, missing: None };
    let both = Actor { roles: [Role::Clerk, Role::Leader].into(), ..clerk() };
    assert!(case.refuses(&both, approve.clone()).contains("撰写人以外"));
    case.at = at("2026-03-03T10:00");
    case.by(&leader(), approve);
    assert_eq!(case.life.legs[0].replied_at, Some(case.at), "on time is the leader's signature");
    assert_eq!(case.life.stage, Stage::InReview);
}

#[test]
fn a_second_correction_raises_oversight() {
    let mut case = Case::new(Kind::Help).replied();
    case.by(&reviewer(), sent_back()).by(&clerk(), reply());
    assert_eq!(marks(&case), []);
    case.by(&reviewer(), sent_back());
    assert_eq!(marks(&case), [(Level::Yellow, Cause::SecondCorrection)]);
}

#[test]
fn an_extension_is_asked_only_after_contact_with_the_citizen() {
    let mut case = Case::new(Kind::Help).signed();
    let silent = Action::AskExtension { days: 2, contacted_at: None, how: None };
    assert!(case.refuses(&clerk(), silent.clone()).contains("先联系"));
    case.by(&clerk(), contact(None)).by(&clerk(), silent);
}

#[test]
fn a_further_extension_is_decided_one_level_up() {
    let mut case = Case::new(Kind::Complaint).signed();
    case.by(&clerk(), more_time(3));
    case.by(&dispatcher(), Action::DecideExtension { approve: true });
    case.by(&clerk(), more_time(3));
    let yes = Action::DecideExtension { approve: true };
    assert!(case.refuses(&other_dispatcher(), yes.clone()).contains("班长"));
    case.by(&supervisor(), yes);
}

#[test]
fn an_undecided_extension_stops_no_clock() {
    let mut case = Case::new(Kind::Help).signed();
    case.by(&clerk(), more_time(3));
    case.at = at("2026-03-10T09:00");
    case.life.tick(case.at, case.rules);
    assert!(case.life.was_late(case.at));
    assert!(marks(&case).contains(&(Level::Red, Cause::Late)));
}

#[test]
fn the_second_unit_is_judged_on_its_own_limit_while_the_promise_stays() {
    let mut case = Case::new(Kind::Help).dispatched();
    let promise = case.life.promise;
    case.at = at("2026-03-06T10:00");
    assert!(case.refuses(&dispatcher(), reassign(&housing())).contains("派单人以外"));
    case.by(&other_dispatcher(), reassign(&housing()));
    assert_eq!(case.life.legs[0].state, LegState::Recalled);
    assert_eq!(case.life.promise, promise);
    assert_eq!(case.life.legs[1].due_at, at("2026-03-13T17:30"), "five working days of its own");
    assert_eq!(case.life.first_unit().unwrap().unit, heating().unit, "首接负责 stays visible");
}

#[test]
fn a_late_leg_gets_its_yellow_and_its_red_mark_from_the_system() {
    let mut case = Case::new(Kind::Help).signed();
    case.at = at("2026-03-09T10:00");
    case.life.tick(case.at, case.rules);
    assert_eq!(marks(&case), [(Level::Yellow, Cause::SoonDue)]);
    case.at = at("2026-03-09T17:31");
    case.life.tick(case.at, case.rules);
    assert!(marks(&case).contains(&(Level::Red, Cause::Late)));
}

// ---- no quiet ways out

#[test]
fn nobody_withdraws_without_the_citizens_own_recorded_call() {
    let mut case = heard(Case::new(Kind::Help).signed());
    let made_up = base::CallId::from_uuid(uuid(4711));
    for call in [None, Some(made_up)] {
        assert!(case.refuses(&agent(), withdraw(call)).contains("来电录音"));
    }
    assert!(case.try_as(&clerk(), withdraw(Some(the_call()))).is_err(), "never the unit");
    case.by(&agent(), withdraw(Some(the_call())));
    assert_eq!(case.life.stage, Stage::Withdrawal);
    assert!(timer(&case, Clocks::Handling).is_running(), "the clocks go on");
    assert!(case.try_as(&clerk(), reply()).is_err());
}

#[test]
fn a_withdrawal_is_confirmed_by_somebody_else_and_followed_up_like_a_closure() {
    let mut case = heard(Case::new(Kind::Help).signed());
    let yes = Action::DecideWithdrawal { approve: true };
    case.by(&supervisor(), withdraw(Some(the_call())));
    assert!(case.refuses(&supervisor(), yes.clone()).contains("申请人以外"));
    case.by(&person(60, Role::Supervisor, None), yes);
    assert_eq!(case.life.stage, Stage::InFollowUp);
    case.by(&caller(), withdrawn(false));
    assert_eq!(case.life.stage, Stage::Cancelled);
    assert!(matches!(case.life.ending, Some(Ending::Cancelled { .. })));
}

#[test]
fn a_withdrawal_that_the_citizen_denies_goes_back_with_a_red_mark() {
    let mut case = heard(Case::new(Kind::Help).signed());
    case.by(&agent(), withdraw(Some(the_call())));
    case.by(&supervisor(), Action::DecideWithdrawal { approve: true });
    case.by(&caller(), withdrawn(true));
    assert_eq!(case.life.stage, Stage::Handling);
    assert!(case.life.side.withdrawal_refuted);
    assert_eq!(marks(&case), [(Level::Red, Cause::FalseWithdrawal)]);
    case.by(&clerk(), reply());
}

#[test]
fn a_citizen_who_cannot_be_reached_has_withdrawn_only_after_three_attempts() {
    let mut case = heard(Case::new(Kind::Help).signed());
    case.by(&agent(), withdraw(Some(the_call())));
    case.by(&supervisor(), Action::DecideWithdrawal { approve: true });
    for when in ["2026-03-02T10:00", "2026-03-02T15:00", "2026-03-03T10:00"] {
        assert_eq!(case.life.stage, Stage::InFollowUp);
        case.at = at(when);
        case.by(&caller(), missed());
    }
    assert_eq!(case.life.stage, Stage::Cancelled);
}

#[test]
fn first_contact_counts_only_by_a_call_of_the_platform_or_uploaded_proof() {
    let mut case = heard(Case::new(Kind::Help).signed());
    case.by(&clerk(), contact(None));
    assert!(timer(&case, Clocks::FirstContact).is_running(), "what is only said meets nothing");
    assert!(case.life.side.has_self_reported());
    let made_up = Some(base::CallId::from_uuid(uuid(4711)));
    assert!(case.refuses(&clerk(), contact(made_up)).contains("不存在"));
    case.by(&clerk(), contact(Some(the_call())));
    assert!(!timer(&case, Clocks::FirstContact).is_running());
    assert!(!case.life.side.has_self_reported());
}

#[test]
fn nobody_contacted_me_makes_a_false_contact_and_a_breach() {
    let mut case = Case::new(Kind::Help).in_follow_up();
    case.by(
        &caller(),
        Action::FollowUp {
            reached: true,
            contacted: Some(false),
            solved: Some(Solved::Yes),
            satisfaction: Some(Satisfaction::Satisfied),
            words: "没有人联系过我".to_owned(),
            not_true: false,
            call_id: None,
        },
    );
    assert!(case.life.side.false_contact);
    assert_eq!(marks(&case), [(Level::Red, Cause::FalseContact)]);
}

#[test]
fn nobody_rates_for_the_citizen() {
    let mut case = heard(Case::new(Kind::Help).in_follow_up());
    let silent = |call_id| Action::FollowUp {
        reached: true,
        contacted: Some(true),
        solved: Some(Solved::Yes),
        satisfaction: Some(Satisfaction::VerySatisfied),
        words: " ".to_owned(),
        not_true: false,
        call_id,
    };
    assert!(case.refuses(&caller(), silent(None)).contains("不能代填"));
    let made_up = Some(base::CallId::from_uuid(uuid(4711)));
    assert!(case.refuses(&caller(), silent(made_up)).contains("不能代填"));
    case.by(&caller(), silent(Some(the_call())));
}

#[test]
fn kind_and_urgency_are_changed_by_two_people_of_the_hotline() {
    let mut case = Case::new(Kind::Complaint).signed();
    let ask = Action::AskChange { kind: Some(Kind::Inquiry), urgency: None, wants_reply: None };
    assert!(case.try_as(&clerk(), ask.clone()).is_err(), "never the unit");
    case.by(&dispatcher(), ask);
    assert_eq!(case.life.kind, Kind::Complaint, "asking changes nothing");
    let yes = Action::DecideChange { approve: true, retroactive: true };
    assert!(case.refuses(&dispatcher(), yes.clone()).contains("申请人以外"));
    case.by(&other_dispatcher(), yes);
    assert_eq!(case.life.kind, Kind::Inquiry);
    assert_eq!(case.life.promise, at("2026-03-05T17:30"), "three working days from acceptance");
    assert_eq!(case.tells, vec![Tell::PromiseMoved]);
}

#[test]
fn outsourced_agents_do_not_dispatch_review_or_close() {
    let mut case = Case::new(Kind::Help);
    assert!(case.try_as(&agent(), send(&heating())).is_err());
    let mut case = Case::new(Kind::Help).replied();
    assert!(case.try_as(&agent(), passed()).is_err());
    let mut case = Case::new(Kind::Help).in_follow_up();
    assert!(case.try_as(&agent(), says(Solved::Yes, Satisfaction::Satisfied)).is_err());
}

#[test]
fn a_suspension_has_a_cause_of_the_list_a_cap_and_an_end() {
    let mut case = Case::new(Kind::Help).signed();
    assert!(case.refuses(&clerk(), set_aside("2026-06-01", "太忙")).contains("挂账事由"));
    assert!(case.refuses(&clerk(), set_aside("2026-12-31", "资金安排")).contains("180"));
    case.by(&clerk(), set_aside("2026-06-01", "资金安排"));
    assert!(case.try_as(&dispatcher(), granted()).is_err(), "by the city's supervisor only");
    let promise = case.life.promise;
    case.by(&supervisor(), granted());
    assert_eq!(case.life.stage, Stage::Suspended);
    assert!(timer(&case, Clocks::Whole).is_paused());
    assert!(case.try_as(&clerk(), reply()).is_err(), "set aside is never closed");
    case.at = at("2026-06-02T00:01");
    case.life.tick(case.at, case.rules);
    assert_eq!(case.life.stage, Stage::Handling, "taken up again by the system");
    assert!(case.life.promise > promise);
    case.by(&clerk(), more_time(1)); // the pause is over, the clock runs
    assert!(case.refuses(&clerk(), set_aside("2026-10-01", "资金安排")).contains("180"));
}

#[test]
fn a_final_reply_is_signed_by_the_leader_and_let_stand_by_the_city() {
    let mut case = Case::new(Kind::Help).signed();
    assert!(case.refuses(&clerk(), final_reply()).contains("领导"));
    case.by(&leader(), final_reply());
    assert_eq!(case.life.stage, Stage::FinalReview);
    case.by(&supervisor(), Action::DecideFinal { approve: false });
    assert_eq!(case.life.stage, Stage::Handling);
    assert!(timer(&case, Clocks::Whole).is_running(), "a refused one has met nothing");
    case.by(&leader(), final_reply()).by(&supervisor(), Action::DecideFinal { approve: true });
    assert!(matches!(case.life.ending, Some(Ending::Final { .. })));
    assert_eq!(case.tells.last(), Some(&Tell::Final));
}

#[test]
fn twice_dissatisfied_raises_a_red_mark() {
    let mut case = Case::new(Kind::Help).in_follow_up();
    case.by(&caller(), says(Solved::No, Satisfaction::Dissatisfied));
    case.by(&clerk(), Action::Sign {}).by(&clerk(), reply()).by(&reviewer(), passed());
    case.by(&caller(), says(Solved::No, Satisfaction::Dissatisfied));
    assert_eq!(marks(&case), [(Level::Red, Cause::DissatisfiedTwice)]);
}

#[test]
fn an_order_is_answered_by_the_unit_and_lifted_by_somebody_else() {
    let mut case = Case::new(Kind::Help).signed();
    case.by(&officer(), Action::Oversee { level: Level::Order, days: Some(2) });
    assert!(timer(&case, Clocks::Oversight).is_running());
    let lift = Action::LiftOversight { oversight_id: None };
    assert!(case.try_as(&leader(), lift.clone()).is_err());
    let text = "已由分管领导督促，明日完成整改。".to_owned();
    case.by(&leader(), Action::AnswerOversight { text, oversight_id: None });
    assert!(!timer(&case, Clocks::Oversight).is_running());
    case.by(&officer(), lift);
    assert_eq!(case.life.side.oversight(), None);
}

// ---- who may send where

#[test]
fn the_third_unit_is_named_by_a_meeting_only_and_keeps_it() {
    let mut case = Case::new(Kind::Help).dispatched();
    case.by(&other_dispatcher(), reassign(&housing()));
    assert!(case.refuses(&supervisor(), reassign(&hub())).contains("会商裁定"));
    let housing_clerk = person(9, Role::Clerk, Some(housing()));
    case.by(&housing_clerk, Action::Sign {}).by(&housing_clerk, back());
    assert!(case.try_as(&dispatcher(), meeting(&hub())).is_err());
    case.by(&supervisor(), meeting(&hub()));
    assert!(case.life.lead().unwrap().binding);
    case.by(&hub_clerk(), Action::Sign {});
    assert!(case.refuses(&hub_clerk(), back()).contains("会商裁定"));
}

#[test]
fn a_unit_that_is_complained_about_neither_handles_nor_assists_nor_reads() {
    let mut case = Case::new(Kind::Complaint);
    case.life.against =
        vec![Against { post: heating(), above: Some("四平市人民政府".to_owned()) }];
    let refused = case.try_as(&dispatcher(), send(&heating())).unwrap_err();
    assert!(matches!(refused, Error::Refused(Refused::Recused(_))));
    assert!(refused.to_string().contains("四平市人民政府"), "{refused}");
    let both = Action::Dispatch { unit_id: housing().unit, assisting: vec![heating().unit] };
    assert!(case.refuses(&dispatcher(), both).contains("回避"));
    case.by(&dispatcher(), send(&housing()));
    assert!(
        case.refuses(&other_dispatcher(), Action::Assist { unit_ids: vec![heating().unit] })
            .contains("回避")
    );
    assert!(!case.life.is_visible_to(&clerk()));
}

#[test]
fn a_unit_below_one_that_is_complained_about_stays_away_too() {
    let mut case = Case::new(Kind::Complaint);
    let county = post(30, "001.004", org::Level::County, UnitKind::Government);
    case.life.against =
        vec![Against { post: county, above: Some("四平市人民政府".to_owned()) }];
    assert!(case.refuses(&dispatcher(), send(&hub())).contains("回避"));
}

#[test]
fn what_may_not_be_pushed_down_is_not_and_another_unit_needs_a_reason() {
    let mut case = Case::new(Kind::Help);
    let listed = |answer| [(heating().unit, answer)].into();
    case.known.catalogue = listed(crate::Catalogue::Forbidden("国办函〔2025〕66号".to_owned()));
    assert!(case.refuses(&dispatcher(), send(&heating())).contains("66号"));
    case.known.catalogue = listed(crate::Catalogue::NotListed);
    let me = dispatcher();
    let ctx = Ctx { known: &case.known, ..Ctx::new(case.at, &me, case.rules, &case.posts) };
    let silent = case.life.take(&Step::new(send(&heating())), &ctx).unwrap_err();
    assert!(silent.to_string().contains("派单理由"), "{silent}");
    case.by(&dispatcher(), send(&heating()));
}

#[test]
fn a_supervisor_in_anothers_place_says_why() {
    let case = Case::new(Kind::Help);
    let boss = supervisor();
    let ctx = Ctx::new(case.at, &boss, case.rules, &case.posts);
    let silent = case.life.take(&Step::new(send(&heating())), &ctx).unwrap_err();
    assert!(silent.to_string().contains("说明理由"), "{silent}");
    assert!(case.life.take(&Step::because(send(&heating()), "派单员离岗"), &ctx).is_ok());
}

#[test]
fn the_unit_that_handled_it_never_follows_it_up() {
    let mut case = Case::new(Kind::Help).in_follow_up();
    let inside = Actor { post: Some(heating()), ..caller() };
    let fine = says(Solved::Yes, Satisfaction::Satisfied);
    assert!(case.refuses(&inside, fine.clone()).contains("承办单位"));
    case.by(&caller(), fine);
}

// ---- transferred out

#[test]
fn a_matter_that_the_other_side_refuses_is_ours_again_with_its_old_date() {
    let mut case = Case::new(Kind::Help);
    let promise = case.life.promise;
    case.by(&dispatcher(), Action::TransferOut { to: Outside::Police, outside_number: None });
    assert_eq!(case.life.stage, Stage::TransferredOut);
    let no = Action::OutsideFeedback { taken: false, text: "不属于警务事项".to_owned() };
    case.by(&dispatcher(), no);
    assert_eq!((case.life.stage, case.life.promise), (Stage::Accepted, promise));
    assert!(timer(&case, Clocks::Dispatch).is_running());
}

#[test]
fn what_the_system_finds_in_a_reply_is_coded() {
    let mut case = Case::new(Kind::Help).signed();
    let text = "请向其他部门反映，我们将尽快处理，联系人13912345678。";
    case.by(&clerk(), Action::reply(text, Solved::Partly));
    let found = case.life.review_findings("阳光小区暖气不热", false, false);
    let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08"]);
}

#[test]
fn a_checklist_that_is_not_met_passes_nothing() {
    let mut case = Case::new(Kind::Help).replied();
    let list = crate::review::Checklist {
        answered: true,
        basis: true,
        contacted: false,
        evidence: true,
        result: true,
        tone: true,
    };
    let action = Action::Review { pass: true, missing: None, checklist: Some(list), codes: vec![] };
    assert!(case.refuses(&reviewer(), action).contains("清单"));
}
