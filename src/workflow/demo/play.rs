//! One ticket's life, lived in memory by the real state machine and written at once.
use std::sync::Arc;

use base::PersonId;
use chrono::{DateTime, TimeDelta, Utc};
use org::{Actor, Role};
use sqlx::PgConnection;
use ticket::{
    Action, Beside, Channel, Ctx, Event, Fired, Kind, Known, New, Number, Rating, Request, Rules,
    Runs, Stage, Step, Tell, Ticket, Urgency,
};
use uuid::Uuid;

use super::cast::Cast;
use super::plan::{Chance, Part};
use crate::tell::Teller;
use crate::{Error, Workflow};

/// What was told on the way, with the ticket as it was then.
enum Told {
    Tell {
        ticket: Ticket,
        tell: Tell,
        step: Box<Step>,
        rating: Box<Option<Rating>>,
        at: DateTime<Utc>,
    },
    Fired {
        ticket: Ticket,
        fired: Fired,
        at: DateTime<Utc>,
    },
}

/// A ticket being lived.
pub(super) struct Play<'a> {
    workflow: &'a Workflow,
    cast: &'a Cast,
    first: Ticket,
    pub ticket: Ticket,
    events: Vec<Event>,
    ratings: Vec<Rating>,
    told: Vec<Told>,
    now: DateTime<Utc>,
    rules: Arc<Rules>,
}

