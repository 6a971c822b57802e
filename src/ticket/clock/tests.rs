//! Clocks in real lives: the rows of the vectors that have words in them, pauses, other limits,
//! other calendars.
use std::collections::HashMap;

use chrono::TimeDelta;
use org::Actor;
use proptest::prelude::*;

use super::*;
use crate::action::{Action, Step};
use crate::flow::RuleBook;
use crate::kind::{Kind, Satisfaction, Solved, Urgency};
use crate::known::Ctx;
use crate::testing::{
    HOTLINE, SIPING, at, begun, caller, clerk, dispatcher, heating, limit, rules_with,
};
use crate::timer::Fire;

/// The profile whose inquiries have this limit and these warnings.
fn answered_in(reply: &str, warnings: &str) -> Rules {
    let reply = format!("reply = \"{reply}\"");
    let warnings = format!("warnings = {warnings}");
    rules_with(&[("reply = \"WD 3\"", &reply), ("warnings = [\"yellow\"]", &warnings)], &[])
}

fn act(
    life: &mut Life,
    rules: &Rules,
    at: DateTime<Utc>,
    actor: &Actor,
    action: Action,
) -> Result<(), String> {
    let posts: HashMap<_, _> = [(heating().unit, heating())].into();
    let ctx = Ctx::new(at, actor, rules, &posts);
    let taken = life.take(&Step::because(action, "按规定办理"), &ctx);
    *life = taken.map_err(|error| error.to_string())?.life;
    Ok(())
}

fn dispatch(life: &mut Life, rules: &Rules, at: DateTime<Utc>) {
    let send = Action::Dispatch { unit_id: heating().unit, assisting: vec![] };
    act(life, rules, at, &dispatcher(), send).unwrap();
}

fn whole(life: &Life) -> &Timer {
    life.timers.iter().rev().find(|timer| timer.name == Clocks::Whole).unwrap()
}

/// An inquiry that only waits for its answer.
fn inquiry(rules: &Rules, start: &str) -> Life {
    begun(Kind::Inquiry, Urgency::Normal, at(start), rules)
}

/// What the whole clock says until a moment, minute by minute.
fn marks(life: &mut Life, from: &str, to: &str) -> Vec<(Fire, DateTime<Utc>)> {
    let (mut now, to) = (at(from), at(to));
    let mut all = Vec::new();
    while now <= to {
        let timer = life.timers.iter_mut().find(|timer| timer.name == Clocks::Whole).unwrap();
        all.extend(timer.fire(now).map(|fire| (fire, now)));
        now += TimeDelta::minutes(1);
    }
    all
}

#[test]
fn row_66_an_open_pause_arms_nothing_and_projects_only() {
    let rules = answered_in("BH 7h", "[\"yellow\"]");
    let mut life = inquiry(&rules, "2025-01-13T09:00");
    life.stop_leg_timers(base::LegId::from_uuid(uuid::Uuid::nil()), at("2025-01-13T09:00"));
    life.pause_all(at("2025-01-13T11:00"));
    assert_eq!((whole(&life).due(), life.next_fire()), (None, None));
    assert!(!life.was_late(at("2025-02-13T11:00")), "it stands still");
    let left = rules.left(whole(&life), at("2025-01-14T10:00"));
    assert_eq!(left, TimeDelta::hours(5));
    let projected = rules.projected(whole(&life), at("2025-01-14T10:00")).unwrap();
    assert_eq!(projected, at("2025-01-14T16:30"));
    life.resume_all(at("2025-01-14T10:00"), &rules).unwrap();
    assert_eq!(whole(&life).due(), Some(at("2025-01-14T16:30")));
}

#[test]
fn row_71_an_extension_asked_after_the_due_is_refused_and_the_breach_stands() {
    let rules = Rules::built_in();
    let mut life = begun(Kind::Help, Urgency::Normal, at("2025-09-23T10:00"), &rules);
    dispatch(&mut life, &rules, at("2025-09-23T10:00"));
    act(&mut life, &rules, at("2025-09-23T10:30"), &clerk(), Action::Sign {}).unwrap();
    assert_eq!(life.promise, at("2025-09-29T17:30"));
    life.tick(at("2025-09-30T08:59"), &rules);
    let asked = act(
        &mut life,
        &rules,
        at("2025-09-30T09:00"),
        &clerk(),
        Action::AskExtension { days: 2, contacted_at: None, how: None },
    );
    assert!(asked.is_err());
    assert!(life.was_late(at("2025-09-30T09:00")));
    assert_eq!(whole(&life).due_at, at("2025-09-29T17:30"));
}

