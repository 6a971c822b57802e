//! The steps of a ticket's life, pure: the life before, an action, the life after.
mod change;
mod contact;
mod dispatch;
mod extend;
mod final_reply;
mod finish;
mod handle;
mod oversee;
mod returns;
mod suspend;
#[cfg(test)]
mod tests;
mod tick;
mod tie;
mod transfer;
mod withdraw;

pub use tick::Fired;
pub(crate) use tick::is_mark;

use base::{KnowledgeId, LegId};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::action::{Action, Step, Verb};
use crate::error::{Error, Refused};
use crate::known::Ctx;
use crate::life::{Life, RequestChange, Taken};
use crate::outcome::{Ending, Rating, Tell, UnitNews};
use crate::state::{LegMove, Move};
use crate::timer::Clocks;
use handle::{Verdict, reply_of};

/// What a step leaves behind besides the changed life.
#[derive(Default)]
struct After {
    tells: Vec<Tell>,
    leg: Option<LegId>,
    details: Value,
    rating: Option<Rating>,
    request: RequestChange,
    answers_children: bool,
}

impl After {
    fn tell_unit(&mut self, leg: LegId, news: UnitNews) {
        self.tells.push(Tell::Unit { leg, news });
    }
}

impl Life {
    /// Takes a step, or says why not. The life itself stays as it is.
    pub fn take(&self, step: &Step, ctx: &Ctx<'_>) -> Result<Taken, Error> {
        let verb = step.action.verb();
        let leg = self.may(verb, ctx)?;
        if needs_reason(verb) && step.reason.trim().is_empty() {
            return Err(bad("请填写理由").into());
        }
        let mut life = self.clone();
        let mut after = After {
            leg: leg.map(|i| life.legs[i].id),
            details: serde_json::to_value(&step.action).unwrap_or_default(),
            ..After::default()
        };
        life.stand_in(verb, leg, step, ctx)?;
        let done = match leg {
            Some(i) => life.step_of_leg(i, step, ctx, &mut after)?,
            None => false,
        };
        if !done {
            life.step_of_ticket(step, ctx, &mut after)?;
        }
        let After { tells, leg, details, rating, request, answers_children } = after;
        Ok(Taken { life, tells, leg, details, rating, request, answers_children })
    }

