//! The steps of a ticket's life, pure: the life before, an action, the life after.
mod dispatch;
mod finish;
mod handle;
#[cfg(test)]
mod tests;

use base::{KnowledgeId, LegId};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::action::{Action, Step, Verb};
use crate::error::{Error, Refused};
use crate::life::{Ctx, Life, Taken};
use crate::outcome::{Ending, Rating, Tell, UnitNews};
use crate::state::{LegMove, LegState, Move};
use crate::timer::{Clocks, Fire};

/// What a step leaves behind besides the changed life.
#[derive(Default)]
struct After {
    tells: Vec<Tell>,
    leg: Option<LegId>,
    details: Value,
    rating: Option<Rating>,
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
        if needs_reason(&step.action) && step.reason.trim().is_empty() {
            return Err(bad("请填写理由").into());
        }
        let mut life = self.clone();
        let mut after = After {
            leg: leg.map(|i| life.legs[i].id),
            details: serde_json::to_value(&step.action).unwrap_or_default(),
            ..After::default()
        };
        life.stand_in(verb, leg, step, ctx)?;
        match (&step.action, leg) {
            (Action::Dispatch { unit_id, assisting }, None) => {
                life.dispatch(*unit_id, assisting, step, ctx, &mut after)?;
            }
            (Action::Dispatch { unit_id, assisting }, Some(i)) => {
                life.relay(i, *unit_id, assisting, ctx, &mut after)?;
            }
            (Action::NotAccept { path }, _) => life.not_accept(path, &step.reason, ctx)?,
            (Action::Sign {}, Some(i)) => life.sign(i, ctx.at, false)?,
            (Action::Return { .. }, Some(i)) => life.ask_return(i, ctx)?,
            (Action::DecideReturn { approve, unit_id }, Some(i)) => {
                life.decide_return(i, *approve, *unit_id, step, ctx, &mut after)?;
            }
            (Action::Reply { text, contacted, contacted_at, how, solved }, Some(i)) => {
                let reply = crate::leg::Reply {
                    text: text.trim().to_owned(),
                    contacted: *contacted,
                    contacted_at: *contacted_at,
                    how: how.clone(),
                    solved: *solved,
                };
                life.reply(i, reply, ctx)?;
            }
            (Action::AskExtension { days }, Some(i)) => {
                life.ask_extension(i, *days, &step.reason, ctx)?;
            }
            (Action::DecideExtension { approve }, Some(i)) => {
                life.decide_extension(i, *approve, ctx, &mut after)?;
            }
            (Action::Review { pass, missing }, Some(i)) => {
                life.review(i, *pass, missing.as_deref(), ctx, &mut after)?;
            }
            (Action::FollowUp { .. }, _) => life.follow_up(&step.action, ctx, &mut after)?,
            (Action::Rework {}, _) => life.rework(ctx, &mut after)?,
            (Action::Close {}, _) => {
                life.go(Move::Close, verb.label())?;
                life.end(Ending::Decided { reason: step.reason.trim().to_owned() }, ctx.at);
                after.tells.push(Tell::Closed);
            }
            (Action::Urge {}, Some(i)) => {
                life.urges += 1;
                after.tell_unit(life.legs[i].id, UnitNews::Urged);
            }
            (Action::Cancel {}, _) => {
                life.go(Move::Cancel, verb.label())?;
                life.end(Ending::Cancelled { reason: step.reason.trim().to_owned() }, ctx.at);
            }
            (_, None) => return Err(self.wrong_state(verb.label()).into()),
        }
        let After { tells, leg, details, rating } = after;
        Ok(Taken { life, tells, leg, details, rating })
    }

    /// A supervisor who stands in for a unit says why.
    fn stand_in(
        &self,
        verb: Verb,
        leg: Option<usize>,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<(), Refused> {
        let unit_side =
            matches!(verb, Verb::Sign | Verb::Return | Verb::Reply | Verb::AskExtension);
        let Some(i) = leg.filter(|_| unit_side) else { return Ok(()) };
        let own = ctx.actor.post.as_ref().is_some_and(|own| own.unit == self.legs[i].unit.unit);
        if own || !step.reason.trim().is_empty() {
            return Ok(());
        }
        Err(bad("代承办单位办理须说明理由"))
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

    /// What the deadlines ask for at `now`: marks, warnings, signatures of the system. Each once.
    pub fn tick(&mut self, now: DateTime<Utc>) -> Vec<Fired> {
        let mut fired = Vec::new();
        for i in 0..self.timers.len() {
            let Some(fire) = self.timers[i].fire(now) else { continue };
            let timer = self.timers[i].clone();
            fired.push(Fired {
                name: timer.name,
                leg: timer.leg,
                fire,
                due: timer.due_at,
                seq: timer.seq,
                mark: timer.mark(fire),
            });
            if let (Clocks::Sign, Fire::Late, Some(leg)) = (timer.name, fire, timer.leg) {
                let i = self.legs.iter().position(|found| found.id == leg);
                let unsigned = i.filter(|i| self.legs[*i].state == LegState::Dispatched);
                if let Some(i) = unsigned {
                    // a system's signature is a late one; the states allow it, so it cannot fail
                    drop(self.sign(i, now, true));
                }
            }
        }
        fired
    }

    fn sign(&mut self, i: usize, at: DateTime<Utc>, by_system: bool) -> Result<(), Refused> {
        self.go_leg(i, LegMove::Sign, "签收")?;
        let leg = &mut self.legs[i];
        leg.signed_at = Some(at);
        leg.auto_signed = by_system;
        let (id, lead) = (leg.id, leg.is_root_lead());
        self.meet(Clocks::Sign, Some(id), at);
        if lead {
            self.go(Move::Sign, "签收")?;
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

/// A deadline that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    pub name: Clocks,
    pub leg: Option<LegId>,
    pub fire: Fire,
    pub due: DateTime<Utc>,
    /// The timer's place, and which of its marks it is: together they are there once.
    pub seq: i16,
    pub mark: String,
}

impl Fired {
    /// For history.
    pub fn details(&self) -> Value {
        json!({
            "timer": self.name.word(),
            "leg": self.leg,
            "due": self.due,
            "seq": self.seq,
            "mark": self.mark,
        })
    }
}

fn needs_reason(action: &Action) -> bool {
    matches!(
        action,
        Action::NotAccept { .. }
            | Action::Return { .. }
            | Action::DecideReturn { .. }
            | Action::AskExtension { .. }
            | Action::Rework {}
            | Action::Close {}
            | Action::Urge {}
            | Action::Cancel {}
    )
}

fn bad(why: &str) -> Refused {
    Refused::Bad(why.to_owned())
}