#[test]
fn row_72_each_percent_is_of_business_time_and_fires_once() {
    let rules = answered_in("BH 7h", "[\"50%\", \"75%\"]");
    let mut life = inquiry(&rules, "2025-01-13T09:00");
    let said = marks(&mut life, "2025-01-13T09:00", "2025-01-13T18:00");
    let expected = [
        (Fire::Warn, at("2025-01-13T14:00")),
        (Fire::Warn, at("2025-01-13T15:45")),
        (Fire::Late, at("2025-01-13T17:31")),
    ];
    assert_eq!(said, expected, "done at 17:30 is in time");
}

#[test]
fn row_73_a_warning_before_due_falls_into_opening_hours_of_its_zone() {
    let flow = [
        ("reply = \"WD 3\"", "reply = \"BH 4h\""),
        ("warnings = [\"yellow\"]", "warnings = [\"BH 1h\"]"),
        ("unit_calendar = \"OFFICE\"", "unit_calendar = \"EU817\""),
    ];
    let hours = "[\"08:00-18:00\"]";
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"]
        .map(|day| format!("{day} = {hours}\n"));
    let paris = format!(
        "name = \"EU817\"\nzone = \"Europe/Paris\"\nknown_until = \"2099-12-31\"\n[week]\n{}",
        days.concat()
    );
    let text = flow.iter().fold(SIPING.to_owned(), |text, (from, to)| text.replacen(from, to, 1));
    let calendars = [("paris".to_owned(), paris), ("hotline".to_owned(), HOTLINE.to_owned())];
    let book = RuleBook::parse(&[("flow".to_owned(), text)], &calendars).unwrap();
    let rules = book.in_force();
    let start = "2025-01-13T17:00:00+01:00".parse::<DateTime<Utc>>().unwrap();
    let life = begun(Kind::Inquiry, Urgency::Normal, start, &rules);
    assert_eq!(whole(&life).due_at.to_rfc3339(), "2025-01-14T10:00:00+00:00");
    assert_eq!(whole(&life).warns[0].to_rfc3339(), "2025-01-14T09:00:00+00:00");
}

#[test]
fn row_74_a_warning_counted_back_over_the_holiday_falls_before_it() {
    let rules = answered_in("BH 9h", "[\"BH 7h\"]");
    let life = inquiry(&rules, "2025-01-27T10:00");
    assert_eq!(whole(&life).due_at, at("2025-02-05T12:00"));
    assert_eq!(whole(&life).warns, [at("2025-01-27T12:00")]);
}

#[test]
fn rows_77_and_78_another_urgency_is_retroactive_or_a_new_clock() {
    let rules = rules_with(
        &[("reply = \"WD 3\"", "reply = \"BH 14h\""), ("reply = \"WD 5\"", "reply = \"BH 4h\"")],
        &[],
    );
    let paused = || {
        let mut life = inquiry(&rules, "2025-01-13T09:00");
        life.pause_all(at("2025-01-13T10:00"));
        life.resume_all(at("2025-01-13T11:00"), &rules).unwrap();
        life.kind = Kind::Help;
        life
    };
    let mut life = paused();
    let moved = life.recompute(at("2025-01-13T15:00"), &rules, true).unwrap();
    assert_eq!(whole(&life).due_at, at("2025-01-13T15:30"), "its old start, with its pause");
    let told = moved.iter().find(|moved| moved.name == Clocks::Whole).unwrap();
    assert_eq!((told.before, told.after), (at("2025-01-15T10:00"), Some(at("2025-01-13T15:30"))));
    assert_eq!(life.promise, at("2025-01-13T15:30"));

    let mut life = paused();
    life.recompute(at("2025-01-13T15:00"), &rules, false).unwrap();
    let clocks: Vec<_> = life.timers.iter().filter(|timer| timer.name == Clocks::Whole).collect();
    assert_eq!(clocks[0].stopped_at, Some(at("2025-01-13T15:00")));
    assert_eq!(clocks[1].due_at, at("2025-01-14T10:30"), "a new clock from now on");
}