    /// What is about one unit's part; `false`: it is about the ticket.
    fn step_of_leg(
        &mut self,
        i: usize,
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<bool, Error> {
        match &step.action {
            Action::Dispatch { unit_id, assisting } => {
                self.relay(i, *unit_id, assisting, ctx, after)?;
            }
            Action::Assist { unit_ids } => self.assist(Some(i), unit_ids, step, ctx, after)?,
            Action::Sign {} => self.sign(i, ctx.at, false)?,
            Action::Return { .. } => self.ask_return(i, ctx)?,
            Action::DecideReturn { approve, unit_id } => {
                self.decide_return(i, *approve, *unit_id, step, ctx, after)?;
            }
            Action::Reply { .. } => {
                let reply = reply_of(&step.action, ctx);
                self.reply(i, reply, ctx, after)?;
            }
            Action::Approve { approve, missing } => {
                self.approve(i, *approve, missing.as_deref(), ctx, after)?;
            }
            Action::AskExtension { days, contacted_at, how } => {
                let told = (*contacted_at, how.as_deref());
                self.ask_extension(i, *days, told, &step.reason, ctx)?;
            }
            Action::DecideExtension { approve } => {
                self.decide_extension(i, *approve, ctx, after)?;
            }
            Action::AskSuspension { until, cause } => {
                self.ask_suspension(i, *until, cause, step, ctx)?;
            }
            Action::DecideSuspension { approve, review_at } => {
                self.decide_suspension(i, *approve, *review_at, ctx, after)?;
            }
            Action::AskFinal { text, basis } => self.ask_final(text, basis, step, ctx)?,
            Action::AnswerOversight { text, oversight_id } => {
                self.answer_oversight(text, *oversight_id, ctx)?;
            }
            Action::Review { pass, missing, checklist, codes } => {
                let verdict = Verdict {
                    pass: *pass,
                    missing: missing.as_deref(),
                    checklist: *checklist,
                    codes,
                };
                self.review(i, &verdict, ctx, after)?;
            }
            Action::Urge {} => {
                self.urges += 1;
                after.tell_unit(self.legs[i].id, UnitNews::Urged);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What is about the ticket as a whole.
    fn step_of_ticket(
        &mut self,
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let verb = step.action.verb();
        match &step.action {
            Action::Dispatch { unit_id, assisting } => {
                self.dispatch(*unit_id, assisting, step, ctx, after)
            }
            Action::Arbitrate { unit_id, assisting } => {
                self.arbitrate(*unit_id, assisting, step, ctx, after)
            }
            Action::Reassign { unit_id, assisting } => {
                self.reassign(*unit_id, assisting, step, ctx, after)
            }
            Action::Assist { unit_ids } => self.assist(None, unit_ids, step, ctx, after),
            Action::NotAccept { path } => Ok(self.not_accept(path, &step.reason, ctx)?),
            Action::FollowUp { .. } => self.follow_up(&step.action, ctx, after),
            Action::Rework {} => self.rework(ctx, after),
            Action::Close {} => {
                self.go(Move::Close, verb.label())?;
                self.end(Ending::Decided { reason: step.reason.trim().to_owned() }, ctx.at);
                after.tells.push(Tell::Closed);
                Ok(())
            }
            Action::Contact { .. } => Ok(self.contact(&step.action, ctx, after)?),
            Action::RenewSuspension { review_at } => {
                Ok(self.renew_suspension(*review_at, ctx, after)?)
            }
            Action::Resume {} => self.resume(ctx.rules, ctx.at, after),
            Action::AskChange { kind, urgency, wants_reply } => {
                Ok(self.ask_change(*kind, *urgency, *wants_reply, step, ctx)?)
            }
            Action::DecideChange { approve, retroactive } => {
                self.decide_change(*approve, *retroactive, ctx, after)
            }
            Action::Recategorise { category_id, place_id } => {
                after.request.category = Some(*category_id);
                after.request.place = *place_id;
                Ok(())
            }
            Action::AskWithdrawal { call_id, words } => {
                self.ask_withdrawal(*call_id, words, step, ctx, after)
            }
            Action::DecideWithdrawal { approve } => {
                self.decide_withdrawal(*approve, step, ctx, after)
            }
            Action::DecideFinal { approve } => Ok(self.decide_final(*approve, ctx, after)?),
            Action::Oversee { level, days } => self.oversee(*level, *days, step, ctx, after),
            Action::LiftOversight { oversight_id } => Ok(self.lift_oversight(*oversight_id, ctx)?),
            Action::Merge { .. } => Ok(self.merge(ctx, after)?),
            Action::Unmerge {} => self.unmerge(ctx),
            Action::TransferOut { to, outside_number } => {
                Ok(self.transfer_out(*to, outside_number.as_deref(), ctx, after)?)
            }
            Action::OutsideFeedback { taken, text } => {
                self.outside_feedback(*taken, text, ctx, after)
            }
            Action::Flag { mass, headcount } => {
                self.side.mass = *mass;
                self.side.headcount = headcount.filter(|_| *mass);
                Ok(())
            }
            Action::PhoneNotice { leg_id, who, call_id } => {
                Ok(self.phone_notice(*leg_id, who, *call_id, ctx, after)?)
            }
            _ => Err(self.wrong_state(verb.label()).into()),
        }
    }

    /// A supervisor in a unit's place, or in that of another of the hotline's people, says why.
    fn stand_in(
        &self,
        verb: Verb,
        leg: Option<usize>,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<(), Refused> {
        if !step.reason.trim().is_empty() {
            return Ok(());
        }
        let unit = leg.filter(|_| verb.is_unit_side()).map(|i| self.legs[i].unit.unit);
        if unit.is_some_and(|unit| ctx.actor.post.as_ref().is_none_or(|own| own.unit != unit)) {
            return Err(bad("代承办单位办理须说明理由"));
        }
        let supervisor = ctx.actor.has(org::Role::Supervisor);
        if verb.usual_role().is_some_and(|role| supervisor && !ctx.actor.has(role)) {
            return Err(bad("班长代为办理须说明理由"));
        }
        Ok(())
    }

    /// Answered at once from a knowledge entry (直接答复).
    pub fn answer(
        &mut self,
        knowledge_id: KnowledgeId,
        version: i32,
        text: &str,
        at: DateTime<Utc>,
    ) -> Result<(), Refused> {
        self.go(Move::Answer, "直接答复")?;
        self.meet(Clocks::Dispatch, None, at);
        self.meet(Clocks::Whole, None, at);
        self.end(Ending::Answered { knowledge_id, version, text: text.to_owned() }, at);
        Ok(())
    }

    fn sign(&mut self, i: usize, at: DateTime<Utc>, by_system: bool) -> Result<(), Refused> {
        self.go_leg(i, LegMove::Sign, "签收")?;
        let leg = &mut self.legs[i];
        leg.signed_at = Some(at);
        leg.auto_signed = by_system;
        let (id, lead) = (leg.id, leg.is_root_lead());
        self.meet(Clocks::Sign, Some(id), at);
        if lead {
            self.go_beneath(Move::Sign, "签收")?;
        }
        Ok(())
    }

    /// A step of the ticket as it stands under a withdrawal that is not yet decided.
    fn go_beneath(&mut self, step: Move, verb: &str) -> Result<(), Refused> {
        let Some(under) = self.side.withdrawal.as_mut().map(|ask| &mut ask.from) else {
            return self.go(step, verb);
        };
        match under.after(step) {
            Some(stage) => *under = stage,
            None => return Err(self.wrong_state(verb)),
        }
        Ok(())
    }

    fn not_accept(&mut self, path: &str, reason: &str, ctx: &Ctx<'_>) -> Result<(), Refused> {
        if path.trim().is_empty() {
            return Err(bad("请填写法定途径"));
        }
        self.go(Move::RefuseToAccept, "告知法定途径")?;
        self.meet(Clocks::Dispatch, None, ctx.at);
        let (path, reason) = (path.trim().to_owned(), reason.trim().to_owned());
        self.end(Ending::NotAccepted { path, reason }, ctx.at);
        Ok(())
    }
}

/// Every step says why, but those that say it in their own words or are asked for.
fn needs_reason(verb: Verb) -> bool {
    !matches!(
        verb,
        Verb::Dispatch
            | Verb::Sign
            | Verb::Reply
            | Verb::Approve
            | Verb::Review
            | Verb::FollowUp
            | Verb::DecideExtension
            | Verb::Contact
            | Verb::AskWithdrawal
            | Verb::AnswerOversight
            | Verb::OutsideFeedback
            | Verb::PhoneNotice
    )
}

fn bad(why: &str) -> Refused {
    Refused::Bad(why.to_owned())
}
