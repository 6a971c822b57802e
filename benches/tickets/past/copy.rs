//! Copies of a life: new ids, another time, another citizen, the chain of hashes anew.
use std::collections::HashMap;

use base::{Dice, LegId, NoticeId, SystemDice, TicketId};
use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use ticket::{Event, Number};
use uuid::{Builder, Uuid};

use crate::life::{Life, Row};
use crate::rows::{Columns, TABLES};

/// One ticket in so many is open.
const OPEN: u64 = 20;
/// A limit of a copy is not reached before so long.
const QUIET: TimeDelta = TimeDelta::hours(3);
/// Numbers below were given out by the program itself.
const FIRST_NUMBER: u32 = 1_000;

pub(crate) struct Batch {
    pub(crate) tickets: usize,
    pub(crate) tables: [Vec<u8>; TABLES.len()],
}

pub(crate) struct Copier<'a> {
    open: Vec<&'a Life>,
    ended: Vec<&'a Life>,
    citizens: &'a [Uuid],
    columns: &'a Columns,
    now: DateTime<Utc>,
    weeks: u64,
    numbers: HashMap<NaiveDate, u32>,
    zone: FixedOffset,
}

impl<'a> Copier<'a> {
    pub(crate) fn new(
        lives: &'a [Life],
        citizens: &'a [Uuid],
        columns: &'a Columns,
        now: DateTime<Utc>,
        weeks: u64,
    ) -> Self {
        let waits = |life: &&Life| life.first_fire.is_none_or(|at| at > now + QUIET * 2);
        let open = lives.iter().filter(|life| life.is_open).filter(waits).collect();
        let ended = lives.iter().filter(|life| !life.is_open).collect();
        let zone = FixedOffset::east_opt(8 * 3600).unwrap();
        Self { open, ended, citizens, columns, now, weeks, numbers: HashMap::new(), zone }
    }

    pub(crate) fn batch(&mut self, tickets: usize) -> Batch {
        let mut tables: [Vec<u8>; TABLES.len()] = Default::default();
        for _ in 0..tickets {
            let open = below(OPEN) == 0 && !self.open.is_empty();
            let lives = if open { &self.open } else { &self.ended };
            let life = lives[at(below(lives.len() as u64))];
            let by = self.shift(life);
            self.write(life, by, &mut tables);
        }
        Batch { tickets, tables }
    }

    /// How far back: an open ticket a little, so that its limits still wait; an ended one by weeks.
    fn shift(&self, life: &Life) -> TimeDelta {
        let seconds = |most: i64| TimeDelta::seconds(below_i64(most.max(1)));
        if life.is_open {
            let room = life.first_fire.map_or(3600, |fire| (fire - self.now - QUIET).num_seconds());
            return -seconds(room.min(3600));
        }
        -TimeDelta::weeks(below_i64(i64::try_from(self.weeks).unwrap())) - seconds(3600)
    }

    fn write(&mut self, life: &Life, by: TimeDelta, tables: &mut [Vec<u8>; TABLES.len()]) {
        let dice: &dyn Dice = &SystemDice;
        let accepted = life.accepted_at + by;
        let id = TicketId::new(accepted, dice.bytes()).uuid();
        let mut ids = HashMap::from([(life.id.to_string(), id.to_string())]);
        for (i, leg) in life.legs.iter().enumerate() {
            ids.insert(leg.to_string(), leg_id(id, i).to_string());
        }
        let moved = Moved { ids, by };
        let (events, chain) = moved.history(&life.events, id);
        let number = self.number(accepted);
        let citizen = self.citizens[at(below(self.citizens.len() as u64))].to_string();
        let house = format!("{}号楼", 1 + below(60));
        for ((table, rows), out) in TABLES.iter().zip(&life.rows).zip(&mut *tables) {
            for row in rows {
                let mut row: Row = row.clone();
                row.values_mut().for_each(|value| moved.change(value));
                if row.get("person_id").is_some_and(Value::is_string) {
                    row.insert("person_id".to_owned(), citizen.clone().into());
                }
                match table.name {
                    "ticket" => {
                        row.insert("number".to_owned(), number.to_string().into());
                        row.insert("digits".to_owned(), number.digits().into());
                        row.insert(
                            "key".to_owned(),
                            Builder::from_random_bytes(dice.bytes()).into_uuid().to_string().into(),
                        );
                        row.insert("query_code".to_owned(), format!("{:04}", below(10_000)).into());
                        row.insert("chain".to_owned(), bytea(&chain));
                        row.insert("call_id".to_owned(), Value::Null);
                        row.insert("demo".to_owned(), false.into());
                        for name in ["title", "content", "address"] {
                            let text = row[name].as_str().unwrap_or_default();
                            row.insert(name.to_owned(), with_house(text, &house).into());
                        }
                    }
                    "notice" => {
                        let id = NoticeId::new(accepted, dice.bytes()).to_string();
                        row.insert("dedupe".to_owned(), id.clone().into());
                        row.insert("id".to_owned(), id.into());
                        row.insert("demo".to_owned(), false.into());
                    }
                    _ => {}
                }
                self.columns.write(table, &row, out);
            }
        }
        for event in &events {
            self.columns.write(&TABLES[3], &event_row(event), &mut tables[3]);
        }
    }

