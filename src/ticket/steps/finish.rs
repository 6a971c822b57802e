//! Asking the citizen, and what follows from the answer.
use super::{After, bad};
use crate::action::Action;
use crate::error::{Error, Refused};
use crate::kind::{Satisfaction, Solved};
use crate::known::Ctx;
use crate::leg::{NewLeg, runs};
use crate::life::Life;
use crate::outcome::{Ending, PageVisit, Rating, Tell, UnitNews};
use crate::side::{Cause, Level, PageRating};
use crate::state::{Move, Stage};
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
            page: ctx.known.page.filter(|_| ctx.known.by_citizen),
        };
        after.rating = Some(rating.clone());
        if self.side.is_withdrawn() {
            return Ok(self.follow_withdrawal(&rating, ctx, after)?);
        }
        if !reached {
            return Ok(self.missed(ctx, after)?);
        }
        in_own_words(&rating, ctx)?;
        let solved = rating.solved.ok_or_else(|| bad("请记录问题是否解决"))?;
        let grade = rating.satisfaction.ok_or_else(|| bad("请记录满意度；拒绝评价选“不评价”"))?;
        if let Some(PageVisit { doubted, .. }) = rating.page {
            let (cycle, at) = (self.cycle, ctx.at);
            self.side.rated_by_page = Some(PageRating { cycle, at, doubted });
            if doubted {
                return Ok(()); // the citizen is called, and the clock goes on
            }
        }
        if rating.contacted == Some(false) {
            self.never_contacted(ctx, after);
        }
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
        if undone || grade.is_bad() {
            self.side.dissatisfied += 1;
            let (_, _, most) = ctx.rules.marks_after();
            if most > 0 && self.side.dissatisfied == most {
                self.mark(Level::Red, Cause::DissatisfiedTwice, ctx.at, after);
            }
        }
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

    /// The unit said that it had spoken with the citizen, who says no (虚假联系): a breach.
    fn never_contacted(&mut self, ctx: &Ctx<'_>, after: &mut After) {
        let said = self.side.contacts.iter().any(|contact| contact.reached && !contact.proved);
        if said && !self.side.false_contact {
            self.side.false_contact = true;
            self.mark(Level::Red, Cause::FalseContact, ctx.at, after);
        }
    }

    /// Its rating by the page turned out to be one of many from one address: where it ended by that
    /// rating, the citizen is asked again.
    pub(crate) fn doubt_rating(&mut self, ctx: &Ctx<'_>) -> Result<(), Error> {
        let cycle = self.cycle;
        let Some(rated) = &mut self.side.rated_by_page else { return Ok(()) };
        rated.doubted = true;
        let settled = rated.cycle == cycle && self.ending == Some(Ending::FollowedUp);
        let limit = self.limits(ctx.rules).follow_up.filter(|_| self.stage == Stage::Closed);
        let Some(limit) = limit.filter(|_| settled) else { return Ok(()) };
        self.go(Move::AskAgain, "回访")?;
        self.ending = None;
        self.ended_at = None;
        self.misses = 0;
        self.last_miss = None;
        let due = ctx.rules.follow_up_due(ctx.at, limit)?;
        self.start(ctx.rules, Clocks::FollowUp, None, runs(limit, Runs::Hotline), ctx.at, due);
        Ok(())
    }

    /// Three attempts at different times of day; then 未评价, never satisfied.
    fn missed(&mut self, ctx: &Ctx<'_>, after: &mut After) -> Result<(), Refused> {
        if !self.missed_again(ctx)? {
            return self.go(Move::Miss, "回访");
        }
        self.meet(Clocks::FollowUp, None, ctx.at);
        self.go(Move::Settle, "回访")?;
        self.end(Ending::Unrated, ctx.at);
        after.tells.push(Tell::Closed);
        Ok(())
    }

    /// One more attempt; whether it was the last one.
    pub(super) fn missed_again(&mut self, ctx: &Ctx<'_>) -> Result<bool, Refused> {
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
        Ok(u16::try_from(self.misses).unwrap_or(u16::MAX) >= ctx.rules.follow_up_attempts)
    }

    /// 重办: a new cycle with its own clocks, for the unit that led the last one. What the first one
    /// brought stays.
    pub(super) fn rework(&mut self, ctx: &Ctx<'_>, after: &mut After) -> Result<(), Error> {
        let led = self.lead().map(|leg| leg.unit.clone());
        let Some(unit) = led.or_else(|| self.side.led_by.clone()) else {
            return Err(self.wrong("没有承办过的单位，不能重办").into());
        };
        self.go(Move::Rework, "重办")?;
        self.end_legs(ctx.at);
        self.stop_timers(ctx.at);
        self.side.parent = None; // from here on it goes its own way
        self.side.parent_reply = None;
        self.side.final_ask = None;
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

/// A rating is the citizen's own: in words, in a call that can be heard, or by the page.
pub(super) fn in_own_words(rating: &Rating, ctx: &Ctx<'_>) -> Result<(), Refused> {
    if rating.page.is_none()
        && rating.words.is_empty()
        && !ctx.is_proof(rating.call_id.map(base::CallId::uuid))
    {
        return Err(bad("请记录诉求人原话或关联回访通话，不能代填评价"));
    }
    Ok(())
}
