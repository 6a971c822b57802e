//! Asking the citizen, and what follows from the answer.
use super::{After, bad};
use crate::action::Action;
use crate::error::{Error, Refused};
use crate::kind::{Satisfaction, Solved};
use crate::leg::{NewLeg, runs};
use crate::life::{Ctx, Life};
use crate::outcome::{Ending, Rating, Tell, UnitNews};
use crate::state::Move;
use crate::timer::{Clocks, Runs};

impl Life {
    pub(super) fn follow_up(
        &mut self,
        action: &Action,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let Action::FollowUp { reached, contacted, solved, satisfaction, words, not_true, call_id } =
            action
        else {
            return Err(self.wrong_state("回访").into());
        };
        if let Some(me) = ctx.actor.staff.filter(|me| !self.followers.contains(me)) {
            self.followers.push(me);
        }
        let rating = Rating {
            cycle: self.cycle,
            at: ctx.at,
            by: ctx.actor.staff,
            reached: *reached,
            contacted: contacted.filter(|_| *reached),
            solved: solved.filter(|_| *reached),
            satisfaction: satisfaction.filter(|_| *reached),
            words: words.trim().to_owned(),
            not_true: *not_true && *reached,
            call_id: *call_id,
        };
        after.rating = Some(rating.clone());
        if !reached {
            return Ok(self.missed(ctx, after)?);
        }
        let solved = rating.solved.ok_or_else(|| bad("请记录问题是否解决"))?;
        let grade = rating.satisfaction.ok_or_else(|| bad("请记录满意度；拒绝评价选“不评价”"))?;
        self.meet(Clocks::FollowUp, None, ctx.at);
        self.settle(solved, grade, rating.not_true, ctx, after)
    }

    fn settle(
        &mut self,
        solved: Solved,
        grade: Satisfaction,
        not_true: bool,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let undone = solved == Solved::No || not_true;
        let reworks = u16::try_from(self.cycle - 1).unwrap_or_default();
        if undone && reworks < ctx.rules.automatic_reworks {
            return self.rework(ctx, after);
        }
        if undone || grade.is_bad() {
            self.go(Move::Dispute, "回访")?;
            return Ok(());
        }
        self.go(Move::Settle, "回访")?;
        self.end(Ending::FollowedUp, ctx.at);
        after.tells.push(Tell::Closed);
        Ok(())
    }

    /// Three attempts at different times of day; then 未评价, never satisfied.
    fn missed(&mut self, ctx: &Ctx<'_>, after: &mut After) -> Result<(), Refused> {
        const HALF_DAY: u32 = 12 * 3600;
        let zone = ctx.rules.office().zone();
        let half = |at: chrono::DateTime<chrono::Utc>| {
            (at.with_timezone(&zone).date_naive(), ctx.rules.seconds_of_day(at) / HALF_DAY)
        };
        if self.last_miss.is_some_and(|last| half(last) == half(ctx.at)) {
            return Err(self.wrong("同一时段已回访过，请换一个时段再试"));
        }
        self.misses += 1;
        self.last_miss = Some(ctx.at);
        if u16::try_from(self.misses).unwrap_or(u16::MAX) < ctx.rules.follow_up_attempts {
            return self.go(Move::Miss, "回访");
        }
        self.meet(Clocks::FollowUp, None, ctx.at);
        self.go(Move::Settle, "回访")?;
        self.end(Ending::Unrated, ctx.at);
        after.tells.push(Tell::Closed);
        Ok(())
    }

    /// 重办: a new cycle with its own clocks, for the unit that led the last one. What the first one
    /// brought stays.
    pub(super) fn rework(&mut self, ctx: &Ctx<'_>, after: &mut After) -> Result<(), Error> {
        let Some(unit) = self.lead().map(|leg| leg.unit.clone()) else {
            return Err(self.wrong("没有承办过的单位，不能重办").into());
        };
        self.go(Move::Rework, "重办")?;
        self.end_legs(ctx.at);
        for timer in &mut self.timers {
            if timer.is_running() {
                timer.stopped_at = Some(ctx.at);
            }
        }
        self.cycle += 1;
        self.misses = 0;
        self.last_miss = None;
        self.extension = None;
        self.ending = None;
        self.ended_at = None;
        let limit = self.limits(ctx.rules).rework;
        self.promise = ctx.rules.unit_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Office);
        self.start(ctx.rules, Clocks::Whole, None, hours, ctx.at, self.promise);
        let new = NewLeg {
            unit: &unit,
            lead: true,
            parent: None,
            not_after: Some(self.promise),
            binding: false,
        };
        let leg = self.open_leg(ctx, &new)?;
        after.leg = Some(leg);
        after.tells.push(Tell::ReworkBegun { unit: unit.name.clone() });
        after.tell_unit(leg, UnitNews::Rework);
        self.sign_what_needs_none(ctx)?;
        Ok(())
    }
}
