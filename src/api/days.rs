//! Days as the hotline counts them: from midnight to midnight where the city is.
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};

use crate::{App, Error};

/// The day on which `at` lies.
pub(crate) fn day_of(app: &App, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&app.workflow.rules().office().zone()).date_naive()
}

/// Where the day begins.
pub(crate) fn begins(app: &App, day: NaiveDate) -> DateTime<Utc> {
    let zone = app.workflow.rules().office().zone();
    let midnight = day.and_time(NaiveTime::MIN);
    let here = zone.from_local_datetime(&midnight).earliest();
    here.map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// Where the day ends.
pub(crate) fn ends(app: &App, day: NaiveDate) -> DateTime<Utc> {
    begins(app, day.checked_add_days(Days::new(1)).unwrap_or(day))
}

/// The coming midnight, and the one after it.
pub(crate) fn midnights(app: &App) -> (DateTime<Utc>, DateTime<Utc>) {
    let today = day_of(app, app.clock.now());
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    (ends(app, today), ends(app, tomorrow))
}

/// As the city's clocks show it.
pub(crate) fn local(app: &App, at: DateTime<Utc>) -> String {
    at.with_timezone(&app.workflow.rules().office().zone()).format("%Y-%m-%d %H:%M").to_string()
}

/// A time (RFC 3339), or a day: its beginning, or with `last` its end.
pub(crate) fn moment(app: &App, text: &str, last: bool) -> Result<DateTime<Utc>, Error> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(if last { ends(app, day) } else { begins(app, day) });
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Ok(at.to_utc()),
        Err(_) => Err(Error::invalid("bad_query", format!("{text} 不是日期或时间"))),
    }
}
