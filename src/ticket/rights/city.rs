//! What the hotline's own people may do, and who must be somebody else.
use org::{Role, Thing, UnitKind};

use super::{city, not_one_of};
use crate::action::Verb;
use crate::error::Refused;
use crate::known::Ctx;
use crate::life::Life;
use crate::state::{LegState, Stage};

/// How long after its end a ticket may be taken up again.
const REOPEN_DAYS: i64 = 15;

impl Life {
    pub(super) fn may_dispatch(&self, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        if ctx.may_act(Verb::Dispatch, Thing::City).is_ok() {
            self.in_stage(Verb::Dispatch, &[Stage::Accepted])?;
            self.not_who_checks(ctx)?;
            return Ok(None);
        }
        self.may_relay(Verb::Dispatch, ctx).map(Some)
    }

    /// A county's hub, below its own leg.
    fn may_relay(&self, verb: Verb, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let leg = self.may_on_leg(verb, ctx, &[LegState::Handling])?;
        if self.legs[leg].unit.kind != UnitKind::Hub {
            return Err(Refused::NotYou("只有区县热线中心可以转派".to_owned()));
        }
        Ok(leg)
    }

    fn not_who_checks(&self, ctx: &Ctx<'_>) -> Result<(), Refused> {
        not_one_of(ctx, &[&self.reviewers, &self.followers], "审单、回访人员不能派单")
    }

    pub(super) fn may_assist(&self, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        if ctx.may_act(Verb::Assist, Thing::City).is_ok() {
            self.in_stage(Verb::Assist, &[Stage::Dispatched, Stage::Handling])?;
            self.not_who_checks(ctx)?;
            return Ok(None);
        }
        self.may_relay(Verb::Assist, ctx).map(Some)
    }

    /// Where a ticket goes: to units, to other tickets, to other platforms.
    pub(super) fn may_send(&self, verb: Verb, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        city(verb, ctx)?;
        match verb {
            Verb::NotAccept => {
                self.in_stage(verb, &[Stage::Accepted])?;
                self.without_children()?;
            }
            Verb::Arbitrate => {
                let from = [Stage::Accepted, Stage::ReturnAsked, Stage::InArbitration];
                self.in_stage(verb, &from)?;
                self.not_who_checks(ctx)?;
            }
            Verb::Reassign => {
                self.in_stage(verb, &[Stage::Dispatched, Stage::Handling])?;
                self.not_who_checks(ctx)?;
                let by = self.lead().and_then(|leg| leg.dispatched_by);
                if by.is_some() && by == ctx.actor.staff {
                    return Err(Refused::NotYou("改派须由派单人以外的人办理".to_owned()));
                }
            }
            Verb::Merge => {
                if !self.stage.can_be_merged() {
                    return Err(self.wrong_state(verb.label()));
                }
                self.without_children()?;
            }
            Verb::TransferOut => {
                self.in_stage(verb, &[Stage::Accepted])?;
                self.without_children()?;
            }
            Verb::OutsideFeedback => self.in_stage(verb, &[Stage::TransferredOut])?,
            _ => self.in_stage(verb, &[Stage::Merged])?,
        }
        Ok(None)
    }

    /// Whoever goes with it must not be left behind without a word.
    fn without_children(&self) -> Result<(), Refused> {
        if self.side.children.is_empty() {
            return Ok(());
        }
        Err(self.wrong("有并入的工单，请先拆分"))
    }

    pub(super) fn may_finish(&self, verb: Verb, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        match verb {
            Verb::Review => {
                city(verb, ctx)?;
                self.in_stage(verb, &[Stage::InReview])?;
                not_one_of(ctx, &[&self.dispatchers, &self.followers], "派单、回访人员不能审单")?;
                Ok(self.lead_index())
            }
            Verb::FollowUp => {
                city(verb, ctx)?;
                self.in_stage(verb, &[Stage::InFollowUp])?;
                not_one_of(ctx, &[&self.dispatchers, &self.reviewers], "派单、审单人员不能回访")?;
                let own = ctx.actor.post.as_ref().map(|post| post.unit);
                let led = self.side.led_by.as_ref().map(|post| post.unit);
                let handled = self.legs.iter().any(|leg| Some(leg.unit.unit) == own);
                if handled || (own.is_some() && own == led) {
                    return Err(Refused::NotYou("承办单位不能回访自己的工单".to_owned()));
                }
                Ok(None)
            }
            Verb::Rework => self.may_rework(ctx),
            _ => {
                city(verb, ctx)?;
                self.in_stage(verb, &[Stage::Disputed]).map(|()| None)
            }
        }
    }

