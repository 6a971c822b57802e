//! The shipped profiles, and files that are refused.
use super::*;
use crate::testing::{HOTLINE, OFFICE, at, limit, read_flow};

const SIPING: &str = include_str!("../../../sip-config/flow/siping.toml");

/// What a changed profile is refused with.
fn refused(text: &str) -> String {
    read_flow(text.to_owned()).unwrap_err()
}

#[test]
fn the_shipped_profiles_are_read_and_the_newest_is_in_force() {
    let book = RuleBook::built_in();
    let labels: Vec<_> = book.all().map(|rules| rules.label()).collect();
    assert_eq!(labels, ["beijing-levels@1", "siping@1", "siping@2"]);
    assert_eq!(book.in_force().label(), "siping@2");
    let rules = Rules::built_in();
    assert_eq!(rules.limits(Kind::Complaint, Urgency::Normal).reply, limit("WD 10"));
    assert_eq!(rules.limits(Kind::Complaint, Urgency::Emergency).reply, limit("WALL 2h"));
}

#[test]
fn the_first_version_stays_what_it_was() {
    let rules = RuleBook::built_in().of("siping", 1).unwrap();
    let limits = rules.limits(Kind::Help, Urgency::Normal);
    assert_eq!(limits.first_contact, None);
    assert_eq!(limits.arbitration, limits.decide_return);
    assert!(!rules.approval(Kind::Report) && rules.reply_blocks(Kind::Report).is_empty());
    assert_eq!(rules.warnings, [Mark::Yellow]);
}

#[test]
fn the_second_version_has_the_limits_of_the_whole_table() {
    let rules = RuleBook::built_in().of("siping", 2).unwrap();
    let limits = rules.limits(Kind::Help, Urgency::Normal);
    assert_eq!(limits.first_contact, Some(limit("WD 1")));
    assert_eq!((limits.arbitration, limits.decide_withdrawal), (limit("WD 2"), limit("BH 4h")));
    let urgent = rules.limits(Kind::Help, Urgency::Emergency);
    assert_eq!(
        (urgent.first_contact, urgent.arbitration),
        (Some(limit("WALL 30m")), limit("WALL 4h"))
    );
    assert_eq!(rules.limits(Kind::Suggestion, Urgency::Normal).first_contact, None);
    assert_eq!((rules.suspension.max_days, rules.archive_days), (180, 30));
    assert_eq!(rules.limits(Kind::Suggestion, Urgency::Normal).follow_up_share, 30);
    let levels: Vec<_> = rules.escalation.iter().map(|rung| rung.level.word()).collect();
    assert_eq!(levels, ["red", "red", "order", "meeting"]);
}

#[test]
fn the_levels_of_beijing_run_in_natural_time() {
    let rules = RuleBook::built_in().current("beijing-levels").unwrap();
    let due = |kind, urgency| {
        rules.unit_due(at("2025-09-29T10:00"), rules.limits(kind, urgency).reply).unwrap()
    };
    assert_eq!(due(Kind::Help, Urgency::Emergency), at("2025-09-29T12:00"));
    assert_eq!(due(Kind::Help, Urgency::Utility), at("2025-09-30T10:00"));
    assert_eq!(due(Kind::Help, Urgency::Normal), at("2025-10-07T00:00"), "in a holiday too");
    assert_eq!(due(Kind::Report, Urgency::Normal), at("2025-10-15T00:00"));
}

#[test]
fn a_level_below_may_have_shorter_limits() {
    let text = SIPING.replace("[limits.complaint]", "[limits.help.county]\nsign = \"BH 4h\"\n\n[limits.help.township]\nreply = \"WD 3\"\n\n[limits.complaint]");
    let book = read_flow(text).unwrap();
    let rules = book.in_force();
    let help = |level| rules.limits_at(Kind::Help, Urgency::Normal, level);
    assert_eq!(help(Level::City).sign, Some(limit("WD 1")));
    assert_eq!(help(Level::County).sign, Some(limit("BH 4h")));
    assert_eq!(
        (help(Level::Township).reply, help(Level::County).reply),
        (limit("WD 3"), limit("WD 5"))
    );
}

#[test]
fn a_follow_up_due_at_night_is_due_at_nine() {
    let rules = Rules::built_in();
    let due = |start| rules.follow_up_due(at(start), limit("WALL 4h")).unwrap();
    assert_eq!(due("2026-03-02T18:30"), at("2026-03-03T09:00"));
    assert_eq!(due("2026-03-03T01:00"), at("2026-03-03T09:00"));
    assert_eq!(due("2026-03-02T16:00"), at("2026-03-02T20:00"));
}

