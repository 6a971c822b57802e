//! Sending a ticket out and taking it back.
use base::UnitId;
use org::{Post, Right, Thing, UnitKind, can};

use super::{After, bad};
use crate::action::Step;
use crate::error::{Error, Refused};
use crate::known::{Catalogue, Ctx};
use crate::leg::{NewLeg, is_grass_roots};
use crate::life::Life;
use crate::outcome::{Tell, UnitNews};
use crate::state::{LegMove, LegState, Move};
use crate::timer::Clocks;

impl Life {
    pub(super) fn dispatch(
        &mut self,
        unit: UnitId,
        assisting: &[UnitId],
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        self.go(Move::Dispatch, "派单")?;
        self.send(unit, assisting, false, step, ctx, after)
    }

    /// 会商裁定: the unit is named after a meeting, and keeps it.
    pub(super) fn arbitrate(
        &mut self,
        unit: UnitId,
        assisting: &[UnitId],
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        self.recall_legs(ctx.at, after);
        for i in 0..self.legs.len() {
            self.meet(Clocks::DecideReturn, Some(self.legs[i].id), ctx.at);
        }
        self.meet(Clocks::Arbitration, None, ctx.at);
        self.extension = None;
        self.go(Move::Arbitrate, "会商裁定")?;
        self.send(unit, assisting, true, step, ctx, after)?;
        if let Some(id) = after.leg {
            after.tell_unit(id, UnitNews::Arbitrated);
        }
        Ok(())
    }

    /// 改派: another unit at once; it is judged on its own limit, the citizen's date stays.
    pub(super) fn reassign(
        &mut self,
        unit: UnitId,
        assisting: &[UnitId],
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        if self.lead().is_some_and(|leg| leg.unit.unit == unit) {
            return Err(bad("该单位正在办理，无须改派").into());
        }
        self.recall_legs(ctx.at, after);
        self.extension = None;
        self.side.suspension_ask = None;
        self.meet(Clocks::DecideSuspension, None, ctx.at);
        self.go(Move::Reassign, "改派")?;
        self.send(unit, assisting, false, step, ctx, after)
    }

    /// 增派协办.
    pub(super) fn assist(
        &mut self,
        above: Option<usize>,
        units: &[UnitId],
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        if units.is_empty() {
            return Err(bad("请选择协办单位").into());
        }
        let parent = above.map(|i| (self.legs[i].id, self.legs[i].due_at));
        let lead_due = self.lead().map(|leg| leg.due_at);
        for (n, id) in units.iter().enumerate() {
            let unit = target(ctx, *id)?.clone();
            match above {
                Some(i) => self.check_below(i, &unit, ctx)?,
                None => self.check_target(&unit, true, step, ctx)?,
            }
            let there = |leg: &crate::leg::Leg| {
                leg.cycle == self.cycle
                    && leg.parent == parent.map(|(id, _)| id)
                    && leg.unit.unit == *id
                    && leg.state.is_open()
            };
            if self.legs.iter().any(there) || units[..n].contains(id) {
                return Err(self.wrong("该单位已在办理").into());
            }
            let new = NewLeg {
                unit: &unit,
                lead: false,
                parent: parent.map(|(id, _)| id),
                not_after: parent.map(|(_, due)| due).or(lead_due),
                binding: false,
            };
            let leg = self.open_leg(ctx, &new)?;
            if let Some((_, due)) = parent {
                self.cap_leg(ctx.rules, leg, due, ctx.at);
            }
            after.leg = after.leg.or(Some(leg));
            after.tell_unit(leg, UnitNews::Dispatched);
        }
        if above.is_none() {
            self.note_dispatcher(ctx);
        }
        self.sign_what_needs_none(ctx)?;
        Ok(())
    }

    fn note_dispatcher(&mut self, ctx: &Ctx<'_>) {
        if let Some(me) = ctx.actor.staff.filter(|me| !self.dispatchers.contains(me)) {
            self.dispatchers.push(me);
        }
    }

    /// The legs to a lead unit and to those that assist it.
    fn send(
        &mut self,
        unit: UnitId,
        assisting: &[UnitId],
        arbitrated: bool,
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let lead = target(ctx, unit)?.clone();
        self.check_target(&lead, arbitrated, step, ctx)?;
        let had = self.led_by();
        let hops = u16::try_from(had.len()).unwrap_or(u16::MAX);
        if !arbitrated && !had.contains(&unit) && hops >= ctx.rules.max_returns {
            return Err(bad("第三个承办单位只能由班长会商裁定").into());
        }
        self.meet(Clocks::Dispatch, None, ctx.at);
        if let Some(me) = ctx.actor.staff.filter(|me| !self.dispatchers.contains(me)) {
            self.dispatchers.push(me);
        }
        // a unit that comes after another one is judged on its own limit; the promise stays
        let promise = had.iter().all(|before| *before == unit).then_some(self.promise);
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
            self.check_target(&other, true, step, ctx)?;
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
            self.check_below(above, &below, ctx)?;
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

    /// A hub's own county, and nobody who is complained about.
    fn check_below(&self, above: usize, below: &Post, ctx: &Ctx<'_>) -> Result<(), Refused> {
        let inside = can(ctx.actor, Right::Dispatch, Thing::Units(std::slice::from_ref(below)));
        if inside.is_err() || below.unit == self.legs[above].unit.unit {
            return Err(bad("只能转派给本县（市、区）的单位"));
        }
        if let Some(Catalogue::Forbidden(rule)) = ctx.known.catalogue.get(&below.unit) {
            return Err(bad(&format!("该事项不得下派给{}：{rule}", below.name)));
        }
        self.is_not_meant(below)
    }

    /// 回避: a complaint about a unit goes one level up.
    fn is_not_meant(&self, unit: &Post) -> Result<(), Refused> {
        let Some(meant) = self.against.iter().find(|against| against.is_meant(unit)) else {
            return Ok(());
        };
        let above = meant.above.as_ref().filter(|_| meant.post.kind != UnitKind::Hotline);
        let to = above.map_or("12345热线管理办公室", String::as_str);
        let name = &meant.post.name;
        Err(Refused::Recused(format!("{name}被投诉，其及下属单位应当回避；请派上一级单位：{to}")))
    }

    /// Takes every leg of this cycle back that still waits for something.
    pub(super) fn recall_legs(&mut self, at: chrono::DateTime<chrono::Utc>, after: &mut After) {
        for leg in &mut self.legs {
            let Some(state) = leg.state.after(LegMove::Recall) else { continue };
            leg.state = state;
            leg.ended_at = Some(at);
            after.tells.push(Tell::Unit { leg: leg.id, news: UnitNews::Recalled });
        }
        for i in 0..self.legs.len() {
            self.stop_leg_timers(self.legs[i].id, at);
        }
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

    /// Whether a city's dispatcher may send to a unit at all.
    fn check_target(
        &self,
        unit: &Post,
        arbitrated: bool,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<(), Refused> {
        if is_grass_roots(unit) {
            return Err(bad("街道、乡镇的工单由所在县（市、区）热线中心转派"));
        }
        self.is_not_meant(unit)?;
        match ctx.known.catalogue.get(&unit.unit) {
            Some(Catalogue::Forbidden(rule)) => {
                return Err(bad(&format!("该事项不得派给{}：{rule}", unit.name)));
            }
            Some(Catalogue::NotListed) if step.reason.trim().is_empty() => {
                return Err(bad(&format!("{}不在此类事项的派单目录中，请说明派单理由", unit.name)));
            }
            _ => {}
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
