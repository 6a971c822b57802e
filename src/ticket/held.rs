//! Who held a ticket, and which stage used the time beyond the limits (超期归责).
use chrono::{DateTime, Utc};

use crate::calendar::Pause;
use crate::flow::Rules;
use crate::history::Event;
use crate::life::Life;
use crate::timer::{Clocks, Timer};

/// A stretch in which one side held the ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// The unit's name; none: the hotline.
    pub who: Option<String>,
}

/// What one side used of a ticket's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The unit's name; none: the hotline.
    pub who: Option<String>,
    /// Working time in which it held the ticket.
    pub secs_business: i64,
    /// Time beyond its own limits, in their own hours.
    pub overdue_secs: i64,
}

/// Who held the ticket from its first event on.
pub fn held(life: &Life, events: &[Event], now: DateTime<Utc>) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    for (i, event) in events.iter().enumerate() {
        if event.to.is_ended() {
            continue;
        }
        let to = events.get(i + 1).map_or(now, |next| next.at);
        let who = event.to.is_with_unit().then(|| lead_at(life, event.at)).flatten();
        match all.last_mut() {
            Some(last) if last.who == who && last.to == event.at => last.to = to,
            _ if to > event.at => all.push(Held { from: event.at, to, who }),
            _ => {}
        }
    }
    all
}

/// The unit that answered for it at a moment.
fn lead_at(life: &Life, at: DateTime<Utc>) -> Option<String> {
    let mut legs = life.legs.iter().rev();
    let leg = legs.find(|leg| leg.is_root_lead() && leg.dispatched_at <= at)?;
    Some(leg.unit.name.clone())
}

/// What each side used, the hotline first, then the units as they came.
pub fn breakdown(life: &Life, events: &[Event], rules: &Rules, now: DateTime<Utc>) -> Vec<Share> {
    let mut shares = vec![Share { who: None, secs_business: 0, overdue_secs: 0 }];
    let mut add = |who: Option<String>, business: i64, overdue: i64| {
        let i = shares.iter().position(|share| share.who == who).unwrap_or_else(|| {
            shares.push(Share { who, secs_business: 0, overdue_secs: 0 });
            shares.len() - 1
        });
        shares[i].secs_business += business;
        shares[i].overdue_secs += overdue;
    };
    let mut pauses: Vec<Pause> = life
        .timers
        .iter()
        .filter(|timer| timer.name == Clocks::Whole)
        .flat_map(|timer| timer.pauses(now))
        .collect();
    pauses.sort_unstable();
    for held in held(life, events, now) {
        let hours = if held.who.is_some() { rules.office() } else { rules.hotline() };
        let used = hours.used(held.from, held.to, &pauses);
        add(held.who, used.num_seconds(), 0);
    }
    for timer in life.timers.iter().filter(|timer| timer.is_late(now)) {
        let leg = life.legs.iter().find(|leg| Some(leg.id) == timer.leg);
        let who = match timer.name {
            Clocks::Handling => leg.map(|leg| leg.unit.name.clone()),
            Clocks::Dispatch
            | Clocks::Review
            | Clocks::FollowUp
            | Clocks::DecideReturn
            | Clocks::Arbitration
            | Clocks::DecideWithdrawal
            | Clocks::DecideFinal => None,
            // the citizen's date is what the stages used up; the others run beside them
            _ => continue,
        };
        add(who, 0, overdue(timer, rules, now));
    }
    shares
}

fn overdue(timer: &Timer, rules: &Rules, now: DateTime<Utc>) -> i64 {
    let ended = timer.ended(now);
    let time = match rules.calendar(timer.runs) {
        Some(calendar) => calendar.used(timer.due_at, ended, &timer.pauses(now)),
        None => ended - timer.due_at,
    };
    time.num_seconds().max(0)
}
