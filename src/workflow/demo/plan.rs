//! Which requests come when, and how far each story is to go.
use base::Dice;
use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use org::place::Place;
use ticket::{Rules, Stage};

use super::cast::Cast;
use super::texts::{Matter, THEMES, Theme};

/// Throws for stories.
#[derive(Clone, Copy)]
pub(super) struct Chance<'a>(pub &'a dyn Dice);

impl Chance<'_> {
    pub(super) fn below(self, end: u64) -> u64 {
        self.0.below(end.max(1))
    }

    pub(super) fn percent(self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn minutes(self, from: i64, to: i64) -> TimeDelta {
        let span = u64::try_from((to - from).max(1) * 60).unwrap_or(60);
        TimeDelta::minutes(from) + TimeDelta::seconds(i64::try_from(self.below(span)).unwrap_or(0))
    }

    pub(super) fn one_of<T>(self, things: &[T]) -> Option<&T> {
        let at = usize::try_from(self.below(things.len() as u64)).unwrap_or_default();
        things.get(at)
    }
}

/// How a story goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// As it comes, up to now.
    Natural,
    /// Steps in quick order until this stage is reached; so no desk is empty.
    Until(Stage),
    /// Relayed by the county's hub; the unit below has it in hand, or has answered.
    AtHub,
    BelowHub,
    BackAtHub,
    /// A request for more time waits.
    ExtensionAsked,
    /// In hand and past its due.
    Late,
    /// In its second cycle.
    Reworked,
    Withdrawn,
    NotAccepted,
    /// The reply waits for the unit's leader.
    InApproval,
    /// Closed by a final reply.
    Final,
    /// An order of oversight stands.
    Overseen,
    /// Several citizens, one matter: to be joined.
    Alike,
}

/// One request of the plan.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub theme: &'static Theme,
    /// What of it: title, content and answers go together.
    pub matter: &'static Matter,
    pub place: Option<&'a Place>,
    pub at: DateTime<Utc>,
    pub now: DateTime<Utc>,
    pub course: Course,
    pub anonymous: bool,
}

/// All requests, the oldest first.
pub(super) fn parts<'a>(
    cast: &'a Cast,
    chance: Chance<'_>,
    rules: &Rules,
    now: DateTime<Utc>,
    days: u16,
) -> Vec<Part<'a>> {
    let zone = rules.office().zone();
    let today = now.with_timezone(&zone).date_naive();
    let mut parts = Vec::new();
    for back in (0..u64::from(days)).rev() {
        let day = today - Days::new(back);
        for _ in 0..busy(day, chance) {
            let local = day.and_time(NaiveTime::MIN) + time_of_day(chance);
            let at = zone.from_local_datetime(&local).earliest().map(|at| at.to_utc());
            if let Some(at) = at.filter(|at| *at < now) {
                parts.push(part(cast, chance, at, now, Course::Natural));
            }
        }
    }
    for &(course, count, hours) in FORCED {
        for _ in 0..count {
            let spread = chance.minutes(0, (hours * 60 / 3).max(20));
            let at = now - TimeDelta::hours(hours) - spread;
            parts.push(part(cast, chance, at, now, course));
        }
    }
    let first = part(cast, chance, now - TimeDelta::minutes(170), now, Course::Alike);
    for minutes in [0, 40, 75] {
        parts.push(Part { at: first.at + TimeDelta::minutes(minutes), ..first });
    }
    parts.sort_by_key(|part| part.at);
    parts
}

/// What must be there at the first look: the course, how many, how many hours ago they began.
const FORCED: &[(Course, usize, i64)] = &[
    (Course::Until(Stage::Accepted), 4, 0),
    (Course::Until(Stage::Dispatched), 6, 1),
    (Course::Until(Stage::Handling), 6, 30),
    (Course::Until(Stage::ReturnAsked), 3, 4),
    (Course::Until(Stage::InReview), 5, 5),
    (Course::Until(Stage::Correction), 4, 6),
    (Course::Until(Stage::InFollowUp), 6, 7),
    (Course::Until(Stage::Disputed), 3, 14),
    (Course::Until(Stage::Closed), 4, 9),
    (Course::Until(Stage::Closed), 3, 24 * 40),
    (Course::AtHub, 3, 3),
    (Course::BelowHub, 9, 5),
    (Course::BackAtHub, 2, 7),
    (Course::ExtensionAsked, 3, 5),
    (Course::Late, 5, 24 * 24),
    (Course::Reworked, 3, 12),
    (Course::Withdrawn, 3, 200),
    (Course::NotAccepted, 3, 300),
    (Course::Until(Stage::InArbitration), 2, 6),
    (Course::Until(Stage::Suspended), 3, 60),
    (Course::Until(Stage::FinalReview), 2, 30),
    (Course::Until(Stage::Withdrawal), 2, 1),
    (Course::Until(Stage::TransferredOut), 2, 3),
    (Course::InApproval, 2, 8),
    (Course::Final, 2, 80),
    (Course::Overseen, 3, 30),
];

