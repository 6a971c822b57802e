//! Giving a ticket back, and the decision on it.
use base::UnitId;

use super::{After, bad};
use crate::action::Step;
use crate::calendar;
use crate::error::Error;
use crate::known::Ctx;
use crate::leg::runs;
use crate::life::Life;
use crate::outcome::UnitNews;
use crate::side::{Cause, Level};
use crate::state::{LegMove, Move};
use crate::timer::{Clocks, Runs};

impl Life {
    pub(super) fn ask_return(&mut self, i: usize, ctx: &Ctx<'_>) -> Result<(), Error> {
        self.go_leg(i, LegMove::AskReturn, "退单")?;
        self.legs[i].return_asked = true;
        let (id, lead) = (self.legs[i].id, self.legs[i].is_root_lead());
        if lead {
            self.go(Move::AskReturn, "退单")?;
        }
        let limit = self.limits(ctx.rules).decide_return;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Hotline);
        self.start(ctx.rules, Clocks::DecideReturn, Some(id), hours, ctx.at, due);
        Ok(())
    }

    pub(super) fn decide_return(
        &mut self,
        i: usize,
        approve: bool,
        to: Option<UnitId>,
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let (id, lead) = (self.legs[i].id, self.legs[i].is_root_lead());
        self.meet(Clocks::DecideReturn, Some(id), ctx.at);
        if !approve {
            self.go_leg(i, LegMove::RefuseReturn, "退单")?;
            if lead {
                self.go(Move::RefuseReturn, "退单")?;
            }
            after.tell_unit(id, UnitNews::ReturnRefused);
            return Ok(());
        }
        self.go_leg(i, LegMove::GrantReturn, "退单")?;
        self.legs[i].ended_at = Some(ctx.at);
        self.stop_leg_timers(id, ctx.at);
        after.tell_unit(id, UnitNews::ReturnGranted);
        if !lead {
            return Ok(());
        }
        // it goes back as a whole: who assisted is called back too
        for other in 0..self.legs.len() {
            if self.legs[other].state.after(LegMove::Recall).is_some() {
                self.go_leg(other, LegMove::Recall, "收回")?;
                self.legs[other].ended_at = Some(ctx.at);
                self.stop_leg_timers(self.legs[other].id, ctx.at);
            }
        }
        self.returns += 1;
        self.extension = None;
        self.side.suspension_ask = None;
        let (returns, _, _) = ctx.rules.marks_after();
        if returns > 0 && self.returns == returns {
            self.mark(Level::Yellow, Cause::ReturnedTwice, ctx.at, after);
        }
        if u16::try_from(self.returns).unwrap_or(u16::MAX) >= ctx.rules.max_returns {
            self.go(Move::Refer, "退单")?;
            let limit = self.limits(ctx.rules).arbitration;
            let due = ctx.rules.hotline_due(ctx.at, limit)?;
            let hours = runs(limit, Runs::Hotline);
            self.start(ctx.rules, Clocks::Arbitration, None, hours, ctx.at, due);
            return match to {
                Some(_) => Err(bad("已退单两次，承办单位须由班长会商裁定").into()),
                None => Ok(()),
            };
        }
        self.go(Move::GrantReturn, "退单")?;
        self.start_dispatch_clock(ctx)?;
        match to {
            Some(unit) => self.dispatch(unit, &[], step, ctx, after),
            None => Ok(()),
        }
    }

    pub(super) fn start_dispatch_clock(&mut self, ctx: &Ctx<'_>) -> Result<(), calendar::Error> {
        let limit = self.limits(ctx.rules).dispatch;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Hotline);
        self.start(ctx.rules, Clocks::Dispatch, None, hours, ctx.at, due);
        Ok(())
    }
}
