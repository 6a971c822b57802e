//! What the system finds in a reply, whatever way it came to the reviewer.
use super::*;

fn codes(case: &Case) -> Vec<&'static str> {
    let approval = case.rules.approval(case.life.kind);
    let found = case.life.review_findings("阳光小区暖气不热", false, approval);
    found.into_iter().map(|finding| finding.code).collect()
}

fn full() -> Action {
    Action::Reply {
        facts: Some(crate::review::Facts::True),
        basis: Some("供热管理条例第十条".to_owned()),
        text: "经现场检查，阳光小区暖气不热属实，已立案查处。".to_owned(),
        contacted: true,
        contacted_at: None,
        how: None,
        solved: Solved::Yes,
        public_text: None,
        attachments: vec![],
        plan_date: None,
    }
}

#[test]
fn a_reply_that_its_leader_signed_has_no_finding_of_that() {
    let mut case = Case::new(Kind::Report).signed();
    case.by(&clerk(), full());
    assert_eq!(case.life.stage, Stage::Handling, "it waits for the leader");
    case.by(&leader(), Action::Approve { approve: true, missing: None });
    assert_eq!(case.life.stage, Stage::InReview);
    assert!(!codes(&case).contains(&"R09"));
}

#[test]
fn a_report_answered_as_another_kind_to_spare_the_leaders_signature_is_found() {
    let mut case = Case::new(Kind::Complaint).signed();
    case.by(&clerk(), full());
    assert_eq!(case.life.stage, Stage::InReview, "a complaint needs no signature");
    assert!(!codes(&case).contains(&"R09"));
    let kind = Some(Kind::Report);
    case.by(&reviewer(), Action::AskChange { kind, urgency: None, wants_reply: None });
    case.by(&supervisor(), Action::DecideChange { approve: true, retroactive: true });
    assert!(codes(&case).contains(&"R09"), "{:?}", codes(&case));
}

#[test]
fn a_lead_cannot_answer_over_a_part_that_is_open_and_one_that_is_opened_later_is_found() {
    let mut case = Case::new(Kind::Help);
    let both = Action::Dispatch { unit_id: heating().unit, assisting: vec![housing().unit] };
    case.by(&dispatcher(), both).by(&clerk(), Action::Sign {});
    assert!(case.refuses(&clerk(), full()).contains("协办"));
    let housing_clerk = person(9, Role::Clerk, Some(housing()));
    case.by(&housing_clerk, Action::Sign {}).by(&housing_clerk, reply()).by(&clerk(), full());
    assert!(!codes(&case).contains(&"R10"));
    // as if the part had been opened again behind the lead's back
    case.life.legs[1].state = LegState::Handling;
    assert!(codes(&case).contains(&"R10"), "{:?}", codes(&case));
}

#[test]
fn a_hub_cannot_answer_over_its_township_and_one_that_is_open_is_found() {
    let mut case = Case::new(Kind::Help);
    case.by(&dispatcher(), send(&hub()))
        .by(&hub_clerk(), Action::Sign {})
        .by(&hub_clerk(), send(&town()));
    assert!(case.refuses(&hub_clerk(), full()).contains("下级环节"));
    case.by(&town_clerk(), Action::Sign {}).by(&town_clerk(), reply()).by(&hub_clerk(), full());
    assert!(!codes(&case).contains(&"R10"));
    case.life.legs[1].state = LegState::Correction;
    assert!(codes(&case).contains(&"R10"));
}