impl<'a> Play<'a> {
    /// The request is accepted.
    pub(super) fn open(
        workflow: &'a Workflow,
        cast: &'a Cast,
        part: &Part<'_>,
        person: Option<PersonId>,
        number: Number,
    ) -> Result<Option<Self>, Error> {
        let chance = Chance(&*workflow.0.dice);
        let agent = cast.someone(Role::Agent, chance);
        let Some(new) = request(cast, part, person, chance) else { return Ok(None) };
        let rules = workflow.rules();
        let (ticket, event) =
            Ticket::open(&agent, new, number, part.at, &rules, &*workflow.0.dice)?;
        let mut play = Self {
            workflow,
            cast,
            first: ticket.clone(),
            ticket: ticket.clone(),
            events: vec![event],
            ratings: Vec::new(),
            told: Vec::new(),
            now: part.now,
            rules,
        };
        let step = Step::new(Action::Sign {});
        play.told.push(Told::Tell {
            ticket,
            tell: Tell::Accepted,
            step: Box::new(step),
            rating: Box::default(),
            at: part.at,
        });
        Ok(Some(play))
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(super) fn stage(&self) -> Stage {
        self.ticket.life.stage
    }

    /// Later by so much of the hotline's or the units' time, or of natural time.
    pub(super) fn later(&self, runs: Runs, at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
        let natural = self.ticket.life.urgency != Urgency::Normal;
        let calendar = self.rules().calendar(runs).filter(|_| !natural);
        calendar.and_then(|calendar| calendar.add(at, by).ok()).unwrap_or(at + by)
    }

    /// Takes a step; deadlines that were reached before it are marked first. Nothing happens when
    /// its time has not come, or when the step is refused: then `false`.
    pub(super) fn step(&mut self, at: DateTime<Utc>, actor: &Actor, step: &Step) -> bool {
        if at >= self.now {
            return false;
        }
        self.marks_until(at);
        let known = Known {
            by_citizen: *actor == Actor::citizen(),
            proofs: [self.proof()].into(),
            ..Known::default()
        };
        let ctx = Ctx { known: &known, ..Ctx::new(at, actor, &self.rules, self.cast.posts()) };
        let Ok((after, event, taken)) = self.ticket.advance(step, &ctx) else { return false };
        self.ticket = after;
        self.events.push(event);
        self.ratings.extend(taken.rating.clone());
        for tell in taken.tells {
            let ticket = self.ticket.clone();
            let (step, rating) = (Box::new(step.clone()), Box::new(taken.rating.clone()));
            self.told.push(Told::Tell { ticket, tell, step, rating, at });
        }
        true
    }

    /// What stands for an uploaded proof in the past that is played.
    pub(super) fn proof(&self) -> Uuid {
        self.ticket.id.uuid()
    }

    /// Filed, when it ended long enough ago.
    fn filed(&mut self) -> Result<(), Error> {
        let days = TimeDelta::days(i64::from(self.rules.archive_days));
        let Some(at) = self.ticket.life.ended_at.map(|ended| ended + days) else { return Ok(()) };
        if at >= self.now {
            return Ok(());
        }
        let (system, posts) = (Actor::system(), std::collections::HashMap::new());
        let ctx = Ctx::new(at, &system, &self.rules, &posts);
        let (after, event, _) = self.ticket.beside(&Beside::File, &ctx)?;
        self.ticket = after;
        self.events.push(event);
        Ok(())
    }

    /// Nobody does anything until a moment.
    pub(super) fn let_pass(&mut self, at: DateTime<Utc>) {
        self.marks_until(at.min(self.now));
    }

    /// The marks of the deadlines up to a moment, each at its own time.
    fn marks_until(&mut self, at: DateTime<Utc>) {
        while let Some(next) = self.ticket.life.next_fire() {
            // a clock that was set going again may have run out before
            let last = self.events.last().map_or(next, |event| event.at);
            let when = last.max(next + TimeDelta::seconds(1));
            if when > at {
                return;
            }
            let (after, events, fired) = self.ticket.ticked(when, &self.rules);
            self.ticket = after;
            self.events.extend(events);
            for fired in fired {
                self.told.push(Told::Fired { ticket: self.ticket.clone(), fired, at: when });
            }
        }
    }

    /// Writes the life, and what was told on the way.
    pub(super) async fn write(mut self, tx: &mut PgConnection) -> Result<(), Error> {
        self.marks_until(self.now);
        self.filed()?;
        ticket::lay(tx, &self.first, &self.ticket, &self.events, &self.ratings, self.now).await?;
        let teller = Teller { past: true, ..self.workflow.teller() };
        for told in &self.told {
            match told {
                Told::Tell { ticket, tell, step, rating, at } => {
                    teller.tell(tx, ticket, tell, step, (**rating).as_ref(), *at).await?;
                }
                Told::Fired { ticket, fired, at } => {
                    teller.tell_fired(tx, ticket, fired, *at).await?;
                }
            }
        }
        Ok(())
    }
}

/// The request in words.
fn request(
    cast: &Cast,
    part: &Part<'_>,
    person: Option<PersonId>,
    chance: Chance<'_>,
) -> Option<New> {
    let theme = part.theme;
    let place = part.place.map_or("我市", |place| place.name.as_str());
    let number = format!("{}号楼", 1 + chance.below(28));
    let number = if chance.percent(60) { number } else { String::new() };
    let is_estate = ["小区", "花园", "新村"].iter().any(|word| place.ends_with(word));
    let place = if is_estate { format!("{place}{number}") } else { place.to_owned() };
    let words = |text: &str| text.replace("{p}", &place);
    let channel = match chance.below(100) {
        0..=86 => Channel::Phone,
        87..=93 => Channel::Web,
        94..=96 => Channel::MessageBoard,
        _ => Channel::Police,
    };
    let kind = Kind::from_word(theme.kind)?;
    Some(New {
        request: Request {
            title: words(part.matter.title),
            content: words(part.matter.content),
            category: cast.category(theme.category).map(|category| category.id),
            place: part.place.map(|place| place.id),
            address: part
                .place
                .map_or_else(String::new, |p| format!("{} {number}", p.path).trim().to_owned()),
            person,
            sealed: kind == Kind::Report || (kind == Kind::Complaint && chance.percent(6)),
            wants_reply: kind != Kind::Praise && chance.percent(93),
            channel,
            source: (channel == Channel::MessageBoard).then(|| "人民网领导留言板".to_owned()),
            outside_number: None,
            outside_due: None,
            call: None,
        },
        kind,
        urgency: Urgency::from_word(theme.urgency)?,
        reachable: person.is_some(),
        key: Uuid::from_bytes(chance.0.bytes()),
        answer: None,
        against: Vec::new(),
        demo: true,
    })
}