#[test]
fn row_80_sign_and_handling_run_from_the_dispatch() {
    let rules = rules_with(
        &[("sign = \"WD 1\"", "sign = \"BH 2h\""), ("reply = \"WD 3\"", "reply = \"WD 5\"")],
        &[],
    );
    let mut life = inquiry(&rules, "2025-01-24T17:00");
    dispatch(&mut life, &rules, at("2025-01-24T17:00"));
    let due = |name| life.timers.iter().find(|timer| timer.name == name).unwrap().due_at;
    assert_eq!(due(Clocks::Sign), at("2025-01-26T10:30"));
    assert_eq!(due(Clocks::Handling), at("2025-02-07T17:30"));
}

#[test]
fn row_82_a_rework_is_a_new_cycle_and_the_first_result_stays() {
    let rules = Rules::built_in();
    let mut life = begun(Kind::Help, Urgency::Normal, at("2025-01-13T10:00"), &rules);
    dispatch(&mut life, &rules, at("2025-01-13T10:00"));
    act(&mut life, &rules, at("2025-01-13T10:30"), &clerk(), Action::Sign {}).unwrap();
    life.go(crate::state::Move::Reply, "").unwrap();
    life.meet(Clocks::Whole, None, at("2025-01-16T10:00"));
    let first = whole(&life).clone();
    life.go(crate::state::Move::Pass, "").unwrap();
    let unsolved = Action::FollowUp {
        reached: true,
        contacted: Some(true),
        solved: Some(Solved::No),
        satisfaction: Some(Satisfaction::Dissatisfied),
        words: "还是不热".to_owned(),
        not_true: false,
        call_id: None,
    };
    act(&mut life, &rules, at("2025-01-23T11:00"), &caller(), unsolved).unwrap();
    assert_eq!((life.cycle, whole(&life).due_at), (2, at("2025-01-27T17:30")));
    let kept = life.timers.iter().find(|timer| timer.name == Clocks::Whole).unwrap();
    assert_eq!(kept, &first, "the first result stays, and the time between is no pause");
    assert!(kept.count.pauses.is_empty());
}

#[test]
fn a_pause_adds_what_each_kind_of_limit_loses() {
    let due = |reply: &str, from: &str, to: &str| {
        let rules = answered_in(reply, "[\"yellow\"]");
        let mut life = inquiry(&rules, "2025-01-13T10:00");
        life.pause_all(at(from));
        life.resume_all(at(to), &rules).unwrap();
        whole(&life).due_at
    };
    let (from, to) = ("2025-01-14T16:30", "2025-01-16T10:00");
    assert_eq!(due("BH 7h", "2025-01-13T16:00", "2025-01-14T10:00"), at("2025-01-14T14:00"));
    assert_eq!(due("WD 5", from, to), at("2025-01-22T17:30"), "two closes lie inside");
    assert_eq!(due("WD-ROLL 5", from, to), at("2025-01-22T10:00"));
    assert_eq!(due("CD 7", from, to), at("2025-01-23T00:00"), "two midnights lie inside");
    assert_eq!(due("CD-ROLL 7", from, to), at("2025-01-22T17:30"));
    assert_eq!(
        due("WALL 48h", from, to),
        at("2025-01-15T10:00") + TimeDelta::minutes(41 * 60 + 30)
    );
}

