//! Proving a calendar: rows of calendar, start, target, pauses and due are computed and compared.
//! The calendars of the test vectors are built in.
use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{Error, Hours, Limit, Pause, WorkCalendar};

/// The shipped calendar of the units.
pub(crate) const OFFICE: &str = include_str!("../../../sip-config/calendar/office.toml");

/// The calendars of the test vectors, by name.
pub fn built_in() -> BTreeMap<String, WorkCalendar> {
    use chrono_tz::{America::New_York, Asia::Shanghai, Europe};
    const NONE: &str = "";
    let week = |name: &str, zone: Tz, hours: [&str; 7]| {
        Hours::weekly(name, zone, hours).expect("built-in hours are well formed")
    };
    let daily = |name: &str, zone, hours| week(name, zone, [hours; 7]);
    let office_days = |name: &str, zone, h| week(name, zone, [h, h, h, h, h, NONE, NONE]);
    let office = Hours::parse(OFFICE).expect("the shipped calendar is well formed");
    let mut typhoon = office.clone().renamed("OFFICE+typhoon");
    let day = NaiveDate::from_ymd_opt(2026, 6, 18).expect("a valid date");
    let at = |hour, minute| {
        day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).expect("a valid time"))
    };
    typhoon.close(at(13, 30), at(17, 30));
    let jsm = ["09:00-17:00", "09:00-16:00", NONE, "08:00-17:00", NONE, NONE, NONE];
    let tuesday = [NONE, "08:00-17:00", NONE, NONE, NONE, NONE, NONE];
    [
        office.clone().renamed("OFFICE"),
        office.renamed("PLAIN").without_dates(),
        typhoon,
        daily("24x7", Shanghai, "00:00-24:00"),
        office_days("EU817", Europe::Paris, "08:00-18:00"),
        office_days("BER917", Europe::Berlin, "09:00-17:00"),
        daily("NY24", New_York, "00:00-24:00"),
        daily("BER0006", Europe::Berlin, "00:00-06:00"),
        daily("NIGHT2206", Shanghai, "22:00-30:00"),
        week("JSMDOC", Shanghai, jsm),
        week("TUE817", Shanghai, tuesday),
        office_days("L918", Shanghai, "09:00-13:00 14:00-18:00"),
        daily("EMPTY", Shanghai, NONE),
    ]
    .iter()
    .map(|hours| (hours.name.clone(), WorkCalendar::compile(hours)))
    .collect()
}

/// Runs the rows of a file; true when no row is wrong. Each line printed ends in a tab and
/// `ok`, `wrong: <computed>`, `wrong: line <n>: <why>` where a row cannot be read, or `skipped: <why>`. A bad
/// row does not keep the others from being done.
pub fn check_file(path: &Path, out: &mut dyn FnMut(&str)) -> Result<bool, Error> {
    let bytes = std::fs::read(path)
        .map_err(|error| Error::BadFile(format!("{}: {error}", path.display())))?;
    // what is no text spoils its own row only
    check_text(&String::from_utf8_lossy(&bytes), &built_in(), out)
}

/// Like [`check_file`], with the rows and the calendars at hand.
pub fn check_text(
    text: &str,
    calendars: &BTreeMap<String, WorkCalendar>,
    out: &mut dyn FnMut(&str),
) -> Result<bool, Error> {
    let mut lines = text.lines().map(|line| line.trim_end_matches('\r'));
    let head = lines.next().unwrap_or_default().trim_start_matches('\u{feff}');
    let head: Vec<&str> = head.split('\t').map(str::trim).collect();
    let column = |name: &str| {
        head.iter().position(|found| *found == name).ok_or_else(|| {
            Error::BadFile(format!(
                "line 1: no column {name:?}; needed are calendar, start, target, pauses, due"
            ))
        })
    };
    let columns = [
        column("calendar")?,
        column("start")?,
        column("target")?,
        column("pauses")?,
        column("due")?,
    ];
    let needed = columns.iter().max().map_or(0, |last| last + 1);
    let mut right = true;
    for (number, line) in (2..).zip(lines).filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        if cells.len() < needed {
            right = false;
            let why = format!("{} columns, {needed} are needed", cells.len());
            out(&format!("{line}\twrong: line {number}: {why}"));
            continue;
        }
        let [calendar, start, target, pauses, due] =
            columns.map(|column| cells.get(column).copied().unwrap_or_default());
        let verdict = check_row(calendars.get(calendar), start, target, pauses, due);
        let verdict = match verdict {
            Verdict::Ok => "ok".to_owned(),
            Verdict::Wrong(computed) => {
                right = false;
                format!("wrong: {computed}")
            }
            Verdict::Bad(why) => {
                right = false;
                format!("wrong: line {number}: {why}")
            }
            Verdict::Skipped(why) => format!("skipped: {why}"),
        };
        let first = head.first().filter(|name| **name == "id").map_or("", |_| cells[0]);
        out(&format!("{first}\t{calendar}\t{start}\t{target}\t{pauses}\t{due}\t{verdict}"));
    }
    Ok(right)
}

