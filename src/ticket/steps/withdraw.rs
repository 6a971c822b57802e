//! Withdrawing (撤单): the citizen's own wish, confirmed by somebody else, and asked about like any
//! other end. Until then the clocks go on.
use base::CallId;

use super::finish::in_own_words;
use super::{After, bad};
use crate::action::Step;
use crate::error::{Error, Refused};
use crate::known::Ctx;
use crate::leg::runs;
use crate::life::Life;
use crate::outcome::{Ending, Rating, Tell};
use crate::side::{Asked, Cause, Level, Withdrawal};
use crate::state::Move;
use crate::timer::{Clocks, Runs};

impl Life {
    pub(super) fn ask_withdrawal(
        &mut self,
        call_id: Option<CallId>,
        words: &str,
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let words = words.trim();
        if words.is_empty() {
            return Err(bad("请记录诉求人要求撤单的原话").into());
        }
        if !ctx.known.by_citizen && !ctx.is_proof(call_id.map(CallId::uuid)) {
            return Err(bad("撤单须关联诉求人本人的来电录音").into());
        }
        self.side.withdrawal = Some(Withdrawal {
            words: words.to_owned(),
            call_id,
            asked: Asked::new(ctx.actor, ctx.at, &step.reason),
            from: self.stage,
            confirmed: false,
        });
        self.go(Move::AskWithdrawal, "撤单")?;
        let limit = self.limits(ctx.rules).decide_withdrawal;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        let hours = runs(limit, Runs::Hotline);
        self.start(ctx.rules, Clocks::DecideWithdrawal, None, hours, ctx.at, due);
        after.tells.push(Tell::WithdrawalAsked);
        Ok(())
    }

    pub(super) fn decide_withdrawal(
        &mut self,
        approve: bool,
        step: &Step,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        self.meet(Clocks::DecideWithdrawal, None, ctx.at);
        if !approve {
            return Ok(self.as_before("撤单审核")?);
        }
        // sampling is for closures; who is said to have withdrawn is asked whenever there is a number
        let limit = self.limits(ctx.rules).follow_up.filter(|_| self.reachable);
        let Some(limit) = limit else {
            self.go(Move::Withdraw, "撤单审核")?;
            self.end_withdrawn(&step.reason, ctx, after);
            return Ok(());
        };
        if let Some(withdrawal) = &mut self.side.withdrawal {
            withdrawal.confirmed = true;
        }
        self.go(Move::ConfirmWithdrawal, "撤单审核")?;
        self.misses = 0;
        self.last_miss = None;
        let due = ctx.rules.follow_up_due(ctx.at, limit)?;
        self.start(ctx.rules, Clocks::FollowUp, None, runs(limit, Runs::Hotline), ctx.at, due);
        Ok(())
    }

    /// 回访 of a withdrawal: it was so, or it was not.
    pub(super) fn follow_withdrawal(
        &mut self,
        rating: &Rating,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Refused> {
        if !rating.reached && !self.missed_again(ctx)? {
            return self.go(Move::Miss, "回访");
        }
        if rating.reached {
            in_own_words(rating, ctx)?;
        }
        self.meet(Clocks::FollowUp, None, ctx.at);
        if !rating.not_true {
            self.go(Move::Withdraw, "回访")?;
            self.end_withdrawn("", ctx, after);
            return Ok(());
        }
        self.as_before("回访")?;
        self.side.withdrawal_refuted = true;
        self.misses = 0;
        self.last_miss = None;
        self.mark(Level::Red, Cause::FalseWithdrawal, ctx.at, after);
        Ok(())
    }

    fn end_withdrawn(&mut self, reason: &str, ctx: &Ctx<'_>, after: &mut After) {
        let said = self.side.withdrawal.as_ref().map(|withdrawal| withdrawal.words.clone());
        let reason = said.unwrap_or_else(|| reason.trim().to_owned());
        self.recall_legs(ctx.at, after);
        self.end(Ending::Cancelled { reason }, ctx.at);
    }

    fn as_before(&mut self, verb: &str) -> Result<(), Refused> {
        let Some(withdrawal) = self.side.withdrawal.take() else {
            return Err(self.wrong_state(verb));
        };
        self.go(Move::Back(withdrawal.from), verb)
    }
}