#[test]
fn what_watches_over_a_suspension_goes_on_while_all_else_stands_still() {
    let rules = Rules::built_in();
    let mut life = begun(Kind::Help, Urgency::Normal, at("2026-03-02T09:00"), &rules);
    dispatch(&mut life, &rules, at("2026-03-02T09:00"));
    let now = at("2026-03-03T10:00");
    life.pause_all(now);
    life.start(&rules, Clocks::SuspensionReview, None, Runs::Always, now, at("2026-04-01T00:00"));
    life.pause_all(at("2026-03-04T10:00"));
    let running: Vec<_> = life.timers.iter().filter(|t| t.is_running() && !t.is_paused()).collect();
    assert_eq!(running.len(), 1);
    assert_eq!(running[0].name, Clocks::SuspensionReview);
    let old = life.promise;
    life.resume_all(at("2026-03-05T10:00"), &rules).unwrap();
    assert_eq!(life.promise, rules.unit_due(old, limit("WD 2")).unwrap(), "two closes were lost");
    assert_eq!(life.legs[0].due_at, life.promise);
    assert_eq!(life.legs[0].sign_due, Some(at("2026-03-03T17:30") + TimeDelta::days(2)));
}

#[test]
fn an_extension_survives_another_count() {
    let rules = Rules::built_in();
    let mut life = begun(Kind::Help, Urgency::Normal, at("2026-03-02T09:00"), &rules);
    dispatch(&mut life, &rules, at("2026-03-02T09:30"));
    let old = life.promise;
    life.extend(&rules, 0, limit("WD 3"), at("2026-03-03T09:00")).unwrap();
    assert_eq!(life.promise, rules.unit_due(old, limit("WD 3")).unwrap());
    let extended = life.clone();
    assert_eq!(life.recompute(at("2026-03-03T10:00"), &rules, true).unwrap(), []);
    assert_eq!(life, extended);
}

/// The afternoon of 18 June 2026 closed.
const TYPHOON: (&str, &str) = (
    "# A closure (typhoon",
    "[[closure]]\nfrom = \"2026-06-18T13:30:00\"\nto = \"2026-06-18T17:30:00\"\nwhy = \"台风停工\"\n# (typhoon",
);

#[test]
fn a_closure_added_later_moves_the_open_clocks_and_says_so() {
    let flow = [("reply = \"WD 3\"", "reply = \"BH 14h\"")];
    let (before, after) = (rules_with(&flow, &[]), rules_with(&flow, &[TYPHOON]));
    let mut life = inquiry(&before, "2026-06-17T09:00");
    assert_eq!(life.promise, at("2026-06-18T17:30"));
    let differ = after.office().differs_from(before.office()).unwrap();
    assert_eq!(differ, at("2026-06-18T13:30"));
    let moved = life.recompute(at("2026-06-18T13:00"), &after, true).unwrap();
    let told: Vec<_> = moved.iter().map(|moved| (moved.name, moved.before, moved.after)).collect();
    // four hours of the afternoon go over the holiday to Monday
    let to = Some(at("2026-06-22T14:30"));
    assert_eq!(told, [(Clocks::Whole, at("2026-06-18T17:30"), to)]);
    assert_eq!(life.promise, at("2026-06-22T14:30"));
}

#[test]
fn a_breach_is_not_taken_back_without_a_word() {
    let flow = [("reply = \"WD 3\"", "reply = \"BH 14h\"")];
    let (before, after) = (rules_with(&flow, &[]), rules_with(&flow, &[TYPHOON]));
    let mut life = inquiry(&before, "2026-06-17T09:00");
    life.tick(at("2026-06-18T17:31"), &after);
    let moved = life.recompute(at("2026-06-19T09:00"), &after, true).unwrap();
    let told = moved.iter().find(|moved| moved.name == Clocks::Whole).unwrap();
    assert!(told.no_longer_late);
    assert!(!life.was_late(at("2026-06-19T09:00")));
    // and the next due has a mark of its own
    let mark = whole(&life).mark(Fire::Late);
    assert_eq!(mark, "1.late");
}

#[test]
fn a_due_beyond_the_known_years_is_provisional_until_the_year_is_loaded() {
    let notice =
        "[[days]]\nsource = \"通知\"\noff = [\"2027-01-01\", \"2027-01-04\"]\n\n# off: days off";
    let next = rules_with(
        &[],
        &[
            ("known_until = \"2026-12-31\"", "known_until = \"2027-12-31\""),
            ("# off: days off", notice),
        ],
    );
    let now = Rules::built_in();
    let mut life = begun(Kind::Complaint, Urgency::Normal, at("2026-12-25T09:00"), &now);
    assert!(whole(&life).provisional);
    let guessed = whole(&life).due_at;
    let moved = life.recompute(at("2026-12-26T09:00"), &next, true).unwrap();
    assert!(!whole(&life).provisional && whole(&life).due_at > guessed);
    assert!(moved.iter().any(|moved| moved.name == Clocks::Whole));
}