    /// What somebody asked for is decided by somebody else.
    pub(super) fn may_decide(&self, verb: Verb, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        city(verb, ctx)?;
        let other = |by: Option<base::StaffId>, why: &str| {
            if by.is_some() && by == ctx.actor.staff {
                return Err(Refused::NotYou(why.to_owned()));
            }
            Ok(())
        };
        match verb {
            Verb::DecideExtension => {
                let Some(ask) = &self.extension else {
                    return Err(self.wrong("没有待审核的延期申请"));
                };
                if matches!(self.stage, Stage::Suspended | Stage::FinalReview) {
                    return Err(self.wrong_state(verb.label()));
                }
                // each further extension one level up
                if self.extensions > 0 && !ctx.actor.has(Role::Supervisor) {
                    return Err(Refused::NotYou("再次延期由班长审核".to_owned()));
                }
                Ok(self.legs.iter().position(|leg| leg.id == ask.leg))
            }
            Verb::DecideSuspension => {
                let Some(ask) = &self.side.suspension_ask else {
                    return Err(self.wrong("没有待审批的挂账申请"));
                };
                self.in_stage(verb, &[Stage::Handling])?;
                other(ask.asked.by, "挂账须由申请人以外的人审批")?;
                Ok(self.legs.iter().position(|leg| leg.id == ask.leg))
            }
            Verb::DecideWithdrawal => {
                self.in_stage(verb, &[Stage::Withdrawal])?;
                let by = self.side.withdrawal.as_ref().and_then(|ask| ask.asked.by);
                other(by, "撤单须由申请人以外的人审核")?;
                Ok(None)
            }
            Verb::DecideFinal => {
                self.in_stage(verb, &[Stage::FinalReview])?;
                let by = self.side.final_ask.as_ref().and_then(|ask| ask.asked.by);
                other(by, "最终答复须由申请人以外的人审核")?;
                Ok(None)
            }
            _ => {
                let Some(ask) = &self.side.change else {
                    return Err(self.wrong("没有待审核的类型变更"));
                };
                if matches!(self.stage, Stage::Suspended) || self.stage.is_ended() {
                    return Err(self.wrong_state(verb.label()));
                }
                other(ask.asked.by, "类型变更须由申请人以外的人审核")?;
                Ok(None)
            }
        }
    }

    /// What can be done beside the way that a ticket goes.
    pub(super) fn may_watch(&self, verb: Verb, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        city(verb, ctx)?;
        match verb {
            Verb::RenewSuspension | Verb::Resume => {
                self.in_stage(verb, &[Stage::Suspended])?;
                Ok(self.lead_index())
            }
            Verb::AskWithdrawal => self.may_withdraw(),
            Verb::AskChange => {
                self.is_open(verb)?;
                if self.side.change.is_some() {
                    return Err(self.wrong("类型变更正在审核"));
                }
                Ok(None)
            }
            Verb::Recategorise | Verb::Flag | Verb::Oversee => self.is_open(verb).map(|()| None),
            Verb::LiftOversight => {
                if self.side.oversight().is_none() {
                    return Err(self.wrong("没有生效的督办"));
                }
                if self.stage == Stage::Archived {
                    return Err(self.wrong_state(verb.label()));
                }
                let own = ctx.actor.post.as_ref().map(|post| post.unit);
                if own.is_some() && own == self.lead().map(|leg| leg.unit.unit) {
                    return Err(Refused::NotYou("承办单位不能解除对自己的督办".to_owned()));
                }
                Ok(None)
            }
            Verb::PhoneNotice => {
                self.in_stage(verb, &[Stage::Dispatched, Stage::Handling, Stage::Correction])?;
                Ok(self.lead_index())
            }
            _ => {
                let open =
                    [Stage::Dispatched, Stage::Handling, Stage::ReturnAsked, Stage::Correction];
                self.in_stage(verb, &open)?;
                Ok(self.lead_index())
            }
        }
    }

