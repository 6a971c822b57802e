//! Working calendars (工作日历): when a clock runs. Compiled once into intervals with running
//! totals, so that each question is two binary searches. Knows no tickets.
mod hours;
mod limit;
mod read;
mod vectors;

pub use hours::{Closed, Hours};
pub use limit::{Limit, Pause, unite};
pub use read::Mistake;
pub(crate) use read::read_toml;
pub use vectors::{built_in, check_file, check_text};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Why a calendar gives no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It has no hours at all.
    #[error("CALENDAR_HAS_NO_WORKING_TIME")]
    NoWorkingTime,
    /// The answer lies outside the years that were compiled.
    #[error("CALENDAR_ENDS")]
    Ends,
    /// A limit that cannot be read.
    #[error("{0:?} is no limit; write KIND AMOUNT, for example BH 4h or WD-EOD 5")]
    BadLimit(String),
    /// A calendar file that cannot be read.
    #[error("{0}")]
    BadFile(String),
    /// A mistake whose place in a file is known.
    #[error("{0}")]
    Mistake(Mistake),
}

impl Error {
    /// The code printed for administrators.
    pub fn code(&self) -> String {
        self.to_string()
    }

    /// A mistake in a file, found after it was read.
    pub(crate) fn mistake(file: &str, key: &str, why: &str) -> Self {
        let (file, key, why) = (file.to_owned(), key.to_owned(), why.to_owned());
        Self::Mistake(Mistake { file, line: None, key, why })
    }
}

/// One working day: it opens and closes, and may have breaks between.
#[derive(Debug, Clone, Copy)]
struct Day {
    date: NaiveDate,
    open: i64,
    close: i64,
}

/// A calendar ready for questions. Times inside are microseconds since 1970, intervals half-open.
#[derive(Debug, Clone)]
pub struct WorkCalendar {
    name: String,
    zone: Tz,
    known_until: NaiveDate,
    closed: Vec<Closed>,
    sources: Vec<String>,
    opens: Vec<i64>,
    closes: Vec<i64>,
    /// Working time of all intervals up to and with this one.
    totals: Vec<i64>,
    days: Vec<Day>,
    from: i64,
    to: i64,
}

/// The years a calendar is compiled for.
const YEARS: std::ops::Range<i32> = 2019..2041;

impl WorkCalendar {
    /// Compiles the hours of `hours` for all the years we answer for.
    pub fn compile(hours: &Hours) -> Self {
        let first = NaiveDate::from_ymd_opt(YEARS.start, 1, 1).expect("a valid date");
        let last = NaiveDate::from_ymd_opt(YEARS.end, 1, 1).expect("a valid date");
        let zone = hours.zone;
        let mut spans: Vec<(i64, i64)> = Vec::new();
        let mut days = Vec::new();
        for date in first.iter_days().take_while(|date| *date < last) {
            let mut day: Vec<(i64, i64)> = Vec::new();
            for &(open, close) in hours.of(date) {
                let midnight = date.and_time(NaiveTime::MIN);
                let open = instant(zone, midnight + TimeDelta::seconds(open)).timestamp_micros();
                let close = instant(zone, midnight + TimeDelta::seconds(close)).timestamp_micros();
                day.extend(hours.open_parts(open, close));
            }
            let (Some(&(open, _)), Some(&(_, close))) = (day.first(), day.last()) else { continue };
            days.push(Day { date, open, close });
            spans.extend(day);
        }
        spans.sort_unstable();
        let (mut opens, mut closes, mut totals) = (Vec::new(), Vec::new(), Vec::new());
        let mut total = 0;
        for (open, close) in spans {
            // a night shift may reach into the next day's hours: count them once
            let open = open.max(closes.last().copied().unwrap_or(open));
            if close > open {
                total += close - open;
                opens.push(open);
                closes.push(close);
                totals.push(total);
            }
        }
        let edge =
            |date: NaiveDate| instant(zone, date.and_time(NaiveTime::MIN)).timestamp_micros();
        Self {
            name: hours.name.clone(),
            zone,
            known_until: hours.known_until,
            closed: hours.closed.clone(),
            sources: hours.sources.clone(),
            opens,
            closes,
            totals,
            days,
            from: edge(first),
            to: edge(last),
        }
    }

    /// Its name, as limits and vectors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone its hours are written in.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Is `at` beyond the days for which the official list is known?
    pub fn is_provisional(&self, at: DateTime<Utc>) -> bool {
        at.with_timezone(&self.zone).date_naive() > self.known_until
    }

    /// The last day for which the official list is known.
    pub fn known_until(&self) -> NaiveDate {
        self.known_until
    }

    /// The closures that are written down, and why.
    pub fn closed(&self) -> &[Closed] {
        &self.closed
    }

    /// The official notices that its days off come from.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// From which moment on it gives other answers than `before`; none: they agree.
    pub fn differs_from(&self, before: &Self) -> Option<DateTime<Utc>> {
        let spans = |c: &Self, i: usize| Some((*c.opens.get(i)?, *c.closes.get(i)?));
        let most = self.opens.len().max(before.opens.len());
        let hours = (0..most).find(|i| spans(self, *i) != spans(before, *i)).map(|i| {
            let first = |c: &Self| c.opens.get(i).copied().unwrap_or(i64::MAX);
            time(first(self).min(first(before)))
        });
        let list = (self.known_until != before.known_until)
            .then(|| self.midnight_ending(self.known_until.min(before.known_until)));
        [hours, list].into_iter().flatten().min()
    }