#[test]
fn the_time_beyond_the_limit_is_charged_to_who_used_it() {
    use crate::state::Stage;
    let rules = Rules::built_in();
    let mut life = begun(Kind::Inquiry, Urgency::Normal, at("2026-03-02T09:00"), &rules);
    // four hours of the hotline's time are over at 13:00
    dispatch(&mut life, &rules, at("2026-03-02T15:00"));
    life.meet(Clocks::Handling, Some(life.legs[0].id), at("2026-03-06T10:00"));
    life.meet(Clocks::Whole, None, at("2026-03-06T10:00"));
    let event = |at, to| crate::history::Event {
        ticket: life.id,
        seq: 1,
        at,
        staff: None,
        actor: String::new(),
        unit: None,
        unit_name: None,
        action: String::new(),
        reason: String::new(),
        note: None,
        from: None,
        to,
        version: 1,
        leg: None,
        details: serde_json::Value::Null,
        change: None,
        hash: Vec::new(),
    };
    let events = [
        event(at("2026-03-02T09:00"), Stage::Accepted),
        event(at("2026-03-02T15:00"), Stage::Dispatched),
        event(at("2026-03-06T10:00"), Stage::InReview),
    ];
    let now = at("2026-03-06T11:00");
    let shares = crate::breakdown(&life, &events, &rules, now);
    let hours = |share: &crate::Share| (share.secs_business / 3600, share.overdue_secs / 3600);
    // dispatched two hours late; due on the 5th at 17:30, answered an hour into the 6th
    assert_eq!(shares.iter().map(hours).collect::<Vec<_>>(), [(7, 2), (24, 1)]);
    assert_eq!(shares[1].who.as_deref(), Some("单位1"));
    let who: Vec<_> = crate::held(&life, &events, now).into_iter().map(|held| held.who).collect();
    assert_eq!(who, [None, Some("单位1".to_owned()), None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// Whatever happened to a clock, counting it anew gives what it shows, and each mark is one.
    #[test]
    fn a_clock_is_what_its_count_says(
        steps in proptest::collection::vec((0_u8..6, 1_i64..3000), 1..40),
        kind in 0_usize..6,
    ) {
        let book = RuleBook::built_in();
        let rules = book.in_force();
        let mut now = at("2026-02-10T09:00");
        let mut life = begun(Kind::ALL[kind], Urgency::Normal, now, &rules);
        let mut seen = std::collections::BTreeSet::new();
        for (what, minutes) in steps {
            now += TimeDelta::minutes(minutes);
            for fired in life.tick(now, &rules) {
                // a rung is there once for its leg, even where its clock was begun anew
                let seq = if fired.rung.is_some() { -1 } else { fired.seq };
                prop_assert!(seen.insert((seq, fired.mark.clone())), "{fired:?} twice");
            }
            match what {
                0 if life.legs.is_empty() => dispatch(&mut life, &rules, now),
                1 => life.pause_all(now),
                2 => drop(life.resume_all(now, &rules).unwrap()),
                3 if !life.legs.is_empty() => life.extend(&rules, 0, limit("WD 1"), now).unwrap(),
                4 => {
                    life.kind = Kind::ALL[usize::try_from(minutes).unwrap() % 6];
                    life.recompute(now, &rules, minutes % 2 == 0).unwrap();
                }
                _ => {}
            }
            let shown = life.clone();
            let moved = life.recount(&rules, now).unwrap();
            prop_assert_eq!(&moved, &Vec::new());
            prop_assert_eq!(&life, &shown);
            for timer in life.timers.iter().filter(|timer| timer.is_running()) {
                let waits = timer.late_at.is_none() || !timer.count.rungs.is_empty();
                prop_assert_eq!(timer.fire_at().is_some(), !timer.is_paused() && waits);
            }
        }
    }
}
