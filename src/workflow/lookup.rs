//! What a citizen may learn with the number and the query code.
use chrono::{DateTime, Utc};
use ticket::{Ending, Number, Stage, Ticket};

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
        Ok(found.filter(|_| right).map(|ticket| view(&ticket)))
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
