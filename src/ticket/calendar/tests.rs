//! The vectors as a table, the rows with words by hand, and what must hold for every calendar.
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;

const VECTORS: &str = include_str!("../sla-vectors.tsv");

fn calendar(name: &str) -> WorkCalendar {
    built_in().remove(name).unwrap()
}

/// A time on the wall in Siping.
fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_str(&format!("{text}:00 +0800"), "%Y-%m-%d %H:%M:%S %z").unwrap().to_utc()
}

#[test]
fn every_vector_of_the_plain_form_is_met() {
    let mut lines = Vec::new();
    let right = check_text(VECTORS, &built_in(), &mut |line| lines.push(line.to_owned())).unwrap();
    let wrong: Vec<_> = lines.iter().filter(|line| line.contains("\twrong: ")).collect();
    assert!(right && wrong.is_empty(), "{wrong:#?}");
    assert_eq!(lines.len(), VECTORS.lines().count() - 1);
    let skipped = lines.iter().filter(|line| line.contains("\tskipped: ")).count();
    assert_eq!(skipped, 7, "rows 66, 71, 72, 73, 74, 80 and 82 have words in them");
}

#[test]
fn a_wrong_row_is_told_with_the_computed_time_and_fails() {
    let text = "calendar\tstart\ttarget\tpauses\tdue\nOFFICE\t2025-01-02 Thu 10:00\tBH 2h\t–\t2025-01-02 Thu 13:30\n";
    let mut said = String::new();
    let right = check_text(text, &built_in(), &mut |line| line.clone_into(&mut said)).unwrap();
    assert!(!right);
    assert!(said.ends_with("\twrong: 2025-01-02 Thu 12:00"), "{said}");
}

#[test]
fn a_calendar_that_does_not_exist_is_wrong() {
    let text = "calendar\tstart\ttarget\tpauses\tdue\nOFICE\t2025-01-02 Thu 10:00\tBH 2h\t–\t2025-01-02 Thu 12:00\n";
    assert!(!check_text(text, &built_in(), &mut |_| {}).unwrap());
}

#[test]
fn a_row_that_cannot_be_read_is_told_with_its_line_and_the_others_are_done() {
    let row = "OFFICE\t2025-01-02 Thu 10:00\tBH 2h\t–\t2025-01-02 Thu 12:00";
    let bad = ["OFFICE\t2025-01-02", "OFICE\t2025-01-02 Thu 10:00\tBH 2h\t–\t2025-01-02 Thu 12:00"];
    let noon = "OFFICE\t2025-01-02 noon\tBH 2h\t–\t2025-01-02 Thu 12:00";
    let [few, calendar] = bad;
    let text = format!(
        "calendar\tstart\ttarget\tpauses\tdue\n{few}\n{row}\n\n{calendar}\n{noon}\n{row}\n"
    );
    let mut said = Vec::new();
    let right = check_text(&text, &built_in(), &mut |line| said.push(line.to_owned())).unwrap();
    assert!(!right);
    let ends = [
        "wrong: line 2: 2 columns, 5 are needed",
        "ok",
        "wrong: line 5: no calendar has this name",
        "wrong: line 6: the start is no time of this calendar's zone",
        "ok",
    ];
    assert_eq!(said.len(), ends.len());
    for (line, end) in said.iter().zip(ends) {
        assert!(line.ends_with(&format!("\t{end}")), "{line}");
    }
}

#[test]
fn row_66_an_open_pause_leaves_a_remainder_and_a_projection() {
    let office = calendar("OFFICE");
    let left = office.left(at("2025-01-13 09:00"), hours(7), &[], at("2025-01-13 11:00"));
    assert_eq!(left, hours(5));
    let projected = office.add(at("2025-01-14 10:00"), left).unwrap();
    assert_eq!(projected, at("2025-01-14 16:30"));
}

#[test]
fn row_72_percent_is_of_business_time() {
    let office = calendar("OFFICE");
    let warn = |minutes| office.add(at("2025-01-13 09:00"), TimeDelta::minutes(minutes)).unwrap();
    assert_eq!(warn(210), at("2025-01-13 14:00"));
    assert_eq!(warn(315), at("2025-01-13 15:45"));
    assert_eq!(warn(420), at("2025-01-13 17:30"));
}

#[test]
fn row_73_a_warning_before_due_stays_in_hours_and_zone() {
    let europe = calendar("EU817");
    let start = "2025-01-13T17:00:00+01:00".parse::<DateTime<Utc>>().unwrap();
    let due = europe.due(start, Limit::Business(hours(4)), &[]).unwrap();
    assert_eq!(due.to_rfc3339(), "2025-01-14T10:00:00+00:00");
    assert_eq!(europe.sub(due, hours(1)).unwrap().to_rfc3339(), "2025-01-14T09:00:00+00:00");
}

#[test]
fn row_74_a_warning_counted_back_falls_before_the_holiday() {
    let office = calendar("OFFICE");
    let due = office.due(at("2025-01-27 10:00"), Limit::Business(hours(9)), &[]).unwrap();
    assert_eq!(due, at("2025-02-05 12:00"));
    assert_eq!(office.sub(due, hours(7)).unwrap(), at("2025-01-27 12:00"));
}

#[test]
fn row_80_sign_and_handling_both_run_from_dispatch() {
    let office = calendar("OFFICE");
    let sign = office.due(at("2025-01-24 17:00"), "BH 2h".parse().unwrap(), &[]).unwrap();
    let handling = office.due(at("2025-01-24 17:00"), "WD-EOD 5".parse().unwrap(), &[]).unwrap();
    assert_eq!(sign, at("2025-01-26 10:30"));
    assert_eq!(handling, at("2025-02-07 17:30"));
}

