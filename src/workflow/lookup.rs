//! What a citizen may learn with the number and the query code.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use org::Actor;
use sqlx::PgConnection;
use ticket::{Action, Ctx, Ending, Known, Number, Stage, Step, Ticket, Verb};

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
        let may_withdraw = ticket.life.may(Verb::AskWithdrawal, &ctx).is_ok();
        PublicView { may_withdraw, ..view(ticket) }
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