    /// What a citizen may do with number and code.
    pub(super) fn may_by_page(&self, verb: Verb) -> Result<Option<usize>, Refused> {
        match verb {
            Verb::AskWithdrawal => self.may_withdraw(),
            Verb::FollowUp => self.may_rate(),
            _ => Err(Refused::NotYou("请致电12345".to_owned())),
        }
    }

    /// Asked whether it is done, and has not said so in this cycle.
    fn may_rate(&self) -> Result<Option<usize>, Refused> {
        let rated = self.side.rated_by_page.as_ref();
        if rated.is_some_and(|rated| rated.cycle == self.cycle) {
            return Err(self.wrong("您已评价过"));
        }
        if self.side.is_withdrawn() {
            return Err(self.wrong_state("评价"));
        }
        self.in_stage(Verb::FollowUp, &[Stage::InFollowUp]).map(|()| None)
    }

    /// The citizen's wish: before the reply, and without leaving others behind.
    pub(super) fn may_withdraw(&self) -> Result<Option<usize>, Refused> {
        if !self.stage.can_be_withdrawn() {
            return Err(self.wrong_state("撤单"));
        }
        self.without_children()?;
        Ok(None)
    }

    fn is_open(&self, verb: Verb) -> Result<(), Refused> {
        if self.stage.is_ended() { Err(self.wrong_state(verb.label())) } else { Ok(()) }
    }

    pub(super) fn may_decide_return(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let verb = Verb::DecideReturn;
        let city = ctx.may_act(verb, Thing::City);
        let own = ctx.actor.post.as_ref();
        let parent = |id| self.legs.iter().find(|leg| Some(leg.id) == id);
        let asked = self.legs.iter().position(|leg| {
            leg.state == LegState::ReturnAsked
                && (self.stage == Stage::ReturnAsked || leg.parent.is_some())
                && match parent(leg.parent) {
                    None => city.is_ok(),
                    // a township returns to its county, and another person there decides
                    Some(above) => {
                        own.is_some_and(|own| own.unit == above.unit.unit)
                            && ctx
                                .may_act(verb, Thing::Units(std::slice::from_ref(&above.unit)))
                                .is_ok()
                    }
                }
        });
        let Some(i) = asked else {
            if let (Err(denied), None) = (city, own) {
                return Err(denied);
            }
            return Err(self.wrong("没有待审核的退单申请"));
        };
        let leg = &self.legs[i];
        if leg.dispatched_by.is_some() && leg.dispatched_by == ctx.actor.staff {
            return Err(Refused::NotYou("退单须由派单人以外的人审核".to_owned()));
        }
        Ok(i)
    }

    fn may_rework(&self, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        city(Verb::Rework, ctx)?;
        self.in_stage(Verb::Rework, &[Stage::Disputed, Stage::Closed])?;
        let cycles = u16::try_from(self.cycle).unwrap_or(u16::MAX);
        if cycles >= ctx.rules.max_cycles {
            return Err(self.wrong("重办次数已用完"));
        }
        if self.lead_index().is_none() && self.side.led_by.is_none() {
            return Err(self.wrong("没有承办过的单位，不能重办"));
        }
        if self.stage == Stage::Closed {
            if !ctx.actor.has(Role::Supervisor) {
                return Err(Refused::NotYou("已办结的工单由班长重新启动".to_owned()));
            }
            if self
                .ended_at
                .is_some_and(|ended| ctx.at - ended > chrono::TimeDelta::days(REOPEN_DAYS))
            {
                return Err(self.wrong("办结已超过15天，请另行登记"));
            }
        }
        Ok(None)
    }
}
