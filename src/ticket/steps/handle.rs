//! What a unit does with a ticket, and the check of its reply.
use chrono::TimeDelta;

use super::{After, bad};
use crate::calendar::Limit;
use crate::error::Error;
use crate::leg::{Reply, runs};
use crate::life::{Ctx, Life};
use crate::outcome::{Ending, ExtensionAsk, Tell, UnitNews};
use crate::state::{LegMove, Move};
use crate::timer::{Clocks, Runs};

/// The least that can be called an answer.
const SHORTEST_REPLY: usize = 10;

impl Life {
    pub(super) fn reply(&mut self, i: usize, reply: Reply, ctx: &Ctx<'_>) -> Result<(), Error> {
        if reply.text.chars().count() < SHORTEST_REPLY {
            return Err(bad("答复内容不能少于10个字").into());
        }
        if reply.contacted_at.is_some_and(|at| at > ctx.at) {
            return Err(bad("联系时间不能晚于现在").into());
        }
        self.go_leg(i, LegMove::Reply, "答复")?;
        let leg = &mut self.legs[i];
        leg.reply = Some(reply);
        leg.replied_at = Some(ctx.at);
        let (id, lead) = (leg.id, leg.is_root_lead());
        self.meet(Clocks::Handling, Some(id), ctx.at);
        if !lead {
            return Ok(());
        }
        self.go(Move::Reply, "答复")?;
        self.extension = None;
        self.meet(Clocks::DecideExtension, Some(id), ctx.at);
        // on time is the submission that passes review: sent back, both clocks go on
        self.meet(Clocks::Whole, None, ctx.at);
        let limit = self.limits(ctx.rules).review;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        self.start(ctx.rules, Clocks::Review, None, runs(limit, Runs::Hotline), ctx.at, due);
        Ok(())
    }

    pub(super) fn review(
        &mut self,
        i: usize,
        pass: bool,
        missing: Option<&str>,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let id = self.legs[i].id;
        if let Some(me) = ctx.actor.staff.filter(|me| !self.reviewers.contains(me)) {
            self.reviewers.push(me);
        }
        self.meet(Clocks::Review, None, ctx.at);
        if !pass {
            return self.send_back(i, missing, ctx, after);
        }
        let limits = self.limits(ctx.rules);
        let drawn = self.reachable && self.draw < limits.follow_up_share;
        let Some(limit) = limits.follow_up.filter(|_| drawn) else {
            self.go(Move::PassAndClose, "审单")?;
            self.end(Ending::Exempt, ctx.at);
            after.tells.push(Tell::Closed);
            return Ok(());
        };
        self.go(Move::Pass, "审单")?;
        let due = ctx.rules.follow_up_due(ctx.at, limit)?;
        self.start(ctx.rules, Clocks::FollowUp, None, runs(limit, Runs::Hotline), ctx.at, due);
        after.leg = Some(id);
        Ok(())
    }

    /// 补正: no new limit, but never less than the floor.
    fn send_back(
        &mut self,
        i: usize,
        missing: Option<&str>,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        if missing.is_none_or(|missing| missing.trim().is_empty()) {
            return Err(bad("请写明需补正的内容").into());
        }
        self.go_leg(i, LegMove::SendBack, "退回补正")?;
        self.go(Move::SendBack, "退回补正")?;
        let floor = match self.reply_limit(ctx.rules) {
            Limit::Wall(_) => ctx.at, // natural time leaves what is left
            _ => ctx.rules.unit_due(ctx.at, ctx.rules.correction_floor)?,
        };
        let id = self.legs[i].id;
        let due = self.legs[i].due_at.max(floor);
        self.legs[i].due_at = due;
        self.corrections += 1;
        let cycle = self.cycle;
        for timer in &mut self.timers {
            let whole = timer.name == Clocks::Whole && timer.cycle == cycle;
            let own = timer.name == Clocks::Handling && timer.leg == Some(id);
            if (whole || own) && timer.stopped_at.is_none() {
                timer.met_at = None;
            }
        }
        self.move_due(ctx.rules, Clocks::Handling, Some(id), due, ctx.at);
        after.tell_unit(id, UnitNews::Correction);
        Ok(())
    }

    pub(super) fn ask_extension(
        &mut self,
        i: usize,
        days: u32,
        reason: &str,
        ctx: &Ctx<'_>,
    ) -> Result<(), Error> {
        let limits = self.limits(ctx.rules);
        if let (Limit::DayEnd(most), Limit::DayEnd(first)) = (limits.extension_each, limits.reply) {
            let so_far = u32::try_from(self.extension_days).unwrap_or_default();
            if days == 0 || days > most {
                return Err(bad(&format!("每次延期1至{most}个工作日")).into());
            }
            if so_far + days > first {
                return Err(bad("延期总天数不能超过原时限").into());
            }
        }
        let limit = limits.decide_extension;
        let leg = self.legs[i].id;
        let reason = reason.trim().to_owned();
        self.extension = Some(ExtensionAsk { days, reason, asked_at: ctx.at, leg });
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Hotline);
        self.start(ctx.rules, Clocks::DecideExtension, Some(leg), hours, ctx.at, due);
        Ok(())
    }

    pub(super) fn decide_extension(
        &mut self,
        i: usize,
        approve: bool,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let Some(ask) = self.extension.take() else {
            return Err(self.wrong("没有待审核的延期申请").into());
        };
        let id = self.legs[i].id;
        self.meet(Clocks::DecideExtension, Some(id), ctx.at);
        if !approve {
            after.tell_unit(id, UnitNews::ExtensionRefused);
            return Ok(());
        }
        // counted from the old due day, not from the day of the decision
        let (limit, days) = match self.limits(ctx.rules).extension_each {
            Limit::Wall(time) => (Limit::Wall(time.max(TimeDelta::zero())), 0),
            Limit::Natural(_) => (Limit::Natural(ask.days), ask.days),
            _ => (Limit::DayEnd(ask.days), ask.days),
        };
        self.extensions += 1;
        self.extension_days += i16::try_from(days).unwrap_or(i16::MAX);
        self.extend(ctx.rules, i, limit, ctx.at)?;
        after.tells.push(Tell::Extended { due: self.promise, reason: ask.reason });
        after.tell_unit(id, UnitNews::ExtensionGranted);
        Ok(())
    }
}