enum Verdict {
    Ok,
    Wrong(String),
    /// It cannot be read.
    Bad(String),
    Skipped(String),
}

fn check_row(
    calendar: Option<&WorkCalendar>,
    start: &str,
    target: &str,
    pauses: &str,
    due: &str,
) -> Verdict {
    let Ok(limit) = target.parse::<Limit>() else {
        return Verdict::Skipped("the target is not KIND AMOUNT".to_owned());
    };
    let expected_error = due.strip_prefix("error ");
    if expected_error.is_none() && !due.starts_with(|c: char| c.is_ascii_digit()) {
        return Verdict::Skipped("the due is not a time".to_owned());
    }
    if pauses.contains("open") {
        return Verdict::Skipped("a pause is open".to_owned());
    }
    let Some(calendar) = calendar else {
        return Verdict::Bad("no calendar has this name".to_owned());
    };
    let Some((start, year, month)) = moment(calendar.zone(), start) else {
        return Verdict::Bad("the start is no time of this calendar's zone".to_owned());
    };
    let Some(pauses) = read_pauses(calendar.zone(), year, month, pauses) else {
        return Verdict::Skipped("the pauses are not MM-DD HH:MM→MM-DD HH:MM".to_owned());
    };
    let computed = calendar.due(start, limit, &pauses);
    match (computed, expected_error) {
        (Err(error), Some(code)) if error.code() == code => Verdict::Ok,
        (Err(error), _) => Verdict::Wrong(format!("error {}", error.code())),
        (Ok(found), None) if moment(calendar.zone(), due).is_some_and(|(due, ..)| due == found) => {
            Verdict::Ok
        }
        (Ok(found), _) => Verdict::Wrong(written(calendar.zone(), found, due)),
    }
}

/// The computed time in the form of the expected one.
fn written(zone: Tz, at: DateTime<Utc>, like: &str) -> String {
    let at = at.with_timezone(&zone);
    let seconds = if at.timestamp() % 60 == 0 { "" } else { ":%S" };
    let zoned = like.split_whitespace().nth(3).map_or("", |_| " %Z");
    at.format(&format!("%Y-%m-%d %a %H:%M{seconds}{zoned}")).to_string()
}

/// `YYYY-MM-DD ddd HH:MM[:SS] [zone]`; the weekday and the zone must be right.
fn moment(zone: Tz, text: &str) -> Option<(DateTime<Utc>, i32, u32)> {
    let mut words = text.split_whitespace();
    let date: NaiveDate = words.next()?.parse().ok()?;
    let weekday = words.next()?;
    if date.format("%a").to_string() != weekday {
        return None;
    }
    let local = date.and_time(clock(words.next()?)?);
    let found = match words.next() {
        None => zone.from_local_datetime(&local).earliest()?,
        Some(name) => {
            let both = zone.from_local_datetime(&local);
            [both.earliest(), both.latest()]
                .into_iter()
                .flatten()
                .find(|found| found.format("%Z").to_string() == name)?
        }
    };
    words.next().is_none().then_some((found.with_timezone(&Utc), date.year(), date.month()))
}

fn read_pauses(zone: Tz, year: i32, month: u32, text: &str) -> Option<Vec<Pause>> {
    if matches!(text, "" | "–" | "-" | "—") {
        return Some(Vec::new());
    }
    let read = |text: &str, year: i32, month: u32| {
        let (date, time) = text.trim().split_once(' ')?;
        let (new_month, day) = date.split_once('-')?;
        let (new_month, day) = (new_month.parse().ok()?, day.parse().ok()?);
        let year = if new_month < month { year + 1 } else { year }; // the month has wrapped
        let local: NaiveDateTime =
            NaiveDate::from_ymd_opt(year, new_month, day)?.and_time(clock(time)?);
        let found = zone.from_local_datetime(&local).earliest()?;
        Some((found.with_timezone(&Utc), year, new_month))
    };
    let mut found = Vec::new();
    for pause in text.split(';') {
        let (from, to) = pause.split_once('→')?;
        let (from, year, month) = read(from, year, month)?;
        let (to, ..) = read(to, year, month)?;
        found.push(Pause { from, to });
    }
    Some(found)
}

fn clock(text: &str) -> Option<NaiveTime> {
    let format = if text.matches(':').count() == 2 { "%H:%M:%S" } else { "%H:%M" };
    NaiveTime::parse_from_str(text, format).ok()
}
