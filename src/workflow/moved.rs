//! Who hears that a date moved because a calendar or a profile is another one: the citizen of the new
//! date, the units of the new due of their part.
use chrono::{DateTime, Utc};
use notice::{Draft, Template, To};
use sqlx::PgConnection;
use ticket::{Clocks, Recomputed, Ticket};

use crate::Error;
use crate::tell::Teller;

impl Teller<'_> {
    /// The messages of one ticket whose clocks were counted anew.
    pub(crate) async fn moved_drafts(
        &self,
        db: &mut PgConnection,
        ticket: &Ticket,
        moved: &[Recomputed],
        reason: &str,
        at: DateTime<Utc>,
    ) -> Result<Vec<Draft>, Error> {
        let mut drafts = self.units_of_moved(ticket, moved, reason, at);
        if self.moves_the_promise(ticket, moved) {
            drafts.extend(self.citizen_of_moved(db, ticket, reason, at).await?);
        }
        Ok(drafts)
    }

    /// The citizen knows a day: another hour of the same one is no news. Nothing is told of a ticket that
    /// is set aside, whose date stands still, nor to a sealed reporter.
    fn moves_the_promise(&self, ticket: &Ticket, moved: &[Recomputed]) -> bool {
        let promise = moved.iter().any(|moved| {
            let after = moved.after.map(|after| self.date(after));
            moved.name == Clocks::Whole
                && after.is_some_and(|after| after != self.date(moved.before))
        });
        let request = &ticket.request;
        let silent =
            request.sealed || !request.wants_reply || ticket.life.side.suspension.is_some();
        promise && !silent
    }

    async fn citizen_of_moved(
        &self,
        db: &mut PgConnection,
        ticket: &Ticket,
        reason: &str,
        at: DateTime<Utc>,
    ) -> Result<Vec<Draft>, Error> {
        let fill = vec![("date", self.date(ticket.life.promise)), ("reason", reason.to_owned())];
        self.citizen_drafts(db, ticket, Template::Recounted, fill, at).await
    }

    /// In the console: nobody at a desk is woken because a holiday was announced.
    fn units_of_moved(
        &self,
        ticket: &Ticket,
        moved: &[Recomputed],
        reason: &str,
        at: DateTime<Utc>,
    ) -> Vec<Draft> {
        let own = |leg: &&ticket::Leg| {
            let of_leg = |moved: &Recomputed| {
                moved.name == Clocks::Handling && moved.leg == Some(leg.id) && moved.after.is_some()
            };
            leg.state.is_open() && moved.iter().any(of_leg)
        };
        let legs = ticket.life.legs.iter().filter(own);
        let drafts = legs.map(|leg| {
            let mut fill = self.unit_fill(ticket, leg);
            fill.push(("reason", reason.to_owned()));
            let to = To::Desk { id: leg.unit.unit, name: leg.unit.name.clone() };
            self.drafts(ticket, leg, (Template::UnitRecounted, to), &fill, "", at)
        });
        drafts.flatten().collect()
    }
}
