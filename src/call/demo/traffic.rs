//! When a city calls, whom, and how long it talks.
use base::Dice;
use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Weekday};

use crate::facts::{Hotline, OutcomeKind};

/// Calls in each hour of the day, out of a thousand: peaks at 9–10 and at 14–15.
const HOURS: [u32; 24] =
    [6, 4, 2, 3, 4, 8, 20, 45, 85, 112, 98, 70, 44, 60, 106, 96, 75, 55, 45, 40, 32, 22, 14, 9];

/// The lines that are called most; any other has a weight of 1.
const LINES: [(&str, u32); 16] = [
    ("12345", 330),
    ("12319", 70),
    ("12315", 62),
    ("12329", 48),
    ("12333", 46),
    ("12393", 22),
    ("12328", 18),
    ("12369", 16),
    ("12348", 12),
    ("12320", 10),
    ("12366", 9),
    ("95598", 9),
    ("04340000001", 12),
    ("04340000002", 8),
    ("04340000010", 10),
    ("04340000019", 8),
];
/// Heat supply, once heating has begun.
const HEATING_LINE: (&str, u32) = ("04340000001", 90);

/// What an answered call comes to that makes no ticket.
const OUTCOMES: [(OutcomeKind, u32); 9] = [
    (OutcomeKind::DirectAnswer, 54),
    (OutcomeKind::ProgressTold, 14),
    (OutcomeKind::Addition, 7),
    (OutcomeKind::GuidedOut, 6),
    (OutcomeKind::Transferred, 5),
    (OutcomeKind::Silent, 5),
    (OutcomeKind::WrongNumber, 5),
    (OutcomeKind::Nuisance, 3),
    (OutcomeKind::CutOff, 1),
];

/// The dice, asked in words.
#[derive(Clone, Copy)]
pub(crate) struct Chance<'a>(pub(crate) &'a dyn Dice);

impl Chance<'_> {
    pub(crate) fn percent(self, percent: u64) -> bool {
        self.0.below(100) < percent
    }

    /// From the first to the last, both possible.
    pub(crate) fn between(self, first: u32, last: u32) -> u32 {
        let range = u64::from(last - first) + 1;
        first + u32::try_from(self.0.below(range)).expect("below its end")
    }

    pub(crate) fn seconds(self, first: u32, last: u32) -> TimeDelta {
        TimeDelta::milliseconds(self.between(first * 1000, last * 1000).into())
    }

    pub(crate) fn one_of<T>(self, things: &[T]) -> &T {
        let at = self.0.below(things.len() as u64);
        &things[usize::try_from(at).expect("below a length")]
    }

    /// One of them, as often as its weight says.
    pub(crate) fn weighted<T: Copy>(self, things: impl IntoIterator<Item = (T, u32)>) -> T {
        let things: Vec<_> = things.into_iter().collect();
        let sum: u64 = things.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut left = self.0.below(sum);
        for (thing, weight) in &things {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return *thing,
            }
        }
        unreachable!("the throw is below the sum")
    }

    /// How many calls a day has: more on Mondays, fewer at weekends, and more when heating begins.
    pub(crate) fn calls_on(self, day: NaiveDate) -> usize {
        let usual = match day.weekday() {
            Weekday::Mon => self.between(62, 74),
            Weekday::Sat | Weekday::Sun => self.between(38, 48),
            _ => self.between(50, 62),
        };
        let calls = if heating_begins(day) { usual * 5 / 4 } else { usual };
        usize::try_from(calls).expect("some hundred")
    }

    pub(crate) fn time_of_day(self) -> NaiveTime {
        let hour = self.weighted((0u32..).zip(HOURS));
        let millis = self.between(0, 3_599_999);
        NaiveTime::from_num_seconds_from_midnight_opt(
            hour * 3600 + millis / 1000,
            millis % 1000 * 1_000_000,
        )
        .expect("a time within its hour")
    }

    pub(crate) fn hotline(self, hotlines: &[Hotline], day: NaiveDate) -> &Hotline {
        self.weighted(hotlines.iter().map(|line| (line, weight(&line.number, day))))
    }

    /// Until an agent speaks: by the standard within 15 s, mostly.
    pub(crate) fn wait(self) -> TimeDelta {
        if self.percent(90) { self.seconds(3, 14) } else { self.seconds(15, 25) }
    }

    pub(crate) fn talk(self, about: OutcomeKind) -> TimeDelta {
        match about {
            OutcomeKind::Silent => self.seconds(6, 15),
            OutcomeKind::WrongNumber => self.seconds(8, 25),
            OutcomeKind::Nuisance | OutcomeKind::CutOff => self.seconds(15, 80),
            // the middle of two throws: short and long talks are rare
            _ => (self.seconds(60, 300) + self.seconds(60, 240)) / 2,
        }
    }

    pub(crate) fn outcome(self) -> OutcomeKind {
        self.weighted(OUTCOMES)
    }

    /// What the agent noted.
    pub(crate) fn note(self, about: OutcomeKind) -> &'static str {
        let notes: &[&'static str] = match about {
            OutcomeKind::DirectAnswer => &[
                "已告知所需材料和办理地点",
                "已解答缴费时间和缴费方式",
                "已告知政策依据和咨询窗口",
                "已告知网上办理步骤",
                "已解释收费标准",
                "已告知停水停气通知内容",
            ],
            OutcomeKind::ProgressTold => &["已告知工单办理进度", "已告知承办单位和预计答复时间"],
            OutcomeKind::Addition => &["市民补充了具体楼号", "市民补充了发生时间和照片说明"],
            OutcomeKind::GuidedOut => {
                &["紧急警情,引导拨打110", "医疗急救,引导拨打120", "已引导通过诉讼途径解决"]
            }
            OutcomeKind::Transferred => &["已转专家座席", "已转分中心座席"],
            OutcomeKind::Silent => &["无声电话"],
            OutcomeKind::WrongNumber => &["市民拨错号码"],
            OutcomeKind::Nuisance => &["与政务服务无关,已劝导"],
            OutcomeKind::CutOff => &["通话中断,已回拨"],
            OutcomeKind::Ticket => &[""],
        };
        self.one_of::<&str>(notes)
    }
}

fn weight(line: &str, day: NaiveDate) -> u32 {
    if line == HEATING_LINE.0 && is_heated(day) {
        return HEATING_LINE.1;
    }
    LINES.iter().find(|(number, _)| *number == line).map_or(1, |(_, weight)| *weight)
}

/// Siping heats from 20 October to 10 April.
fn is_heated(day: NaiveDate) -> bool {
    (day.month(), day.day()) >= (10, 20) || (day.month(), day.day()) <= (4, 10)
}

/// The first three weeks of heating.
fn heating_begins(day: NaiveDate) -> bool {
    ((10, 20)..=(11, 10)).contains(&(day.month(), day.day()))
}
