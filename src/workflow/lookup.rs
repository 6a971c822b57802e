//! What a citizen may learn with the number and the query code.
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use org::Actor;
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
    /// The citizen may still take it back.
    pub may_withdraw: bool,
}

impl Workflow {
    /// Looks a ticket up. A wrong number, a wrong digit and a wrong code all give nothing, and all
    /// go the same way.
    pub async fn look_up(&self, number: &str, code: &str) -> Result<Option<PublicView>, Error> {
        let number: Option<Number> = number.parse().ok();
        let db = &mut *self.0.db.acquire().await?;
        let found = match number {
            Some(number) => ticket::by_number(db, number).await?,
            None => None,
        };
        let expected = found.as_ref().map_or("    ", |ticket| ticket.query_code.as_str());
        let right = same(expected.as_bytes(), code.trim().as_bytes());
        Ok(found.filter(|_| right).map(|ticket| self.view(&ticket)))
    }

    /// Takes it back, by the citizen with number and code (撤单). Another person checks it, and the
    /// citizen is asked as at any end. Nothing for a wrong number or code.
    pub async fn withdraw(
        &self,
        number: &str,
        code: &str,
        words: &str,
    ) -> Result<Option<PublicView>, Error> {
        if self.look_up(number, code).await?.is_none() {
            return Ok(None);
        }
        let Ok(number) = number.parse::<Number>() else { return Ok(None) };
        let step = Step::new(Action::AskWithdrawal { call_id: None, words: words.to_owned() });
        let mut tx = self.0.db.begin().await?;
        let Some(found) = ticket::by_number(&mut tx, number).await? else { return Ok(None) };
        let (at, citizen) = (self.0.clock.now(), Actor::citizen());
        let before = ticket::lock(&mut tx, found.id).await?;
        let rules = self.rules_of(&before);
        let (posts, known) = (HashMap::new(), Known { by_citizen: true, ..Known::default() });
        let ctx = Ctx { known: &known, ..Ctx::new(at, &citizen, &rules, &posts) };
        let (after, others) = self.step(&mut tx, &before, &step, &ctx).await?;
        tx.commit().await?;
        self.announce(&after);
        for other in &others {
            self.announce(other);
        }
        Ok(Some(self.view(&after)))
    }

    fn view(&self, ticket: &Ticket) -> PublicView {
        let (citizen, rules) = (Actor::citizen(), self.rules_of(ticket));
        let (posts, known) = (HashMap::new(), Known { by_citizen: true, ..Known::default() });
        let ctx = Ctx { known: &known, ..Ctx::new(self.0.clock.now(), &citizen, &rules, &posts) };
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
        Stage::Accepted | Stage::ReturnAsked => "已受理",
        Stage::Dispatched | Stage::Handling | Stage::InReview | Stage::Correction => "办理中",
        Stage::InFollowUp | Stage::Disputed => "已答复",
        Stage::Closed => "已办结",
        Stage::NotAccepted => "不予受理",
        Stage::Cancelled => "已撤回",
    }
}

/// The unit's reply once it has passed review, or what was said at once.
fn reply(ticket: &Ticket) -> Option<String> {
    match (&ticket.life.ending, ticket.life.stage) {
        (Some(Ending::Answered { text, .. }), _) => Some(text.clone()),
        (Some(Ending::NotAccepted { path, reason }), _) => Some(format!("{reason}（{path}）")),
        (_, Stage::InFollowUp | Stage::Disputed | Stage::Closed) => {
            ticket.life.lead()?.reply.as_ref().map(|reply| reply.text.clone())
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
    let passed = matches!(life.stage, Stage::InFollowUp | Stage::Disputed | Stage::Closed);
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
