//! The demonstration's past: months of calls as a city's hotline has them. All rows are marked, and
//! go together.
mod history;
mod roster;
mod spoken;
#[cfg(test)]
mod tests;
mod traffic;

use std::collections::{HashMap, HashSet};

use base::{AgentId, CallId, Clock, Dice, PersonId, PhoneNumber, TicketId};
use chrono::{DateTime, Utc};
use db::seal::Keys;
use org::{Identity, Persons, Role};
use speech::Track;
use sqlx::{PgConnection, PgPool};

use crate::callbacks::local;
use crate::command::{Calls, Command};
use crate::config::Config;
use crate::facts::{AgentCard, Direction, Hotline};
use crate::figures::Today;
use crate::recordings::Recordings;
use crate::store;
use history::Chronicler;
pub(crate) use history::History;
use traffic::Chance;

/// A ticket of the demonstration that somebody asked for by telephone.
#[derive(Debug, Clone)]
pub struct FromTicket {
    pub ticket: TicketId,
    /// When it was written: its call ends about then.
    pub at: DateTime<Utc>,
    pub person: Option<PersonId>,
    /// Who wrote it had the call.
    pub agent: Option<AgentId>,
    /// What was said.
    pub said: Vec<(Track, String)>,
}

/// How many citizens call.
const CITIZENS: usize = 1500;
/// Citizens added in one transaction: each holds a lock.
const AT_ONCE: usize = 250;

/// What was laid.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Laid {
    pub calls: usize,
    today: Today,
}

/// Which call each ticket of the demonstration came from.
pub async fn joined(db: &PgPool) -> Result<Vec<(TicketId, CallId)>, sqlx::Error> {
    store::demo::joined(db).await
}

impl Laid {
    /// Lets the day's figures count what was laid while the telephones were on already.
    pub fn count(&self, calls: &Calls) {
        calls.tell(Command::Before { today: self.today.clone(), owed: Vec::new() });
    }
}

impl History {
    /// Writes down what was said in the calls that tickets came from.
    fn speak(&mut self, tickets: &[FromTicket], keys: &Keys, dice: &dyn Dice) {
        let tickets: HashMap<_, _> = tickets.iter().map(|one| (one.ticket, one)).collect();
        let talks: HashMap<_, _> = self
            .calls
            .iter()
            .filter_map(|call| {
                let facts = &call.facts;
                Some((facts.id, (facts.answered_at?, facts.talk_ended_at?)))
            })
            .collect();
        for (ticket, call) in &self.joined {
            if let (Some(ticket), Some(talk)) = (tickets.get(ticket), talks.get(call)) {
                self.words.extend(spoken::words(*call, ticket, *talk, keys, dice));
            }
        }
    }
}

/// What a past is laid with.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub persons: &'a Persons,
    pub sealing: &'a Keys,
    pub db: &'a PgPool,
    pub clock: &'a dyn Clock,
    pub dice: &'a dyn Dice,
}

/// Lays the calls of the last `days` days up to now, unless some are there already. Needs the
/// demonstration's agents; without them, or without hotlines, nobody called.
pub async fn lay(
    days: u16,
    hotlines: &[Hotline],
    tickets: &[FromTicket],
    with: &Means<'_>,
) -> Result<Laid, org::Error> {
    let Means { persons, sealing, db, clock, dice } = *with;
    let staff = org::staff::with_role(db, Role::Agent).await?;
    let agents: Vec<_> = staff.iter().filter(|one| one.demo).map(AgentCard::from).collect();
    if days == 0 || agents.is_empty() || hotlines.is_empty() || store::demo::laid(db).await? {
        return Ok(Laid::default());
    }
    let citizens = citizens(persons, db, dice).await?;
    let now = clock.now();
    let chronicler = Chronicler::new(now, hotlines, &citizens, &agents, Chance(dice));
    let mut history = chronicler.write(days, tickets);
    history.speak(tickets, sealing, dice);
    let mut tx = db.begin().await?;
    store::demo::insert(&mut tx, &history).await?;
    tx.commit().await?;
    let today = figures(&history, now);
    Ok(Laid { calls: history.calls.len(), today })
}

/// Of those that came today.
fn figures(history: &History, now: DateTime<Utc>) -> Today {
    let mut today = Today::default();
    let day = |at: DateTime<Utc>| local(at).date_naive();
    let calls = history.calls.iter().map(|call| &call.facts);
    for facts in calls.filter(|facts| day(facts.invite_at) == day(now)) {
        if facts.direction == Direction::In {
            today.offered(now);
        }
        if facts.answered_at.is_some() {
            today.answered(facts, Config::default().answer_within, now);
        }
        if let (Some(agent), Some(_)) = (facts.agent, facts.answered_at) {
            today.talked(agent, facts.talked(now), now);
        }
        today.ended(facts, now);
    }
    today
}

/// Takes all calls of the demonstration out: laid ones, and those that were rung. Gives the names of
/// their recordings, to be deleted when this is committed: voices of those who tried it.
pub async fn remove(db: &mut PgConnection) -> Result<Vec<String>, org::Error> {
    let rung = store::demo::remove(db).await?;
    Ok(rung.into_iter().map(|(call, at)| Recordings::name(call, at)).collect())
}

/// Mobile numbers of no one: 138 with five zeros at most twice.
async fn citizens(
    persons: &Persons,
    db: &PgPool,
    dice: &dyn Dice,
) -> Result<Vec<PersonId>, org::Error> {
    let mut numbers = HashSet::new();
    while numbers.len() < CITIZENS {
        let number: PhoneNumber = format!("13800{:06}", dice.below(1_000_000))
            .parse()
            .map_err(|_| org::Error::NotFound("号码"))?;
        numbers.insert(number);
    }
    let mut numbers: Vec<_> = numbers.into_iter().collect();
    numbers.sort(); // a set's order is chance of its own
    let mut citizens = Vec::with_capacity(CITIZENS);
    for some in numbers.chunks(AT_ONCE) {
        let mut tx = db.begin().await?;
        for number in some {
            let who = Identity { number: Some(number.clone()), ..Identity::default() };
            citizens.push(persons.find_or_add_identity(&mut tx, &who, true).await?);
        }
        tx.commit().await?;
    }
    Ok(citizens)
}
