//! The final reply (最终答复): proposed under the signature of the unit's leader, let stand by the
//! city. The same matter is not taken up again.
use super::{After, bad};
use crate::action::Step;
use crate::error::{Error, Refused};
use crate::kind::Solved;
use crate::known::Ctx;
use crate::leg::{Reply, runs};
use crate::life::Life;
use crate::outcome::{Ending, Tell, UnitNews};
use crate::side::{Asked, FinalAsk};
use crate::state::{LegMove, LegState, Move, Stage};
use crate::timer::{Clocks, Runs};

impl Life {
    pub(super) fn ask_final(
        &mut self,
        text: &str,
        basis: &str,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<(), Error> {
        if text.trim().chars().count() < super::handle::SHORTEST_REPLY {
            return Err(bad("最终答复内容不能少于10个字").into());
        }
        if basis.trim().is_empty() {
            return Err(bad("最终答复须写明法律或政策依据").into());
        }
        self.side.final_ask = Some(FinalAsk {
            text: text.trim().to_owned(),
            basis: basis.trim().to_owned(),
            asked: Asked::new(ctx.actor, ctx.at, &step.reason),
            from: self.stage,
        });
        self.extension = None;
        self.side.suspension_ask = None;
        if let Some(leg) = self.lead().map(|leg| leg.id) {
            self.meet(Clocks::Handling, Some(leg), ctx.at);
            self.meet(Clocks::DecideExtension, Some(leg), ctx.at);
            self.meet(Clocks::DecideSuspension, Some(leg), ctx.at);
        }
        self.meet(Clocks::Whole, None, ctx.at);
        self.go(Move::AskFinal, "申请最终答复")?;
        let limit = self.limits(ctx.rules).decide_final;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Hotline);
        self.start(ctx.rules, Clocks::DecideFinal, None, hours, ctx.at, due);
        Ok(())
    }

    pub(super) fn decide_final(
        &mut self,
        approve: bool,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Refused> {
        let Some(ask) = self.side.final_ask.clone() else {
            return Err(self.wrong_state("最终答复审核"));
        };
        self.meet(Clocks::DecideFinal, None, ctx.at);
        let lead = self.lead_index();
        if !approve {
            self.side.final_ask = None;
            self.go(Move::Back(ask.from), "最终答复审核")?;
            if let Some(id) = lead.map(|i| self.legs[i].id) {
                if ask.from == Stage::Handling {
                    self.unmeet(id);
                }
                after.tell_unit(id, UnitNews::FinalRefused);
            }
            return Ok(());
        }
        if let Some(i) = lead.filter(|i| self.legs[*i].state != LegState::Done) {
            self.sign_final(i, &ask, ctx)?;
        }
        after.answers_children = !self.side.children.is_empty();
        self.go(Move::Final, "最终答复")?;
        self.end(Ending::Final { text: ask.text, basis: ask.basis }, ctx.at);
        after.tells.push(Tell::Final);
        Ok(())
    }

    /// The final reply takes the place of the unit's reply.
    fn sign_final(&mut self, i: usize, ask: &FinalAsk, ctx: &Ctx<'_>) -> Result<(), Refused> {
        if matches!(self.legs[i].state, LegState::Handling | LegState::Correction) {
            self.go_leg(i, LegMove::Reply, "最终答复")?;
            self.legs[i].replied_at = Some(ask.asked.at);
        }
        let before = self.legs[i].reply.take();
        let solved = before.as_ref().map_or(Solved::No, |reply| reply.solved);
        self.legs[i].reply = Some(Reply {
            text: ask.text.clone(),
            contacted: before.as_ref().is_some_and(|reply| reply.contacted),
            contacted_at: before.as_ref().and_then(|reply| reply.contacted_at),
            how: before.as_ref().and_then(|reply| reply.how.clone()),
            solved,
            facts: before.as_ref().and_then(|reply| reply.facts),
            basis: Some(ask.basis.clone()),
            public_text: None,
            attachments: before.map(|reply| reply.attachments).unwrap_or_default(),
            plan_date: None,
            by: ask.asked.by,
            approved_by: Some(ctx.actor.name.clone()),
        });
        Ok(())
    }
}
