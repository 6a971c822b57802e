//! Who hears that a limit runs out or has run out: the unit's desk, its leader, and, the longer it is
//! late, those above them (督办梯次).
use std::collections::HashMap;

use base::UnitId;
use chrono::{DateTime, Utc};
use notice::{Draft, Template, To};
use org::{Role, Unit};
use sqlx::PgConnection;
use ticket::{Clocks, Fire, Fired, Leg, Level, Ticket, UnitNews, Whom};

use crate::Error;
use crate::tell::Teller;

/// The units above those whose legs climb the ladder.
#[derive(Debug, Default)]
pub(crate) struct Above(HashMap<UnitId, Unit>);

impl Above {
    /// Looked up only where a rung tells them.
    pub(crate) async fn of<'a>(
        db: &mut PgConnection,
        fired: impl Iterator<Item = (&'a Ticket, &'a [Fired])>,
    ) -> Result<Self, Error> {
        let mut units = Vec::new();
        for (ticket, fired) in fired {
            let upper =
                |fired: &&Fired| fired.rung.is_some_and(|rung| rung.tell == Whom::UpperLeader);
            let legs = fired.iter().filter(upper).filter_map(|fired| leg_of(ticket, fired));
            units.extend(legs.map(|leg| leg.unit.unit));
        }
        if units.is_empty() {
            return Ok(Self::default());
        }
        units.sort_unstable();
        units.dedup();
        Ok(Self(org::unit::above(db, &units).await?))
    }

    /// The leader above a unit; of the root, its own.
    fn leader(&self, leg: &Leg) -> To {
        match self.0.get(&leg.unit.unit) {
            Some(above) => To::Leader { id: above.id, name: above.name.clone() },
            None => leader(leg),
        }
    }
}