fn part<'a>(
    cast: &'a Cast,
    chance: Chance<'_>,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    course: Course,
) -> Part<'a> {
    let hub = matches!(course, Course::AtHub | Course::BelowHub | Course::BackAtHub);
    // what is shown to be in hand is of the plain sort: praise and emergencies go their own ways
    let fits = |theme: &&Theme| match course {
        Course::Natural => true,
        Course::InApproval => theme.kind == "report",
        _ if hub => theme.by_county && theme.kind != "praise",
        _ => theme.urgency == "normal" && !matches!(theme.kind, "praise" | "suggestion" | "report"),
    };
    let themes: Vec<&'static Theme> = THEMES.iter().filter(fits).collect();
    let all: u64 = themes.iter().map(|theme| u64::from(weight(theme, at))).sum();
    let mut draw = chance.below(all);
    let mut chosen = themes[0];
    for theme in themes {
        let weight = u64::from(weight(theme, at));
        if draw < weight {
            chosen = theme;
            break;
        }
        draw -= weight;
    }
    // the hub and the street that have a desk in the demonstration
    let below = matches!(course, Course::BelowHub | Course::BackAtHub);
    let home = if below { "铁西区 仁兴街道" } else { "铁西区" };
    let near = |place: &&Place| !hub || place.path.starts_with(home);
    let mut likely: Vec<&Place> =
        cast.places.iter().filter(near).filter(|place| suits(chosen, place)).collect();
    if likely.is_empty() {
        likely = cast.places.iter().filter(near).collect();
    }
    Part {
        theme: chosen,
        matter: chance.one_of(chosen.matters).unwrap_or(&chosen.matters[0]),
        place: chance.one_of(&likely).copied(),
        at,
        now,
        course,
        anonymous: course == Course::Natural && chosen.kind == "report" && chance.percent(25),
    }
}

/// Heating is asked for in housing estates, street lamps are on roads, villages lie in the country.
fn suits(theme: &Theme, place: &Place) -> bool {
    let among = |words: &[&str]| words.iter().any(|word| theme.category.contains(word));
    let kind = place.kind.as_str();
    if among(&["供热", "供水", "供电", "燃气", "物业", "房屋", "老旧", "消防"]) {
        return kind == "小区";
    }
    if among(&["农村", "秸秆"]) {
        return matches!(kind, "乡" | "镇" | "村");
    }
    if among(&["路灯", "井盖", "占道", "环境卫生", "油烟", "公交"]) {
        return matches!(kind, "小区" | "道路");
    }
    true
}

/// Heating fills the lines from the end of October on.
fn weight(theme: &Theme, at: DateTime<Utc>) -> u32 {
    let cold = (at.month() == 10 && at.day() >= 20) || matches!(at.month(), 11 | 12 | 1..=3);
    match (theme.category.starts_with("供热"), cold) {
        (true, false) => theme.weight / 8 + 1,
        _ => theme.weight,
    }
}

/// How many requests of a day make a ticket in the demonstration.
fn busy(day: chrono::NaiveDate, chance: Chance<'_>) -> u64 {
    let weekend = matches!(day.weekday(), chrono::Weekday::Sat | chrono::Weekday::Sun);
    let cold = (day.month() == 10 && day.day() >= 20) || matches!(day.month(), 11 | 12 | 1 | 2);
    let usual = if weekend { 4 } else { 6 };
    usual + chance.below(4) + u64::from(cold)
}

/// Mornings are the busiest; nights are quiet.
fn time_of_day(chance: Chance<'_>) -> TimeDelta {
    let hour = match chance.below(100) {
        0..=2 => chance.below(7),
        3..=12 => 7 + chance.below(2),
        13..=47 => 9 + chance.below(3),
        48..=58 => 12 + chance.below(2),
        59..=83 => 14 + chance.below(3),
        84..=94 => 17 + chance.below(3),
        _ => 20 + chance.below(4),
    };
    TimeDelta::hours(i64::try_from(hour).unwrap_or(9)) + chance.minutes(0, 60)
}
