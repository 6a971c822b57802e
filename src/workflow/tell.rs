//! Who is told what after a step: the step's news become rows of the outbox.
use base::LegId;
use chrono::{DateTime, Datelike, Timelike, Utc};
use notice::{Template, To};
use org::Identity;
use org::category::Category;
use sqlx::PgConnection;
use ticket::{Action, Ending, Leg, Rating, Step, Tell, Ticket, UnitNews};

use crate::{Error, Workflow};

pub(crate) type Fill = Vec<(&'static str, String)>;

/// Writes what a ticket's steps tell into the outbox.
#[derive(Clone, Copy)]
pub(crate) struct Teller<'a> {
    pub workflow: &'a Workflow,
    /// The citizen and the category, where they were read already.
    pub known: Option<(Option<&'a Identity>, Option<&'a Category>)>,
    /// The demonstration's past: told as if it had been sent then.
    pub past: bool,
}

impl Workflow {
    pub(crate) fn teller(&self) -> Teller<'_> {
        Teller { workflow: self, known: None, past: false }
    }
}

impl Teller<'_> {
    pub(crate) async fn tell(
        &self,
        tx: &mut PgConnection,
        ticket: &Ticket,
        tell: &Tell,
        step: &Step,
        rating: Option<&Rating>,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let promise = self.date(ticket.life.promise);
        let (template, more): (Template, Fill) = match tell {
            Tell::Unit { leg, news } => {
                return self.tell_unit(tx, ticket, *leg, *news, step, at).await;
            }
            Tell::Accepted => (Template::Accepted, vec![("date", promise)]),
            Tell::Dispatched { unit } => {
                (Template::Dispatched, vec![("unit", unit.clone()), ("date", promise)])
            }
            Tell::Extended { due, reason } => {
                let fill = vec![("date", self.date(*due)), ("reason", shortened(reason, 16))];
                (Template::Extended, fill)
            }
            Tell::ReworkBegun { unit } => {
                (Template::Rework, vec![("unit", unit.clone()), ("date", promise)])
            }
            Tell::Closed => closed(ticket, rating),
            Tell::AskedToRate => (Template::RateByPage, vec![]),
            Tell::PromiseMoved => (Template::PromiseMoved, vec![("date", promise)]),
            Tell::Suspended { review_at } => {
                // it ends with the midnight after the day that is named
                let day = *review_at - chrono::TimeDelta::seconds(1);
                (Template::Suspended, vec![("date", self.date(day))])
            }
            Tell::Resumed => (Template::Resumed, vec![("date", promise)]),
            Tell::Final => (Template::FinalReply, vec![]),
            Tell::Merged => (Template::Merged, vec![("date", promise)]),
            Tell::TransferredOut { to } => (Template::TransferredOut, vec![("unit", to.clone())]),
            Tell::WithdrawalAsked => (Template::WithdrawalAsked, vec![]),
        };
        // who wants no reply hears once that it was accepted
        let always = [Template::Accepted, Template::WithdrawalAsked];
        if !always.contains(&template) && !ticket.request.wants_reply {
            return Ok(());
        }
        let drafts = self.citizen_drafts(tx, ticket, template, more, at).await?;
        Ok(self.workflow.0.notices.put(tx, drafts).await?)
    }

    /// What a citizen is sent; nothing where no mobile number is known.
    pub(crate) async fn citizen_drafts(
        &self,
        tx: &mut PgConnection,
        ticket: &Ticket,
        template: Template,
        more: Fill,
        at: DateTime<Utc>,
    ) -> Result<Vec<notice::Draft>, Error> {
        let Some(person) = ticket.request.person else { return Ok(Vec::new()) };
        let (identity, category) = self.known.unwrap_or_default();
        let number = match identity {
            Some(identity) => identity.number.clone(),
            None => self.workflow.0.persons.identity(tx, person).await?.number,
        };
        let Some(number) = number.filter(base::PhoneNumber::is_mobile) else {
            return Ok(Vec::new()); // a landline gets no SMS
        };
        let subject = match (category, ticket.request.category) {
            (Some(category), _) => category.name.clone(),
            (None, Some(category)) => org::category::find(tx, category).await?.name,
            (None, None) => ticket.life.kind.label().to_owned(),
        };
        let mut fill = more;
        fill.push(("subject", subject));
        fill.push(("number", ticket.number.digits()));
        fill.push(("code", ticket.query_code.clone()));
        let new = notice::New {
            template,
            to: To::Person { id: person, masked: number.masked() },
            ticket: Some(ticket.id),
            call: ticket.request.call,
            sealed: ticket.request.sealed,
            fill: &fill,
            event: ticket.last_event(),
            at,
            demo: ticket.demo,
            past: self.past,
        };
        Ok(self.workflow.0.notices.draft(&new))
    }

    async fn tell_unit(
        &self,
        tx: &mut PgConnection,
        ticket: &Ticket,
        leg: LegId,
        news: UnitNews,
        step: &Step,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let Some(leg) = ticket.life.legs.iter().find(|found| found.id == leg) else {
            return Ok(());
        };
        let mut fill = self.unit_fill(ticket, leg);
        if let Action::Review { missing: Some(missing), .. } = &step.action {
            fill.push(("reason", shortened(missing.trim().trim_end_matches('。'), 30)));
        }
        self.queue_unit(tx, ticket, leg, news, fill, "", at).await
    }

    pub(crate) async fn tell_addition(
        &self,
        tx: &mut PgConnection,
        ticket: &Ticket,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        for leg in ticket.life.legs.iter().filter(|leg| leg.state.is_open()) {
            let fill = self.unit_fill(ticket, leg);
            self.queue_unit(tx, ticket, leg, UnitNews::Addition, fill, "", at).await?;
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one call for three kinds of news")]
    async fn queue_unit(
        &self,
        tx: &mut PgConnection,
        ticket: &Ticket,
        leg: &Leg,
        news: UnitNews,
        fill: Fill,
        about: &str,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut drafts = self.unit_drafts(ticket, leg, news, &fill, about, at);
        drafts.extend(self.leader_of_news(ticket, leg, news, at));
        Ok(self.workflow.0.notices.put(tx, drafts).await?)
    }

    pub(crate) fn unit_drafts(
        &self,
        ticket: &Ticket,
        leg: &Leg,
        news: UnitNews,
        fill: &Fill,
        about: &str,
        at: DateTime<Utc>,
    ) -> Vec<notice::Draft> {
        let Some(template) = template(news) else { return Vec::new() };
        let to = To::Unit { id: leg.unit.unit, name: leg.unit.name.clone() };
        self.drafts(ticket, leg, (template, to), fill, about, at)
    }

    /// The messages of one notice about a leg.
    pub(crate) fn drafts(
        &self,
        ticket: &Ticket,
        leg: &Leg,
        (template, to): (Template, To),
        fill: &Fill,
        about: &str,
        at: DateTime<Utc>,
    ) -> Vec<notice::Draft> {
        let new = notice::New {
            template,
            to,
            ticket: Some(ticket.id),
            call: None,
            sealed: ticket.request.sealed,
            fill,
            event: format!("{}:{}{about}", ticket.last_event(), leg.id),
            at,
            demo: ticket.demo,
            past: self.past,
        };
        self.workflow.0.notices.draft(&new)
    }

    pub(crate) fn unit_fill(&self, ticket: &Ticket, leg: &Leg) -> Fill {
        vec![
            ("number", ticket.number.to_string()),
            // a message lies on a telephone: nothing of a sealed request goes there
            (
                "title",
                if ticket.request.sealed {
                    "保密工单，请登录查看".to_owned()
                } else {
                    shortened(&ticket.request.title, 20)
                },
            ),
            ("date", self.date_and_time(leg.due_at)),
            ("sign", leg.sign_due.map_or_else(String::new, |due| self.date_and_time(due))),
        ]
    }

    pub(crate) fn date(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.workflow.rules().office().zone());
        format!("{}月{}日", local.month(), local.day())
    }

    pub(crate) fn date_and_time(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.workflow.rules().office().zone());
        format!("{}{:02}:{:02}", self.date(at), local.hour(), local.minute())
    }
}