    /// What it was compiled to, in one word: two calendars with the same one agree everywhere.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update(self.zone.name());
        hash.update(self.known_until.to_string());
        for (open, close) in self.opens.iter().zip(&self.closes) {
            hash.update(open.to_be_bytes());
            hash.update(close.to_be_bytes());
        }
        hex::encode(&hash.finalize()[..16])
    }

    /// Is the place open at `at`?
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let t = at.timestamp_micros();
        let i = self.opens.partition_point(|open| *open <= t);
        i > 0 && t < self.closes[i - 1]
    }

    /// Working time from `a` to `b`; nothing when `b` is not after `a`.
    pub fn elapsed(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> TimeDelta {
        TimeDelta::microseconds((self.worked(b) - self.worked(a)).max(0))
    }

    /// The earliest instant at which `time` has been worked since `start`.
    pub fn add(&self, start: DateTime<Utc>, time: TimeDelta) -> Result<DateTime<Utc>, Error> {
        self.covers(start)?;
        if time <= TimeDelta::zero() {
            return Ok(start);
        }
        self.when_worked(self.worked(start) + micros(time))
    }

    /// The earliest instant after which `time` is left to work until `end`.
    pub fn sub(&self, end: DateTime<Utc>, time: TimeDelta) -> Result<DateTime<Utc>, Error> {
        self.covers(end)?;
        self.when_worked(self.worked(end) - micros(time))
    }

    /// The intervals worked between `a` and `b`, cut to that span.
    pub fn open_between(
        &self,
        a: DateTime<Utc>,
        b: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let (a, b) = (a.timestamp_micros(), b.timestamp_micros());
        let first = self.closes.partition_point(|close| *close <= a);
        let last = self.opens.partition_point(|open| *open < b).max(first);
        (first..last).map(move |i| (time(self.opens[i].max(a)), time(self.closes[i].min(b))))
    }

    /// Working days whose close lies after `a` and not after `b`.
    pub fn days_left(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> usize {
        let (a, b) = (a.timestamp_micros(), b.timestamp_micros());
        let upto = |t: i64| self.days.partition_point(|day| day.close <= t);
        upto(b).saturating_sub(upto(a))
    }

    fn worked(&self, at: DateTime<Utc>) -> i64 {
        let t = at.timestamp_micros();
        let i = self.opens.partition_point(|open| *open <= t);
        if i == 0 {
            return 0;
        }
        self.totals[i - 1] - (self.closes[i - 1] - t).max(0)
    }

    fn when_worked(&self, total: i64) -> Result<DateTime<Utc>, Error> {
        if self.totals.is_empty() {
            return Err(Error::NoWorkingTime);
        }
        if total < 0 {
            return Err(Error::Ends);
        }
        let i = self.totals.partition_point(|upto| *upto < total);
        let upto = self.totals.get(i).ok_or(Error::Ends)?;
        Ok(time(self.closes[i] - (upto - total)))
    }

    fn covers(&self, at: DateTime<Utc>) -> Result<(), Error> {
        let inside = (self.from..self.to).contains(&at.timestamp_micros());
        if inside { Ok(()) } else { Err(Error::Ends) }
    }

    /// The n-th working day after `date`; `n` = 0 is the first one on or after it.
    fn working_day(&self, date: NaiveDate, n: usize) -> Result<Day, Error> {
        if self.days.is_empty() {
            return Err(Error::NoWorkingTime);
        }
        let i = match n.checked_sub(1) {
            None => self.days.partition_point(|day| day.date < date),
            Some(more) => self.days.partition_point(|day| day.date <= date) + more,
        };
        self.days.get(i).copied().ok_or(Error::Ends)
    }

    /// `start` itself when the place is open then, else the next opening; with its working day.
    fn next_opening(&self, start: DateTime<Utc>) -> Result<(DateTime<Utc>, NaiveDate), Error> {
        if self.opens.is_empty() {
            return Err(Error::NoWorkingTime);
        }
        let t = start.timestamp_micros();
        let i = self.closes.partition_point(|close| *close <= t);
        let open = (*self.opens.get(i).ok_or(Error::Ends)?).max(t);
        let day = self.days.partition_point(|day| day.open <= open).saturating_sub(1);
        Ok((time(open), self.days[day].date))
    }

    /// How many days close in `[a, b)`.
    fn closes_in(&self, a: DateTime<Utc>, b: DateTime<Utc>) -> usize {
        let before = |t: DateTime<Utc>| {
            let t = t.timestamp_micros();
            self.days.partition_point(|day| day.close < t)
        };
        before(b).saturating_sub(before(a))
    }

    /// The close of the n-th working day before the one of `due`.
    pub(crate) fn close_before(&self, due: DateTime<Utc>, n: u32) -> Option<DateTime<Utc>> {
        let date = self.date_of(due);
        let before = self.days.partition_point(|day| day.date < date);
        let n = usize::try_from(n).ok()?.max(1);
        Some(time(self.days.get(before.checked_sub(n)?)?.close))
    }

    fn date_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    fn midnight_ending(&self, date: NaiveDate) -> DateTime<Utc> {
        instant(self.zone, (date + Days::new(1)).and_time(NaiveTime::MIN))
    }
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).expect("compiled from a valid time")
}

fn micros(time: TimeDelta) -> i64 {
    time.num_microseconds().unwrap_or(i64::MAX / 4)
}

/// A local time as an instant: the earlier of two, and the end of the gap where there is none.
fn instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let mut local = local;
    loop {
        if let Some(found) = zone.from_local_datetime(&local).earliest() {
            return found.with_timezone(&Utc);
        }
        local += TimeDelta::minutes(15); // gaps end on a quarter of an hour
    }
}

#[cfg(test)]
mod tests;
