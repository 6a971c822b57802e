//! Sending a ticket out and taking it back.
use base::UnitId;
use org::{Post, Right, Role, Thing, can};

use super::{After, bad};
use crate::action::Step;
use crate::calendar;
use crate::error::{Error, Refused};
use crate::leg::{NewLeg, is_grass_roots, runs};
use crate::life::{Ctx, Life};
use crate::outcome::{Tell, UnitNews};
use crate::state::{LegMove, LegState, Move};
use crate::timer::{Clocks, Runs};

impl Life {
    pub(super) fn dispatch(
        &mut self,
        unit: UnitId,
        assisting: &[UnitId],
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let lead = target(ctx, unit)?.clone();
        let arbitrated = u16::try_from(self.returns).unwrap_or(u16::MAX) >= ctx.rules.max_returns;
        self.check_target(&lead, arbitrated)?;
        let decides = ctx.actor.has(Role::Supervisor) && !step.reason.trim().is_empty();
        if arbitrated && !decides {
            return Err(bad("已退单两次，须由班长会商裁定承办单位并说明理由").into());
        }
        self.go(Move::Dispatch, "派单")?;
        self.meet(Clocks::Dispatch, None, ctx.at);
        if let Some(me) = ctx.actor.staff.filter(|me| !self.dispatchers.contains(me)) {
            self.dispatchers.push(me);
        }
        let promise = Some(self.promise);
        let new = NewLeg {
            unit: &lead,
            lead: true,
            parent: None,
            not_after: promise,
            binding: arbitrated,
        };
        let id = self.open_leg(ctx, &new)?;
        after.leg = Some(id);
        after.tells.push(Tell::Dispatched { unit: lead.name.clone() });
        after.tell_unit(id, UnitNews::Dispatched);
        for other in distinct(assisting, unit)? {
            let other = target(ctx, other)?.clone();
            self.check_target(&other, arbitrated)?;
            let new = NewLeg {
                unit: &other,
                lead: false,
                parent: None,
                not_after: promise,
                binding: false,
            };
            let id = self.open_leg(ctx, &new)?;
            after.tell_unit(id, UnitNews::Dispatched);
        }
        self.sign_what_needs_none(ctx)?;
        Ok(())
    }

    /// A county's hub sends on to its own departments, streets and townships.
    pub(super) fn relay(
        &mut self,
        above: usize,
        unit: UnitId,
        assisting: &[UnitId],
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let (parent, due) = (self.legs[above].id, self.legs[above].due_at);
        let others = distinct(assisting, unit)?;
        for (n, id) in std::iter::once(unit).chain(others).enumerate() {
            let below = target(ctx, id)?.clone();
            let inside =
                can(ctx.actor, Right::Dispatch, Thing::Units(std::slice::from_ref(&below)));
            if inside.is_err() || below.unit == self.legs[above].unit.unit {
                return Err(bad("只能转派给本县（市、区）的单位").into());
            }
            let open = |leg: &crate::leg::Leg| {
                leg.parent == Some(parent) && leg.unit.unit == id && leg.state.is_open()
            };
            if self.legs.iter().any(open) {
                return Err(self.wrong("该单位已在办理").into());
            }
            let new = NewLeg {
                unit: &below,
                lead: n == 0,
                parent: Some(parent),
                not_after: Some(due),
                binding: false,
            };
            let leg = self.open_leg(ctx, &new)?;
            // a child leg is never due after its parent
            self.cap_leg(ctx.rules, leg, due, ctx.at);
            after.leg = after.leg.or(Some(leg));
            after.tell_unit(leg, UnitNews::Dispatched);
        }
        Ok(())
    }

    /// Praise needs no signature.
    pub(super) fn sign_what_needs_none(&mut self, ctx: &Ctx<'_>) -> Result<(), Refused> {
        if self.limits(ctx.rules).sign.is_some() {
            return Ok(());
        }
        for i in 0..self.legs.len() {
            if self.legs[i].state == LegState::Dispatched {
                self.sign(i, ctx.at, false)?;
            }
        }
        Ok(())
    }

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
        self.go(Move::GrantReturn, "退单")?;
        self.start_dispatch_clock(ctx)?;
        match to {
            Some(unit) => self.dispatch(unit, &[], step, ctx, after),
            None => Ok(()),
        }
    }

    fn start_dispatch_clock(&mut self, ctx: &Ctx<'_>) -> Result<(), calendar::Error> {
        let limit = self.limits(ctx.rules).dispatch;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Hotline);
        self.start(ctx.rules, Clocks::Dispatch, None, hours, ctx.at, due);
        Ok(())
    }

    fn check_target(&self, unit: &Post, arbitrated: bool) -> Result<(), Refused> {
        if is_grass_roots(unit) {
            return Err(bad("街道、乡镇的工单由所在县（市、区）热线中心转派"));
        }
        let gave_back = |leg: &crate::leg::Leg| {
            leg.state == LegState::Returned && leg.parent.is_none() && leg.unit.unit == unit.unit
        };
        if !arbitrated && self.legs.iter().any(gave_back) {
            return Err(bad("该单位已退过此单，请改派其他单位或会商裁定"));
        }
        Ok(())
    }
}

fn target<'a>(ctx: &Ctx<'a>, unit: UnitId) -> Result<&'a Post, Refused> {
    ctx.posts.get(&unit).ok_or_else(|| bad("没有这个承办单位"))
}

/// The assisting units, which must differ from the lead and from each other.
fn distinct(assisting: &[UnitId], lead: UnitId) -> Result<Vec<UnitId>, Refused> {
    let mut seen = vec![lead];
    for unit in assisting {
        if seen.contains(unit) {
            return Err(bad("主办、协办单位不能重复"));
        }
        seen.push(*unit);
    }
    Ok(seen.split_off(1))
}