/// A citizen who was asked by telephone is not asked again.
fn closed(ticket: &Ticket, rating: Option<&Rating>) -> (Template, Fill) {
    let asked = [
        matches!(ticket.life.ending, Some(Ending::FollowedUp | Ending::Decided { .. })),
        matches!(ticket.life.ending, Some(Ending::Final { .. } | Ending::Outside { .. })),
    ];
    let asked = asked.contains(&true);
    if !asked && ticket.life.kind != ticket::Kind::Praise && !ticket.request.sealed {
        return (Template::RateSolved, vec![]);
    }
    let said = rating.and_then(|rating| rating.solved);
    let found = || ticket.life.lead().and_then(|leg| leg.reply.as_ref()).map(|reply| reply.solved);
    let result = said.or_else(found).map_or("已答复", ticket::Solved::label);
    (Template::Closed, vec![("result", result.to_owned())])
}

/// What the unit's desk is told; none: it is for the leader alone.
fn template(news: UnitNews) -> Option<Template> {
    Some(match news {
        UnitNews::Dispatched => Template::UnitDispatched,
        UnitNews::SoonDue => Template::UnitSoonDue,
        UnitNews::Late => Template::UnitLate,
        UnitNews::Correction => Template::UnitCorrection,
        UnitNews::ReturnGranted => Template::UnitReturnGranted,
        UnitNews::ReturnRefused => Template::UnitReturnRefused,
        UnitNews::ExtensionGranted => Template::UnitExtensionGranted,
        UnitNews::ExtensionRefused => Template::UnitExtensionRefused,
        UnitNews::Rework => Template::UnitRework,
        UnitNews::Urged => Template::UnitUrged,
        UnitNews::Addition => Template::UnitAddition,
        UnitNews::ApprovalWanted => return None,
        UnitNews::NotApproved => Template::UnitNotApproved,
        UnitNews::Arbitrated => Template::UnitArbitrated,
        UnitNews::Recalled => Template::UnitRecalled,
        UnitNews::SuspensionGranted => Template::UnitSuspensionGranted,
        UnitNews::SuspensionRefused => Template::UnitSuspensionRefused,
        UnitNews::SuspensionEnded => Template::UnitSuspensionEnded,
        UnitNews::FinalRefused => Template::UnitFinalRefused,
        UnitNews::Yellow => Template::UnitYellow,
        UnitNews::Red => Template::UnitRed,
        UnitNews::Order => Template::UnitOrder,
    })
}

pub(crate) fn shortened(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}
