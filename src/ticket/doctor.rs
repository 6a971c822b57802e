//! Looking at stored tickets (体检): whether history, chain, limits and what the lists show hang
//! together. Reads only.
use std::collections::HashSet;

use base::TicketId;
use sqlx::PgConnection;

use crate::error::Error;
use crate::history::{Event, is_unbroken};
use crate::invariant::Fault;
use crate::replay::{Broken, drift};
use crate::request::Ticket;
use crate::store;
use crate::timer::Timer;

/// What may be wrong with a stored ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symptom {
    /// No event, a gap, or another count than the row says.
    History,
    /// An event was changed, moved or taken out, or the row carries another hash.
    Chain,
    /// The row, its legs and limits are not what the history tells.
    Replay,
    /// A deadline was marked twice.
    Twice,
    /// A running limit will not be looked at when it should.
    Unarmed,
    /// Lists show another due or unit than the ticket has.
    Shown,
    /// The row cannot be read as a ticket.
    Unreadable,
    Fault(Fault),
}

impl Symptom {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 12] = [
        Self::Unreadable,
        Self::History,
        Self::Chain,
        Self::Replay,
        Self::Fault(Fault::Owner),
        Self::Fault(Fault::Child),
        Self::Fault(Fault::Clock),
        Self::Unarmed,
        Self::Twice,
        Self::Fault(Fault::Ending),
        Self::Fault(Fault::Orphan),
        Self::Shown,
    ];

    /// Its name for scripts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "tickets_readable",
            Self::History => "history_dense",
            Self::Chain => "history_chain",
            Self::Replay => "history_replay",
            Self::Fault(Fault::Owner) => "one_owner",
            Self::Fault(Fault::Child) => "child_due",
            Self::Fault(Fault::Clock) => "clock_running",
            Self::Unarmed => "clock_armed",
            Self::Twice => "marks_once",
            Self::Fault(Fault::Ending) => "endings",
            Self::Fault(Fault::Orphan) => "clock_legs",
            Self::Shown => "lists",
        }
    }

    /// What must hold.
    pub fn what(self) -> &'static str {
        match self {
            Self::Unreadable => "工单可读 (every ticket can be read)",
            Self::History => "办理过程连续完整 (events 1..n, none missing)",
            Self::Chain => "办理过程未被改动 (the chain of hashes is unbroken)",
            Self::Replay => "重放与现状一致 (replaying the history gives the stored state)",
            Self::Fault(Fault::Owner) => "有且只有一个主办单位 (exactly one unit answers)",
            Self::Fault(Fault::Child) => "下级环节不晚于上级 (no leg is due after the one above)",
            Self::Fault(Fault::Clock) => "在办工单都有计时 (an open ticket has a running limit)",
            Self::Unarmed => "计时都会触发 (each running limit is armed)",
            Self::Twice => "黄牌红牌不重复 (each deadline is marked once)",
            Self::Fault(Fault::Ending) => "办结工单都有结果 (an ended ticket has its outcome)",
            Self::Fault(Fault::Orphan) => {
                "计时都有所属环节 (each limit belongs to a leg that is there)"
            }
            Self::Shown => "列表与工单一致 (lists show the ticket's due and unit)",
        }
    }

    /// What to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "程序版本可能低于数据：升级程序，或从备份恢复 (is the program older than the data? else restore)"
            }
            Self::History | Self::Chain => {
                "有人绕过程序改动了数据库：保留现场，对照备份查明 (somebody changed the database beside the program: keep it, compare with a backup)"
            }
            Self::Replay | Self::Shown | Self::Unarmed | Self::Fault(_) => {
                "保留数据目录副本并报告缺陷；办理过程是准确的依据 (keep a copy of the data and report it; the history is what holds)"
            }
            Self::Twice => "同上 (keep a copy of the data and report it)",
        }
    }
}

/// What was found at one ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Examined {
    /// Its number; its id where that cannot be read.
    pub number: String,
    /// What is wrong, and a word about it.
    pub wrong: Vec<(Symptom, String)>,
    /// Its history is from before events said what they changed: it cannot be replayed.
    pub old: bool,
}

/// The next tickets after one, by id; none: the first.
pub async fn ids_after(
    db: &mut PgConnection,
    after: Option<TicketId>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    store::ids_after(db, after, most).await
}

/// Looks at one ticket. The caller's transaction must show one moment only.
pub async fn examine(db: &mut PgConnection, id: TicketId) -> Result<Examined, Error> {
    let nothing = Examined { number: id.to_string(), ..Examined::default() };
    let ticket = match store::find(db, id).await {
        Ok(Some(ticket)) => ticket,
        Ok(None) => return Ok(nothing), // gone since
        Err(Error::Db(error)) => return Err(error.into()),
        Err(error) => {
            return Ok(Examined {
                wrong: vec![(Symptom::Unreadable, error.to_string())],
                ..nothing
            });
        }
    };
    let mut found = Examined { number: ticket.number.to_string(), ..Examined::default() };
    let events = match store::events(db, id).await {
        Ok(events) => events,
        Err(Error::Db(error)) => return Err(error.into()),
        Err(error) => {
            found.wrong.push((Symptom::Unreadable, error.to_string()));
            return Ok(found);
        }
    };
    history(&ticket, &events, &mut found);
    for fault in ticket.life.faults() {
        found.wrong.push((Symptom::Fault(fault), String::new()));
    }
    let shown = store::shown(db, id).await?;
    let armed = ticket.life.timers.iter().map(Timer::fire_at);
    if !armed.eq(shown.fire_at) {
        found.wrong.push((Symptom::Unarmed, String::new()));
    }
    let unit = ticket.life.lead().map(|leg| leg.unit.unit);
    if shown.due != ticket.life.due() || shown.unit != unit {
        found.wrong.push((Symptom::Shown, String::new()));
    }
    Ok(found)
}

fn history(ticket: &Ticket, events: &[Event], found: &mut Examined) {
    let dense = events.iter().zip(1..).all(|(event, seq)| event.seq == seq);
    let count = i32::try_from(events.len()).unwrap_or(i32::MAX);
    let last = events.last();
    if !dense
        || count != ticket.events
        || last.is_none_or(|last| last.version != ticket.version || last.to != ticket.life.stage)
    {
        let what = format!("{count} events, the ticket knows {}", ticket.events);
        found.wrong.push((Symptom::History, what));
    }
    if !is_unbroken(events) || last.is_some_and(|last| last.hash != ticket.chain) {
        found.wrong.push((Symptom::Chain, String::new()));
    }
    let marks = events.iter().filter(|event| crate::steps::is_mark(&event.action));
    let mut seen = HashSet::new();
    for mark in marks {
        if !seen.insert((&mark.action, mark.leg, mark.details.to_string())) {
            found.wrong.push((Symptom::Twice, format!("event {}", mark.seq)));
        }
    }
    match drift(&ticket.life, events) {
        Ok(fields) if fields.is_empty() => {}
        Ok(fields) => found.wrong.push((Symptom::Replay, fields.join(" "))),
        Err(Broken::Silent(_) | Broken::Empty) => found.old = !events.is_empty(),
        Err(error @ Broken::Unreadable(_)) => {
            found.wrong.push((Symptom::Replay, error.to_string()));
        }
    }
}