impl Teller<'_> {
    /// All who hear of a deadline, in a transaction of the caller's.
    pub(crate) async fn tell_fired(
        &self,
        tx: &mut PgConnection,
        ticket: &Ticket,
        fired: &Fired,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let above = Above::of(tx, std::iter::once((ticket, std::slice::from_ref(fired)))).await?;
        let drafts = self.fired_drafts(ticket, fired, &above, at);
        Ok(self.workflow.0.notices.put(tx, drafts).await?)
    }

    /// What is told when a limit runs out, has run out, or has run out long ago.
    pub(crate) fn fired_drafts(
        &self,
        ticket: &Ticket,
        fired: &Fired,
        above: &Above,
        at: DateTime<Utc>,
    ) -> Vec<Draft> {
        // the hotline sees its own limits on its lists
        let Some(leg) = leg_of(ticket, fired) else { return Vec::new() };
        match (fired.name, fired.fire) {
            (Clocks::Sign, _) => self.desk(ticket, leg, fired, at),
            (Clocks::Handling, Fire::Warn) => {
                let mut drafts = self.desk(ticket, leg, fired, at);
                drafts.extend(self.leader_soon(ticket, leg, fired, at));
                drafts
            }
            (Clocks::Handling, Fire::Late) => {
                let mut drafts = self.desk(ticket, leg, fired, at);
                drafts.extend(self.late(ticket, leg, fired, (leader(leg), Level::Red), at));
                drafts
            }
            (Clocks::Handling, Fire::Rung(_)) => self.rung(ticket, leg, fired, above, at),
            _ => Vec::new(),
        }
    }

    /// The unit's desk.
    fn desk(&self, ticket: &Ticket, leg: &Leg, fired: &Fired, at: DateTime<Utc>) -> Vec<Draft> {
        let news = if fired.fire == Fire::Warn { UnitNews::SoonDue } else { UnitNews::Late };
        let mut fill = self.unit_fill(ticket, leg);
        fill.retain(|(name, _)| *name != "date");
        fill.push(("date", self.date_and_time(fired.due)));
        let clock = if fired.name == Clocks::Sign { "签收" } else { "办结" };
        fill.push(("clock", clock.to_owned()));
        fill.push(("left", self.left(ticket, fired, at)));
        // two limits of one leg may run out in one moment
        self.unit_drafts(ticket, leg, news, &fill, fired.name.word(), at)
    }

    fn left(&self, ticket: &Ticket, fired: &Fired, at: DateTime<Utc>) -> String {
        let natural = ticket.life.urgency != ticket::Urgency::Normal;
        ticket::left_text(Some(fired.due), natural, at, &self.workflow.rules())
    }

    fn leader_soon(
        &self,
        ticket: &Ticket,
        leg: &Leg,
        fired: &Fired,
        at: DateTime<Utc>,
    ) -> Vec<Draft> {
        let mut fill = self.leader_fill(ticket, leg, Level::Yellow, fired.due);
        fill.push(("left", self.left(ticket, fired, at)));
        let to = (Template::LeaderSoonDue, leader(leg));
        self.drafts(ticket, leg, to, &fill, fired.name.word(), at)
    }

    /// Somebody above the desk. The red mark and a first rung at the due are one message.
    fn late(
        &self,
        ticket: &Ticket,
        leg: &Leg,
        fired: &Fired,
        (to, level): (To, Level),
        at: DateTime<Utc>,
    ) -> Vec<Draft> {
        let fill = self.leader_fill(ticket, leg, level, fired.due);
        let about = format!("{}:{}", fired.name.word(), level.word());
        self.drafts(ticket, leg, (Template::LeaderLate, to), &fill, &about, at)
    }

    fn rung(
        &self,
        ticket: &Ticket,
        leg: &Leg,
        fired: &Fired,
        above: &Above,
        at: DateTime<Utc>,
    ) -> Vec<Draft> {
        let Some(rung) = fired.rung else { return Vec::new() };
        let tell = |to: To| self.late(ticket, leg, fired, (to, rung.level), at);
        let mut drafts = match rung.tell {
            Whom::UnitClerk => {
                let mut fill = self.unit_fill(ticket, leg);
                fill.push(("clock", "办结".to_owned()));
                self.unit_drafts(ticket, leg, UnitNews::Late, &fill, &fired.mark, at)
            }
            Whom::UnitLeader => tell(leader(leg)),
            Whom::UpperLeader => tell(above.leader(leg)),
            Whom::Oversight => tell(To::Role(Role::Oversight)),
            Whom::City => [Role::Supervisor, Role::Oversight]
                .into_iter()
                .flat_map(|role| tell(To::Role(role)))
                .collect(),
        };
        if fired.raised.is_some_and(|level| matches!(level, Level::Order | Level::Meeting)) {
            // it wants the unit's answer, whoever else hears of it
            let fill = self.unit_fill(ticket, leg);
            drafts.extend(self.unit_drafts(ticket, leg, UnitNews::Order, &fill, &fired.mark, at));
            drafts.extend(self.overseen(ticket, leg, rung.level, at));
        }
        drafts
    }

    /// What a unit's leader hears beside, or instead of, the desk.
    pub(crate) fn leader_of_news(
        &self,
        ticket: &Ticket,
        leg: &Leg,
        news: UnitNews,
        at: DateTime<Utc>,
    ) -> Vec<Draft> {
        let level = match news {
            UnitNews::ApprovalWanted => {
                let fill = self.unit_fill(ticket, leg);
                let to = (Template::LeaderApprovalWanted, leader(leg));
                return self.drafts(ticket, leg, to, &fill, "", at);
            }
            UnitNews::Yellow => Level::Yellow,
            UnitNews::Red => Level::Red,
            // an order or the city's meeting
            UnitNews::Order => ticket.life.side.oversight().unwrap_or(Level::Order),
            _ => return Vec::new(),
        };
        self.overseen(ticket, leg, level, at)
    }

    fn overseen(&self, ticket: &Ticket, leg: &Leg, level: Level, at: DateTime<Utc>) -> Vec<Draft> {
        let fill = self.leader_fill(ticket, leg, level, leg.due_at);
        let to = (Template::LeaderOverseen, leader(leg));
        self.drafts(ticket, leg, to, &fill, level.word(), at)
    }

    fn leader_fill(
        &self,
        ticket: &Ticket,
        leg: &Leg,
        level: Level,
        due: DateTime<Utc>,
    ) -> crate::tell::Fill {
        let mut fill = self.unit_fill(ticket, leg);
        fill.retain(|(name, _)| *name != "date");
        fill.push(("date", self.date_and_time(due)));
        fill.push(("unit", leg.unit.name.clone()));
        fill.push(("level", level.label().to_owned()));
        fill
    }
}

fn leg_of<'a>(ticket: &'a Ticket, fired: &Fired) -> Option<&'a Leg> {
    ticket.life.legs.iter().find(|leg| Some(leg.id) == fired.leg)
}

fn leader(leg: &Leg) -> To {
    To::Leader { id: leg.unit.unit, name: leg.unit.name.clone() }
}
