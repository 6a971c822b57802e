//! What the tests of lives have in common: times, units, people, rules that were changed.
use base::{StaffId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use org::{Actor, Level, Post, Role, UnitKind};

use crate::calendar::Limit;
use crate::flow::{RuleBook, Rules};
use crate::kind::{Kind, Urgency};
use crate::life::{Birth, Life};

pub(crate) const SIPING: &str = include_str!("../../sip-config/flow/siping-v2.toml");
pub(crate) const OFFICE: &str = include_str!("../../sip-config/calendar/office.toml");
pub(crate) const HOTLINE: &str = include_str!("../../sip-config/calendar/hotline.toml");

/// A time of Siping, to the minute.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00+08:00").parse::<DateTime<Utc>>().unwrap()
}

pub(crate) fn limit(text: &str) -> Limit {
    text.parse().unwrap()
}

/// A text with other words in it: `(what stands there, what shall stand there)`, once each.
pub(crate) fn changed(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// A profile's text read with the shipped calendars, or why it cannot be.
pub(crate) fn read_flow(text: String) -> Result<RuleBook, String> {
    let calendars = [OFFICE, HOTLINE].map(|text| ("calendar".to_owned(), text.to_owned()));
    let flows = [("flow/city.toml".to_owned(), text)];
    RuleBook::parse(&flows, &calendars).map_err(|error| error.to_string())
}

/// The shipped rules with another flow or office calendar.
pub(crate) fn rules_with(flow: &[(&str, &str)], office: &[(&str, &str)]) -> Rules {
    let flows = [("flow".to_owned(), changed(SIPING, flow))];
    let calendars = [
        ("office".to_owned(), changed(OFFICE, office)),
        ("hotline".to_owned(), HOTLINE.to_owned()),
    ];
    Rules::clone(&RuleBook::parse(&flows, &calendars).unwrap().in_force())
}

pub(crate) fn post(n: u128, path: &str, level: Level, kind: UnitKind) -> Post {
    let unit = UnitId::from_uuid(uuid::Uuid::from_u128(n));
    Post { unit, path: path.to_owned(), name: format!("单位{n}"), level, kind }
}

pub(crate) fn heating() -> Post {
    post(1, "001.002", Level::City, UnitKind::Department)
}

pub(crate) fn person(n: u128, role: Role, post: Option<Post>) -> Actor {
    let staff = Some(StaffId::from_uuid(uuid::Uuid::from_u128(100 + n)));
    Actor { staff, name: format!("工作人员{n}"), roles: [role].into(), post }
}

pub(crate) fn dispatcher() -> Actor {
    person(1, Role::Dispatcher, None)
}
pub(crate) fn clerk() -> Actor {
    person(3, Role::Clerk, Some(heating()))
}
pub(crate) fn caller() -> Actor {
    person(5, Role::FollowUp, None)
}

/// A life that has just begun.
pub(crate) fn begun(kind: Kind, urgency: Urgency, at: DateTime<Utc>, rules: &Rules) -> Life {
    let id = TicketId::from_uuid(uuid::Uuid::from_u128(9));
    let birth = Birth {
        id,
        kind,
        urgency,
        reachable: true,
        draw: 0,
        at,
        outside_due: None,
        against: vec![],
    };
    Life::begin(birth, rules).unwrap()
}
