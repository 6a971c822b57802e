//! Writes the past: calls, what they came to, and who was called back.
use std::collections::HashSet;

use base::{AgentId, CallId, PersonId, TicketId};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::FromTicket;
use super::roster::Roster;
use super::spoken::WordsRow;
use super::traffic::Chance;
use crate::callbacks::{due, local};
use crate::facts::{AgentCard, AttemptResult, Direction, Ending, Facts, Hotline, OutcomeKind};

/// Calls given up this long ago still wait for somebody to call back.
const OPEN_MINUTES: [i64; 3] = [6, 14, 22];

const MAIN_LINE: &str = "12345";

/// A row of `call_record`.
#[derive(Debug, Serialize)]
pub(crate) struct CallRow {
    #[serde(flatten)]
    pub(crate) facts: Facts,
    pub(crate) person: Option<PersonId>,
}

/// A row of `call_outcome`.
#[derive(Debug, Serialize)]
pub(crate) struct OutcomeRow {
    call: CallId,
    agent: AgentId,
    kind: OutcomeKind,
    ticket: Option<TicketId>,
    note: &'static str,
    at: DateTime<Utc>,
}

/// A row of `callback_task`.
#[derive(Debug, Serialize)]
pub(crate) struct TaskRow {
    id: Uuid,
    person: PersonId,
    call: CallId,
    missed_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    done_at: Option<DateTime<Utc>>,
    done_why: Option<&'static str>,
}

/// A row of `callback_attempt`.
#[derive(Debug, Serialize)]
pub(crate) struct AttemptRow {
    task: Uuid,
    call: CallId,
    at: DateTime<Utc>,
    agent: AgentId,
    result: AttemptResult,
}

/// Everything to be laid.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) calls: Vec<CallRow>,
    pub(crate) outcomes: Vec<OutcomeRow>,
    pub(crate) tasks: Vec<TaskRow>,
    pub(crate) attempts: Vec<AttemptRow>,
    pub(crate) joined: Vec<(TicketId, CallId)>,
    pub(crate) words: Vec<WordsRow>,
}

/// A call that comes in.
struct Ring<'a> {
    at: DateTime<Utc>,
    hotline: &'a Hotline,
    person: Option<PersonId>,
    /// From INVITE to the agent's voice.
    wait: TimeDelta,
    ticket: Option<&'a FromTicket>,
}

/// How a talk went.
struct Talk {
    kind: OutcomeKind,
    ticket: Option<TicketId>,
    ended_at: DateTime<Utc>,
    noted_at: DateTime<Utc>,
}

/// The one who writes it, day by day.
pub(crate) struct Chronicler<'a> {
    now: DateTime<Utc>,
    hotlines: &'a [Hotline],
    citizens: &'a [PersonId],
    /// They called a moment ago, and never before.
    waiting: &'a [PersonId],
    roster: Roster,
    chance: Chance<'a>,
    /// Tickets so far, for those who ask how theirs goes on.
    tickets: Vec<(TicketId, Option<PersonId>)>,
    /// Whoever still waits to be called back.
    open: HashSet<PersonId>,
    history: History,
}

impl<'a> Chronicler<'a> {
    pub(crate) fn new(
        now: DateTime<Utc>,
        hotlines: &'a [Hotline],
        citizens: &'a [PersonId],
        agents: &[AgentCard],
        chance: Chance<'a>,
    ) -> Self {
        let (waiting, citizens) = citizens.split_at(OPEN_MINUTES.len());
        let (roster, history) = (Roster::new(agents), History::default());
        let (tickets, open) = (Vec::new(), HashSet::new());
        Self { now, hotlines, citizens, waiting, roster, chance, tickets, open, history }
    }

    pub(crate) fn write(mut self, days: u16, tickets: &'a [FromTicket]) -> History {
        let today = local(self.now).date_naive();
        let mut tickets: Vec<_> = tickets.iter().filter(|ticket| ticket.at <= self.now).collect();
        tickets.sort_by_key(|ticket| ticket.at);
        for back in (0..days).rev() {
            let day = today - TimeDelta::days(back.into());
            let later = tickets.partition_point(|ticket| local(ticket.at).date_naive() <= day);
            let first = tickets.partition_point(|ticket| local(ticket.at).date_naive() < day);
            for ticket in &tickets[first..later] {
                if let Some(agent) = ticket.agent {
                    let (before, after) = (TimeDelta::seconds(230), TimeDelta::seconds(60));
                    self.roster.reserve(agent, ticket.at - before, ticket.at + after);
                }
            }
            for ring in self.rings(day, &tickets[first..later]) {
                self.take(ring);
            }
        }
        for (person, ago) in self.waiting.iter().zip(OPEN_MINUTES) {
            let at = self.now - TimeDelta::minutes(ago);
            let hotline = self.chance.hotline(self.hotlines, today);
            let (person, wait) = (Some(*person), TimeDelta::zero());
            self.give_up(&Ring { at, hotline, person, wait, ticket: None }, true);
        }
        self.history
    }

