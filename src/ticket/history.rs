//! A ticket's history (办理过程): append-only, each event sealed by a hash over itself and the one
//! before it.
use base::{LegId, StaffId, TicketId, UnitId};
use chrono::{DateTime, SubsecRound, Utc};
use org::Actor;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::replay;
use crate::request::Ticket;
use crate::state::Stage;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub ticket: TicketId,
    pub seq: i32,
    pub at: DateTime<Utc>,
    pub staff: Option<StaffId>,
    pub actor: String,
    pub unit: Option<UnitId>,
    pub unit_name: Option<String>,
    /// The step's word, or `warn`, `late`, `auto_sign`, `accept`, `addition`.
    pub action: String,
    pub reason: String,
    pub note: Option<String>,
    pub from: Option<Stage>,
    pub to: Stage,
    /// The ticket's version after it.
    pub version: i64,
    pub leg: Option<LegId>,
    pub details: Value,
    /// What it changed of the life, so that the history can be folded; none in histories of before.
    pub change: Option<Value>,
    pub hash: Vec<u8>,
}

/// What is about to be written down.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub at: DateTime<Utc>,
    pub actor: &'a Actor,
    pub action: &'a str,
    pub reason: &'a str,
    pub note: Option<&'a str>,
    pub from: Option<Stage>,
    pub leg: Option<LegId>,
    pub details: Value,
}

impl<'a> Entry<'a> {
    /// That somebody did something, and no more.
    pub(crate) fn new(at: DateTime<Utc>, actor: &'a Actor, action: &'a str) -> Self {
        let details = Value::Object(serde_json::Map::new());
        Self { at, actor, action, reason: "", note: None, from: None, leg: None, details }
    }
}

impl Ticket {
    /// Writes down what happened: the next event of its chain.
    pub(crate) fn record(&mut self, entry: Entry<'_>) -> Event {
        let mut event = Event {
            ticket: self.id,
            seq: self.events + 1,
            at: kept(entry.at),
            staff: entry.actor.staff,
            actor: entry.actor.name.clone(),
            unit: entry.actor.post.as_ref().map(|post| post.unit),
            unit_name: entry.actor.post.as_ref().map(|post| post.name.clone()),
            action: entry.action.to_owned(),
            reason: entry.reason.to_owned(),
            note: entry.note.map(str::to_owned),
            from: entry.from,
            to: self.life.stage,
            version: self.version,
            leg: entry.leg,
            details: entry.details,
            change: Some(replay::change(self.told.as_ref(), &self.life)),
            hash: Vec::new(),
        };
        event.hash = event.seal(&self.chain);
        self.events = event.seq;
        self.chain.clone_from(&event.hash);
        self.told = Some(self.life.clone());
        event
    }
}

impl Event {
    /// Its name in the interface: made of its hash, so that it cannot be moved or changed.
    pub fn id(&self) -> Uuid {
        let bytes = self.hash.get(..16).and_then(|head| head.try_into().ok()).unwrap_or_default();
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The hash that this event has to carry after `before`.
    pub fn seal(&self, before: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        part(before);
        part(self.ticket.uuid().as_bytes());
        part(&self.seq.to_be_bytes());
        part(self.at.timestamp_micros().to_be_bytes().as_slice());
        part(id(self.staff.map(StaffId::uuid)).as_bytes());
        part(self.actor.as_bytes());
        part(id(self.unit.map(UnitId::uuid)).as_bytes());
        part(self.unit_name.as_deref().unwrap_or_default().as_bytes());
        part(self.action.as_bytes());
        part(self.reason.as_bytes());
        part(self.note.as_deref().unwrap_or_default().as_bytes());
        part(self.from.map_or("", Stage::word).as_bytes());
        part(self.to.word().as_bytes());
        part(&self.version.to_be_bytes());
        part(id(self.leg.map(LegId::uuid)).as_bytes());
        part(canonical(&self.details).as_bytes());
        if let Some(change) = &self.change {
            part(canonical(change).as_bytes());
        }
        hash.finalize().to_vec()
    }
}

/// Whether a history hangs together from its first event on.
pub fn is_unbroken(events: &[Event]) -> bool {
    let mut before = Vec::new();
    events.iter().zip(1..).all(|(event, seq)| {
        let whole = event.seq == seq && event.seal(&before) == event.hash;
        before.clone_from(&event.hash);
        whole
    })
}

/// PostgreSQL keeps microseconds.
pub(crate) fn kept(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(6)
}

/// JSON with its keys in order, whatever order they are kept in.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            let fields: Vec<_> = fields
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(seq: i32, before: &[u8]) -> Event {
        let mut event = Event {
            ticket: TicketId::from_uuid(Uuid::from_u128(1)),
            seq,
            at: base::Clock::now(&base::ManualClock::default()),
            staff: None,
            actor: "系统".to_owned(),
            unit: None,
            unit_name: None,
            action: "sign".to_owned(),
            reason: String::new(),
            note: None,
            from: None,
            to: Stage::Handling,
            version: 2,
            leg: None,
            details: json!({"b": 1, "a": [true, null]}),
            change: Some(json!({"stage": "handling"})),
            hash: Vec::new(),
        };
        event.hash = event.seal(before);
        event
    }

    #[test]
    fn a_changed_missing_or_moved_event_breaks_the_chain() {
        let first = event(1, &[]);
        let second = event(2, &first.hash);
        assert!(is_unbroken(&[first.clone(), second.clone()]));
        assert!(!is_unbroken(std::slice::from_ref(&second)));
        assert!(!is_unbroken(&[second.clone(), first.clone()]));
        let changed = Event { reason: "另有原因".to_owned(), ..first };
        assert!(!is_unbroken(&[changed, second]));
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        assert_eq!(canonical(&json!({"b": 1, "a": "x"})), r#"{"a":"x","b":1}"#);
    }
}
