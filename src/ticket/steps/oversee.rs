//! Oversight (督办): marks and orders beside the way that a ticket goes, by people and by the system.
use base::StaffId;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{After, bad};
use crate::action::Step;
use crate::calendar::{self, Limit};
use crate::error::{Error, Refused};
use crate::flow::Rules;
use crate::known::Ctx;
use crate::leg::runs;
use crate::life::Life;
use crate::outcome::UnitNews;
use crate::side::{Cause, Level, Oversight};
use crate::timer::{Clocks, Runs};

/// Who watches a ticket, how strongly and why.
#[derive(Clone, Copy)]
struct By<'a> {
    level: Level,
    cause: Cause,
    reason: &'a str,
    staff: Option<StaffId>,
    name: &'a str,
}

impl Life {
    /// A mark of the system, once for each cause as long as it stands; the unit is told.
    pub(super) fn mark(
        &mut self,
        level: Level,
        cause: Cause,
        at: DateTime<Utc>,
        after: &mut After,
    ) {
        if self.raise(level, cause, at) {
            self.tell_mark(level, after);
        }
    }

    /// The mark alone; whether it is new.
    pub(super) fn raise(&mut self, level: Level, cause: Cause, at: DateTime<Utc>) -> bool {
        let same = |one: &Oversight| one.is_open() && one.cause == cause && one.level >= level;
        if self.side.oversights.iter().any(same) {
            return false;
        }
        self.watch(By { level, cause, reason: cause.label(), staff: None, name: "系统" }, at, None);
        true
    }

    /// A rung of the ladder: the ticket is watched so strongly from now on, unless it is already. An
    /// order of the system has its limit as any other.
    pub(super) fn escalate(&mut self, level: Level, at: DateTime<Utc>, rules: &Rules) -> bool {
        if self.side.oversight().is_some_and(|standing| standing >= level) {
            return false;
        }
        let limit = self.limits(rules).oversight_order;
        // beyond the known calendar an order stands without a date
        let due_at = self.start_order(level, limit, rules, at).unwrap_or_default();
        let cause = Cause::Late;
        let by = By { level, cause, reason: cause.label(), staff: None, name: "系统" };
        self.watch(by, at, due_at);
        true
    }

    fn watch(&mut self, by: By<'_>, at: DateTime<Utc>, due_at: Option<DateTime<Utc>>) {
        let id = self.made_id("oversight", self.side.oversights.len());
        self.side.oversights.push(Oversight {
            id,
            level: by.level,
            cause: by.cause,
            reason: by.reason.to_owned(),
            by: by.staff,
            name: by.name.to_owned(),
            at,
            due_at,
            answer: None,
            answered_at: None,
            answered_by: None,
            lifted_at: None,
        });
    }

    /// An order and a meeting have to be answered in their time.
    fn start_order(
        &mut self,
        level: Level,
        limit: Limit,
        rules: &Rules,
        at: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, calendar::Error> {
        if !matches!(level, Level::Order | Level::Meeting) {
            return Ok(None);
        }
        let due = rules.unit_due(at, limit)?;
        self.start(rules, Clocks::Oversight, None, runs(limit, Runs::Office), at, due);
        Ok(Some(due))
    }

    fn tell_mark(&self, level: Level, after: &mut After) {
        let Some(leg) = self.lead().map(|leg| leg.id) else { return };
        let news = match level {
            Level::Notice => UnitNews::Urged,
            Level::Yellow => UnitNews::Yellow,
            Level::Red => UnitNews::Red,
            Level::Order | Level::Meeting => UnitNews::Order,
        };
        after.tell_unit(leg, news);
    }

    /// By the oversight officer or a supervisor; an order has a limit of its own.
    pub(super) fn oversee(
        &mut self,
        level: Level,
        days: Option<u32>,
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        if days.is_some_and(|days| days == 0 || days > 60) {
            return Err(bad("督办答复期限为1至60个工作日").into());
        }
        let own = self.limits(ctx.rules).oversight_order;
        let limit = days.map_or(own, Limit::DayEnd);
        let due_at = self.start_order(level, limit, ctx.rules, ctx.at)?;
        let (staff, name) = (ctx.actor.staff, ctx.actor.name.as_str());
        let by = By { level, cause: Cause::Ordered, reason: step.reason.trim(), staff, name };
        self.watch(by, ctx.at, due_at);
        self.tell_mark(level, after);
        Ok(())
    }

    pub(super) fn answer_oversight(
        &mut self,
        text: &str,
        which: Option<Uuid>,
        ctx: &Ctx<'_>,
    ) -> Result<(), Error> {
        if text.trim().chars().count() < super::handle::SHORTEST_REPLY {
            return Err(bad("督办回复不能少于10个字").into());
        }
        let wanted =
            |one: &&mut Oversight| one.wants_answer() && which.is_none_or(|which| which == one.id);
        let Some(order) = self.side.oversights.iter_mut().find(wanted) else {
            return Err(bad("没有这项待回复的督办").into());
        };
        order.answer = Some(text.trim().to_owned());
        order.answered_at = Some(ctx.at);
        order.answered_by = ctx.actor.staff;
        if !self.side.oversights.iter().any(Oversight::wants_answer) {
            self.meet(Clocks::Oversight, None, ctx.at);
        }
        Ok(())
    }

    /// Nothing stands any more, by decision: the ladder of the dues that were missed is over. A due that
    /// is missed later begins where it was left.
    fn leave_ladder(&mut self) {
        for timer in &mut self.timers {
            if timer.is_running() && timer.name == Clocks::Handling && timer.late_at.is_some() {
                timer.count.let_off = true;
                timer.count.rungs.clear();
            }
        }
    }

    pub(super) fn lift_oversight(
        &mut self,
        which: Option<Uuid>,
        ctx: &Ctx<'_>,
    ) -> Result<(), Refused> {
        let mut lifted = 0;
        for one in &mut self.side.oversights {
            if !one.is_open() || which.is_some_and(|which| which != one.id) {
                continue;
            }
            if one.answered_by.is_some() && one.answered_by == ctx.actor.staff {
                return Err(Refused::NotYou("回复督办的人不能解除督办".to_owned()));
            }
            one.lifted_at = Some(ctx.at);
            lifted += 1;
        }
        if lifted == 0 {
            return Err(bad("没有这项生效的督办"));
        }
        if !self.side.oversights.iter().any(Oversight::wants_answer) {
            for timer in self.running(Clocks::Oversight, None) {
                timer.stopped_at = Some(ctx.at);
            }
        }
        if self.side.oversight().is_none() {
            self.leave_ladder();
        }
        Ok(())
    }
}