    /// The calls of one day in order: those of its tickets, and others to make up the number.
    fn rings(&self, day: NaiveDate, tickets: &[&'a FromTicket]) -> Vec<Ring<'a>> {
        let chance = self.chance;
        let mut rings: Vec<Ring> = tickets
            .iter()
            .map(|ticket| {
                let wait = chance.wait();
                let at = ticket.at - chance.seconds(50, 200) - wait;
                // whatever it is about, the main line takes it
                let main = self.hotlines.iter().find(|line| line.number == MAIN_LINE);
                let hotline = main.unwrap_or_else(|| chance.hotline(self.hotlines, day));
                Ring { at, hotline, person: ticket.person, wait, ticket: Some(ticket) }
            })
            .collect();
        for _ in tickets.len()..chance.calls_on(day) {
            let Some(at) = at(day, chance.time_of_day()) else { continue };
            let hotline = chance.hotline(self.hotlines, day);
            // one in fifty withholds the number
            let person = (!chance.percent(2)).then(|| *chance.one_of(self.citizens));
            rings.push(Ring { at, hotline, person, wait: chance.wait(), ticket: None });
        }
        rings.sort_by_key(|ring| ring.at);
        rings
    }

    fn take(&mut self, ring: Ring<'a>) {
        if let Some(from) = ring.ticket {
            let ended_at = (from.at + self.chance.seconds(5, 40)).min(self.now);
            let (kind, ticket) = (OutcomeKind::Ticket, Some(from.ticket));
            self.serve(&ring, &Talk { kind, ticket, ended_at, noted_at: from.at });
            self.tickets.push((from.ticket, from.person));
        } else if self.chance.percent(5) {
            self.give_up(&ring, false);
        } else {
            let kind = self.chance.outcome();
            self.talk(ring, kind);
        }
    }

    /// A call without a ticket of its own. One that would not be over yet has not come.
    fn talk(&mut self, mut ring: Ring<'a>, mut kind: OutcomeKind) -> Option<DateTime<Utc>> {
        let mut ticket = None;
        if matches!(kind, OutcomeKind::Addition | OutcomeKind::ProgressTold) {
            // about one of the last weeks, by whoever it is of
            let recent = self.tickets.len().saturating_sub(120);
            if self.tickets.is_empty() {
                kind = OutcomeKind::DirectAnswer;
            } else {
                let (id, person) = self.chance.one_of(&self.tickets[recent..]);
                (ticket, ring.person) = (Some(*id), person.or(ring.person));
            }
        }
        let ended_at = ring.at + ring.wait + self.chance.talk(kind);
        let noted_at = ended_at + self.chance.seconds(3, 18);
        if ended_at + TimeDelta::seconds(20) > self.now {
            return None;
        }
        self.serve(&ring, &Talk { kind, ticket, ended_at, noted_at });
        Some(ring.at)
    }

    fn serve(&mut self, ring: &Ring<'a>, talk: &Talk) {
        let chance = self.chance;
        let answered_at = ring.at + ring.wait;
        let ending = match talk.kind {
            OutcomeKind::CutOff => Ending::MediaFailed,
            OutcomeKind::Silent | OutcomeKind::Nuisance => Ending::AgentHungUp,
            _ if chance.percent(55) => Ending::CallerHungUp,
            _ => Ending::AgentHungUp,
        };
        // the agent has hung up: asked for a rating, they press a key or leave
        let rates =
            ending == Ending::AgentHungUp && talk.kind != OutcomeKind::Silent && chance.percent(60);
        let after = match ending {
            Ending::AgentHungUp => chance.seconds(4, 10),
            _ => TimeDelta::zero(),
        };
        let writer = ring.ticket.and_then(|ticket| ticket.agent);
        let agent = self.roster.book_for(writer, answered_at, talk.ended_at);
        let facts = Facts {
            queued_at: Some(ring.at + TimeDelta::milliseconds(chance.between(40, 400).into())),
            answered_at: Some(answered_at),
            talk_ended_at: Some(talk.ended_at),
            ended_at: Some((talk.ended_at + after).min(self.now)),
            agent: Some(agent),
            ending: Some(ending),
            rating: rates.then(|| chance.weighted([(1, 80), (2, 14), (3, 6)])),
            ..self.facts(ring.at, ring.hotline, ring.person)
        };
        if let (OutcomeKind::Ticket, Some(ticket)) = (talk.kind, talk.ticket) {
            self.history.joined.push((ticket, facts.id));
        }
        self.history.outcomes.push(OutcomeRow {
            call: facts.id,
            agent,
            kind: talk.kind,
            ticket: talk.ticket,
            note: chance.note(talk.kind),
            at: talk.noted_at.min(self.now),
        });
        self.history.calls.push(CallRow { facts, person: ring.person });
    }

    fn facts(&self, at: DateTime<Utc>, hotline: &Hotline, person: Option<PersonId>) -> Facts {
        Facts {
            id: CallId::new(at, self.chance.0.bytes()),
            direction: Direction::In,
            hotline: hotline.number.clone(),
            hotline_name: hotline.name.clone(),
            dialled: hotline.number.clone(),
            trunk: None,
            withheld: person.is_none(),
            invite_at: at,
            queued_at: None,
            answered_at: None,
            talk_ended_at: None,
            ended_at: None,
            agent: None,
            ending: None,
            rating: None,
            callback: None,
            errand: None,
            demo: true,
        }
    }

    /// The caller does not wait for an agent. `for_now`: nobody has called back yet.
    fn give_up(&mut self, ring: &Ring<'a>, for_now: bool) {
        let chance = self.chance;
        let gone_at = ring.at + chance.seconds(6, 45);
        if gone_at > self.now {
            return;
        }
        let facts = Facts {
            queued_at: Some(ring.at + TimeDelta::milliseconds(chance.between(40, 400).into())),
            ended_at: Some(gone_at),
            ending: Some(Ending::Abandoned),
            ..self.facts(ring.at, ring.hotline, ring.person)
        };
        let call = facts.id;
        self.history.calls.push(CallRow { facts, person: ring.person });
        let Some(person) = ring.person.filter(|person| !self.open.contains(person)) else { return };
        let task = call.uuid();
        let done = if for_now { None } else { self.call_back(ring, person, task, gone_at) };
        if done.is_none() {
            self.open.insert(person);
        }
        self.history.tasks.push(TaskRow {
            id: task,
            person,
            call,
            missed_at: gone_at,
            due_at: due(gone_at),
            done_at: done.map(|(at, _)| at),
            done_why: done.map(|(_, why)| why),
        });
    }

    /// When the task was done, and why. None: not yet.
    fn call_back(
        &mut self,
        ring: &Ring<'a>,
        person: PersonId,
        task: Uuid,
        missed: DateTime<Utc>,
    ) -> Option<(DateTime<Utc>, &'static str)> {
        let chance = self.chance;
        let by = due(missed);
        let in_the_morning = by - missed > TimeDelta::minutes(30);
        let at = if in_the_morning {
            by - chance.seconds(720, 4500)
        } else {
            missed + chance.seconds(150, 960)
        };
        // whatever would not be over by now has not begun
        if at + TimeDelta::minutes(12) > self.now {
            return None;
        }
        let result =
            chance.weighted([("answered", 60), ("called_again", 22), ("two_attempts", 18)]);
        match result {
            "called_again" => {
                let (hotline, wait) = (ring.hotline, chance.wait());
                let again = Ring { at, hotline, person: Some(person), wait, ticket: None };
                self.talk(again, OutcomeKind::DirectAnswer).map(|at| (at, result))
            }
            "answered" => Some((
                self.ring_out(ring.hotline, person, task, at, AttemptResult::Answered),
                result,
            )),
            _ => {
                self.ring_out(ring.hotline, person, task, at, AttemptResult::NoAnswer);
                let again = at + chance.seconds(240, 420);
                let busy = [AttemptResult::NoAnswer, AttemptResult::Busy];
                let end = *chance.one_of(&busy);
                Some((self.ring_out(ring.hotline, person, task, again, end), result))
            }
        }
    }

    /// An agent calls a citizen back; gives when it was known what came of it.
    fn ring_out(
        &mut self,
        hotline: &Hotline,
        person: PersonId,
        task: Uuid,
        at: DateTime<Utc>,
        result: AttemptResult,
    ) -> DateTime<Utc> {
        let chance = self.chance;
        let picked_up = at + chance.seconds(8, 24);
        let (answered_at, ended_at, ending) = match result {
            AttemptResult::Answered => {
                let ending = *chance.one_of(&[Ending::CallerHungUp, Ending::AgentHungUp]);
                (Some(picked_up), picked_up + chance.talk(OutcomeKind::DirectAnswer), ending)
            }
            AttemptResult::Busy => (None, picked_up, Ending::Busy),
            _ => (None, at + chance.seconds(38, 45), Ending::NoAnswer),
        };
        let agent = self.roster.book(at, ended_at);
        let facts = Facts {
            direction: Direction::Out,
            answered_at,
            talk_ended_at: answered_at.map(|_| ended_at),
            ended_at: Some(ended_at),
            agent: Some(agent),
            ending: Some(ending),
            callback: Some(task),
            errand: None,
            ..self.facts(at, hotline, Some(person))
        };
        let (call, known_at) = (facts.id, answered_at.unwrap_or(ended_at));
        if answered_at.is_some() {
            let (kind, at) = (OutcomeKind::DirectAnswer, ended_at + chance.seconds(3, 18));
            let note = "回拨答复";
            self.history.outcomes.push(OutcomeRow { call, agent, kind, ticket: None, note, at });
        }
        self.history.calls.push(CallRow { facts, person: Some(person) });
        self.history.attempts.push(AttemptRow { task, call, at: known_at, agent, result });
        known_at
    }
}

fn at(day: NaiveDate, time: NaiveTime) -> Option<DateTime<Utc>> {
    let zone = *local(DateTime::UNIX_EPOCH).offset();
    day.and_time(time).and_local_timezone(zone).single().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::SeededDice;
    use queue::Skills;

    fn history(now: DateTime<Utc>, seed: u64) -> History {
        let dice = SeededDice::new(seed);
        let chance = Chance(&dice);
        let citizens: Vec<_> = (0..200).map(|_| PersonId::new(now, chance.0.bytes())).collect();
        let agents = [0, 1, 2, 3, 4, 5, 6, 7].map(|n| AgentCard {
            id: AgentId::new(now, chance.0.bytes()),
            number: format!("10{n:02}"),
            name: String::new(),
            skills: Skills::default(),
            answers: true,
        });
        let hotlines = ["12345", "12319"].map(|number| Hotline {
            number: number.to_owned(),
            name: String::new(),
            needs: Skills::default(),
            priority: 0,
        });
        let tickets: Vec<FromTicket> = (0..300)
            .map(|n| now - TimeDelta::seconds(n * 4001))
            .map(|at| crate::demo::tests::ticket(TicketId::new(at, chance.0.bytes()), at))
            .collect();
        Chronicler::new(now, &hotlines, &citizens, &agents, chance).write(20, &tickets)
    }

    #[test]
    fn at_whatever_hour_it_is_laid_nothing_is_to_come_and_nobody_waits_too_long() {
        for (hour, seed) in (0u32..24).zip(1..) {
            let now: DateTime<Utc> = "2026-11-02T16:00:30Z".parse().unwrap();
            let now = now + TimeDelta::hours(hour.into());
            let history = history(now, seed);
            for call in &history.calls {
                assert!(
                    call.facts.ended_at.unwrap() <= now
                        && call.facts.talk_ended_at <= call.facts.ended_at
                );
                assert!(call.facts.answered_at.is_none_or(|at| at > call.facts.invite_at));
            }
            assert!(history.outcomes.iter().all(|outcome| outcome.at <= now));
            let open: Vec<_> = history.tasks.iter().filter(|task| task.done_at.is_none()).collect();
            assert!(open.len() >= 3, "{hour}");
            assert!(open.iter().all(|task| task.due_at > now), "{hour}");
            let people: HashSet<_> = open.iter().map(|task| task.person).collect();
            assert_eq!(people.len(), open.len());
            for task in history.tasks.iter().filter(|task| task.done_at.is_some()) {
                assert!(task.done_at.unwrap() <= now && task.done_at.unwrap() <= task.due_at);
            }
        }
    }
}