    fn number(&mut self, at: DateTime<Utc>) -> Number {
        let day = at.with_timezone(&self.zone).date_naive();
        let next = self.numbers.entry(day).or_insert(FIRST_NUMBER);
        *next += 1;
        Number::new(day, *next)
    }
}

/// What becomes of every value of a copy.
struct Moved {
    ids: HashMap<String, String>,
    by: TimeDelta,
}

impl Moved {
    fn change(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if text.len() == 36 {
                    if let Some(new) = self.ids.get(text.as_str()) {
                        new.clone_into(text);
                    }
                } else if text.len() >= 20
                    && text.as_bytes()[10] == b'T'
                    && text.as_bytes()[0].is_ascii_digit()
                    && let Ok(at) = DateTime::parse_from_rfc3339(text)
                {
                    *text = (at.to_utc() + self.by).to_rfc3339_opts(SecondsFormat::AutoSi, true);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.change(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.change(field)),
            _ => {}
        }
    }

    fn history(&self, events: &[Event], id: Uuid) -> (Vec<Event>, Vec<u8>) {
        let mut chain = Vec::new();
        let mut copies = Vec::with_capacity(events.len());
        for event in events {
            let mut event = event.clone();
            event.ticket = TicketId::from_uuid(id);
            event.at += self.by;
            event.leg = event.leg.map(|leg| {
                let new = self.ids.get(&leg.to_string());
                new.map_or(leg, |new| LegId::from_uuid(new.parse().unwrap()))
            });
            self.change(&mut event.details);
            if let Some(change) = &mut event.change {
                self.change(change);
            }
            event.hash = event.seal(&chain);
            chain.clone_from(&event.hash);
            copies.push(event);
        }
        (copies, chain)
    }
}

/// As the program makes it: of the ticket and the leg's place in it.
fn leg_id(ticket: Uuid, place: usize) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(ticket.as_bytes());
    hash.update(u64::try_from(place).unwrap().to_be_bytes());
    Builder::from_custom_bytes(hash.finalize()[..16].try_into().unwrap()).into_uuid()
}

fn event_row(event: &Event) -> Row {
    let row = serde_json::json!({
        "ticket_id": event.ticket, "seq": event.seq, "at": event.at, "staff_id": event.staff,
        "actor": event.actor, "unit_id": event.unit, "unit_name": event.unit_name,
        "action": event.action, "reason": event.reason, "note": event.note,
        "from_state": event.from.map(ticket::Stage::word), "to_state": event.to.word(),
        "version": event.version, "leg_id": event.leg, "details": event.details,
        "change": event.change, "hash": bytea(&event.hash),
    });
    let Value::Object(row) = row else { unreachable!("an object was written") };
    row
}

fn bytea(bytes: &[u8]) -> Value {
    format!("\\x{}", hex::encode(bytes)).into()
}

/// The same words at another house.
fn with_house(text: &str, house: &str) -> String {
    let Some(end) = text.find("号楼") else { return text.to_owned() };
    let digits = text[..end].chars().rev().take_while(char::is_ascii_digit).count();
    format!("{}{house}{}", &text[..end - digits], &text[end + "号楼".len()..])
}

fn below(end: u64) -> u64 {
    (&SystemDice as &dyn Dice).below(end)
}

fn below_i64(end: i64) -> i64 {
    i64::try_from(below(u64::try_from(end).unwrap())).unwrap()
}

fn at(place: u64) -> usize {
    usize::try_from(place).unwrap()
}