#[test]
fn row_82_a_rework_counts_from_its_own_start() {
    let due = calendar("OFFICE").due(at("2025-01-23 11:00"), "WD-EOD 3".parse().unwrap(), &[]);
    assert_eq!(due.unwrap(), at("2025-01-27 17:30"));
}

#[test]
fn a_day_beyond_the_known_list_is_provisional() {
    let office = calendar("OFFICE");
    assert!(!office.is_provisional(at("2026-12-31 17:30")));
    assert!(office.is_provisional(at("2027-01-04 17:30")));
}

#[test]
fn a_night_shift_is_counted_over_midnight() {
    let night = calendar("NIGHT2206");
    let due = night.due(at("2025-01-13 23:00"), "BH 8h".parse().unwrap(), &[]).unwrap();
    assert_eq!(due, at("2025-01-14 23:00"));
}

#[test]
fn nonsense_is_no_limit() {
    for text in ["BH", "BH x", "BH 2", "WD 1.5", "BH -2h", "BH 1.h", "XX 3", "", "WALL 2h x"] {
        assert!(text.parse::<Limit>().is_err(), "{text}");
    }
}

#[test]
fn a_calendar_file_with_an_unknown_key_is_refused() {
    let text = format!("{}\nhollidays = 3\n", vectors::OFFICE);
    assert!(matches!(Hours::parse(&text), Err(Error::Mistake(_))));
}

fn hours(n: i64) -> TimeDelta {
    TimeDelta::hours(n)
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    // 2024-07 to 2028-06, to the second
    (1_720_000_000_i64..1_846_000_000).prop_map(|s| DateTime::from_timestamp(s, 0).unwrap())
}

fn spans() -> impl Strategy<Value = TimeDelta> {
    (0_i64..400 * 3600).prop_map(TimeDelta::seconds)
}

fn limits() -> impl Strategy<Value = Limit> {
    prop_oneof![
        spans().prop_map(Limit::Business),
        spans().prop_map(Limit::Wall),
        (0_u32..30).prop_map(Limit::DayEnd),
        (0_u32..30).prop_map(Limit::DayRoll),
        (0_u32..60).prop_map(Limit::Natural),
        (0_u32..60).prop_map(Limit::NaturalRoll),
    ]
}

fn pauses() -> impl Strategy<Value = Vec<Pause>> {
    let pause = (instants(), 0_i64..20 * 86_400)
        .prop_map(|(from, len)| Pause { from, to: from + TimeDelta::seconds(len) });
    proptest::collection::vec(pause, 0..6)
}

proptest! {
    #[test]
    fn what_was_added_has_elapsed(start in instants(), n in spans()) {
        let office = calendar_once();
        let due = office.add(start, n).unwrap();
        prop_assert_eq!(office.elapsed(start, due), n);
        if n > TimeDelta::zero() {
            let back = office.sub(due, n).unwrap();
            prop_assert!(back <= start.max(back) && office.elapsed(back, due) == n);
        }
    }

    #[test]
    fn a_later_start_or_a_longer_limit_is_never_due_earlier(
        start in instants(), later in 0_i64..2_000_000, n in spans(), more in spans(),
    ) {
        let office = calendar_once();
        let due = office.due(start, Limit::Business(n), &[]).unwrap();
        let shifted = start + TimeDelta::seconds(later);
        prop_assert!(office.due(shifted, Limit::Business(n), &[]).unwrap() >= due);
        prop_assert!(office.due(start, Limit::Business(n + more), &[]).unwrap() >= due);
    }

    #[test]
    fn the_order_and_the_cuts_of_pauses_do_not_matter(
        start in instants(), limit in limits(), pauses in pauses(), cut in 0.0_f64..1.0,
    ) {
        let office = calendar_once();
        let due = office.due(start, limit, &pauses).unwrap();
        let mut turned = pauses.clone();
        turned.reverse();
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a place to cut")]
        let split: Vec<Pause> = turned.iter().flat_map(|pause| {
            let length = (pause.to - pause.from).num_seconds();
            let middle = pause.from + TimeDelta::seconds((length as f64 * cut) as i64);
            [Pause { from: pause.from, to: middle }, Pause { from: middle, to: pause.to }]
        }).collect();
        prop_assert_eq!(office.due(start, limit, &turned).unwrap(), due);
        prop_assert_eq!(office.due(start, limit, &split).unwrap(), due);
        prop_assert!(office.due(start, limit, &[]).unwrap() <= due);
    }

    #[test]
    fn another_day_off_never_makes_a_due_earlier(
        start in instants(), limit in limits(), day in 0_u64..900,
    ) {
        let mut hours = Hours::parse(vectors::OFFICE).unwrap();
        hours.day_off(NaiveDate::from_ymd_opt(2024, 7, 1).unwrap() + Days::new(day));
        let before = calendar_once().due(start, limit, &[]).unwrap();
        prop_assert!(WorkCalendar::compile(&hours).due(start, limit, &[]).unwrap() >= before);
    }

    #[test]
    fn wall_time_knows_no_calendar(start in instants(), n in spans(), pauses in pauses()) {
        let limit = Limit::Wall(n);
        let empty = calendar_once_named("EMPTY").due(start, limit, &pauses).unwrap();
        prop_assert_eq!(calendar_once().due(start, limit, &pauses).unwrap(), empty);
    }
}

fn calendar_once() -> &'static WorkCalendar {
    calendar_once_named("OFFICE")
}

fn calendar_once_named(name: &str) -> &'static WorkCalendar {
    use std::sync::OnceLock;
    static ALL: OnceLock<std::collections::BTreeMap<String, WorkCalendar>> = OnceLock::new();
    &ALL.get_or_init(built_in)[name]
}
