//! How a running limit looks to people: how much is used, what is left, the bands of its timeline.
use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::{Pause, unite};
use crate::flow::Rules;
use crate::timer::{Runs, Timer};

/// What a stretch of a timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BandKind {
    /// The clock runs.
    Run,
    /// Outside the hours.
    Off,
    /// Set aside (挂账): the clock stands still.
    Pause,
}

/// A stretch of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Band {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub kind: BandKind,
}

/// The used share of a limit, in per cent of its own time; beyond 100 when late.
pub fn percent(timer: &Timer, now: DateTime<Utc>, rules: &Rules) -> u32 {
    let until = timer.ended(now).max(timer.started_at);
    let pauses = &timer.count.pauses;
    let (used, whole) = match rules.calendar(timer.runs) {
        Some(calendar) => (
            calendar.used(timer.started_at, until, pauses),
            calendar.used(timer.started_at, timer.due_at, pauses),
        ),
        None => {
            (wall(timer.started_at, until, pauses), wall(timer.started_at, timer.due_at, pauses))
        }
    };
    let (used, whole) = (used.num_seconds().max(0), whole.num_seconds().max(1));
    // rounded down, so that 100 means that nothing is left
    u32::try_from(used.saturating_mul(100) / whole).unwrap_or(u32::MAX).min(999)
}

/// Natural time outside the pauses.
fn wall(from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[Pause]) -> TimeDelta {
    let lost = unite(pauses)
        .iter()
        .map(|pause| (pause.to.min(to) - pause.from.max(from)).max(TimeDelta::zero()))
        .sum();
    to - from - lost
}

/// The bands from the start to the due, or to the end of a late one.
pub fn segments(timer: &Timer, now: DateTime<Utc>, rules: &Rules) -> Vec<Band> {
    let ended = timer.met_at.or(timer.stopped_at).unwrap_or(now);
    let (from, to) = (timer.started_at, timer.due_at.max(ended));
    let mut bands: Vec<Band> = Vec::new();
    let mut at = from;
    for pause in unite(&timer.pauses(now)) {
        let (begins, ends) = (pause.from.clamp(at, to), pause.to.clamp(at, to));
        if begins < ends {
            run_and_off(at, begins, timer, rules, &mut bands);
            bands.push(Band { from: begins, to: ends, kind: BandKind::Pause });
            at = ends;
        }
    }
    run_and_off(at, to, timer, rules, &mut bands);
    bands
}

fn run_and_off(
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    timer: &Timer,
    rules: &Rules,
    bands: &mut Vec<Band>,
) {
    let mut at = from;
    let mut push = |from, to, kind| {
        if from < to {
            bands.push(Band { from, to, kind });
        }
    };
    let Some(calendar) = rules.calendar(timer.runs) else {
        return push(from, to, BandKind::Run);
    };
    for (open, close) in calendar.open_between(from, to) {
        push(at, open, BandKind::Off);
        push(open, close, BandKind::Run);
        at = close;
    }
    push(at, to, BandKind::Off);
}

/// What is left until a due, in words: `剩 4 个工作日`, `剩 2 小时 10 分`, `超期 1 个工作日`.
pub fn left_text(
    due: Option<DateTime<Utc>>,
    natural: bool,
    now: DateTime<Utc>,
    rules: &Rules,
) -> String {
    let Some(due) = due else { return String::new() };
    let (word, from, to) = if now <= due { ("剩", now, due) } else { ("超期", due, now) };
    let office = rules.office();
    let days = office.days_left(from, to);
    let same_day = |a: DateTime<Utc>, b: DateTime<Utc>| {
        a.with_timezone(&office.zone()).date_naive() == b.with_timezone(&office.zone()).date_naive()
    };
    if natural || same_day(from, to) || days == 0 {
        return format!("{word} {}", hours(to - from));
    }
    format!("{word} {days} 个工作日")
}

fn hours(time: TimeDelta) -> String {
    let minutes = time.num_minutes();
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} 分钟"),
        (0, hours, minutes) => format!("{hours} 小时 {minutes} 分"),
        (days, hours, _) => format!("{days} 天 {hours} 小时"),
    }
}

impl Timer {
    /// It runs in natural time.
    pub fn is_natural(&self) -> bool {
        self.runs == Runs::Always
    }
}

#[cfg(test)]
mod tests {
    use super::BandKind::{Off, Run};
    use super::*;
    use crate::timer::Clocks;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}:00+08:00").parse::<DateTime<Utc>>().unwrap()
    }

    fn timer() -> Timer {
        Timer {
            seq: 0,
            name: Clocks::Handling,
            leg: None,
            cycle: 1,
            runs: Runs::Office,
            started_at: at("2026-03-02T09:00"),
            due_at: at("2026-03-03T17:30"),
            provisional: false,
            warns: Vec::new(),
            late_at: None,
            met_at: None,
            stopped_at: None,
            count: crate::timer::Count::default(),
        }
    }

    #[test]
    fn percent_is_of_business_time() {
        let rules = Rules::built_in();
        assert_eq!(percent(&timer(), at("2026-03-02T12:00"), &rules), 21);
        assert_eq!(percent(&timer(), at("2026-03-03T09:00"), &rules), 50);
        assert_eq!(percent(&timer(), at("2026-03-03T17:30"), &rules), 100);
    }

    #[test]
    fn lunch_and_night_are_off() {
        let rules = Rules::built_in();
        let kinds: Vec<_> = segments(&timer(), at("2026-03-02T10:00"), &rules)
            .iter()
            .map(|band| band.kind)
            .collect();
        assert_eq!(kinds, [Run, Off, Run, Off, Run, Off, Run]);
    }

    #[test]
    fn a_pause_is_a_band_of_its_own_and_uses_nothing() {
        let rules = Rules::built_in();
        let mut timer = timer();
        timer.due_at = at("2026-03-04T17:30");
        let (from, to) = (at("2026-03-02T10:00"), at("2026-03-03T10:00"));
        timer.count.pauses.push(Pause { from, to });
        let bands = segments(&timer, at("2026-03-03T10:00"), &rules);
        assert_eq!((bands[0].kind, bands[1].kind), (Run, BandKind::Pause));
        assert_eq!((bands[1].from, bands[1].to), (from, to));
        // one hour of the fourteen that are not paused
        assert_eq!(percent(&timer, at("2026-03-03T10:00"), &rules), 7);
        timer.count.paused_at = Some(at("2026-03-03T11:00"));
        assert_eq!(percent(&timer, at("2026-03-09T10:00"), &rules), 14, "it stands still");
        let last = *segments(&timer, at("2026-03-09T10:00"), &rules).last().unwrap();
        assert_eq!((last.kind, last.to), (BandKind::Pause, at("2026-03-09T10:00")));
    }

    #[test]
    fn what_is_left_is_said_in_working_days() {
        let rules = Rules::built_in();
        let due = Some(at("2026-03-09T17:30"));
        let left = |now| left_text(due, false, at(now), &rules);
        assert_eq!(left("2026-03-03T10:00"), "剩 5 个工作日");
        assert_eq!(left("2026-03-09T15:20"), "剩 2 小时 10 分");
        assert_eq!(left("2026-03-10T18:00"), "超期 1 个工作日");
        assert_eq!(left_text(None, false, at("2026-03-10T18:00"), &rules), "");
    }
}
