//! What a citizen may learn with the number and the query code.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::TicketId;
use chrono::{DateTime, TimeDelta, Utc};
use org::Actor;
use sqlx::PgConnection;
use ticket::{
    Action, Beside, Ctx, Ending, Known, Number, PageVisit, Satisfaction, Solved, Stage, Step,
    Ticket, Verb,
};

use crate::{Error, Workflow};

/// One stage on the citizen's page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PublicStep {
    pub label: &'static str,
    pub at: Option<DateTime<Utc>>,
    pub done: bool,
    pub now: bool,
}

/// The citizen's page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PublicView {
    pub headline: String,
    pub number: String,
    pub state: &'static str,
    pub steps: Vec<PublicStep>,
    pub answer_by: Option<DateTime<Utc>>,
    pub reply: Option<String>,
    pub sealed: bool,
    /// The citizen may take it back (撤单).
    pub may_withdraw: bool,
    /// The citizen is asked how it was, and has not said so by the page.
    pub may_rate: bool,
}

/// What a citizen says of the outcome by the page (网页评价).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAnswer {
    pub contacted: Option<bool>,
    pub solved: Solved,
    pub satisfaction: Satisfaction,
    pub words: String,
    /// What the unit replied is not true.
    pub not_true: bool,
}

impl Workflow {
    /// Looks a ticket up. A wrong number, a wrong digit and a wrong code all give nothing, and all
    /// go the same way.
    pub async fn look_up(&self, number: &str, code: &str) -> Result<Option<PublicView>, Error> {
        let db = &mut *self.0.db.acquire().await?;
        Ok(self.known_by(db, number, code).await?.map(|ticket| self.public_view(&ticket)))
    }

    /// The citizen wishes to withdraw, by the page with number and code (撤单): somebody of the
    /// hotline confirms it, and asks.
    pub async fn withdraw_by_page(
        &self,
        number: &str,
        code: &str,
        words: &str,
    ) -> Result<Option<PublicView>, Error> {
        let mut tx = self.0.db.begin().await?;
        let Some(found) = self.known_by(&mut tx, number, code).await? else { return Ok(None) };
        let before = ticket::lock(&mut tx, found.id).await?;
        let (citizen, posts) = (Actor::citizen(), HashMap::new());
        let rules = self.rules_of(&before);
        let known = Known { by_citizen: true, ..Known::default() };
        let ctx = Ctx::new(self.0.clock.now(), &citizen, &rules, &posts);
        let ctx = Ctx { known: &known, ..ctx };
        let action = Action::AskWithdrawal { call_id: None, words: words.trim().to_owned() };
        let (after, _) = Box::pin(self.step(&mut tx, &before, &Step::new(action), &ctx)).await?;
        tx.commit().await?;
        self.announce(&after);
        Ok(Some(self.public_view(&after)))
    }

    /// The citizen rates by the page with number and code, as by a call (回访): `from` is the address,
    /// of which only a keyed hash is kept. Too many tickets from one address within a window: they are
    /// marked, and all of these citizens are called.
    pub async fn rate_by_page(
        &self,
        number: &str,
        code: &str,
        from: &str,
        answer: PageAnswer,
    ) -> Result<Option<PublicView>, Error> {
        Box::pin(self.rate_at_once(number, code, from, answer)).await
    }

    async fn rate_at_once(
        &self,
        number: &str,
        code: &str,
        from: &str,
        answer: PageAnswer,
    ) -> Result<Option<PublicView>, Error> {
        let mut tx = self.0.db.begin().await?;
        let Some(found) = self.known_by(&mut tx, number, code).await? else { return Ok(None) };
        let rules = self.rules_of(&found);
        let (at, limit) = (self.0.clock.now(), rules.one_source);
        let source = self.0.persons.source(from);
        let since = at - TimeDelta::hours(i64::from(limit.hours));
        let mut others = ticket::rated_from(&mut tx, &source, since).await?;
        others.retain(|id| *id != found.id);
        let doubted = others.len() >= usize::from(limit.tickets);
        // whoever comes after these is doubted at once, so that these have to be doubted only now
        if others.len() > usize::from(limit.tickets) {
            others.clear();
        }
        others.retain(|_| doubted);
        let mut locked = self.lock_all(&mut tx, found.id, others).await?;
        let before = locked.remove(&found.id).ok_or(Error::NotFound)?;
        let (citizen, posts) = (Actor::citizen(), HashMap::new());
        let page = Some(PageVisit { source, doubted });
        let known = Known { by_citizen: true, page, ..Known::default() };
        let ctx = Ctx { known: &known, ..Ctx::new(at, &citizen, &rules, &posts) };
        let action = Action::FollowUp {
            reached: true,
            contacted: answer.contacted,
            solved: Some(answer.solved),
            satisfaction: Some(answer.satisfaction),
            words: answer.words.trim().to_owned(),
            not_true: answer.not_true,
            call_id: None,
        };
        let (after, mut changed) = self.step(&mut tx, &before, &Step::new(action), &ctx).await?;
        changed.extend(self.doubt(&mut tx, locked, at).await?);
        tx.commit().await?;
        self.announce(&after);
        for other in &changed {
            self.announce(other);
        }
        Ok(Some(self.public_view(&after)))
    }

    /// A ticket and others, locked in one order whoever comes.
    async fn lock_all(
        &self,
        tx: &mut PgConnection,
        id: TicketId,
        others: Vec<TicketId>,
    ) -> Result<BTreeMap<TicketId, Ticket>, Error> {
        let mut locked = BTreeMap::new();
        for id in others.into_iter().chain([id]).collect::<BTreeSet<_>>() {
            locked.insert(id, ticket::lock(tx, id).await?);
        }
        Ok(locked)
    }

