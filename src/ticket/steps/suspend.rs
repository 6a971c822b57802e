//! Setting a long-term matter aside (挂账): asked by the unit, granted by the city, with a cap and a
//! date to look at it again; never an end.
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};

use super::{After, bad};
use crate::action::Step;
use crate::error::{Error, Refused};
use crate::flow::Rules;
use crate::known::Ctx;
use crate::leg::runs;
use crate::life::Life;
use crate::outcome::{Tell, UnitNews};
use crate::side::{Asked, SetAside, SuspensionAsk};
use crate::state::Move;
use crate::timer::{Clocks, Runs};

impl Life {
    pub(super) fn ask_suspension(
        &mut self,
        i: usize,
        until: NaiveDate,
        cause: &str,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<(), Error> {
        let causes = &ctx.rules.suspension.causes;
        if !causes.iter().any(|known| known == cause.trim()) {
            return Err(bad(&format!("挂账事由应为：{}", causes.join("、"))).into());
        }
        self.within_cap(until, ctx)?;
        let leg = self.legs[i].id;
        self.side.suspension_ask = Some(SuspensionAsk {
            leg,
            until,
            cause: cause.trim().to_owned(),
            asked: Asked::new(ctx.actor, ctx.at, &step.reason),
        });
        let limit = self.limits(ctx.rules).decide_suspension;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Hotline);
        self.start(ctx.rules, Clocks::DecideSuspension, Some(leg), hours, ctx.at, due);
        Ok(())
    }

    fn within_cap(&self, until: NaiveDate, ctx: &Ctx<'_>) -> Result<(), Refused> {
        let days = (until - ctx.rules.day_of(ctx.at)).num_days();
        let most = i64::from(ctx.rules.suspension.max_days);
        if days < 1 {
            return Err(bad("挂账日期应晚于今天"));
        }
        if days + self.side.suspended_days > most {
            return Err(bad(&format!("挂账累计不能超过{most}天")));
        }
        Ok(())
    }

    pub(super) fn decide_suspension(
        &mut self,
        i: usize,
        approve: bool,
        review_at: Option<NaiveDate>,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let Some(ask) = self.side.suspension_ask.take() else {
            return Err(self.wrong("没有待审批的挂账申请").into());
        };
        let id = self.legs[i].id;
        self.meet(Clocks::DecideSuspension, Some(id), ctx.at);
        if !approve {
            after.tell_unit(id, UnitNews::SuspensionRefused);
            return Ok(());
        }
        self.within_cap(ask.until, ctx)?;
        let review = review_day(review_at, ask.until, ctx)?;
        self.go(Move::Suspend, "挂账")?;
        self.extension = None;
        self.meet(Clocks::DecideExtension, Some(id), ctx.at);
        self.pause_all(ctx.at);
        let (until, review_at) = (day_ends(ctx.rules, ask.until), day_ends(ctx.rules, review));
        self.side.suspension = Some(SetAside { until, review_at, cause: ask.cause, since: ctx.at });
        let rules = ctx.rules;
        self.start(rules, Clocks::SuspensionReview, None, Runs::Always, ctx.at, review_at);
        self.start(rules, Clocks::Suspension, None, Runs::Always, ctx.at, until);
        after.tells.push(Tell::Suspended { review_at });
        after.tell_unit(id, UnitNews::SuspensionGranted);
        Ok(())
    }

    /// Looked at again: it stays set aside until the next date.
    pub(super) fn renew_suspension(
        &mut self,
        review_at: NaiveDate,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Refused> {
        let Some(until) = self.side.suspension.as_ref().map(|suspension| suspension.until) else {
            return Err(self.wrong_state("续挂账"));
        };
        let last = ctx.rules.day_of(until - chrono::TimeDelta::seconds(1));
        let review = review_day(Some(review_at), last, ctx)?;
        let review_at = day_ends(ctx.rules, review);
        self.meet(Clocks::SuspensionReview, None, ctx.at);
        self.start(ctx.rules, Clocks::SuspensionReview, None, Runs::Always, ctx.at, review_at);
        if let Some(suspension) = &mut self.side.suspension {
            suspension.review_at = review_at;
        }
        after.tells.push(Tell::Suspended { review_at });
        Ok(())
    }

    /// Taken up again: by the city, or by the system when its time is over. The clocks go on.
    pub(super) fn resume(
        &mut self,
        rules: &Rules,
        at: DateTime<Utc>,
        after: &mut After,
    ) -> Result<(), Error> {
        let Some(suspension) = self.side.suspension.take() else {
            return Err(self.wrong_state("恢复办理").into());
        };
        self.go(Move::Resume, "恢复办理")?;
        let days = rules.day_of(at) - rules.day_of(suspension.since);
        self.side.suspended_days += days.num_days().max(0);
        for name in [Clocks::SuspensionReview, Clocks::Suspension] {
            self.meet(name, None, at);
        }
        self.resume_all(at, rules)?;
        after.tells.push(Tell::Resumed);
        if let Some(leg) = self.lead().map(|leg| leg.id) {
            after.tell_unit(leg, UnitNews::SuspensionEnded);
        }
        Ok(())
    }
}

/// The midnight that ends a day.
fn day_ends(rules: &Rules, day: NaiveDate) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    let midnight = next.and_time(chrono::NaiveTime::MIN);
    let local = rules.office().zone().from_local_datetime(&midnight);
    local.earliest().map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}

/// When it is looked at again: not later than the profile says.
fn review_day(
    review_at: Option<NaiveDate>,
    until: NaiveDate,
    ctx: &Ctx<'_>,
) -> Result<NaiveDate, Refused> {
    let today = ctx.rules.day_of(ctx.at);
    let every = u64::from(ctx.rules.suspension.review_every_days);
    let latest = today.checked_add_days(Days::new(every)).unwrap_or(until).min(until);
    let review = review_at.unwrap_or(latest);
    if review <= today || review > latest {
        return Err(bad(&format!("复核日期应在明天至{}之间", latest.format("%-m月%-d日"))));
    }
    Ok(review)
}