#[test]
fn a_one_day_clock_is_not_born_yellow() {
    let rules = Rules::built_in();
    let warn = |start, due| rules.warnings_at(Runs::Office, at(start), at(due), &[]);
    assert!(warn("2026-03-02T10:00", "2026-03-03T17:30")[0] > at("2026-03-03T09:00"));
    assert_eq!(warn("2026-03-02T10:00", "2026-03-06T17:30"), [at("2026-03-05T17:30")]);
}

#[test]
fn several_warnings_are_counted_in_business_time() {
    let text = SIPING.replace(
        "warn_percent = 75",
        "warnings = [\"50%\", \"75%\", \"BH 1h\"]\nwarn_percent = 75",
    );
    let rules = read_flow(text).unwrap().in_force();
    let (start, due) = (at("2025-01-13T09:00"), at("2025-01-13T17:30"));
    let all = rules.warnings_at(Runs::Office, start, due, &[]);
    assert_eq!(all, [at("2025-01-13T14:00"), at("2025-01-13T15:45"), at("2025-01-13T16:30")]);
}

#[test]
fn a_warning_is_as_fine_as_the_database_keeps_it() {
    let rules = RuleBook::built_in().in_force();
    let start = at("2025-01-13T09:00") + chrono::TimeDelta::microseconds(1);
    let all = rules.warnings_at(Runs::Always, start, at("2025-01-13T17:30"), &[]);
    assert!(!all.is_empty());
    for warning in all {
        assert_eq!(warning.timestamp_subsec_nanos() % 1000, 0, "{warning}");
    }
}

/// The shipped book with the office's days known until another day.
fn known_until(day: &str) -> RuleBook {
    let office =
        OFFICE.replace("known_until = \"2026-12-31\"", &format!("known_until = \"{day}\""));
    assert!(office.contains(day));
    let calendars = [&office, HOTLINE].map(|text| ("calendar".to_owned(), text.to_owned()));
    RuleBook::parse(&[("flow".to_owned(), SIPING.to_owned())], &calendars).unwrap()
}

#[test]
fn from_november_on_the_coming_year_is_missed_until_it_is_loaded() {
    let book = known_until("2026-12-31");
    assert_eq!(book.missing_year(at("2026-10-31T23:59")), None);
    assert_eq!(book.missing_year(at("2026-11-01T00:00")), Some(2027));
    assert_eq!(book.missing_year(at("2026-12-31T12:00")), Some(2027));
    assert_eq!(
        book.missing_year(at("2027-01-02T12:00")),
        Some(2027),
        "and in that year all the more"
    );
    assert_eq!(
        book.missing_year(at("2028-03-02T12:00")),
        Some(2027),
        "the first one that is missing"
    );
    let loaded = known_until("2027-12-31");
    assert_eq!(loaded.missing_year(at("2026-11-01T00:00")), None);
    assert_eq!(loaded.missing_year(at("2027-10-31T12:00")), None);
    assert_eq!(loaded.missing_year(at("2027-11-01T12:00")), Some(2028));
    // half a year is not the year
    assert_eq!(known_until("2027-06-30").missing_year(at("2026-11-01T00:00")), Some(2027));
}

#[test]
fn a_mistake_names_file_line_and_key() {
    let unknown = SIPING.replace("max_cycles = 4", "max_cycle = 4");
    assert!(
        refused(&unknown).starts_with("flow/city.toml:14: max_cycle: unknown field"),
        "{}",
        refused(&unknown)
    );
    let bad = SIPING.replacen("reply = \"WD 3\"", "reply = \"three days\"", 1);
    assert!(
        refused(&bad).starts_with("flow/city.toml:23: limits.inquiry.reply: "),
        "{}",
        refused(&bad)
    );
    let missing = SIPING.replace("[limits.praise]", "[limits.thanks]");
    assert!(refused(&missing).contains("limits.praise"), "{}", refused(&missing));
    let calendar = SIPING.replace("unit_calendar = \"OFFICE\"", "unit_calendar = \"OFICE\"");
    assert!(
        refused(&calendar).contains("unit_calendar: no calendar is called"),
        "{}",
        refused(&calendar)
    );
}