    /// The ratings of these tickets are some of many from one address.
    async fn doubt(
        &self,
        tx: &mut PgConnection,
        rated: BTreeMap<TicketId, Ticket>,
        at: DateTime<Utc>,
    ) -> Result<Vec<Ticket>, Error> {
        let (system, posts) = (Actor::system(), HashMap::new());
        let mut doubted = Vec::new();
        for before in rated.into_values().filter(|one| !one.life.side.is_rating_doubted()) {
            let rules = self.rules_of(&before);
            let ctx = Ctx::new(at, &system, &rules, &posts);
            doubted.push(ticket::beside(tx, &before, &Beside::RatingDoubted, &ctx).await?.0);
        }
        Ok(doubted)
    }

    async fn known_by(
        &self,
        db: &mut PgConnection,
        number: &str,
        code: &str,
    ) -> Result<Option<Ticket>, Error> {
        let number: Option<Number> = number.parse().ok();
        let found = match number {
            Some(number) => ticket::by_number(db, number).await?,
            None => None,
        };
        let expected = found.as_ref().map_or("    ", |ticket| ticket.query_code.as_str());
        let right = same(expected.as_bytes(), code.trim().as_bytes());
        Ok(found.filter(|_| right))
    }

    fn public_view(&self, ticket: &Ticket) -> PublicView {
        let (citizen, posts) = (Actor::citizen(), HashMap::new());
        let rules = self.rules_of(ticket);
        let known = Known { by_citizen: true, ..Known::default() };
        let ctx = Ctx::new(self.0.clock.now(), &citizen, &rules, &posts);
        let ctx = Ctx { known: &known, ..ctx };
        let may = |verb| ticket.life.may(verb, &ctx).is_ok();
        let (may_withdraw, may_rate) = (may(Verb::AskWithdrawal), may(Verb::FollowUp));
        PublicView { may_withdraw, may_rate, ..view(ticket) }
    }
}

/// Compares without telling how much was right.
fn same(expected: &[u8], given: &[u8]) -> bool {
    let differs = expected.iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b));
    expected.len() == given.len() && differs == 0
}

fn view(ticket: &Ticket) -> PublicView {
    let life = &ticket.life;
    let sealed = ticket.request.sealed;
    let state = public_state(life.stage);
    let ended = life.stage.is_ended();
    PublicView {
        headline: if sealed {
            "您登记的事项".to_owned()
        } else {
            ticket.request.title.clone()
        },
        number: ticket.number.digits(),
        state,
        steps: if sealed { Vec::new() } else { steps(ticket) },
        answer_by: (!sealed && !ended).then_some(life.promise),
        reply: (!sealed).then(|| reply(ticket)).flatten(),
        sealed,
        may_withdraw: false,
        may_rate: false,
    }
}

/// The words for citizens: what happens inside stays inside.
fn public_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Accepted | Stage::ReturnAsked | Stage::InArbitration | Stage::Merged => "已受理",
        Stage::Dispatched
        | Stage::Handling
        | Stage::InReview
        | Stage::Correction
        | Stage::FinalReview => "办理中",
        Stage::Suspended => "暂缓办理",
        Stage::Withdrawal => "撤回待核",
        Stage::TransferredOut => "已转交",
        Stage::InFollowUp | Stage::Disputed => "已答复",
        Stage::Closed | Stage::Archived => "已办结",
        Stage::NotAccepted => "不予受理",
        Stage::Cancelled => "已撤回",
    }
}

/// The unit's reply once it has passed review, or what was said at once.
fn reply(ticket: &Ticket) -> Option<String> {
    match (&ticket.life.ending, ticket.life.stage) {
        (Some(Ending::Answered { text, .. }), _) => Some(text.clone()),
        (Some(Ending::NotAccepted { path, reason }), _) => Some(format!("{reason}（{path}）")),
        (Some(Ending::Final { text, .. } | Ending::Outside { text, .. }), _) => Some(text.clone()),
        (Some(Ending::Cancelled { .. }), _) => None,
        _ if ticket.life.side.is_withdrawn() => None,
        (_, Stage::InFollowUp | Stage::Disputed | Stage::Closed | Stage::Archived) => {
            let own = ticket.life.lead().and_then(|leg| leg.reply.as_ref());
            let reply = own.or(ticket.life.side.parent_reply.as_ref())?;
            Some(reply.public_text.clone().unwrap_or_else(|| reply.text.clone()))
        }
        _ => None,
    }
}

fn steps(ticket: &Ticket) -> Vec<PublicStep> {
    let life = &ticket.life;
    let lead = life.lead();
    let answered =
        matches!(life.ending, Some(Ending::Answered { .. } | Ending::NotAccepted { .. }));
    let replied = lead.and_then(|leg| leg.replied_at);
    let passed = [Stage::InFollowUp, Stage::Disputed, Stage::Closed, Stage::Archived];
    let passed = passed.contains(&life.stage);
    let mut times = vec![("受理", Some(life.accepted_at))];
    if !answered {
        times.push(("交办", lead.map(|leg| leg.dispatched_at)));
        times.push(("办理", lead.and_then(|leg| leg.signed_at)));
        times.push(("答复", replied.filter(|_| passed)));
    }
    times.push(("办结", life.ended_at));
    let reached = times.iter().rposition(|(_, at)| at.is_some()).unwrap_or_default();
    let ended = life.stage.is_ended();
    times
        .into_iter()
        .enumerate()
        .map(|(i, (label, at))| PublicStep {
            label,
            at,
            done: at.is_some() && (i < reached || ended),
            now: i == reached && !ended,
        })
        .collect()
}
