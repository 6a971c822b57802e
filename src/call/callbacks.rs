//! Whom to call back by when (漏接电话回拨), and what is kept of that.
use chrono::{DateTime, FixedOffset, NaiveTime, TimeDelta, Utc};

/// Siping's time of day. The country has had one zone and no summer time since 1991.
pub(crate) fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&FixedOffset::east_opt(8 * 3600).expect("eight hours"))
}

/// Within half an hour; what is missed between 22:00 and 07:00, by 08:30.
pub fn due(missed: DateTime<Utc>) -> DateTime<Utc> {
    let at = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).expect("a time of day");
    let here = local(missed);
    let morning = match here.time() {
        late if late >= at(22, 0) => here.date_naive().succ_opt(),
        early if early < at(7, 0) => Some(here.date_naive()),
        _ => None,
    };
    let morning =
        morning.and_then(|day| day.and_time(at(8, 30)).and_local_timezone(*here.offset()).single());
    morning.map_or(missed + TimeDelta::minutes(30), |morning| morning.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_missed_by_day_is_called_back_within_half_an_hour_and_by_night_in_the_morning() {
        for (missed, by) in [
            ("2026-03-02T10:00:00+08:00", "2026-03-02T10:30:00+08:00"),
            ("2026-03-02T21:59:59+08:00", "2026-03-02T22:29:59+08:00"),
            ("2026-03-02T22:00:00+08:00", "2026-03-03T08:30:00+08:00"),
            ("2026-03-03T06:59:59+08:00", "2026-03-03T08:30:00+08:00"),
            ("2026-03-03T07:00:00+08:00", "2026-03-03T07:30:00+08:00"),
        ] {
            let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
            assert_eq!(due(at(missed)), at(by), "{missed}");
        }
    }
}
