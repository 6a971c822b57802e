//! More time (延期): asked by the unit, decided by the hotline.
use chrono::{DateTime, TimeDelta, Utc};

use super::{After, bad};
use crate::calendar::Limit;
use crate::error::Error;
use crate::known::Ctx;
use crate::leg::runs;
use crate::life::Life;
use crate::outcome::{ExtensionAsk, Tell, UnitNews};
use crate::timer::{Clocks, Runs};

impl Life {
    pub(super) fn ask_extension(
        &mut self,
        i: usize,
        days: u32,
        told: (Option<DateTime<Utc>>, Option<&str>),
        reason: &str,
        ctx: &Ctx<'_>,
    ) -> Result<(), Error> {
        if told.0.is_some_and(|at| at > ctx.at) {
            return Err(bad("联系时间不能晚于现在").into());
        }
        self.tell_contact(i, told.0.is_some(), told.0, told.1, ctx);
        if self.reachable && !self.has_contact_since(&self.legs[i]) {
            return Err(bad("延期须先联系诉求人：请登记联系情况或填写告知时间").into());
        }
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
