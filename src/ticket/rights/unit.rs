//! What a unit may do with a ticket.
use org::{Role, Thing};

use crate::action::Verb;
use crate::error::Refused;
use crate::known::Ctx;
use crate::leg::Leg;
use crate::life::Life;
use crate::state::{LegState, Stage};

impl Life {
    pub(super) fn may_return(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::Return, ctx, &[LegState::Handling])?;
        let leg = &self.legs[i];
        let why = if leg.binding {
            "经会商裁定的工单不能退单"
        } else if leg.auto_signed {
            "逾期未签收，已失去退单权"
        } else if leg.return_asked {
            "每个单位只能申请一次退单"
        } else if leg.return_due.is_none_or(|due| ctx.at > due) {
            "已超过退单时限"
        } else if self.has_open_children(i) {
            "下级环节尚未办结，不能退单"
        } else if leg.is_root_lead() && self.stage != Stage::Handling {
            return Err(self.wrong_state(Verb::Return.label()));
        } else {
            return Ok(i);
        };
        Err(self.wrong(why))
    }

    pub(super) fn may_reply(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::Reply, ctx, &[LegState::Handling, LegState::Correction])?;
        let leg = &self.legs[i];
        let beside = |other: &crate::leg::Leg| {
            leg.is_root_lead()
                && other.parent.is_none()
                && other.cycle == leg.cycle
                && other.id != leg.id
        };
        let waits = self.legs.iter().any(|other| other.state.is_open() && beside(other));
        if self.legs[i].is_root_lead() {
            self.in_stage(Verb::Reply, &[Stage::Handling, Stage::Correction])?;
        }
        if waits {
            return Err(self.wrong("协办单位尚未答复"));
        }
        if self.has_open_children(i) {
            return Err(self.wrong("下级环节尚未答复"));
        }
        Ok(i)
    }

    /// 单位审核: by the leader, never by who wrote it.
    pub(super) fn may_approve(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::Approve, ctx, &[LegState::InApproval])?;
        let by = self.legs[i].reply.as_ref().and_then(|reply| reply.by);
        if by.is_some() && by == ctx.actor.staff {
            return Err(Refused::NotYou("答复须由撰写人以外的领导审核".to_owned()));
        }
        Ok(i)
    }

    pub(super) fn may_ask_extension(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::AskExtension, ctx, &[LegState::Handling])?;
        let limits = self.limits(ctx.rules);
        let leg = &self.legs[i];
        let why = if !leg.is_root_lead() {
            "延期由主办单位申请"
        } else if self.extension.is_some() {
            "延期申请正在审核"
        } else if self.cycle > 1 {
            "重办工单不能延期"
        } else if u16::try_from(self.extensions).unwrap_or(u16::MAX) >= limits.extension_times {
            "延期次数已用完"
        } else if !self.in_time_to_ask(leg, ctx) {
            "延期须在到期前至少1个工作日申请"
        } else {
            return Ok(i);
        };
        Err(self.wrong(why))
    }

    fn in_time_to_ask(&self, leg: &crate::leg::Leg, ctx: &Ctx<'_>) -> bool {
        use crate::calendar::Limit;
        if matches!(self.reply_limit(ctx.rules), Limit::Wall(_)) {
            return ctx.at < leg.due_at; // 紧急: before due
        }
        ctx.rules.unit_due(ctx.at, Limit::DayEnd(1)).is_ok_and(|next| next <= leg.due_at)
    }

    /// The unit spoke with the citizen, or tried to, since it has the ticket.
    pub(crate) fn has_contact_since(&self, leg: &Leg) -> bool {
        self.side.contacts.iter().any(|contact| contact.at >= leg.dispatched_at)
    }

    pub(super) fn may_ask_suspension(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::AskSuspension, ctx, &[LegState::Handling])?;
        self.in_stage(Verb::AskSuspension, &[Stage::Handling])?;
        if !self.legs[i].is_root_lead() {
            return Err(self.wrong("挂账由主办单位申请"));
        }
        if self.side.suspension_ask.is_some() {
            return Err(self.wrong("挂账申请正在审批"));
        }
        Ok(i)
    }

    /// 最终答复: signed by the leader of the lead unit.
    pub(super) fn may_ask_final(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        self.in_stage(Verb::AskFinal, &[Stage::Handling, Stage::Disputed])?;
        let states = [LegState::Handling, LegState::Correction, LegState::Replied, LegState::Done];
        let i = self.may_on_leg(Verb::AskFinal, ctx, &states)?;
        if !self.legs[i].is_root_lead() {
            return Err(self.wrong("最终答复由主办单位申请"));
        }
        if !ctx.actor.has_any(&[Role::Leader, Role::Supervisor]) {
            return Err(Refused::NotYou("最终答复须由单位领导签发".to_owned()));
        }
        if self.has_open_children(i) {
            return Err(self.wrong("下级环节尚未办结"));
        }
        Ok(i)
    }

    pub(super) fn may_answer_oversight(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let verb = Verb::AnswerOversight;
        let lead = self.lead_index().filter(|_| !self.stage.is_ended());
        let Some(i) = lead else { return Err(self.wrong_state(verb.label())) };
        let leg = &self.legs[i];
        let own = ctx.actor.post.as_ref().is_some_and(|own| own.unit == leg.unit.unit);
        let unit = std::slice::from_ref(&leg.unit);
        if !(own || ctx.actor.has(Role::Supervisor))
            || ctx.may_act(verb, Thing::Units(unit)).is_err()
        {
            return Err(Refused::NotYou("督办由主办单位回复".to_owned()));
        }
        if !self.side.oversights.iter().any(crate::side::Oversight::wants_answer) {
            return Err(self.wrong("没有待回复的督办"));
        }
        Ok(i)
    }

    /// A unit with an open leg, or the hotline's own people.
    pub(super) fn may_contact(&self, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        let stages = [
            Stage::Dispatched,
            Stage::Handling,
            Stage::ReturnAsked,
            Stage::InReview,
            Stage::Correction,
            Stage::Suspended,
        ];
        self.in_stage(Verb::Contact, &stages)?;
        if !self.reachable {
            return Err(self.wrong("诉求人未留联系方式"));
        }
        let own = ctx.actor.post.as_ref().map(|own| own.unit);
        let mine = self.legs.iter().rposition(|leg| {
            leg.cycle == self.cycle
                && Some(leg.unit.unit) == own
                && leg.ended_at.is_none()
                && leg.state != LegState::Dispatched
        });
        match mine {
            Some(i) => Ok(Some(i)),
            None if ctx.may_act(Verb::Contact, Thing::City).is_ok() => Ok(self.lead_index()),
            None => Err(Refused::NotYou("本单位没有此工单的在办环节".to_owned())),
        }
    }
}
